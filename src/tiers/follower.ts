import { type Cover, decodeMessage, decodePush, joined, type Message } from './message.ts'
import type { Outbox } from './outbox.ts'
import {
  type LogEntry,
  numberOf,
  type Position,
  type Tier,
  type TierAnchor,
  type TierPull,
  type TierWrite,
} from './tier.ts'

/** An entry of the log lately seen. */
interface Seen {
  readonly id: Position
  readonly cover: Cover
  readonly at: number
}

/** For this long, in milliseconds, and as many at most, are entries remembered: what a store loses later is not told one by one. */
const RING_TIME = 30_000
const RING_MOST = 1000
/** What a clock of the store may be wrong by, in milliseconds. */
const SLACK = 1000

/** What a follower needs of the cache that it keeps true. */
export interface FollowerHost {
  now(): number
  ask<T>(request: () => Promise<T>): Promise<T | undefined>
  /** Removes what is covered, and overtakes what is under way. */
  drop(cover: Cover): void
  /** Nothing held can be told to be fresh, and nothing under way may be kept. */
  distrust(): void
  /** The log was read up to its end, by a request sent at that time. */
  proven(sentAt: number): void
  /** A message cannot be read, or the tier does not do what is asked of it. */
  onFault(kind: 'bus' | 'tier', error: unknown): void
}

export interface FollowerCounts {
  received: number
  /** Of these, those that others have sent. */
  heard: number
  pulls: number
  gaps: number
  anchorings: number
  sentAgain: number
  /** Messages that the store had lost. */
  lost: number
  malformed: number
}

/** How long entries are remembered, for simulations. */
export interface RingBounds {
  readonly time: number
  readonly most: number
  readonly slack: number
}

/**
 * Follows the log of invalidations: by pushes, which make it fast, and by pulls, which prove it. What it holds of the log is a position,
 * up to which every entry was applied; only what follows on that position moves it. Where the store does not know the position any
 * more, it anchors anew, distrusts everything held, and sends again what the store has lost.
 */
export class Follower {
  epoch: string | undefined = undefined
  /** The position up to which every entry of the log was applied. */
  last: Position | undefined = undefined
  /** The position of the last own write that was acknowledged. */
  lastAcknowledged: Position | undefined = undefined
  /** When the last pull that succeeded was sent. */
  knownAt: number = -Infinity
  /** The store's clock at the last answer that told it, and when that was asked. */
  storeTime: { readonly time: number; readonly sentAt: number } | undefined = undefined
  readonly counts: FollowerCounts = {
    received: 0,
    heard: 0,
    pulls: 0,
    gaps: 0,
    anchorings: 0,
    sentAgain: 0,
    lost: 0,
    malformed: 0,
  }
  #ring: Seen[] = []
  /** The position before the oldest of them, and when it was seen. */
  #anchor: Position | undefined = undefined
  #anchorAt = -Infinity
  #isPulling = false
  #pullAgain = false
  #isClosed = false
  readonly #tier: Tier
  readonly #outbox: Outbox
  readonly #host: FollowerHost
  readonly #bounds: RingBounds

  constructor(
    tier: Tier,
    outbox: Outbox,
    host: FollowerHost,
    bounds: RingBounds = { time: RING_TIME, most: RING_MOST, slack: SLACK },
  ) {
    this.#tier = tier
    this.#outbox = outbox
    this.#host = host
    this.#bounds = bounds
  }

  close(): void {
    this.#isClosed = true
  }

  /** A position that lies before everything that begins now. */
  get frontier(): Position | undefined {
    const { last, lastAcknowledged } = this
    if (last === undefined || lastAcknowledged === undefined) return last
    return numberOf(lastAcknowledged) > numberOf(last) ? lastAcknowledged : last
  }

  /** Bytes that came by a push. */
  pushed(bytes: Uint8Array): void {
    if (this.#isClosed) return
    const entry = decodePush(bytes)
    if (entry === undefined) {
      this.#malformed('a push')
      this.pull()
      return
    }
    const { epoch, last } = this
    if (last !== undefined && entry.epoch === epoch && entry.previous === last) {
      this.#apply(entry)
      return
    }
    if (entry.epoch === epoch && last !== undefined) {
      const [number, at] = [numberOf(entry.id), numberOf(last)]
      if (entry.id === last || number < at) return
    }
    // It does not follow on what is known: what it tells holds all the same, but the position stays.
    this.counts.gaps++
    const message = this.#read(entry.body)
    if (message !== undefined && (message.source !== this.#outbox.source || message.isRepair))
      this.#host.drop(message)
    this.pull()
  }

  /** Reads what is new in the log, now or as soon as the pull under way has ended. */
  pull(): void {
    if (this.#isClosed) return
    if (this.#isPulling) {
      this.#pullAgain = true
      return
    }
    this.#isPulling = true
    this.#pullAgain = false
    void this.#pull().catch((error) => this.#host.onFault('tier', error))
  }

  async #pull(): Promise<void> {
    const sentAt = this.#host.now()
    const seen = this.last
    this.counts.pulls++
    try {
      if (seen === undefined) {
        await this.#askAnchor()
        return
      }
      const reply = await this.#host.ask(() => this.#tier.pull(seen))
      if (this.#isClosed) return
      if (reply === undefined) {
        this.#pullAgain = false
        return
      }
      if (!reply.isKnown || reply.epoch !== this.epoch) {
        await this.#askAnchor()
        return
      }
      // The position may have moved meanwhile, perhaps along another history: only what follows on it is applied.
      for (const entry of reply.entries) if (entry.previous === this.last) this.#apply(entry)
      const isProven = reply.head === this.last || this.#ring.some((entry) => entry.id === reply.head)
      if (!isProven) {
        this.#pullAgain = true
        return
      }
      this.#sendLostAgain(sentAt)
      this.#prove(sentAt, reply)
    } finally {
      this.#isPulling = false
      if (this.#pullAgain) this.pull()
    }
  }

  #prove(sentAt: number, { time, knownFor = 0 }: TierPull | TierAnchor): void {
    this.storeTime = { time, sentAt }
    this.knownAt = Math.max(this.knownAt, Math.min(sentAt, this.#host.now() - knownFor))
    this.#host.proven(this.knownAt)
  }

  #apply(entry: LogEntry): void {
    this.last = entry.id
    const message = this.#read(entry.body)
    if (message === undefined) return
    this.counts.received++
    this.#remember(entry.id, message)
    this.#obey(message)
  }

  /** What a message tells; undefined for the entry that a state begins with. What cannot be read stands for everything. */
  #read(body: Uint8Array): Message | undefined {
    if (body.length === 0) return undefined
    const message = decodeMessage(body)
    if (message !== undefined) return message
    this.#malformed('a message in the log')
    return unreadable
  }

  #malformed(what: string): void {
    this.counts.malformed++
    this.#host.onFault('bus', new TypeError(`${what} cannot be read: everything held is distrusted`))
    this.#host.distrust()
  }

  #obey(message: Message): void {
    const isOwn = message.source === this.#outbox.source
    if (!isOwn) this.counts.heard++
    if (isOwn) this.#outbox.seen(message.number)
    // What was sent again stands for others' invalidations too, so it acts in its own process as well.
    if (!isOwn || message.isRepair) this.#host.drop(message)
    if (!isOwn && message.isRepair) this.#outbox.wasSaved(message)
  }

  #remember(id: Position, cover: Cover): void {
    const { time, most } = this.#bounds
    this.#ring.push({ id, cover, at: this.#host.now() })
    // Many at a time, so that the list is not moved for each.
    const chunk = Math.max(1, most >> 2)
    const oldest = this.knownAt - time
    const isFull = this.#ring.length >= most + chunk
    if (!isFull && !(this.#ring.length > chunk && this.#ring[chunk - 1]!.at < oldest)) return
    const gone = this.#ring[chunk - 1]!
    this.#anchor = gone.id
    this.#anchorAt = gone.at
    this.#ring.splice(0, chunk)
  }

  /** An own write was acknowledged: it is the next entry of the log, or others came before it. */
  acknowledged(message: Message, reply: TierWrite): void {
    if (reply.epoch === this.epoch && reply.isKnown) {
      this.lastAcknowledged = reply.id
      if (reply.previous === this.last) {
        this.last = reply.id
        this.#remember(reply.id, message)
        this.#obey(message)
      }
    }
    if (this.last !== reply.id) this.pull()
  }

  /** What was acknowledged before a pull was sent and does not come back by it was lost, although the position is known. */
  #sendLostAgain(sentAt: number): void {
    this.#sendAgain(this.#outbox.takeLost((item) => item.acknowledgedAt < sentAt))
  }

  /** The store does not know the position, or there is none yet: where is it, and what of all that was seen does it lack? */
  async #askAnchor(): Promise<void> {
    const sentAt = this.#host.now()
    const ids = [
      ...(this.last === undefined ? [] : [this.#anchor!]),
      ...this.#ring.map((entry) => entry.id),
      ...this.#outbox.acknowledgedIds(),
    ]
    const reply = await this.#host.ask(() => this.#tier.anchor(ids))
    if (reply === undefined) this.#pullAgain = false
    else if (!this.#isClosed) this.#anchorAnew(reply, ids, sentAt)
  }

  #anchorAnew(reply: TierAnchor, asked: readonly Position[], sentAt: number): void {
    const isFirst = this.last === undefined
    const before = { epoch: this.epoch, anchor: this.#anchor, anchorAt: this.#anchorAt, ring: this.#ring }
    const lost = new Set(reply.lost)
    const known = new Set(asked)
    const isLost = (id: Position | undefined): boolean => id === undefined || lost.has(id) || !known.has(id)
    this.counts.anchorings++
    this.#host.distrust()
    this.epoch = reply.epoch
    this.last = reply.head
    this.lastAcknowledged = undefined
    const own = this.#outbox.takeLost((item) => isLost(item.id))
    let gone = before.ring.filter((entry) => isLost(entry.id))
    this.#ring = before.ring.filter((entry) => !isLost(entry.id))
    if (this.#ring.length === 0) {
      this.#anchor = reply.head
      this.#anchorAt = this.#host.now()
    }
    let isDeep = false
    if (!isFirst && reply.epoch !== before.epoch) {
      // Nothing of before is valid in a state that the server as it runs now has made; but an old primary may have told of something since.
      const since = reply.isFresh ? sentAt - reply.age - this.#bounds.slack : -Infinity
      gone = gone.filter((entry) => entry.at >= since)
      isDeep = before.anchorAt >= since
    } else if (!isFirst)
      isDeep = isLost(before.anchor) && !(numberOf(before.anchor!) < numberOf(reply.oldest))
    if (isDeep) this.#sendAgain([everything])
    else this.#sendAgain([...gone.map((entry) => entry.cover), ...own])
    this.#prove(sentAt, reply)
  }

  /** After a pause, unless another process does it before. */
  #sendAgain(covers: readonly Cover[]): void {
    if (covers.length === 0) return
    this.counts.sentAgain++
    this.counts.lost += covers.length
    this.#outbox.add(joined(covers), undefined, true, true)
  }
}

const everything: Cover = { keys: [], tags: [], isClear: true, expires: false }
const unreadable: Message = { ...everything, source: '', number: 0, isValue: false, isRepair: false }

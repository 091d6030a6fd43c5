import { type Cover, covers, encodeMessage, includes, joined, type Message, parts } from './message.ts'
import type { Position, StoredValue, TierWrite } from './tier.ts'

/** An own invalidation, until it has come back in the log. */
export interface Item {
  readonly cover: Cover
  readonly number: number
  readonly isRepair: boolean
  state: 'queued' | 'sent' | 'acknowledged'
  /** Where it stands in the log, and when that was told. */
  id: Position | undefined
  acknowledgedAt: number
  /** It was not sent when it was added, or not answered. */
  hasWaited: boolean
  /** Called when it is acknowledged. */
  readonly waiting: (() => void)[]
}

export interface OutboxHost {
  now(): number
  /** Sends a message; its answer, or undefined where none came in time. */
  send(
    item: Item,
    message: Message,
    body: Uint8Array,
    value: StoredValue | undefined,
  ): Promise<TierWrite | undefined>
  /** A message was acknowledged. */
  acknowledged(message: Message, reply: TierWrite, value: StoredValue | undefined): void
  /** Something waits to be sent again. */
  queued(): void
  /** More is queued than may be, so all is deleted instead. */
  overflowed(): void
  /** As many bytes a message has at most; by default as many as one can be read of. */
  readonly mostBytes?: number | undefined
}

/** The invalidations of this cache object that are not known to have been kept: sent, queued, or acknowledged and not yet seen in the log. */
export class Outbox {
  sent = 0
  acknowledged = 0
  sentAgain = 0
  /** Keys and tags that were acknowledged after they had waited. */
  replayed = 0
  readonly source: string
  readonly items: Set<Item> = new Set()
  readonly #host: OutboxHost
  readonly #maxQueued: number
  #number = 0

  constructor(source: string, maxQueued: number, host: OutboxHost) {
    this.source = source
    this.#maxQueued = maxQueued
    this.#host = host
  }

  /** How many keys and tags wait to be sent. */
  get queued(): number {
    let sum = 0
    for (const { state, cover } of this.items) if (state === 'queued') sum += sizeOf(cover)
    return sum
  }

  /** Whether what is told of a key by the second tier may be older than an own invalidation. */
  isPending(key: string): boolean {
    for (const { cover } of this.items) if (covers(cover, key, [])) return true
    return false
  }

  /** The tags of own invalidations that may not have been kept yet. */
  pendingTags(): Set<string> {
    const tags = new Set<string>()
    for (const { cover } of this.items) for (const tag of cover.tags) tags.add(tag)
    return tags
  }

  /** Sends an invalidation, or queues it: one that is sent for others waits its turn. */
  add(
    cover: Cover,
    value: StoredValue | Promise<StoredValue> | undefined,
    isRepair: boolean,
    isHeldBack: boolean,
  ): Item[] {
    const all = parts(cover, this.#host.mostBytes).map((part) => this.#item(part, isRepair))
    if (isRepair || isHeldBack) this.#afterQueueing()
    else for (const item of all) void this.#send(item, value)
    return all
  }

  #item(cover: Cover, isRepair: boolean): Item {
    this.#number = (this.#number + 1) >>> 0
    const item: Item = {
      cover,
      number: this.#number,
      isRepair,
      state: 'queued',
      id: undefined,
      acknowledgedAt: 0,
      hasWaited: false,
      waiting: [],
    }
    this.items.add(item)
    return item
  }

  async #send(item: Item, given: StoredValue | Promise<StoredValue> | undefined): Promise<void> {
    item.state = 'sent'
    this.sent++
    // Without compression there is nothing to wait for, and the message leaves in this turn.
    const value = given instanceof Promise ? await given : given
    const message: Message = {
      ...item.cover,
      source: this.source,
      number: item.number,
      isValue: value !== undefined,
      isRepair: item.isRepair,
    }
    const reply = await this.#host.send(item, message, encodeMessage(message), value)
    // It may have come back in the log meanwhile, which is an answer too.
    if (!this.items.has(item)) return
    if (reply === undefined) {
      item.state = 'queued'
      this.#afterQueueing()
      return
    }
    this.#acknowledge(item)
    item.id = reply.id
    item.acknowledgedAt = this.#host.now()
    this.#host.acknowledged(message, reply, value)
  }

  #acknowledge(item: Item): void {
    item.state = 'acknowledged'
    this.acknowledged++
    if (item.hasWaited && !item.isRepair) this.replayed += sizeOf(item.cover)
    for (const done of item.waiting.splice(0)) done()
  }

  #afterQueueing(): void {
    if (this.items.size > this.#maxQueued / 2 && this.queued > this.#maxQueued) {
      this.#join()
      if (this.queued > this.#maxQueued) {
        this.#host.overflowed()
        this.#replace(
          [...this.items].filter(isQueued),
          { keys: [], tags: [], isClear: true, expires: false },
          true,
        )
      }
    }
    this.#host.queued()
  }

  /** Sends what waits, with one item per key and tag. */
  sendQueued(): void {
    this.#join()
    for (const item of this.items) {
      if (item.state !== 'queued') continue
      this.sentAgain++
      item.hasWaited = true
      void this.#send(item, undefined)
    }
  }

  /** What waits is joined: own invalidations, those that expire only, and those that stand for others. */
  #join(): void {
    const kinds = new Map<string, Item[]>()
    for (const item of this.items) {
      if (item.state !== 'queued') continue
      const kind = `${item.isRepair} ${item.cover.expires}`
      const same = kinds.get(kind)
      if (same === undefined) kinds.set(kind, [item])
      else same.push(item)
    }
    for (const same of kinds.values())
      if (same.length > 1) this.#replace(same, joined(same.map(({ cover }) => cover)), same[0]!.isRepair)
  }

  #replace(old: readonly Item[], cover: Cover, isRepair: boolean): void {
    const waiting = old.flatMap((item) => item.waiting.splice(0))
    for (const item of old) this.items.delete(item)
    const all = parts(cover, this.#host.mostBytes).map((part) => this.#item(part, isRepair))
    let left = all.length
    for (const item of all)
      item.waiting.push(() => {
        if (--left === 0) for (const done of waiting) done()
      })
  }

  /** An own message has come back in the log. */
  seen(number: number): void {
    for (const item of this.items) {
      if (item.number !== number) continue
      if (item.state !== 'acknowledged') this.#acknowledge(item)
      this.items.delete(item)
      return
    }
  }

  /** Another process was quicker to send again what the store has lost. */
  wasSaved(cover: Cover): void {
    for (const item of this.items) {
      if (!item.isRepair || item.state !== 'queued' || !includes(cover, item.cover)) continue
      this.items.delete(item)
      this.#acknowledge(item)
    }
  }

  /** Takes out what was acknowledged, and is lost by this rule. */
  takeLost(isLost: (item: Item) => boolean): Cover[] {
    const lost = [...this.items].filter((item) => item.state === 'acknowledged' && isLost(item))
    for (const item of lost) this.items.delete(item)
    return lost.map(({ cover }) => cover)
  }

  /** Positions of own messages that were acknowledged and have not come back. */
  acknowledgedIds(): Position[] {
    const ids: Position[] = []
    for (const { state, id } of this.items) if (state === 'acknowledged' && id !== undefined) ids.push(id)
    return ids
  }

  /** Resolves when all that is here now has been acknowledged. */
  settled(items: Iterable<Item> = this.items): Promise<void> {
    const open = [...items].filter((item) => item.state !== 'acknowledged' && this.items.has(item))
    return Promise.all(open.map((item) => new Promise<void>((done) => item.waiting.push(done)))).then(
      () => {},
    )
  }
}

function isQueued(item: Item): boolean {
  return item.state === 'queued'
}

function sizeOf(cover: Cover): number {
  return cover.isClear ? 1 : cover.keys.length + cover.tags.length
}

import type { Clock } from '../core/clock.ts'
import type { Serializer } from '../serialize.ts'
import { Codec, type Encoded, unreadable } from './codec.ts'
import { Follower, type RingBounds } from './follower.ts'
import type { Host } from './host.ts'
import { shownKey } from './keys.ts'
import type { Cover, Message } from './message.ts'
import type { Near } from './near.ts'
import { Outage } from './outage.ts'
import { type Item, Outbox } from './outbox.ts'
import { ABSENT, leaseIn, openEntry } from './record.ts'
import { Requests } from './requests.ts'
import type { FillResult, Position, Push, StoredValue, Tier, TierWrite } from './tier.ts'
import type { TieredSettings } from './tiered-options.ts'
import { UnderWay, type Work } from './under-way.ts'

/** What a read of the second tier found. */
export interface Found {
  /** There is a value, or it is known that there is none. */
  readonly isHit: boolean
  /** Undefined for a remembered absence. */
  readonly value: unknown
  readonly tags: readonly string[]
  /** Milliseconds that it has left at least; 0 or less: it is over. Undefined where the store's clock is not known yet. */
  readonly left: number | undefined
  /** By which the result of a load may be stored; undefined: it may not. */
  readonly token: Token | undefined
  /** When the lease ends that this process has on it, by the store's clock: others wait for the result of its load. */
  readonly lease: number | undefined
}

/** A lease that has ended is found by then, in milliseconds. */
const LONGEST_PAUSE = 160

/** How a value is kept in the second tier, in milliseconds. */
export interface StoreTerms {
  /** Infinity for ever. */
  readonly ttl: number
  /** How much longer, for where a load fails. */
  readonly stale: number
  readonly tags: readonly string[]
}

/** Is told of what goes wrong without a caller to tell, and of the key that it concerns. */
export type OnFault = (kind: 'tier' | 'bus' | 'codec', error: unknown, ...key: readonly unknown[]) => void

/** By which a value may be stored: nothing has invalidated it after this position. */
export interface Token {
  readonly epoch: string
  readonly position: Position
}

/**
 * What keeps the local part of a tiered cache true: reads and fills of the second tier, invalidations that are told to all, and how long
 * what is held may be trusted. The rules are those of docs/design/tiers.md.
 */
export class Protocol {
  readonly near: Near
  readonly settings: TieredSettings
  readonly codec: Codec
  readonly underWay: UnderWay = new UnderWay()
  readonly requests: Requests
  readonly follower: Follower
  readonly outbox: Outbox
  readonly counts: Record<'hits' | 'misses' | 'distrusts' | FillResult, number> = {
    hits: 0,
    misses: 0,
    distrusts: 0,
    stored: 0,
    unknown: 0,
    old: 0,
    overtaken: 0,
    newer: 0,
    full: 0,
  }
  isClosed = false
  readonly #tier: Tier
  readonly #host: Host
  readonly now: () => number
  readonly outage: Outage
  readonly onFault: OnFault
  #firstAnswer: Promise<void> | undefined
  #stopBeat: (() => void) | undefined
  #retry: (() => void) | undefined
  #stopPush: (() => unknown) | undefined
  #whenReady: (() => void)[] = []
  /** When a value was last told to be too large, by key. */
  readonly #tooLarge = new Map<string, number>()

  constructor(
    near: Near,
    settings: TieredSettings,
    serializer: Serializer,
    tier: Tier,
    push: Push | undefined,
    host: Host,
    clock: Clock,
    onFault: OnFault,
    ring?: RingBounds,
  ) {
    this.near = near
    this.settings = settings
    this.codec = new Codec(serializer, settings.compress, settings.maxValueBytes)
    this.#tier = tier
    this.#host = host
    this.now = () => clock.recent()
    const { now } = this
    this.onFault = onFault
    const what = tier.isBus ? 'bus' : 'tier'
    this.outage = new Outage(settings.name, tier.isBus ? 'bus' : 'second tier', {
      now,
      onFault: (error) => onFault(what, error),
      counts: () => ({
        replayed: this.outbox.replayed,
        heard: this.follower.counts.heard,
        lost: this.follower.counts.lost,
        // At the first time there is nothing yet to be given up.
        unknown: Math.max(1, this.follower.counts.anchorings),
      }),
    })
    this.requests = new Requests(settings.breaker, host, now, (failures, last) =>
      this.outage.begin(failures, last),
    )
    this.outbox = new Outbox(host.source(), settings.maxQueued, {
      now,
      send: (item, _message, body, value) => this.#send(item, body, value),
      acknowledged: (message, reply, value) => this.#acknowledged(message, reply, value),
      queued: () => this.#sendLater(),
      mostBytes: tier.maxMessageBytes,
      overflowed: () => {
        onFault(
          what,
          new RangeError(
            `${settings.name}: more than ${settings.maxQueued} invalidations wait to be sent; all entries are deleted instead`,
          ),
        )
      },
    })
    this.follower = new Follower(
      tier,
      this.outbox,
      {
        now,
        ask: (request) => (tier.probe ? request() : this.requests.ask(request, settings.writeTimeout)),
        drop: (cover) => this.drop(cover, true),
        distrust: () => this.#distrust(),
        proven: (knownAt) => this.#proven(knownAt),
        onFault: (kind, error) => onFault(kind === 'tier' ? what : kind, error),
      },
      ring,
    )
    this.#firstAnswer = this.#askFirst()
    this.#beat()
    if (push !== undefined) void this.#listen(push)
  }

  // Trust

  /** Drops what may not be served any more. To be called before anything held is given but by `get`, which sees to it itself. */
  checkTrust(): void {
    this.near.checkTrust()
  }

  /** Whether the log was read lately enough for a load to be joined however long it takes. */
  get isKnown(): boolean {
    return this.now() - this.follower.knownAt <= this.settings.maxStale
  }

  /** How long a value may live here whose load began at `start`: where the log was not read lately, no longer than `maxStale` from there. */
  limit(start: number): number {
    const now = this.now()
    if (now - this.follower.knownAt <= 2 * this.settings.beat) return Infinity
    return start + this.settings.maxStale - now
  }

  /** The log was not read for `maxStale`. What is kept from here on has a deadline of its own. */
  #lapse(): void {
    this.counts.distrusts++
    this.near.distrust()
  }

  #distrust(): void {
    this.counts.distrusts++
    this.near.distrust()
    this.underWay.overtakeAll()
  }

  #proven(knownAt: number): void {
    this.checkTrust()
    this.near.trust(knownAt + this.settings.maxStale, () => this.#lapse())
    for (const done of this.#whenReady.splice(0)) done()
    if (this.outbox.queued === 0 && !this.requests.isAway) this.outage.end()
  }

  /**
   * While the store has not answered for the first time, what to wait for before a load: what began before is not kept. Undefined as soon
   * as it has answered, or has had the time for it.
   */
  get firstAnswer(): Promise<void> | undefined {
    return this.#firstAnswer
  }

  async #askFirst(): Promise<void> {
    this.follower.pull()
    let cancel = (): void => {}
    const limit = new Promise<void>((resolve) => {
      cancel = this.#host.after(this.settings.readTimeout, resolve, true)
    })
    await Promise.race([this.ready(), limit])
    cancel()
    this.#firstAnswer = undefined
  }

  /** For how many milliseconds nothing has answered; undefined where something does. */
  get awayFor(): number | undefined {
    const { lasts } = this.outage
    return this.requests.isAway && lasts !== undefined ? Math.round(lasts) : undefined
  }

  /** Whether the second tier is a bus, which holds no values. */
  get isBus(): boolean {
    return this.#tier.isBus === true
  }

  /** Whether pushes are subscribed to. */
  get isListening(): boolean {
    return this.#stopPush !== undefined
  }

  ready(): Promise<void> {
    if (this.follower.last !== undefined || this.isClosed) return Promise.resolve()
    return new Promise((resolve) => this.#whenReady.push(resolve))
  }

  #beat(): void {
    this.#stopBeat = this.#host.after(
      this.settings.beat,
      () => {
        if (this.isClosed) return
        this.follower.pull()
        if (this.requests.isAway) this.#probe()
        this.#beat()
      },
      false,
    )
  }

  /** Nothing else tells that a store without a log is back, where nobody reads. */
  #probe(): void {
    const tier = this.#tier
    if (tier.probe !== undefined) void this.requests.ask(() => tier.probe!(), this.settings.readTimeout)
  }

  async #listen(push: Push): Promise<void> {
    try {
      const stop = await push.listen((bytes) => this.follower.pushed(bytes))
      if (this.isClosed) stop()
      else this.#stopPush = stop
    } catch (error) {
      if (!this.isClosed) this.onFault('bus', error)
    }
  }

  // Reading

  /** What may be told to come after all that is known here. */
  get token(): Token | undefined {
    const { epoch, frontier } = this.follower
    return epoch === undefined || frontier === undefined || this.#tier.isBus
      ? undefined
      : { epoch, position: frontier }
  }

  /** Until when a call that begins now may wait for an answer to its reads. */
  get readUntil(): number {
    return this.now() + this.settings.readTimeout
  }

  /**
   * What the second tier has under these keys, in one round trip, if it answers by `until`. Where what is missing is to be loaded and
   * another process has a lease on it, its result is waited for.
   */
  async read(keys: readonly string[], isToLoad: boolean, until: number): Promise<Found[]> {
    const { lease, wait } = (isToLoad ? this.settings.singleFlight : undefined) ?? { lease: 0, wait: 0 }
    const found = new Map<string, Found>()
    const end = this.now() + wait
    let loading = await this.#read(keys, found, lease, until)
    for (let pause = 10; loading.length > 0; pause = Math.min(2 * pause, LONGEST_PAUSE)) {
      const left = end - this.now()
      if (left > 0)
        await new Promise<void>((resolve) => this.#host.after(Math.min(pause, left), resolve, true))
      // Who has waited long enough loads without a lease, and may give what is over where that fails.
      loading = await this.#read(loading, found, left > 0 ? lease : 0, this.readUntil)
    }
    if (!this.#tier.isBus) for (const { isHit } of found.values()) this.counts[isHit ? 'hits' : 'misses']++
    return keys.map((key) => found.get(key)!)
  }

  /** Notes what is found; gives the keys that another process has a lease on. */
  async #read(
    keys: readonly string[],
    found: Map<string, Found>,
    lease: number,
    until: number,
  ): Promise<readonly string[]> {
    const { follower, outbox } = this
    const note = (key: string, token: Token | undefined, until: number | undefined): unknown =>
      found.set(key, { isHit: false, value: undefined, tags: [], left: undefined, token, lease: until })
    for (const key of keys) note(key, this.token, undefined)
    const asked = this.requests.isOpen || this.#tier.isBus ? [] : keys.filter((key) => !outbox.isPending(key))
    const limit = until - this.now()
    // With little time left no answer would tell that the store is away.
    if (asked.length === 0 || limit < this.settings.readTimeout / 2) return []
    const pendingTags = outbox.pendingTags()
    const seen = follower.last
    const reply = await this.requests.ask(() => this.#tier.read(asked, seen, lease), limit)
    if (reply === undefined) return []
    if (!reply.isKnown || reply.epoch !== follower.epoch || reply.head !== follower.last) follower.pull()
    const token = reply.isKnown ? { epoch: reply.epoch!, position: reply.head! } : undefined
    for (const [i, key] of asked.entries()) {
      const there = reply.values[i]
      const bytes = there instanceof Uint8Array ? there : undefined
      const until = typeof there === 'number' ? there : bytes && lease > 0 ? leaseIn(bytes) : undefined
      note(key, token, until)
      if (token === undefined || bytes === undefined) continue
      const one = await this.#open(bytes, key, pendingTags, token)
      if (one !== undefined) found.set(key, { ...one, lease: until })
    }
    return asked.filter((_, i) => reply.values[i] === 'loading')
  }

  async #open(
    bytes: Uint8Array,
    key: string,
    pendingTags: ReadonlySet<string>,
    token: Token,
  ): Promise<Found | undefined> {
    const entry = openEntry(bytes, key)
    if (entry === undefined || entry.tags.some((tag) => pendingTags.has(tag))) return undefined
    const value = await this.codec.read(entry, (error) => this.onFault('codec', error, shownKey(key)))
    if (value === unreadable) return undefined
    const { tags, expires, isExpired } = entry
    const left = this.#left(expires)
    return {
      isHit: true,
      value,
      tags,
      left: isExpired ? Math.min(left ?? 0, 0) : left,
      token,
      lease: undefined,
    }
  }

  /** At least how long is left until a time of the store's clock. */
  #left(expires: number): number | undefined {
    if (expires === 0) return Infinity
    const { storeTime } = this.follower
    return storeTime && expires - storeTime.time - (this.now() - storeTime.sentAt)
  }

  /** Stores the result of a load; whether there is one now. */
  async fill(key: string, work: Work, token: Token, encoded: Encoded, terms: StoreTerms): Promise<boolean> {
    if (this.requests.isOpen || this.isClosed || work.isTooLate(terms.tags)) return false
    if (!this.#fits(key, encoded)) return false
    const value = this.#stored(key, await this.codec.compress(encoded), token, work.start, terms)
    const result = await this.requests.ask(
      () => this.#tier.fill({ ...value, key, epoch: token.epoch, age: this.now() - work.start }),
      this.settings.readTimeout,
    )
    if (result !== undefined && Object.hasOwn(this.counts, result)) this.counts[result as FillResult]++
    return result === 'stored' || result === 'newer'
  }

  /** Those who wait for the result of a load that is not stored wait no longer. */
  async release(key: string, lease: number): Promise<void> {
    if (this.#tier.release === undefined || this.requests.isOpen || this.isClosed) return
    await this.requests.ask(() => this.#tier.release!(key, lease), this.settings.readTimeout)
  }

  #stored(
    key: string,
    encoded: Encoded,
    token: Token,
    start: number,
    { ttl, stale, tags }: StoreTerms,
  ): StoredValue {
    return {
      token: token.position,
      age: this.now() - start,
      ttl: ttl === Infinity ? 0 : ttl,
      stale,
      flags: encoded.flags,
      serializer: encoded.serializer,
      payload: this.codec.seal(encoded, key, tags),
      tags,
    }
  }

  #fits(key: string, encoded: Encoded): boolean {
    if ((encoded.flags & ABSENT) !== 0 || !this.codec.isTooLarge(encoded)) return true
    const now = this.now()
    const last = this.#tooLarge.get(key) ?? -Infinity
    if (now - last < 60_000) return false
    if (this.#tooLarge.size >= 1000) this.#tooLarge.clear()
    this.#tooLarge.set(key, now)
    this.onFault(
      'codec',
      new RangeError(
        `${this.settings.name}: a value of ${encoded.data.length} bytes is kept in this process only (maxValueBytes is ${this.settings.maxValueBytes})`,
      ),
      shownKey(key),
    )
    return false
  }

  // Invalidating

  /** Removes what is covered here, and overtakes what is under way. `isForeign`: another process has said so. */
  drop(cover: Cover, isForeign = false): void {
    if (this.isClosed) return
    this.near.drop(cover, isForeign)
    this.underWay.overtake(cover)
  }

  /** Invalidates here, then tells the second tier and by it the others; whether it has acknowledged within `limit` milliseconds. */
  invalidate(cover: Cover, limit: number = this.settings.writeTimeout): Promise<boolean> {
    this.drop(cover)
    return this.#told(this.outbox.add(cover, undefined, false, this.requests.isAway), limit)
  }

  /** As `invalidate`, for a key whose new value is stored as well, here by the caller and there where nothing stands against it. */
  write(
    cover: Cover,
    key: string,
    start: number,
    token: Token | undefined,
    encoded: Encoded,
    terms: StoreTerms,
    limit: number,
  ): Promise<boolean> {
    const fits = token !== undefined && this.#fits(key, encoded)
    const packed = fits ? this.codec.compress(encoded) : undefined
    const stored =
      packed instanceof Promise
        ? packed.then((ready) => this.#stored(key, ready, token!, start, terms))
        : packed && this.#stored(key, packed, token!, start, terms)
    return this.#told(this.outbox.add(cover, stored, false, this.requests.isAway), limit)
  }

  #told(items: readonly Item[], limit: number): Promise<boolean> {
    return new Promise((resolve) => {
      const cancel = this.#host.after(limit, () => resolve(false), true)
      void this.outbox.settled(items).then(() => {
        cancel()
        resolve(true)
      })
    })
  }

  #send(item: Item, body: Uint8Array, value: StoredValue | undefined): Promise<TierWrite | undefined> {
    const { cover } = item
    const seen = this.follower.last
    const mode = cover.isClear ? 'clear' : cover.expires ? 'expire' : 'delete'
    return this.requests.ask(
      () => this.#tier.write({ seen, body, mode, keys: cover.keys, tags: cover.tags, value }),
      this.settings.writeTimeout,
    )
  }

  #acknowledged(message: Message, reply: TierWrite, value: StoredValue | undefined): void {
    if (this.isClosed) return
    // Something else has invalidated the key meanwhile: which of the two values is the newer one nobody can tell.
    if (value !== undefined && !reply.kept) this.near.drop(message)
    this.follower.acknowledged(message, reply)
  }

  /** What waits is sent again a little later; at once by one of many processes is enough, so each waits a time of its own. */
  #sendLater(): void {
    if (this.#retry !== undefined) return
    this.#retry = this.#host.after(
      this.settings.beat * (0.1 + this.#host.random() * 0.4),
      () => {
        this.#retry = undefined
        if (this.outbox.queued === 0) return
        if (!this.requests.isAway) this.outbox.sendQueued()
        this.#sendLater()
      },
      false,
    )
  }

  // The end

  /** Waits until all is acknowledged, `closeTimeout` at most, and stops. */
  async close(): Promise<void> {
    if (this.isClosed) return
    let cancel = (): void => {}
    const limit = new Promise<void>((resolve) => {
      cancel = this.#host.after(this.settings.closeTimeout, resolve, true)
    })
    await Promise.race([this.outbox.settled(), limit])
    this.isClosed = true
    this.follower.close()
    this.#stopBeat?.()
    this.#retry?.()
    const stopped = this.#stopPush?.()
    for (const done of this.#whenReady.splice(0)) done()
    this.near.root.close()
    await Promise.race([stopped, limit])
    cancel()
  }
}

import { type Codec, type Encoded, unreadable } from './codec.ts'
import type { Follower } from './follower.ts'
import type { Host, OnFault } from './host.ts'
import { shownKey } from './keys.ts'
import type { Outbox } from './outbox.ts'
import { ABSENT, leaseIn, openEntry } from './record.ts'
import type { Requests } from './requests.ts'
import type { FillResult, Position, StoredValue, Tier } from './tier.ts'
import type { TieredSettings } from './tiered-options.ts'
import type { Work } from './under-way.ts'

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

/** By which a value may be stored: nothing has invalidated it after this position. */
export interface Token {
  readonly epoch: string
  readonly position: Position
}

/** What stands around the values: the parts of a tiered cache that tell whether they may be read and stored. */
interface Parts {
  readonly tier: Tier
  readonly settings: TieredSettings
  readonly codec: Codec
  readonly requests: Requests
  readonly follower: Follower
  readonly outbox: Outbox
  readonly host: Host
  readonly onFault: OnFault
  now(): number
}

/** Values of the second tier: what is read from there and may be taken, and what is stored there. */
export class RemoteValues {
  readonly counts: Record<'hits' | 'misses' | FillResult, number> = {
    hits: 0,
    misses: 0,
    stored: 0,
    unknown: 0,
    old: 0,
    overtaken: 0,
    newer: 0,
    full: 0,
  }
  readonly #of: Parts
  /** When a value was last told to be too large, by key. */
  readonly #tooLarge = new Map<string, number>()
  #isClosed = false

  constructor(of: Parts) {
    this.#of = of
  }

  /** What may be told to come after all that is known here. */
  get token(): Token | undefined {
    const { epoch, frontier } = this.#of.follower
    return epoch === undefined || frontier === undefined || this.#of.tier.isBus
      ? undefined
      : { epoch, position: frontier }
  }

  /** Until when a call that begins now may wait for an answer to its reads. */
  get readUntil(): number {
    return this.#of.now() + this.#of.settings.readTimeout
  }

  /**
   * What the second tier has under these keys, in one round trip, if it answers by `until`. Where what is missing is to be loaded and
   * another process has a lease on it, its result is waited for.
   */
  async read(keys: readonly string[], isToLoad: boolean, until: number): Promise<Found[]> {
    const { lease, wait } = (isToLoad ? this.#of.settings.singleFlight : undefined) ?? { lease: 0, wait: 0 }
    const found = new Map<string, Found>()
    const end = this.#of.now() + wait
    let loading = await this.#read(keys, found, lease, until)
    for (let pause = 10; loading.length > 0; pause = Math.min(2 * pause, LONGEST_PAUSE)) {
      const left = end - this.#of.now()
      if (left > 0)
        await new Promise<void>((resolve) => this.#of.host.after(Math.min(pause, left), resolve, true))
      // Who has waited long enough loads without a lease, and may give what is over where that fails.
      loading = await this.#read(loading, found, left > 0 ? lease : 0, this.readUntil)
    }
    if (!this.#of.tier.isBus) for (const { isHit } of found.values()) this.counts[isHit ? 'hits' : 'misses']++
    return keys.map((key) => found.get(key)!)
  }

  /** Notes what is found; gives the keys that another process has a lease on. */
  async #read(
    keys: readonly string[],
    found: Map<string, Found>,
    lease: number,
    until: number,
  ): Promise<readonly string[]> {
    const { follower, outbox } = this.#of
    const note = (key: string, token: Token | undefined, until: number | undefined): unknown =>
      found.set(key, { isHit: false, value: undefined, tags: [], left: undefined, token, lease: until })
    for (const key of keys) note(key, this.token, undefined)
    const asked =
      this.#of.requests.isOpen || this.#of.tier.isBus ? [] : keys.filter((key) => !outbox.isPending(key))
    const limit = until - this.#of.now()
    // With little time left no answer would tell that the store is away.
    if (asked.length === 0 || limit < this.#of.settings.readTimeout / 2) return []
    const pendingTags = outbox.pendingTags()
    const seen = follower.last
    const reply = await this.#of.requests.ask(() => this.#of.tier.read(asked, seen, lease), limit)
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
    const value = await this.#of.codec.read(entry, (error) => this.#of.onFault('codec', error, shownKey(key)))
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
    const { storeTime } = this.#of.follower
    return storeTime && expires - storeTime.time - (this.#of.now() - storeTime.sentAt)
  }

  /** Stores the result of a load; whether there is one now. */
  async fill(key: string, work: Work, token: Token, encoded: Encoded, terms: StoreTerms): Promise<boolean> {
    if (this.#of.requests.isOpen || this.#isClosed || work.isTooLate(terms.tags)) return false
    if (!this.fits(key, encoded)) return false
    const value = this.pack(key, await this.#of.codec.compress(encoded), token, work.start, terms)
    const result = await this.#of.requests.ask(
      () => this.#of.tier.fill({ ...value, key, epoch: token.epoch, age: this.#of.now() - work.start }),
      this.#of.settings.readTimeout,
    )
    if (result !== undefined && Object.hasOwn(this.counts, result)) this.counts[result as FillResult]++
    return result === 'stored' || result === 'newer'
  }

  /** Those who wait for the result of a load that is not stored wait no longer. */
  async release(key: string, lease: number): Promise<void> {
    if (this.#of.tier.release === undefined || this.#of.requests.isOpen || this.#isClosed) return
    await this.#of.requests.ask(() => this.#of.tier.release!(key, lease), this.#of.settings.readTimeout)
  }

  /** A value as it is stored. */
  pack(
    key: string,
    encoded: Encoded,
    token: Token,
    start: number,
    { ttl, stale, tags }: StoreTerms,
  ): StoredValue {
    return {
      token: token.position,
      age: this.#of.now() - start,
      ttl: ttl === Infinity ? 0 : ttl,
      stale,
      flags: encoded.flags,
      serializer: encoded.serializer,
      payload: this.#of.codec.seal(encoded, key, tags),
      tags,
    }
  }

  /** Whether a value is small enough for the second tier; where it is not, that is told. */
  fits(key: string, encoded: Encoded): boolean {
    if ((encoded.flags & ABSENT) !== 0 || !this.#of.codec.isTooLarge(encoded)) return true
    const now = this.#of.now()
    const last = this.#tooLarge.get(key) ?? -Infinity
    if (now - last < 60_000) return false
    if (this.#tooLarge.size >= 1000) this.#tooLarge.clear()
    this.#tooLarge.set(key, now)
    this.#of.onFault(
      'codec',
      new RangeError(
        `${this.#of.settings.name}: a value of ${encoded.data.length} bytes is kept in this process only (maxValueBytes is ${this.#of.settings.maxValueBytes})`,
      ),
      shownKey(key),
    )
    return false
  }

  /** Nothing is stored any more. */
  close(): void {
    this.#isClosed = true
  }
}

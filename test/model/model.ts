import type { Removal, RemovalReason } from '../../src/engine/removal.ts'
import { CacheError } from '../../src/errors.ts'

/** The settings that the model knows. Lifetimes are in milliseconds. */
export interface ModelSettings {
  readonly policy: 'lru' | 'adaptive'
  readonly maxEntries: number
  readonly maxWeight: number
  readonly maxEntryWeight: number
  readonly weigh: (value: unknown) => number
  readonly ttl: number
  readonly idleTtl: number
}

export interface ModelOptions {
  readonly ttl?: number | undefined
  readonly tags?: readonly string[] | undefined
}

/** An entry that is held, live or not. */
export interface Entry {
  space: ModelSpace
  readonly key: unknown
  value: unknown
  weight: number
  deadline: number
  /** When it was last read or written, for the idle time. */
  used: number
  tags: ReadonlySet<string>
  /** One of its tags was deleted. */
  invalidated: boolean
  /** Why it left, once it was cleared: what had expired by then is expired. */
  cleared?: 'cleared' | 'expired'
}

/** A load under way. */
export interface Flight {
  readonly space: ModelSpace
  readonly key: unknown
  readonly options: ModelOptions
  readonly start: number
  /** One of its tags was deleted. */
  invalidated: boolean
}

export class ModelSpace {
  readonly parent: ModelSpace | undefined
  readonly base: ModelSpace
  readonly version: number
  readonly entries = new Map<unknown, Entry>()
  /** The loads that may still store. */
  readonly flights = new Map<unknown, Flight>()
  readonly inside = new Map<string | number, ModelSpace>()
  closed = false

  constructor(parent?: ModelSpace, version?: number) {
    this.parent = parent
    this.base = version === undefined ? this : parent!
    this.version = version ?? 1
  }

  child(name: string): ModelSpace {
    if (!this.inside.has(name)) this.inside.set(name, new ModelSpace(this))
    return this.inside.get(name)!
  }

  withVersion(version: number): ModelSpace {
    const { base } = this
    if (version === 1) return base
    if (!base.inside.has(version)) base.inside.set(version, new ModelSpace(base, version))
    return base.inside.get(version)!
  }

  all(): ModelSpace[] {
    return [this, ...[...this.inside.values()].flatMap((space) => space.all())]
  }
}

/** What the policy of the cache under test gave up, for the policies whose choice the model does not make itself. */
export interface Victim {
  readonly space: ModelSpace
  readonly key: unknown
}

/**
 * A store, slow and obvious. For `lru` it knows which entry goes; for other policies it is told, and checks that the choice was legal.
 */
export class ModelStore {
  readonly settings: ModelSettings
  maxEntries: number
  time = 0
  /** What is held, the least recently used first. */
  order: Entry[] = []
  /** What was cleared and has not been reclaimed: it may take room until room is needed. */
  cleared: Entry[] = []
  /** What the listener has to be told, in no particular order. */
  removals: Removal[] = []
  readonly roots: ModelSpace[] = []
  /** What the policy under test gave up in the present operation, in order. */
  victims: Victim[] = []
  counters = {
    hits: 0,
    misses: 0,
    sets: 0,
    deletes: 0,
    evictions: 0,
    expirations: 0,
    loads: 0,
    joins: 0,
    loadFailures: 0,
    totalLoadTime: 0,
  }

  constructor(settings: ModelSettings) {
    this.settings = settings
    this.maxEntries = settings.maxEntries
  }

  addRoot(): ModelSpace {
    const root = new ModelSpace()
    this.roots.push(root)
    return root
  }

  get weight(): number {
    return this.order.reduce((sum, entry) => sum + entry.weight, 0)
  }

  /** The end of an entry's life, by ttl or idle time. */
  endOf(entry: Entry): number {
    return Math.min(entry.deadline, entry.used + this.settings.idleTtl)
  }

  /** What has ended an entry, if anything. */
  ended(entry: Entry): RemovalReason | undefined {
    if (this.endOf(entry) <= this.time) return 'expired'
    return entry.invalidated ? 'invalidated' : undefined
  }

  find(space: ModelSpace, key: unknown): Entry | undefined {
    const entry = space.entries.get(key)
    if (entry !== undefined && this.ended(entry) === undefined) return entry
    if (space.closed) throw new CacheError('CLOSED', 'model')
    return undefined
  }

  use(entry: Entry): void {
    this.order = this.order.filter((other) => other !== entry)
    this.order.push(entry)
    entry.used = this.time
  }

  leave(entry: Entry, reason: RemovalReason): void {
    entry.space.entries.delete(entry.key)
    this.order = this.order.filter((other) => other !== entry)
    this.tell(entry.key, entry.value, reason)
    if (reason === 'deleted') this.counters.deletes++
    if (reason === 'evicted') this.counters.evictions++
    if (reason === 'expired') this.counters.expirations++
  }

  tell(key: unknown, value: unknown, reason: RemovalReason): void {
    this.removals.push({ key, value, reason })
  }

  /** Weighs a value, before anything changes. */
  weigh(value: unknown): number {
    if (value === undefined) throw new TypeError('model')
    return this.settings.weigh(value)
  }

  commit(space: ModelSpace, key: unknown, value: unknown, weight: number, options: ModelOptions): boolean {
    const { ttl = this.settings.ttl, tags } = options
    if (space.closed) throw new CacheError('CLOSED', 'model')
    space.flights.delete(key)
    let entry = space.entries.get(key)
    if (ttl <= 0 || weight > this.settings.maxEntryWeight) {
      if (entry) this.leave(entry, this.ended(entry) ?? (ttl <= 0 ? 'expired' : 'replaced'))
      if (ttl > 0) this.tell(key, value, 'evicted')
      return false
    }
    if (entry) this.overwrite(entry, value)
    else {
      this.makeRoom(1, weight)
      entry = {
        ...{ space, key, value, weight: 0, deadline: 0, used: this.time },
        ...{ tags: new Set<string>(), invalidated: false },
      }
      space.entries.set(key, entry)
      this.order.push(entry)
    }
    entry.tags = new Set(tags)
    entry.invalidated = false
    entry.deadline = this.time + ttl
    entry.weight = weight
    this.makeRoom(0, 0, entry)
    this.counters.sets++
    return true
  }

  /** A new value in an entry, live or not; its lifetime stays. */
  overwrite(entry: Entry, value: unknown): void {
    const ended = this.ended(entry)
    if (ended === 'expired') this.counters.expirations++
    if (ended !== undefined || !Object.is(entry.value, value))
      this.tell(entry.key, entry.value, ended ?? 'replaced')
    entry.value = value
    this.use(entry)
  }

  makeRoom(entries: number, weight: number, kept?: Entry): void {
    while (this.order.length + entries > this.maxEntries || this.weight + weight > this.settings.maxWeight) {
      const entry = this.#victim(kept)
      this.leave(entry, this.ended(entry) ?? 'evicted')
    }
  }

  /** The entry that has to go. */
  #victim(kept: Entry | undefined): Entry {
    const told = (): Entry => {
      const victim = this.victims.shift()
      if (victim === undefined) throw new Error('the policy gave up fewer entries than the bound asks for')
      const entry = victim.space.entries.get(victim.key)
      if (entry === undefined) throw new Error(`the policy gave up ${String(victim.key)}, which is not held`)
      return entry === kept ? told() : entry
    }
    const entry = told()
    if (this.settings.policy === 'lru' && entry !== this.order.find((other) => other !== kept))
      throw new Error(`the policy gave up ${String(entry.key)}, which is not the least recently used`)
    return entry
  }

  clear(space: ModelSpace): void {
    for (const inside of space.all()) {
      inside.flights.clear()
      for (const entry of inside.entries.values()) {
        entry.cleared = this.endOf(entry) <= this.time ? 'expired' : 'cleared'
        this.cleared.push(entry)
      }
      this.order = this.order.filter((entry) => entry.space !== inside)
      inside.entries.clear()
    }
  }

  deleteByTag(space: ModelSpace, tag: string, flights: Iterable<Flight>): void {
    const inside = new Set(space.all())
    for (const entry of this.order)
      if (inside.has(entry.space) && entry.tags.has(tag)) entry.invalidated = true
    for (const flight of flights) {
      if (!inside.has(flight.space) || !flight.options.tags?.includes(tag)) continue
      flight.invalidated = true
      if (flight.space.flights.get(flight.key) === flight) flight.space.flights.delete(flight.key)
    }
  }

  close(space: ModelSpace): void {
    for (const inside of space.all()) {
      this.clear(inside)
      inside.closed = true
    }
    for (const [name, other] of space.parent?.inside ?? [])
      if (other === space) space.parent!.inside.delete(name)
  }

  /** A whole sweep: what has ended leaves. */
  sweep(): void {
    this.reclaim()
    for (const entry of this.order) {
      const reason = this.ended(entry)
      if (reason !== undefined) this.leave(entry, reason)
    }
  }

  /** What was cleared leaves. */
  reclaim(): void {
    for (const entry of this.cleared.splice(0)) this.tellCleared(entry)
  }

  tellCleared({ key, value, cleared }: Entry): void {
    this.tell(key, value, cleared!)
  }
}

/** A view of a key space: the methods of `Cache`, with those of loads in two parts. */
export class ModelCache {
  readonly store: ModelStore
  readonly space: ModelSpace
  readonly #flights: Set<Flight>

  constructor(store: ModelStore, space: ModelSpace, flights: Set<Flight> = new Set()) {
    this.store = store
    this.space = space
    this.#flights = flights
  }

  get(key: unknown, fallback?: unknown): unknown {
    const entry = this.store.find(this.space, key)
    if (entry === undefined) {
      this.store.counters.misses++
      return fallback
    }
    this.store.counters.hits++
    this.store.use(entry)
    return entry.value
  }

  has(key: unknown): boolean {
    return this.store.find(this.space, key) !== undefined
  }

  peek(key: unknown): unknown {
    return this.store.find(this.space, key)?.value
  }

  expiresIn(key: unknown): number | undefined {
    const entry = this.store.find(this.space, key)
    return entry && this.store.endOf(entry) - this.store.time
  }

  getMany(keys: Iterable<unknown>): Map<unknown, unknown> {
    const found = new Map<unknown, unknown>()
    for (const key of keys) {
      const value = this.get(key)
      if (value !== undefined) found.set(key, value)
    }
    return found
  }

  set(key: unknown, value: unknown, options: ModelOptions = {}): void {
    const weight = this.store.weigh(value)
    this.store.commit(this.space, key, value, weight, options)
  }

  add(key: unknown, value: unknown, options: ModelOptions = {}): boolean {
    if (value !== undefined && this.has(key)) return false
    const weight = this.store.weigh(value)
    this.store.commit(this.space, key, value, weight, options)
    return true
  }

  setMany(entries: Iterable<readonly [unknown, unknown]>, options: ModelOptions = {}): void {
    const weighed = [...entries].map(([key, value]) => [key, value, this.store.weigh(value)] as const)
    for (const [key, value, weight] of weighed) this.store.commit(this.space, key, value, weight, options)
  }

  touch(key: unknown, ttl = this.store.settings.ttl): boolean {
    if (ttl <= 0) this.space.flights.delete(key)
    const entry = this.store.find(this.space, key)
    if (entry === undefined) return false
    if (ttl > 0) entry.deadline = this.store.time + ttl
    else this.store.leave(entry, 'expired')
    return true
  }

  delete(key: unknown): boolean {
    this.#assertOpen()
    const { store, space } = this
    space.flights.delete(key)
    const entry = space.entries.get(key)
    if (entry === undefined) return false
    const ended = store.ended(entry)
    store.leave(entry, ended ?? 'deleted')
    return ended === undefined
  }

  expire(key: unknown): boolean {
    const entry = this.store.find(this.space, key)
    this.space.flights.delete(key)
    if (entry !== undefined) entry.deadline = this.store.time
    return entry !== undefined
  }

  deleteMany(keys: Iterable<unknown>): number {
    return [...keys].filter((key) => this.delete(key)).length
  }

  take(key: unknown): unknown {
    const value = this.get(key)
    this.delete(key)
    return value
  }

  incr(
    key: unknown,
    delta: number | bigint = 1,
    options?: { initial?: number | bigint | undefined; ttl?: number | undefined },
  ): unknown {
    const { store, space } = this
    const entry = store.find(space, key)
    if (entry === undefined) {
      if (options?.initial === undefined) throw new CacheError('KEY_NOT_FOUND', 'model')
      this.set(key, options.initial, { ttl: options.ttl })
      return options.initial
    }
    const { value } = entry
    if (typeof value !== 'number' && typeof value !== 'bigint') throw new TypeError('model')
    const sum = typeof value === 'bigint' ? value + BigInt(delta) : value + Number(delta)
    const weight = store.weigh(sum)
    space.flights.delete(key)
    if (weight > store.settings.maxEntryWeight) {
      store.leave(entry, 'replaced')
      store.tell(key, sum, 'evicted')
    } else {
      store.overwrite(entry, sum)
      entry.weight = weight
      store.makeRoom(0, 0, entry)
      store.counters.sets++
    }
    return sum
  }

  decr(...[key, delta = 1, options]: Parameters<ModelCache['incr']>): unknown {
    return this.incr(key, -delta, options)
  }

  getOrSet(key: unknown, compute: (key: unknown) => unknown, options: ModelOptions = {}): unknown {
    const found = this.get(key)
    if (found !== undefined) return found
    const value = compute(key)
    if (value === undefined) return undefined
    const weight = this.store.weigh(value)
    const meanwhile = this.store.find(this.space, key)
    if (meanwhile !== undefined) return meanwhile.value
    this.store.commit(this.space, key, value, weight, options)
    return value
  }

  /** The first half of `getOrLoad`: the live value, or the load that brings it. */
  takeOff(key: unknown, options: ModelOptions): { readonly value: unknown } | Flight {
    const value = this.get(key)
    return value === undefined ? this.#joinOrStart(key, options) : { value }
  }

  #joinOrStart(key: unknown, options: ModelOptions): Flight {
    const { store, space } = this
    const under = space.flights.get(key)
    if (under !== undefined) {
      store.counters.joins++
      return under
    }
    const flight: Flight = { space, key, options, start: store.time, invalidated: false }
    space.flights.set(key, flight)
    this.#flights.add(flight)
    store.counters.loads++
    return flight
  }

  /** The second half: a load has resolved to a value, or failed (`failed`). Throws what those who wait are given as an error. */
  land(flight: Flight, value: unknown, failed: boolean): void {
    const { store } = this
    const mayStore = flight.space.flights.get(flight.key) === flight && !flight.invalidated
    this.#flights.delete(flight)
    if (mayStore) flight.space.flights.delete(flight.key)
    store.counters.totalLoadTime += store.time - flight.start
    if (failed) store.counters.loadFailures++
    else if (value !== undefined) {
      let weight: number
      try {
        weight = store.weigh(value)
      } catch (error) {
        store.counters.loadFailures++
        throw error
      }
      if (mayStore) store.commit(flight.space, flight.key, value, weight, flight.options)
    } else {
      const entry = flight.space.entries.get(flight.key)
      if (mayStore && entry !== undefined) store.leave(entry, store.ended(entry) ?? 'expired')
    }
  }

  /** Loads under way, those that may not store any more included. */
  get flights(): ReadonlySet<Flight> {
    return this.#flights
  }

  deleteByTag(tag: string): void {
    this.#assertOpen()
    this.store.deleteByTag(this.space, tag, this.#flights)
  }

  clear(): void {
    this.#assertOpen()
    this.store.clear(this.space)
  }

  namespace(name: string): ModelCache {
    this.#assertOpen()
    return new ModelCache(this.store, this.space.child(name), this.#flights)
  }

  version(version: number): ModelCache {
    this.#assertOpen()
    return new ModelCache(this.store, this.space.withVersion(version), this.#flights)
  }

  incrVersion(key: unknown, delta = 1): number {
    const { store, space } = this
    const entry = store.find(space, key)
    if (entry === undefined) throw new CacheError('KEY_NOT_FOUND', 'model')
    const to = space.withVersion(space.version + delta)
    if (to === space) return to.version
    const there = to.entries.get(key)
    if (there !== undefined) store.leave(there, store.ended(there) ?? 'replaced')
    space.entries.delete(key)
    space.flights.delete(key)
    to.flights.delete(key)
    to.entries.set(key, entry)
    entry.space = to
    return to.version
  }

  decrVersion(key: unknown, delta = 1): number {
    return this.incrVersion(key, -delta)
  }

  get size(): number {
    return this.space.entries.size
  }

  *entries(): Generator<[unknown, unknown]> {
    this.#assertOpen()
    for (const [key, entry] of this.space.entries)
      if (this.store.ended(entry) === undefined) yield [key, entry.value]
  }

  *keys(): Generator<unknown> {
    for (const [key] of this.entries()) yield key
  }

  *values(): Generator<unknown> {
    for (const [, value] of this.entries()) yield value
  }

  [Symbol.iterator](): Generator<[unknown, unknown]> {
    return this.entries()
  }

  resize(maxEntries: number): void {
    this.#assertOpen()
    this.store.maxEntries = maxEntries
    this.store.makeRoom(0, 0)
  }

  /** Ends this namespace or version. */
  close(): void {
    this.store.close(this.space)
  }

  #assertOpen(): void {
    if (this.space.closed) throw new CacheError('CLOSED', 'model')
  }
}

/// <reference lib="esnext.disposable" preserve="true" />
import { NONE } from './core/slots.ts'
import type { Space } from './core/space.ts'
import { liveEntries } from './engine/listing.ts'
import { iterable } from './engine/reads.ts'
import type { CacheStats, CacheSummary } from './engine/stats.ts'
import type { Store } from './engine/store.ts'
import { CacheError, describe } from './errors.ts'
import { getOrLoad, getOrLoadMany, type LoadCall } from './loading/calls.ts'
import { computed } from './loading/computed.ts'
import type { AnyLoader, Typed, Untyped } from './loading/flight.ts'
import { type AnyBatchLoader, Loads } from './loading/loads.ts'
import { type Wait, watched } from './loading/waits.ts'
import { closeStore, openStore, openStores } from './named/registry.ts'
import {
  type CacheOptions,
  type CounterOptions,
  checkBounds,
  checkCounter,
  integer,
  isCount,
  type LoadOptions,
  type NewBounds,
  nonEmptyString,
  resolveOptions,
  type SetOptions,
  type Settings,
} from './options/options.ts'
import { type ResolvedLoad, resolveDefaults, resolveWrite } from './options/resolved.ts'
import { type Duration, milliseconds, refusal } from './options/units.ts'

/** By which consoles ask a value how it is shown. */
const inspected: unique symbol = Symbol.for('nodejs.util.inspect.custom') as never

/** What `new Cache` is given to make a view of another key space of the same store. */
class View {
  readonly store: Store
  readonly space: Space
  readonly resolved: ResolvedLoad
  /** Whether it is the cache itself, not one of its namespaces or versions. */
  readonly isWhole: boolean

  constructor(store: Store, space: Space, resolved: ResolvedLoad, isWhole: boolean) {
    this.store = store
    this.space = space
    this.resolved = resolved
    this.isWhole = isWhole
  }
}

function wholeView(settings: Settings, store: Store): View {
  const space = store.spaceOf(settings.keyPrefix, settings.version ?? 1)
  // Caches that share a store by name may each have defaults of their own.
  const resolved = settings.name === undefined ? store.defaults : resolveDefaults(settings)
  return new View(store, space, resolved, true)
}

/** Makes a cache from checked settings, which is listed by its place in those of the application. */
export function openCache<K, V>(settings: Settings, place: string): Cache<K, V> {
  return new Cache(wholeView(settings, openStore(settings, place)) as CacheOptions<K, V>)
}

/** All caches of this process that are open, by the name under which they are listed, each as a whole. Being listed keeps none of them. */
export function allCaches(): Map<string, Cache> {
  const caches = new Map<string, Cache>()
  for (const store of openStores()) {
    const { keyPrefix: _, version: __, ...settings } = store.settings
    caches.set(store.label, new Cache(wholeView(settings, store) as CacheOptions))
  }
  return caches
}

/** A view of a key space that there is. */
export function viewOf(store: Store, space: Space): Cache {
  return new Cache(new View(store, space, store.defaults, false) as CacheOptions)
}

/** The engine behind a cache, for structural checks. */
export let storeOf: <K, V>(cache: Cache<K, V>) => Store

/** The key space that a cache is a view of. */
export let spaceOf: <K, V>(cache: Cache<K, V>) => Space

/** Removes what another process said has changed; whether a live entry was there. Its reason is `invalidated`. */
export let invalidate: <K, V>(cache: Cache<K, V>, key: K) => boolean

/**
 * A cache in this process: bounded, expiring, keeping the values themselves. `undefined` means "not here" everywhere;
 * any other value, `null` included, is a value. Keys are compared as `Map` compares them.
 *
 * Every method throws a CacheError `CLOSED` after `close()`, as soon as it finds nothing.
 */
export class Cache<K = unknown, V = unknown> extends Loads<K, V> {
  /** What holds for writes and loads that bring no options. */
  private readonly resolved: ResolvedLoad
  /** Whether this is the cache itself, not a view of one of its namespaces or versions. */
  private readonly isWhole: boolean

  /** Throws a TypeError or RangeError for a wrong option, and a CacheError `NAME_CONFLICT` where `name` is taken by other bounds. */
  constructor(options: CacheOptions<K, V> = {}) {
    const given: unknown = options
    let view: View
    if (given instanceof View) view = given
    else {
      const settings: Settings = resolveOptions(options)
      view = wholeView(settings, openStore(settings, undefined))
    }
    super(view.store, view.space)
    this.isWhole = view.isWhole
    this.resolved = view.resolved
  }

  // Reading

  /** Whether a live value is there. Not a use: neither the policy, nor idle time, nor the statistics notice. */
  has(key: K): boolean {
    return this.store.find(this.space, key) !== NONE
  }

  /** The live value under a key. Not a use: neither the policy, nor idle time, nor the statistics notice. */
  peek(key: K): V | undefined {
    return this.#valueIn(this.store.find(this.space, key))
  }

  /** Milliseconds until the entry expires, Infinity for never, or undefined where nothing live is. Not a use. */
  expiresIn(key: K): number | undefined {
    return this.store.timeLeft(this.space, key)
  }

  // Writing

  /**
   * Stores a value under a key, replacing what was there. With a `ttl` of 0 or less, or heavier than the whole bound, it is not kept,
   * and what was there is removed. Throws a TypeError for `undefined` and for what `weigh` or `protect` refuse; then nothing changes.
   */
  set(key: K, value: V, options?: SetOptions): void {
    const store = this.store
    const resolved = resolveWrite(this.resolved, options)
    const kept = store.copyIn(value)
    store.commit(this.space, key, kept, store.weigh(kept, key), resolved)
    store.notify()
  }

  /**
   * Stores a value only where nothing live is; returns whether the key was free, true also where a `ttl` of 0 or a weight above the bound
   * means that nothing is kept. A failing `add` changes nothing at all.
   */
  add(key: K, value: V, options?: SetOptions): boolean {
    const store = this.store
    const resolved = resolveWrite(this.resolved, options)
    if (value !== undefined && store.find(this.space, key) !== NONE) return false
    const kept = store.copyIn(value)
    const weight = store.weigh(kept, key)
    // The weigher is user code and may have stored something.
    if (store.find(this.space, key) !== NONE) return false
    store.commit(this.space, key, kept, weight, resolved)
    store.notify()
    return true
  }

  /** Stores all pairs of a Map or another iterable, or none if one of them is refused. */
  setMany(entries: Iterable<readonly [K, V]>, options?: SetOptions): void {
    const store = this.store
    const resolved = resolveWrite(this.resolved, options)
    const all: [key: K, kept: unknown, weight: number][] = []
    for (const entry of iterable(entries, 'entries')) {
      if (!Array.isArray(entry) || entry.length !== 2)
        throw refusal('entries', 'pairs of a key and a value', entry)
      const [key, value]: readonly [K, V] = entry
      const kept = store.copyIn(value)
      all.push([key, kept, store.weigh(kept, key)])
    }
    for (const [key, kept, weight] of all) store.commit(this.space, key, kept, weight, resolved)
    store.notify()
  }

  /**
   * Gives a live entry a new lifetime (the cache's `ttl` when none is given); returns whether one was there. Not a use. With 0 or less the
   * entry goes, and loads under way do not store.
   */
  touch(key: K, ttl?: Duration): boolean {
    const store = this.store
    const time = ttl === undefined ? this.resolved.ttl : milliseconds(ttl, 'ttl')
    if (!(time > 0)) this.space.flights?.overtake(key)
    const slot = store.find(this.space, key)
    if (slot === NONE) return false
    store.touch(slot, time, this.resolved)
    store.notify()
    return true
  }

  /** Removes an entry; whether a live one was there. */
  delete(key: K): boolean {
    const deleted = this.store.delete(this.space, key)
    this.store.notify()
    return deleted
  }

  /** Removes these entries; how many live ones were there. Takes any iterable, once. */
  deleteMany(keys: Iterable<K>): number {
    let deleted = 0
    try {
      for (const key of iterable(keys, 'keys')) if (this.store.delete(this.space, key)) deleted++
    } finally {
      this.store.notify()
    }
    return deleted
  }

  /** Removes an entry and returns its live value. Counts as a read. */
  take(key: K): V | undefined {
    const value = this.get(key)
    this.delete(key)
    return value
  }

  /**
   * Ends the lifetime of an entry now; whether a live one was there. Where `staleWhileRevalidate` or `staleIfError` hold, `getOrLoad`
   * can still give its value while it loads a new one. Loads under way do not store.
   */
  expire(key: K): boolean {
    const expired = this.store.expire(this.space, key)
    this.store.notify()
    return expired
  }

  /**
   * As `expire` for every entry of this cache or namespace and of those inside it: what is here counts as out of date from now on. What
   * earlier loads found absent or failed is forgotten. Takes no longer with more entries or namespaces.
   */
  expireAll(): void {
    this.#assertOpen()
    this.store.expireAll(this.space)
  }

  /**
   * Makes every entry with this tag unreadable at once, in this namespace and those inside it. Takes no longer with more entries;
   * their memory is given back by the sweep.
   */
  deleteByTag(tag: string): void {
    if (typeof tag !== 'string') throw refusal('tag', 'a string', tag)
    this.#assertOpen()
    this.store.deleteByTag(this.space, tag)
  }

  /** Empties this cache, or this namespace, and those inside it. Takes no longer with more entries or namespaces. Loads under way do not store. */
  clear(): void {
    this.#assertOpen()
    this.store.clear(this.space)
  }

  // Counters

  /**
   * Adds `delta` to a number or bigint and returns the sum. Keeps the deadline; counts as a use. Where nothing live is: stores and
   * returns `initial` if given, else throws a CacheError `KEY_NOT_FOUND`. Throws a TypeError where no finite number or bigint is.
   */
  incr(key: K, delta: number | bigint = 1, options?: CounterOptions): V & (number | bigint) {
    if (!isCount(delta)) throw refusal('delta', 'a finite number or a bigint', delta)
    return this.#count(key, delta, options)
  }

  /** Subtracts `delta`; otherwise as `incr`. */
  decr(key: K, delta: number | bigint = 1, options?: CounterOptions): V & (number | bigint) {
    if (!isCount(delta)) throw refusal('delta', 'a finite number or a bigint', delta)
    return this.#count(key, -delta, options)
  }

  #count(key: K, delta: number | bigint, options: CounterOptions | undefined): V & (number | bigint) {
    type Count = V & (number | bigint)
    const store = this.store
    const { initial, ttl } = checkCounter(options ?? {})
    const value = store.valueAt(store.find(this.space, key))
    if (value === undefined) {
      if (initial === undefined) throw new CacheError('KEY_NOT_FOUND', `no entry under ${describe(key)}`)
      this.set(key, initial as Count, { ttl })
      return initial as Count
    }
    const sum = add(value, delta, key)
    const weight = store.weigh(sum, key)
    // The weigher is user code and may have removed the entry.
    const slot = store.find(this.space, key)
    if (slot === NONE) throw new CacheError('KEY_NOT_FOUND', `no entry under ${describe(key)}`)
    store.update(slot, sum, weight)
    store.notify()
    return sum as Count
  }

  // Computing and loading

  /**
   * The live value under a key, or what `compute(key)` returns, which is stored. Synchronous: a Promise is refused with a TypeError,
   * use `getOrLoad` for it. `undefined` is returned and not stored; an error passes through. What `compute` itself sets under
   * the key stands.
   */
  getOrSet<P extends Typed<K, V>>(key: P, compute: (key: P) => V, options?: SetOptions): V
  getOrSet<P extends Typed<K, V>>(
    key: P,
    compute: (key: P) => V | undefined,
    options?: SetOptions,
  ): V | undefined
  getOrSet<T, P extends Untyped<K, V>>(key: P, compute: (key: P) => T, options?: SetOptions): T
  getOrSet(key: K, compute: (key: K) => V, options?: SetOptions): V
  getOrSet(key: K, compute: (key: K) => V | undefined, options?: SetOptions): V | undefined
  getOrSet(key: K, compute: (key: never) => unknown, options?: SetOptions): unknown {
    const found = this.get(key)
    if (found !== undefined) return found
    const resolved = resolveWrite(this.resolved, options)
    const value = computed(key as never, compute)
    if (value === undefined) return undefined
    const store = this.store
    store.clock.read()
    const kept = store.copyIn(value)
    const weight = store.weigh(kept, key)
    const slot = store.find(this.space, key)
    if (slot !== NONE) return this.#valueIn(slot)
    store.commit(this.space, key, kept, weight, resolved)
    store.notify()
    return store.copyOut(kept)
  }

  /** @internal */
  protected override loadOne(
    slot: number | undefined,
    key: K,
    loader: AnyLoader,
    options: LoadOptions<never, never> | undefined,
  ): Promise<unknown> {
    return watched((wait) => getOrLoad(this.#loadCall(options, wait), slot, key, loader, false))
  }

  /** @internal */
  protected override loadMany(
    keys: Iterable<K>,
    loadMany: AnyBatchLoader,
    options: LoadOptions<never, never> | undefined,
  ): Promise<Map<unknown, unknown>> {
    return watched((wait) => getOrLoadMany(this.#loadCall(options, wait), keys, loadMany))
  }

  // Key spaces

  /**
   * A view of a key space of its own, inside the same bounds, policy and statistics. Namespaces nest; a name is any string of at
   * least one character. A read in a namespace costs what a read outside costs.
   */
  namespace<NK = K, NV = V>(name: string): Cache<NK, NV> {
    nonEmptyString(name, 'namespace')
    this.#assertOpen()
    return this.#view(this.store.namespace(this.space, name))
  }

  /** A view of the entries of another version. Version 1 is the cache or namespace itself; the others are inside it. */
  version(version: number): Cache<K, V> {
    integer(version, 'version')
    this.#assertOpen()
    return this.#view(this.store.version(this.space, version))
  }

  /** Moves a live entry `delta` versions on, with its value and remaining lifetime; the new version. CacheError `KEY_NOT_FOUND` if there is none. */
  incrVersion(key: K, delta = 1): number {
    const to = this.space.version + integer(delta, 'delta')
    const store = this.store
    const slot = store.find(this.space, key)
    if (slot === NONE) throw new CacheError('KEY_NOT_FOUND', `no entry under ${describe(key)}`)
    if (delta !== 0) store.move(slot, store.version(this.space, integer(to, 'version')))
    store.notify()
    return to
  }

  /** Moves a live entry `delta` versions back; otherwise as `incrVersion`. */
  decrVersion(key: K, delta = 1): number {
    return this.incrVersion(key, -integer(delta, 'delta'))
  }

  // All entries

  /** Entries held in this namespace (not in those inside it), live or not yet swept. */
  get size(): number {
    const { slots, maxEntries } = this.store
    if (slots.isBehind) this.store.catchUp(this.space)
    return Math.min(this.space.table.size, maxEntries)
  }

  /**
   * The live keys of this namespace: with the policy `'lru'` from the most to the least recently used, with `'adaptive'` in no particular
   * order. Entries may come and go meanwhile. Not a use.
   */
  *keys(): Generator<K, undefined> {
    for (const [key] of liveEntries(this.store, this.space)) yield key as K
  }

  /** The live values of this namespace, in the order of `keys()`. Not a use. */
  *values(): Generator<V, undefined> {
    for (const [, slot] of liveEntries(this.store, this.space)) yield this.#valueIn(slot)!
  }

  /** The live entries of this namespace, in the order of `keys()`. Not a use. */
  *entries(): Generator<[K, V], undefined> {
    for (const [key, slot] of liveEntries(this.store, this.space)) yield [key as K, this.#valueIn(slot)!]
  }

  [Symbol.iterator](): Generator<[K, V], undefined> {
    return this.entries()
  }

  // The whole store

  /**
   * The name by which the process lists the cache: its option `name`, else its place in the settings that `createCaches` was given, else a
   * number, such as `cache-3`. Different for each cache.
   */
  get name(): string {
    return this.store.label
  }

  /**
   * Changes the bounds of the cache and all its namespaces, evicting what the policy would; a number is `maxEntries`, and bounds that
   * are not named stay. `size` is within `maxEntries` at once; where more than a thousand entries have to go, the others do so in the next turns
   * of the event loop and can be read until then. Throws a TypeError for a bound by weight that the cache was not made with.
   */
  resize(bounds: number | NewBounds): void {
    const store = this.store
    const { maxEntries = store.wantedEntries, maxWeight = store.maxWeight } = checkBounds(bounds, store.unit)
    this.#assertOpen()
    store.resize(maxEntries, maxWeight)
    store.notify()
  }

  /**
   * Counters since the cache was made, and what it holds, all its namespaces included. Of a namespace or version: those of it and what
   * is inside it, beside the bounds of the whole cache.
   */
  stats(): CacheStats {
    return this.store.stats(this.#isAll ? undefined : this.space)
  }

  /** What `JSON.stringify` writes of a cache: its name and bounds where it has them, and its statistics. None of its entries. */
  toJSON(): CacheSummary {
    const { name } = this.store.settings
    const stats = this.stats()
    const { maxEntries, maxWeight, unit } = stats
    return {
      ...(name !== undefined && { name }),
      ...(maxEntries !== Infinity && { maxEntries }),
      ...(unit === 'weight' && { maxWeight }),
      ...(unit === 'bytes' && { maxBytes: maxWeight }),
      stats,
    }
  }

  /**
   * What `console.log` shows of a cache on Node, Bun and Deno.
   * @internal
   */
  [inspected](_depth: number, options: object, inspect: (value: object, options: object) => string): string {
    const { stats, ...settings } = this.toJSON()
    const { size, hits, misses, evictions, expirations } = stats
    return `Cache ${inspect({ ...settings, size, hits, misses, evictions, expirations }, options)}`
  }

  /**
   * Drops all entries and stops; every handle of the cache throws `CLOSED` from here on, also those of caches that share its store by
   * name. Closing a namespace or version ends this one and those inside it. A second call does nothing.
   */
  close(): void {
    if (this.#isAll) closeStore(this.store)
    else this.store.close(this.space)
  }

  [Symbol.dispose](): void {
    this.close()
  }

  // Small parts

  /** Whether this view stands for the whole store. */
  get #isAll(): boolean {
    return this.isWhole || this.space === this.store.root
  }

  #loadCall(options: LoadOptions<never, never> | undefined, wait: Wait | undefined): LoadCall {
    return { store: this.store, space: this.space, resolved: this.resolved, options, wait }
  }

  #valueIn(slot: number): V | undefined {
    return slot === NONE ? undefined : (this.store.copyOut(this.slots.values[slot]) as V)
  }

  #view<NK, NV>(space: Space): Cache<NK, NV> {
    return new Cache(new View(this.store, space, this.resolved, false) as CacheOptions<NK, NV>)
  }

  #assertOpen(): void {
    this.store.assertOpen(this.space)
  }

  static {
    storeOf = (cache) => cache.store
    spaceOf = (cache) => cache.space
    invalidate = ({ store, space }, key) => {
      const wasLive = store.delete(space, key, 'invalidated')
      store.notify()
      return wasLive
    }
  }
}

/** A counter's next value, of the type that it has. */
function add(value: unknown, delta: number | bigint, key: unknown): number | bigint {
  if (!isCount(value)) throw refusal(`the value under ${describe(key)}`, 'a finite number or a bigint', value)
  if (typeof value === 'bigint') {
    if (typeof delta === 'number' && !Number.isInteger(delta))
      throw refusal('delta', 'an integer for a bigint', delta)
    return value + BigInt(delta)
  }
  const sum = value + Number(delta)
  if (!Number.isFinite(sum)) throw new RangeError(`delta: the sum under ${describe(key)} is not finite`)
  return sum
}

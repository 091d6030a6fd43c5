/// <reference lib="esnext.disposable" preserve="true" />
import { spaceOf, storeOf } from '../cache.ts'
import { iterable } from '../engine/reads.ts'
import { valuesFound } from '../loading/calls.ts'
import type { AnyLoader } from '../loading/flight.ts'
import { type AnyBatchLoader, Loads } from '../loading/loads.ts'
import { type LoadOptions, type NewBounds, nonEmptyString, type SetOptions } from '../options/options.ts'
import { refusal } from '../options/units.ts'
import { encodeText } from './keys.ts'
import { OpenLoad } from './open-load.ts'
import { openTiered, type Simulated } from './opened.ts'
import { TieredBatch } from './tiered-batch.ts'
import { getOrLoad } from './tiered-load.ts'
import { lookUp, openLoad } from './tiered-lookup.ts'
import type { TieredOptions } from './tiered-options.ts'
import { isPlain, nothing, TieredSpace } from './tiered-space.ts'
import { type TieredStats, tieredStats } from './tiered-stats.ts'
import { set, update } from './tiered-write.ts'

/**
 * A cache in this process in front of a second tier that all processes share, such as Redis. Reads are those of `Cache`; what one process
 * invalidates, no other serves any more: see docs/second-tier.md for the promise and its bounds.
 *
 * Keys are strings, numbers, bigints, booleans, null and arrays of these. Values are data: what `serializer` takes.
 */
export class TieredCache<K = unknown, V = unknown> extends Loads<K, V> {
  readonly #tiered: TieredSpace

  /** Throws a TypeError or RangeError for a wrong option, and a CacheError `NAME_CONFLICT` where the name is taken with other options. */
  constructor(options: TieredOptions<K, V>) {
    const given: unknown = options
    const tiered =
      given instanceof TieredSpace ? given : new TieredSpace(openTiered(options as unknown as TieredOptions))
    super(storeOf(tiered.local), spaceOf(tiered.local))
    this.#tiered = tiered
  }

  // Reading here: `get` and `getMany` are those of every cache

  /** @internal */
  protected override readClosely(slot: number | undefined, key: K, fallback: unknown): unknown {
    if (isPlain(key)) return super.readClosely(slot, key, fallback)
    return this.#tiered.composites.get(this.#tiered.localKey(key), fallback)
  }

  /** Whether this process holds a live value. Not a use. */
  has(key: K): boolean {
    this.#tiered.protocol.checkTrust()
    return this.#tiered.localOf(key).has(this.#tiered.localKey(key))
  }

  /** The live value that this process holds under a key. Not a use. */
  peek(key: K): V | undefined {
    this.#tiered.protocol.checkTrust()
    return this.#tiered.localOf(key).peek(this.#tiered.localKey(key)) as V | undefined
  }

  /** Milliseconds until the entry that this process holds expires, Infinity for never, or undefined where nothing live is. Not a use. */
  expiresIn(key: K): number | undefined {
    this.#tiered.protocol.checkTrust()
    return this.#tiered.localOf(key).expiresIn(this.#tiered.localKey(key))
  }

  /** Entries that this process holds in this namespace, live or not yet swept. */
  get size(): number {
    return this.#tiered.local.size + this.#tiered.composites.size
  }

  /** The live entries that this process holds in this namespace, in no particular order. Not a use. */
  entries(): Generator<[K, V], undefined> {
    return this.#tiered.entries() as Generator<[K, V], undefined>
  }

  /** The keys of `entries`. */
  *keys(): Generator<K, undefined> {
    for (const [key] of this.entries()) yield key
  }

  /** The values of `entries`. */
  *values(): Generator<V, undefined> {
    for (const [, value] of this.entries()) yield value
  }

  [Symbol.iterator](): Generator<[K, V], undefined> {
    return this.entries()
  }

  /** Changes the bounds of what this process holds, namespaces included, as `resize` of `Cache`. */
  resize(bounds: number | NewBounds): void {
    this.#tiered.local.resize(bounds)
  }

  // Loading

  /** @internal */
  protected override loadOne(
    _slot: number | undefined,
    key: K,
    loader: AnyLoader,
    options: LoadOptions<never, never> | undefined,
  ): Promise<unknown> {
    const space = this.#tiered
    const until = space.protocol.values.readUntil
    const read = (text: string) => space.protocol.values.read([text], true, until).then(([found]) => found!)
    return getOrLoad({ space, key, loader, options, read })
  }

  /** @internal */
  protected override async loadMany(
    keys: Iterable<K>,
    loadMany: AnyBatchLoader,
    options: LoadOptions<never, never> | undefined,
  ): Promise<Map<unknown, unknown>> {
    if (typeof loadMany !== 'function') throw refusal('loadMany', 'a function', loadMany)
    const space = this.#tiered
    const until = space.protocol.values.readUntil
    await space.protocol.firstAnswer
    const asked = [...new Set(iterable(keys, 'keys'))]
    const batch = new TieredBatch((texts) => space.protocol.values.read(texts, true, until), loadMany)
    const results = asked.map((key) =>
      getOrLoad({ space, key, loader: batch.load, options, read: batch.read }),
    )
    batch.run()
    return valuesFound(asked, results)
  }

  /** The live value that this process holds, or that of the second tier, which is kept here. */
  async lookup(key: K): Promise<V | undefined> {
    const here = this.get(key)
    if (here !== undefined) return here
    const until = this.#tiered.protocol.values.readUntil
    await this.#tiered.protocol.firstAnswer
    const found = new Map<K, V>()
    await lookUp(this.#tiered, [key], found, until)
    return found.get(key)
  }

  /** `lookup` for many keys, in one round trip: the values found, in the order asked. */
  async lookupMany(keys: Iterable<K>): Promise<Map<K, V>> {
    const asked = [...new Set(iterable(keys, 'keys'))]
    const until = this.#tiered.protocol.values.readUntil
    await this.#tiered.protocol.firstAnswer
    const here = this.getMany(asked)
    await lookUp(
      this.#tiered,
      asked.filter((key) => !here.has(key)),
      here,
      until,
    )
    return new Map(asked.filter((key) => here.has(key)).map((key) => [key, here.get(key)!]))
  }

  /**
   * `lookup` for a host that asks first, and brings later what was missing: an open load where nothing was found. `getOrLoad` is what to
   * use where the loader can be given to the cache.
   */
  async beginLoad(key: K): Promise<OpenLoad<V>> {
    const text = this.#tiered.encode(key)
    const until = this.#tiered.protocol.values.readUntil
    await this.#tiered.protocol.firstAnswer
    const here = this.get(key)
    return here === undefined ? openLoad(this.#tiered, key, text, until) : new OpenLoad(here)
  }

  // Writing

  /**
   * How a value is written: runs `write`, which changes the source and returns the new value, then stores that value in both tiers and
   * tells all processes. If something else has invalidated the key since, the value is not stored, as nobody can tell which is newer.
   * Resolves with the value when Redis has acknowledged, or after `writeTimeout`: then the invalidation stays queued (`settled` waits
   * for it). If `write` throws, the key is invalidated, since the source may have changed, and the error passes through.
   */
  update<T extends V | undefined>(key: K, write: () => T | PromiseLike<T>, options?: SetOptions): Promise<T> {
    return update(this.#tiered, key, write, options)
  }

  /**
   * Stores a computed value in both tiers and tells all processes; whether Redis has acknowledged within `writeTimeout`. Of two that
   * race, the second one deletes. After writing to a source use `update` or `delete` instead: two writers may arrive in the other order.
   */
  set(key: K, value: V, options?: SetOptions): Promise<boolean> {
    return set(this.#tiered, key, value, options)
  }

  // Invalidating

  /**
   * Removes a key, here before this returns, and in Redis and all other processes when the promise is true: Redis has acknowledged.
   * False after `writeTimeout`: it stays queued and is sent again until Redis has it. Never rejects because Redis is away. The other
   * methods that invalidate do alike.
   */
  delete(key: K): Promise<boolean> {
    return this.#tiered.protocol.invalidate({ ...nothing, keys: [this.#tiered.encode(key)] })
  }

  /** Removes these keys. Takes any iterable, once. */
  deleteMany(keys: Iterable<K>): Promise<boolean> {
    const texts = [...new Set(Array.from(iterable(keys, 'keys'), (key) => this.#tiered.encode(key)))]
    if (texts.length === 0) return Promise.resolve(true)
    return this.#tiered.protocol.invalidate({ ...nothing, keys: texts })
  }

  /** Ends the lifetime of an entry everywhere. Where `staleIfError` holds it may still be given when a load fails. */
  expire(key: K): Promise<boolean> {
    return this.#tiered.protocol.invalidate({ ...nothing, keys: [this.#tiered.encode(key)], expires: true })
  }

  /** Removes every entry with this tag, in this namespace and those inside it. Costs the same however many there are. */
  deleteByTag(tag: string): Promise<boolean> {
    if (typeof tag !== 'string') throw refusal('tag', 'a string', tag)
    return this.#tiered.protocol.invalidate({ ...nothing, tags: [this.#tiered.path + encodeText(tag)] })
  }

  /** Removes all entries of this cache, or of this namespace and those inside it. Costs the same however many there are. */
  clear(): Promise<boolean> {
    const { path } = this.#tiered
    const cover = path === '' ? { ...nothing, isClear: true } : { ...nothing, tags: [path] }
    return this.#tiered.protocol.invalidate(cover)
  }

  // The whole

  /** A view of a key space of its own, in both tiers. Namespaces nest. */
  namespace<NK = K, NV = V>(name: string): TieredCache<NK, NV> {
    nonEmptyString(name, 'namespace')
    return new TieredCache(this.#tiered.inside(name) as unknown as TieredOptions<NK, NV>)
  }

  /** Resolves when the second tier has answered for the first time. Nobody has to wait for it. */
  ready(): Promise<void> {
    return this.#tiered.protocol.ready()
  }

  /** Resolves when every invalidation called before has been acknowledged, `update` included. */
  settled(): Promise<void> {
    return this.#tiered.protocol.outbox.settled()
  }

  /** The counters of the local part, of a namespace its own, and those of the second tier, which are of the whole cache. */
  stats(): TieredStats {
    return tieredStats(this.#tiered.local.stats(), this.#tiered.protocol)
  }

  /** Waits for invalidations that are not acknowledged, `closeTimeout` at most, then drops what is held and stops. */
  close(): Promise<void> {
    return this.#tiered.opened.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

/** A cache of a process that is simulated. */
export function simulatedCache<K, V>(options: TieredOptions<K, V>, simulated: Simulated): TieredCache<K, V> {
  const opened = openTiered(options as unknown as TieredOptions, simulated)
  return new TieredCache(new TieredSpace(opened) as unknown as TieredOptions<K, V>)
}

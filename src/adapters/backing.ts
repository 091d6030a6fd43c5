import { Cache } from '../cache.ts'
import type { CacheOptions, SetOptions } from '../options/options.ts'
import { refusal } from '../options/units.ts'
import type { TieredCache } from '../tiers/tiered-cache.ts'
import { TieredStore } from './tiered-store.ts'

/** What an adapter of a synchronous host takes: an existing cache, or the options of a new one (by default up to 1000 entries, for five minutes where the host gives no ttl). */
export type LocalBacking<V = unknown, K = string> = Cache<K, V> | CacheOptions<K, V>

/** What an adapter of an asynchronous host takes: an existing cache, which may be tiered, or the options of a new one. */
export type Backing<V = unknown> = LocalBacking<V> | TieredCache<string, V>

/** An answer at once, or where a second tier has to be asked a promise of it. */
export type Answer<T> = T | Promise<T>

/** What adapters ask of the cache behind them: the methods of `Cache`, whose answers are promises where a second tier gives them. */
export interface Store<V> {
  get(key: string): Answer<V | undefined>
  get<F>(key: string, fallback: F): Answer<V | F>
  getMany(keys: readonly string[]): Answer<Map<string, V>>
  has(key: string): Answer<boolean>
  expiresIn(key: string): Answer<number | undefined>
  set(key: string, value: V, options?: SetOptions): Answer<unknown>
  /** Whether a live entry was there. */
  delete(key: string): Answer<boolean>
  deleteMany(keys: Iterable<string>): Answer<unknown>
  deleteByTag(tag: string): Answer<unknown>
  clear(): Answer<unknown>
  /** Of those that this process holds. */
  keys(): Generator<string, undefined>
  entries(): Generator<[string, V], undefined>
  namespace(name: string): Store<V>
}

export function isTiered<V>(backing: Backing<V> | Store<V>): backing is TieredCache<string, V> {
  return typeof (backing as { beginLoad?: unknown } | null)?.beginLoad === 'function'
}

/** The cache that an adapter stands on. Throws what the constructor of `Cache` throws for wrong options. */
export function backingStore<V>(backing: Backing<V> = {}): Store<V> {
  return isTiered(backing) ? new TieredStore(backing) : (backingCache(backing) as object as Store<V>)
}

/** The cache of this process that an adapter stands on. Throws what the constructor of `Cache` throws for wrong options. */
export function backingCache<V, K = string>(backing: LocalBacking<V, K> = {}): Cache<K, V> {
  if (isTiered(backing as Backing)) throw refusal('cache', 'a Cache, as the host does not wait', backing)
  return backing instanceof Cache ? backing : new Cache<K, V>(backing)
}

import { Cache } from '../cache.ts'
import type { CacheOptions } from '../options/options.ts'

/** What every adapter takes: an existing cache, or the options of a new one (by default up to 1000 entries, for five minutes where the host gives no ttl). */
export type Backing<V = unknown, K = string> = Cache<K, V> | CacheOptions<K, V>

/** The cache that an adapter stands on. Throws what the constructor of `Cache` throws for wrong options. */
export function backingCache<V, K = string>(backing: Backing<V, K> = {}): Cache<K, V> {
  return backing instanceof Cache ? backing : new Cache<K, V>(backing)
}

import { Cache } from '../cache.ts'
import type { CacheOptions } from '../options.ts'

/** What every adapter takes: an existing cache, or the options of a new one (by default up to 1000 entries, for five minutes where the host gives no ttl). */
export type Backing<V = unknown> = Cache<string, V> | CacheOptions<string, V>

/** The cache that an adapter stands on. Throws what the constructor of `Cache` throws for wrong options. */
export function backingCache<V>(backing: Backing<V> = {}): Cache<string, V> {
  return backing instanceof Cache ? backing : new Cache<string, V>(backing)
}

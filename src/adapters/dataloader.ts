import { Cache } from '../cache.ts'
import type { CacheOptions } from '../options.ts'

/** What a DataLoader takes as its `cacheMap`. */
export interface CacheMap<K, V> {
  get(key: K): Promise<V> | undefined
  set(key: K, promise: Promise<V>): void
  delete(key: K): boolean
  clear(): void
}

/**
 * A cache map that loaders of many requests can share: `new DataLoader(loadUsers, { cacheMap: cacheMap({ ttl: '1m' }) })`. Takes a cache
 * of promises, or the options of a new one. A promise is kept from the beginning of its load, when its ttl begins too, and removed if
 * it is rejected. What was cleared during a load does not come back.
 */
export function cacheMap<K, V>(
  backing: Cache<K, Promise<V>> | CacheOptions<K, Promise<V>> = {},
): CacheMap<K, V> {
  const cache = backing instanceof Cache ? backing : new Cache(backing)
  return {
    get: (key) => cache.get(key),
    set(key, promise) {
      const forget = (): void => {
        if (cache.peek(key) === promise) cache.delete(key)
      }
      // A cache that was closed meanwhile has nothing to forget.
      promise.catch(forget).catch(() => {})
      cache.set(key, promise)
    },
    delete(key) {
      try {
        return cache.delete(key)
      } catch {
        // Closed too. A loader clears what it failed to load, and would never settle after an error.
        return false
      }
    },
    clear: () => cache.clear(),
  }
}

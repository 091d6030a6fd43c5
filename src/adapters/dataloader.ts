import { backingCache, type LocalBacking } from './backing.ts'

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
export function cacheMap<K, V>(backing?: LocalBacking<Promise<V>, K>): CacheMap<K, V> {
  const cache = backingCache(backing)
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

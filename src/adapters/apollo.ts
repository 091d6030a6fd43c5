import { type Backing, backingStore } from './backing.ts'
import { fromSeconds } from './seconds.ts'

/** What Apollo Server and its plugins take as a cache. */
export interface KeyValueCache<V = string> {
  get(key: string): Promise<V | undefined>
  /** `ttl` is in seconds; `null` and 0 are for ever, without one the `ttl` of the cache holds. */
  set(key: string, value: V, options?: { readonly ttl?: number | null | undefined }): Promise<void>
  /** Whether a live entry was there. */
  delete(key: string): Promise<boolean>
}

/**
 * A cache for Apollo Server: `new ApolloServer({ cache: keyValueCache() })`. Values are kept as they are. A ttl that is no number is a
 * TypeError, by which the returned promise is rejected; so it is by a CacheError `CLOSED`.
 */
export function keyValueCache<V = string>(backing?: Backing<V>): KeyValueCache<V> {
  const cache = backingStore(backing)
  return {
    get: async (key) => cache.get(key),
    async set(key, value, { ttl } = {}) {
      await cache.set(key, value, { ttl: ttl === null ? Infinity : fromSeconds(ttl) })
    },
    delete: async (key) => cache.delete(key),
  }
}

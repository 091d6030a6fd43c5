import { type Answer, type Backing, backingStore } from './backing.ts'
import { fromSeconds } from './seconds.ts'

/** What ocache takes as a storage. */
export interface OcacheStorage {
  /** Bytes are kept as they are. */
  readonly binary: true
  get<T = unknown>(key: string): Answer<T | null>
  /** `ttl` is in seconds, 0 is for ever; without one the cache's `ttl` holds. `null` removes the entry. */
  set(key: string, value: unknown, options?: { readonly ttl?: number | undefined }): Answer<void>
}

/**
 * A storage for ocache: `defineCachedFunction(fn, { storage: ocacheStorage({ maxBytes: '64mb' }) })`. Entries are kept by reference. A
 * ttl that is no number is a TypeError. Throws what the constructor of `Cache` throws.
 */
export function ocacheStorage(backing?: Backing): OcacheStorage {
  const cache = backingStore(backing)
  return {
    binary: true,
    get: <T>(key: string) => cache.get(key, null) as Answer<T | null>,
    set(key, value, options) {
      const done =
        value === null || value === undefined
          ? cache.deleteMany([key])
          : cache.set(key, value, { ttl: fromSeconds(options?.ttl) })
      return done instanceof Promise ? done.then(() => {}) : undefined
    },
  }
}

import { Cache } from '../cache.ts'
import { type CacheOptions, isRecord } from '../options/options.ts'
import { type Backing, backingCache } from './backing.ts'
import { fromSeconds } from './seconds.ts'

/** What unstorage takes as a driver. What is not there is `null`. */
export interface NearcacheDriver {
  readonly name: 'nearcache'
  readonly flags: { readonly ttl: true }
  getInstance(): Cache<string>
  hasItem(key: string): boolean
  getItem(key: string): Item
  getItemRaw(key: string): unknown
  setItem(key: string, value: unknown, options?: ItemOptions): void
  setItemRaw(key: string, value: unknown, options?: ItemOptions): void
  removeItem(key: string): void
  /** The seconds that an item has left; `null` where it is missing or lives for ever. */
  getMeta(key: string): { ttl: number } | null
  getKeys(base?: string): string[]
  clear(base?: string): void
  dispose(): void
}

/** What unstorage says of an item. `ttl` is in seconds, 0 is for ever; without one the cache's `ttl` holds. */
export interface ItemOptions {
  readonly ttl?: number | undefined
}

type Item = null | string | number | boolean | object

/** The options of a cache as a mount of Nitro has them, beside the name of the driver. */
type Mount = CacheOptions<string> & { readonly driver?: string }

/**
 * A driver that keeps the items of unstorage in a cache: `createStorage({ driver: nearcacheDriver({ maxEntries: 5_000 }) })`. Raw values
 * are kept by reference; the others reach every driver as strings. A ttl that is no number is a TypeError. `dispose()` empties a cache
 * that was made here and leaves one that was given. Throws what the constructor of `Cache` throws.
 */
export default function nearcacheDriver(backing: Backing | Mount = {}): NearcacheDriver {
  const isGiven = backing instanceof Cache
  const cache = backingCache(isGiven ? backing : withoutDriver(backing))

  const getItem = (key: string): Item => cache.get(key, null) as Item
  const setItem: NearcacheDriver['setItem'] = (key, value, options) =>
    cache.set(key, value, { ttl: fromSeconds(options?.ttl) })
  const getKeys = (base = ''): string[] => [...cache.keys()].filter((key) => key.startsWith(base))

  return {
    name: 'nearcache',
    flags: { ttl: true },
    getInstance: () => cache,
    hasItem: (key) => cache.has(key),
    getItem,
    getItemRaw: getItem,
    setItem,
    setItemRaw: setItem,
    removeItem(key) {
      cache.delete(key)
    },
    getMeta(key) {
      const left = cache.expiresIn(key)
      return left === undefined || left === Infinity ? null : { ttl: left / 1000 }
    },
    getKeys,
    clear(base = '') {
      if (base === '') cache.clear()
      else cache.deleteMany(getKeys(base))
    },
    dispose() {
      if (!isGiven) cache.clear()
    },
  }
}

function withoutDriver(mount: Mount): CacheOptions<string> {
  if (!isRecord(mount)) return mount
  const { driver: _, ...options } = mount
  return options
}

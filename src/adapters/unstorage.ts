import { Cache } from '../cache.ts'
import { type CacheOptions, isRecord } from '../options/options.ts'
import type { TieredCache } from '../tiers/tiered-cache.ts'
import { type Answer, type Backing, backingCache, isTiered, type Store } from './backing.ts'
import { fromSeconds } from './seconds.ts'
import { TieredStore } from './tiered-store.ts'

/** What unstorage takes as a driver. What is not there is `null`. */
export interface NearcacheDriver {
  readonly name: 'nearcache'
  readonly flags: { readonly ttl: true }
  getInstance(): Cache<string> | TieredCache<string>
  hasItem(key: string): Answer<boolean>
  getItem(key: string): Answer<Item>
  getItemRaw(key: string): unknown
  setItem(key: string, value: unknown, options?: ItemOptions): Answer<void>
  setItemRaw(key: string, value: unknown, options?: ItemOptions): Answer<void>
  removeItem(key: string): Answer<void>
  /** The seconds that an item has left; `null` where it is missing or lives for ever. */
  getMeta(key: string): Answer<{ ttl: number } | null>
  /** Of a tiered cache the keys that this process holds. */
  getKeys(base?: string): string[]
  clear(base?: string): Answer<void>
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
  if (isTiered(backing)) return driverOf(new TieredStore(backing), backing, { tagsOf: basesOf })
  const isGiven = backing instanceof Cache
  const cache = backingCache(isGiven ? backing : withoutDriver(backing))
  return driverOf(cache, cache, { dispose: () => isGiven || cache.clear() })
}

interface Differences {
  /** Tags of an item, by which those below a base can be removed. Default: the keys are looked through. */
  readonly tagsOf?: (key: string) => readonly string[]
  readonly dispose?: () => void
}

function driverOf(
  store: Store<unknown>,
  instance: Cache<string> | TieredCache<string>,
  { tagsOf, dispose = () => {} }: Differences,
): NearcacheDriver {
  const getItem = (key: string): Answer<Item> => store.get(key, null) as Answer<Item>
  const setItem: NearcacheDriver['setItem'] = (key, value, options) =>
    done(store.set(key, value, { ttl: fromSeconds(options?.ttl), tags: tagsOf?.(key) }))
  const getKeys = (base = ''): string[] => [...store.keys()].filter((key) => key.startsWith(base))
  const meta = (left: number | undefined): { ttl: number } | null =>
    left === undefined || left === Infinity ? null : { ttl: left / 1000 }

  return {
    name: 'nearcache',
    flags: { ttl: true },
    getInstance: () => instance,
    hasItem: (key) => store.has(key),
    getItem,
    getItemRaw: getItem,
    setItem,
    setItemRaw: setItem,
    removeItem: (key) => done(store.deleteMany([key])),
    getMeta(key) {
      const left = store.expiresIn(key)
      return left instanceof Promise ? left.then(meta) : meta(left)
    },
    getKeys,
    clear(base = '') {
      if (base === '') return done(store.clear())
      return done(tagsOf === undefined ? store.deleteMany(getKeys(base)) : store.deleteByTag(base))
    },
    dispose,
  }
}

/** What `clear` may be told of the item: `a:` and `a:b:` of `a:b:c`. */
function basesOf(key: string): string[] {
  return Array.from(key.matchAll(/:/g), ({ index }) => key.slice(0, index + 1))
}

function done(answer: unknown): Answer<void> {
  return answer instanceof Promise ? answer.then(() => {}) : undefined
}

function withoutDriver(mount: Mount): CacheOptions<string> {
  if (!isRecord(mount)) return mount
  const { driver: _, ...options } = mount
  return options
}

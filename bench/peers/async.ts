import { promiseOfMap } from './floor.ts'
import { builtPackage, copyOf } from './nearcache.ts'
import { type AsyncPeer, type AsyncTarget, type Loader, load, type New, TTL } from './peer.ts'

/** How each asynchronous peer is made, in the order of the tables. Loads are the same for all and resolve at once. */
export const asyncPeers: Readonly<Record<string, () => Promise<AsyncPeer | AsyncPeer[]>>> = {
  Map: async () => promiseOfMap,

  async nearcache() {
    const { Cache } = await load<{ Cache: New<[object], Near> }>(copyOf(builtPackage, 'nearcache-async').href)
    return {
      name: 'nearcache getOrLoad',
      ttl: true,
      make(maxEntries, loader) {
        const cache = new Cache({ maxEntries, ttl: TTL })
        return { read: (key) => cache.getOrLoad(key, loader) }
      },
    }
  },

  async 'lru-cache'() {
    const { LRUCache } = await load<{ LRUCache: New<[object], Fetching> }>('lru-cache')
    return {
      name: 'lru-cache fetch',
      package: 'lru-cache',
      ttl: true,
      make(max, loader) {
        const cache = new LRUCache({ max, ttl: TTL, fetchMethod: loader })
        return { read: (key) => cache.fetch(key) }
      },
    }
  },

  async keyv() {
    const { Keyv } = await load<{ Keyv: New<[object], GetAndSet> }>('keyv-6')
    return {
      name: 'Keyv',
      package: 'keyv-6',
      ttl: true,
      note: 'without a bound; get, and set after a load; loads are not shared',
      make: (_, loader) => new GetThenSet(new Keyv({ ttl: TTL }), loader),
    }
  },

  async 'cache-manager'() {
    const { createCache } = await load<CacheManager>('cache-manager')
    const { createKeyv } = await load<Cacheables>('cacheable')
    const make = (lruSize: number): CacheManagerLike =>
      createCache({ stores: [createKeyv({ ttl: TTL, lruSize })], ttl: TTL })
    const about = { package: 'cache-manager', ttl: true }
    return [
      {
        ...about,
        name: 'cache-manager get',
        note: 'over cacheable memory; get, and set after a load; loads are not shared',
        make: (capacity, loader) => new GetThenSet(make(capacity), loader),
      },
      {
        ...about,
        name: 'cache-manager wrap',
        note: 'over cacheable memory',
        make(capacity, loader) {
          const cache = make(capacity)
          return { read: (key) => cache.wrap(key, () => loader(key)) }
        },
      },
    ]
  },

  async cacheable() {
    const { Cacheable, createKeyv } = await load<Cacheables>('cacheable')
    return {
      name: 'cacheable getOrSet',
      package: 'cacheable',
      ttl: true,
      make(lruSize, loader) {
        const cache = new Cacheable({ primary: createKeyv({ ttl: TTL, lruSize }), ttl: TTL })
        return { read: (key) => cache.getOrSet(key, () => loader(key)) }
      },
    }
  },

  async bentocache() {
    const { BentoCache, bentostore } = await load<Bento>('bentocache')
    const { memoryDriver } = await load<{ memoryDriver: (options: object) => unknown }>(
      'bentocache/drivers/memory',
    )
    return [true, false].map((serialize) => ({
      name: serialize ? 'BentoCache' : 'BentoCache raw',
      package: 'bentocache',
      ttl: true,
      note: serialize
        ? 'getOrSet, memory layer; as it comes: values are serialised'
        : 'getOrSet, memory layer; serialising switched off',
      make(maxItems: number, loader: Loader): AsyncTarget {
        const local = bentostore().useL1Layer(memoryDriver({ maxItems, serialize }))
        const cache = new BentoCache({ default: 'local', stores: { local }, ttl: TTL })
        return { read: (key) => cache.getOrSet({ key, factory: () => loader(key) }) }
      },
    }))
  },

  async 'async-cache-dedupe'() {
    const { createCache } = await load<{ createCache: (options: object) => Dedupe }>('async-cache-dedupe')
    return {
      name: 'async-cache-dedupe',
      package: 'async-cache-dedupe',
      ttl: true,
      make(size, loader) {
        const cache = createCache({ ttl: TTL / 1000, storage: { type: 'memory', options: { size } } })
        return { read: cache.define('read', loader).read! }
      },
    }
  },

  async 'layered-loader'() {
    const { Loader } = await load<{ Loader: New<[object], { get(key: string): Promise<unknown> }> }>(
      'layered-loader/core',
    )
    return {
      name: 'layered-loader',
      package: 'layered-loader',
      ttl: true,
      make(maxItems, loader) {
        const cache = new Loader({
          inMemoryCache: { cacheType: 'lru-map', maxItems, ttlInMsecs: TTL },
          dataSourceGetOneFn: loader,
        })
        return { read: (key) => cache.get(key) }
      },
    }
  },
}

/** The read path of a cache that can only get and set. */
class GetThenSet implements AsyncTarget {
  readonly #cache: GetAndSet
  readonly #loader: Loader

  constructor(cache: GetAndSet, loader: Loader) {
    this.#cache = cache
    this.#loader = loader
  }

  async read(key: string): Promise<unknown> {
    const found = await this.#cache.get(key)
    if (found !== undefined) return found
    const value = await this.#loader(key)
    await this.#cache.set(key, value)
    return value
  }
}

type Near = { getOrLoad(key: string, loader: Loader): Promise<unknown> }
type Fetching = { fetch(key: string): Promise<unknown> }
type GetAndSet = {
  get(key: string): Promise<unknown>
  set(key: string, value: unknown): Promise<unknown>
}
type CacheManagerLike = GetAndSet & { wrap(key: string, load: () => Promise<unknown>): Promise<unknown> }
type CacheManager = { createCache: (options: object) => CacheManagerLike }
type GetOrSet<Arguments extends unknown[]> = { getOrSet(...args: Arguments): Promise<unknown> }
type Cacheables = {
  createKeyv: (options: object) => unknown
  Cacheable: New<[object], GetOrSet<[key: string, load: () => Promise<unknown>]>>
}
type Bento = {
  BentoCache: New<[object], GetOrSet<[options: object]>>
  bentostore: () => { useL1Layer(driver: unknown): unknown }
}
type Dedupe = { define(name: string, load: Loader): Record<string, (key: string) => Promise<unknown>> }

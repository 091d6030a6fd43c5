import { indexed, map } from './floor.ts'
import { nearcache } from './nearcache.ts'
import { load, type New, type Peer, type Target, TTL } from './peer.ts'

/** How each synchronous peer is made, in the order of the tables. */
export const syncPeers: Readonly<Record<string, () => Promise<Peer>>> = {
  Map: async () => map,

  [indexed.name]: async () => indexed,

  nearcache: () => nearcache('nearcache', 'adaptive'),

  'nearcache lru': () => nearcache('nearcache lru', 'lru'),

  async 'lru-cache'() {
    const { LRUCache } = await load<{ LRUCache: New<[object]> }>('lru-cache')
    return {
      name: 'lru-cache',
      package: 'lru-cache',
      ttl: true,
      make: (max) => new LRUCache({ max, ttl: TTL }),
    }
  },

  async 'quick-lru'() {
    const { default: QuickLRU } = await load<{ default: New<[object]> }>('quick-lru')
    return {
      name: 'quick-lru',
      package: 'quick-lru',
      ttl: true,
      holds: 2,
      note: 'holds up to twice its size',
      make: (maxSize) => new QuickLRU({ maxSize, maxAge: TTL }),
    }
  },

  async 'lru.min'() {
    const { createLRU } = await load<{ createLRU: (options: object) => Target }>('lru.min')
    return { name: 'lru.min', package: 'lru.min', ttl: false, make: (max) => createLRU({ max }) }
  },

  async 'tiny-lru'() {
    const { lru } = await load<{ lru: (max: number, ttl: number) => Target }>('tiny-lru')
    return { name: 'tiny-lru', package: 'tiny-lru', ttl: true, make: (max) => lru(max, TTL) }
  },

  async flru() {
    const { default: flru } = await load<{ default: (max: number) => Target }>('flru')
    return {
      name: 'flru',
      package: 'flru',
      ttl: false,
      holds: 2,
      note: 'holds up to twice its size; keys are strings; cannot delete',
      make: (max) => flru(max),
    }
  },

  async 'mnemonist LRUMap'() {
    const { LRUMapWithDelete } = await load<{ LRUMapWithDelete: New<[number]> }>('mnemonist')
    return {
      name: 'mnemonist LRUMap',
      package: 'mnemonist',
      ttl: false,
      note: 'its LRUMapWithDelete',
      make: (capacity) => new LRUMapWithDelete(capacity),
    }
  },

  async 'toad-cache Lru'() {
    const { Lru } = await load<{ Lru: New<[number, number]> }>('toad-cache')
    return { name: 'toad-cache Lru', package: 'toad-cache', ttl: true, make: (max) => new Lru(max, TTL) }
  },

  async 'toad-cache Fifo'() {
    const { Fifo } = await load<{ Fifo: New<[number, number]> }>('toad-cache')
    return {
      name: 'toad-cache Fifo',
      package: 'toad-cache',
      ttl: true,
      note: 'drops what was inserted first',
      make: (max) => new Fifo(max, TTL),
    }
  },

  async ttlcache() {
    const { TTLCache } = await load<{ TTLCache: New<[object]> }>('@isaacs/ttlcache')
    return {
      name: 'ttlcache',
      package: '@isaacs/ttlcache',
      ttl: true,
      writesUpTo: 1_000,
      note: 'drops what expires first; reads do not check the time; writes take longer with more entries, so only up to 1,000',
      make: (max) => new TTLCache({ max, ttl: TTL }),
    }
  },

  async 'node-cache'() {
    const { default: NodeCache } = await load<{ default: New<[object], NodeCacheLike> }>('node-cache')
    return {
      name: 'node-cache',
      package: 'node-cache',
      ttl: true,
      holds: Infinity,
      note: 'without a bound: full, it would refuse new keys; clones switched off',
      make: () => new NodeCacheTarget(new NodeCache({ stdTTL: TTL / 1000, useClones: false })),
    }
  },

  async transitory() {
    const { newCache } = await load<{ newCache: () => TransitoryBuilder }>('transitory')
    return {
      name: 'transitory',
      package: 'transitory',
      ttl: true,
      note: 'evicts on a timer; what it put off is done within each sample',
      make: (max) => new TransitoryTarget(newCache().maxSize(max).expireAfterWrite(TTL).build()),
    }
  },
}

interface NodeCacheLike {
  get(key: unknown): unknown
  set(key: unknown, value: unknown): unknown
  del(key: unknown): unknown
}

class NodeCacheTarget implements Target {
  readonly #cache: NodeCacheLike

  constructor(cache: NodeCacheLike) {
    this.#cache = cache
  }

  get(key: unknown): unknown {
    return this.#cache.get(key)
  }

  set(key: unknown, value: unknown): void {
    this.#cache.set(key, value)
  }

  delete(key: unknown): void {
    this.#cache.del(key)
  }
}

interface TransitoryBuilder {
  maxSize(size: number): TransitoryBuilder
  expireAfterWrite(milliseconds: number): TransitoryBuilder
  build(): TransitoryLike
}

interface TransitoryLike {
  getIfPresent(key: unknown): unknown
  set(key: unknown, value: unknown): unknown
  delete(key: unknown): unknown
  cleanUp(): void
}

class TransitoryTarget implements Target {
  readonly #cache: TransitoryLike

  constructor(cache: TransitoryLike) {
    this.#cache = cache
  }

  get(key: unknown): unknown {
    const value = this.#cache.getIfPresent(key)
    return value === null ? undefined : value
  }

  set(key: unknown, value: unknown): void {
    this.#cache.set(key, value)
  }

  delete(key: unknown): void {
    this.#cache.delete(key)
  }

  settle(): void {
    this.#cache.cleanUp()
  }
}

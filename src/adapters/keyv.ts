import type { Cache } from '../cache.ts'
import { type Backing, backingCache } from './backing.ts'

/** What `new Keyv` takes. */
export interface KeyvOptions {
  readonly store: KeyvStore
  /** Keyv 6 keeps the values themselves, not text made of them. What says so to Keyv 5 is there too. */
  readonly serialization: false
}

/**
 * The options of a Keyv 5 or 6 that keeps its entries in a cache, values by reference: `new Keyv(keyvOptions({ maxEntries: 5_000 }))`.
 * A ttl given to Keyv (milliseconds from now) holds for its entry; without one, or with 0, the cache's `ttl` holds. Each Keyv takes
 * options of its own; several of them may stand on one cache. Throws what the constructor of `Cache` throws.
 */
export function keyvOptions(backing?: Backing): KeyvOptions {
  const forKeyv5 = { serialize: undefined, deserialize: undefined }
  return { store: new KeyvStore(backingCache(backing)), serialization: false, ...forKeyv5 }
}

/** A store as Keyv 5 calls it, and Keyv 6 through its own adapter for Maps. Both give `set` what is left of the ttl. */
class KeyvStore {
  /** Keyv 5 iterates over a store other than a Map only if it names a database that Keyv knows. */
  readonly opts: object = { dialect: 'sqlite' }
  private readonly cache: Cache<string, unknown>
  private space: Cache<string, unknown>
  private name: string | undefined

  constructor(cache: Cache<string, unknown>) {
    this.cache = cache
    this.space = cache
  }

  /** Set by Keyv 5, which begins each key with it besides. Keyv 6 does the latter alone. */
  get namespace(): string | undefined {
    return this.name
  }

  set namespace(name: string | undefined) {
    this.name = name
    this.space = name ? this.cache.namespace(name) : this.cache
  }

  get(key: string): unknown {
    return this.space.get(key)
  }

  getMany(keys: readonly string[]): unknown[] {
    return keys.map((key) => this.space.get(key))
  }

  /** `ttl` in milliseconds; without one the cache's holds. 0 or less removes what was there. */
  set(key: string, value: unknown, ttl?: number): void {
    this.space.set(key, value, { ttl })
  }

  has(key: string): boolean {
    return this.space.has(key)
  }

  delete(key: string): boolean {
    return this.space.delete(key)
  }

  clear(): void {
    this.space.clear()
  }

  keys(): Generator<string, undefined> {
    return this.space.keys()
  }

  entries(): Generator<[string, unknown], undefined> {
    return this.space.entries()
  }

  iterator(): Generator<[string, unknown], undefined> {
    return this.entries()
  }
}

export type { KeyvStore }

import { type Answer, type Backing, backingStore, type Store } from './backing.ts'

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
  return { store: new KeyvStore(backingStore(backing)), serialization: false, ...forKeyv5 }
}

/** A store as Keyv 5 calls it, and Keyv 6 through its own adapter for Maps. Both give `set` what is left of the ttl. */
class KeyvStore {
  /** Keyv 5 iterates over a store other than a Map only if it names a database that Keyv knows. */
  readonly opts: object = { dialect: 'sqlite' }
  private readonly cache: Store<unknown>
  private space: Store<unknown>
  private name: string | undefined

  constructor(cache: Store<unknown>) {
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

  getMany(keys: readonly string[]): Answer<unknown[]> {
    const found = this.space.getMany(keys)
    const inOrder = (values: Map<string, unknown>): unknown[] => keys.map((key) => values.get(key))
    return found instanceof Promise ? found.then(inOrder) : inOrder(found)
  }

  /** `ttl` in milliseconds; without one the cache's holds. 0 or less removes what was there. */
  set(key: string, value: unknown, ttl?: number): Answer<unknown> {
    return this.space.set(key, value, { ttl })
  }

  has(key: string): Answer<boolean> {
    return this.space.has(key)
  }

  delete(key: string): Answer<boolean> {
    return this.space.delete(key)
  }

  clear(): Answer<unknown> {
    return this.space.clear()
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

/**
 * What is measured. A target is a peer's own object where it has these three methods, so that no adapter stands between it and the
 * loop; the others get a class of a few lines. The caches are described here by the methods called on them, not by their packages.
 */
export interface Target {
  get(key: unknown): unknown
  set(key: unknown, value: unknown): unknown
  delete(key: unknown): unknown
  /** A view of a namespace, where a peer has them. */
  namespace?(name: string): Target
}

export interface Peer {
  readonly name: string
  /** Whether entries expire: where a peer can, it does. */
  readonly ttl: boolean
  /** Makes a fresh target of this capacity. */
  readonly make: (capacity: number) => Target
}

export const TTL = 300_000

type New<Options extends unknown[]> = new (...options: Options) => Target

/** The floor: a Map with a bound, which drops the key that was inserted first. Its iterator is kept: a new one would pass every deleted key. */
class FirstInFirstOut extends Map<unknown, unknown> implements Target {
  readonly #capacity: number
  #oldest = this.keys()

  constructor(capacity: number) {
    super()
    this.#capacity = capacity
  }

  override set(key: unknown, value: unknown): this {
    super.set(key, value)
    if (this.size > this.#capacity) this.#dropOldest()
    return this
  }

  #dropOldest(): void {
    let { value: key, done } = this.#oldest.next()
    if (done) {
      this.#oldest = this.keys()
      key = this.#oldest.next().value
    }
    this.delete(key)
  }
}

/** The peers, in the order of the tables. `nearcache` is the built package in `dist`. */
export async function loadPeers(dist: string): Promise<Peer[]> {
  const { Cache } = await load<{ Cache: New<[object]> }>(dist)
  const { LRUCache } = await load<{ LRUCache: New<[object]> }>('lru-cache')
  return [
    { name: 'Map', ttl: false, make: (capacity) => new FirstInFirstOut(capacity) },
    { name: 'lru-cache', ttl: true, make: (max) => new LRUCache({ max, ttl: TTL }) },
    {
      name: 'nearcache',
      ttl: true,
      make: (maxEntries) => new Cache({ maxEntries, ttl: TTL }),
    },
    {
      name: 'nearcache lru',
      ttl: true,
      make: (maxEntries) => new Cache({ maxEntries, ttl: TTL, policy: 'lru' }),
    },
  ]
}

async function load<T>(specifier: string): Promise<T> {
  return import(specifier)
}

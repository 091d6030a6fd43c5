/** What a cache has done since it was made (counters only grow), and what it holds now. One for a cache and all its namespaces. */
export interface CacheStats {
  /** Reads that found a live entry: `get`, `getMany`, `take`, `getOrSet`, `getOrLoad`. */
  readonly hits: number
  /** Reads that found none. */
  readonly misses: number
  /** hits / (hits + misses), or 0 before the first read. */
  readonly hitRatio: number
  /** Values stored, by whatever method. */
  readonly sets: number
  /** Live entries removed by `delete`, `deleteMany` or `take`. */
  readonly deletes: number
  /** Entries given up by the policy to keep a bound. */
  readonly evictions: number
  /** Entries removed because their time had run out. */
  readonly expirations: number
  /** Loads that were started; a batch counts one for each of its keys. */
  readonly loads: number
  /** Loads that threw, rejected or timed out. */
  readonly loadFailures: number
  /** Loads among them that refreshed a value while another could be given. */
  readonly refreshes: number
  /** Calls that joined a load already under way. */
  readonly joins: number
  /** Calls of `getOrLoad` that were given a value past its ttl. They are misses too. */
  readonly staleServed: number
  /** Milliseconds spent waiting for loads, summed up. */
  readonly totalLoadTime: number
  /** Entries held, live or not yet swept. */
  readonly size: number
  /** The sum of their weights; 0 without `maxWeight` or `maxBytes`. */
  readonly weight: number
}

/** A cache in short: what `toJSON()` returns. Bounds that it does not have are left out. */
export interface CacheSummary {
  readonly name?: string
  readonly maxEntries?: number
  readonly maxWeight?: number
  readonly maxBytes?: number
  readonly stats: CacheStats
}

/** The counters behind `stats()`, plain numbers that the cache raises as it goes. */
export class Counters {
  hits = 0
  misses = 0
  sets = 0
  deletes = 0
  evictions = 0
  expirations = 0
  loads = 0
  loadFailures = 0
  refreshes = 0
  joins = 0
  staleServed = 0
  totalLoadTime = 0
}

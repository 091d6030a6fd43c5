import { type Counters, LoadTimes as Times } from '../core/counters.ts'
import type { FaultKind, Faults } from './faults.ts'
import type { RemovalReason } from './removal.ts'

/** How a load ended: with a value or nothing found, with an error, at the `hardTimeout`, or with a value overtaken or wanted by nobody. */
export type LoadOutcome = 'success' | 'failure' | 'timeout' | 'discarded'

/** Loads that have ended in one way. */
export interface LoadTimes {
  /** Those that began because no value could be given. */
  readonly misses: number
  /** Those that began while another value could be given. */
  readonly refreshes: number
  /** Milliseconds that they took, summed up. */
  readonly time: number
  /** How many took up to 1, 2, 5, 10, 25, 50, 100, 250, 500 ms, 1, 2.5, 5 and 10 s, none counted twice; the last took longer. */
  readonly counts: readonly number[]
}

/**
 * What a cache has done since it was made (counters only grow), and what it holds now. Of a namespace: what was done in it and in those
 * inside it. The bounds are those of the whole cache.
 */
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
  /** Entries that left, by reason. `cleared` counts what was held at the `clear`, at once; the others when an entry is removed or swept out. */
  readonly removals: Readonly<Record<RemovalReason, number>>
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
  /** Loads that have ended, by how. */
  readonly loadTimes: Readonly<Record<LoadOutcome, LoadTimes>>
  /** Errors that no caller was told of, by kind; of the whole cache. A kind that never occurred is left out. */
  readonly faults: Readonly<Partial<Record<FaultKind, number>>>
  /** Entries held, live or not yet swept. */
  readonly size: number
  /** The sum of their weights; 0 without `maxWeight` or `maxBytes`. */
  readonly weight: number
  /** The bound by entries; Infinity where there is none. */
  readonly maxEntries: number
  /** The lower bound by entries that the heap guard holds the cache at for now; undefined where it does not. */
  readonly heldAt: number | undefined
  /** The bound by weight, in bytes with `maxBytes`; Infinity where there is none. */
  readonly maxWeight: number
  /** What bounds the cache besides its entries: their weight or their bytes; `'entries'` where nothing does. */
  readonly unit: 'entries' | 'weight' | 'bytes'
}

/** A cache in short: what `toJSON()` returns. Bounds that it does not have are left out. */
export interface CacheSummary {
  readonly name?: string
  readonly maxEntries?: number
  readonly maxWeight?: number
  readonly maxBytes?: number
  readonly stats: CacheStats
}

/** What a store is bounded by. */
export interface Bounds {
  readonly maxEntries: number
  readonly wantedEntries: number
  readonly heldAt: number
  readonly maxWeight: number
  readonly unit: CacheStats['unit']
}

/** A snapshot of counters, and of what is held. */
export function statsOf(
  total: Counters,
  faults: Faults['counts'],
  { maxEntries, wantedEntries, heldAt, maxWeight, unit }: Bounds,
): CacheStats {
  const { hits, misses, sets, loads, refreshes, joins, staleServed } = total
  const { evicted, expired, replaced, deleted, cleared, invalidated } = total
  const reads = hits + misses
  const { success, failure, timeout, discarded } = total.loadTimes ?? new Times()
  const ended = [success, failure, timeout, discarded]
  return {
    hits,
    misses,
    hitRatio: reads === 0 ? 0 : hits / reads,
    sets,
    deletes: deleted,
    evictions: evicted,
    expirations: expired,
    removals: { evicted, expired, replaced, deleted, cleared, invalidated },
    loads,
    loadFailures: [failure, timeout].reduce((sum, { misses, refreshes }) => sum + misses + refreshes, 0),
    refreshes,
    joins,
    staleServed,
    totalLoadTime: ended.reduce((sum, { time }) => sum + time, 0),
    loadTimes: {
      success: shown(success),
      failure: shown(failure),
      timeout: shown(timeout),
      discarded: shown(discarded),
    },
    faults,
    size: Math.min(total.size, maxEntries),
    weight: Math.min(total.weight, maxWeight),
    maxEntries: wantedEntries,
    heldAt: heldAt < wantedEntries ? heldAt : undefined,
    maxWeight,
    unit,
  }
}

function shown({ misses, refreshes, time, counts }: Times[LoadOutcome]): LoadTimes {
  return { misses, refreshes, time, counts: [...counts] }
}

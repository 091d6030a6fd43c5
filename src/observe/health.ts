import { type Cache, storeOf } from '../cache.ts'
import { refusal } from '../options/units.ts'
import { currentGuard } from './guard.ts'

/** So many loads in a row that failed mean that the loader is failing, and not a key. */
const FAILING = 3

/** Whether a cache does its work, as plain data. */
export interface CacheHealth {
  /** It is open, and its loader works or stale values are given instead. */
  readonly ok: boolean
  readonly cache: string
  readonly closed: boolean
  readonly loader: {
    /** The last three loads, or more, have failed. */
    readonly failing: boolean
    /** How many have failed since one succeeded. */
    readonly consecutive: number
    /** The message of the last failure; undefined since one succeeded. */
    readonly lastError: string | undefined
    /** Stale values were given since loads began to fail. */
    readonly servingStale: boolean
  }
  /** What the heap guard does with the cache; undefined without one. */
  readonly guard: { readonly holding: boolean; readonly heldAt: number | undefined } | undefined
}

/** How a cache does, for a health endpoint. Makes no call of its own. A loader that fails while stale values are given is no reason to be down. */
export function health(cache: Cache): CacheHealth {
  if (!(cache instanceof Object) || !('stats' in cache)) throw refusal('cache', 'a cache', cache)
  const store = storeOf(cache)
  const { consecutive, error, staleBefore } = store.loader
  const closed = store.root.closed
  const failing = consecutive >= FAILING
  const servingStale = consecutive > 0 && store.stats().staleServed > staleBefore
  const guard = currentGuard()?.stats()
  return {
    ok: !closed && (!failing || servingStale),
    cache: store.label,
    closed,
    loader: {
      failing,
      consecutive,
      lastError: consecutive === 0 ? undefined : error instanceof Error ? error.message : String(error),
      servingStale,
    },
    guard: guard && { holding: guard.holding, heldAt: store.stats().heldAt },
  }
}

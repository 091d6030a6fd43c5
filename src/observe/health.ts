import { type Cache, storeOf } from '../cache.ts'
import { refusal } from '../options/units.ts'
import { tieredAt } from '../tiers/listed.ts'
import type { Protocol } from '../tiers/protocol.ts'
import type { TieredCache } from '../tiers/tiered-cache.ts'
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
  /** The second tier of a tiered cache; undefined for another cache, and for one over a bus. */
  readonly tier:
    | {
        /** It has failed so often that it is left alone for a while: values come from what is held here, and from the source. */
        readonly away: boolean
        /** For how many milliseconds; undefined where it is not. */
        readonly awayFor: number | undefined
        /** `open`: nothing is asked of it for a while. `half-open`: the next request shows whether it answers again. */
        readonly breaker: 'closed' | 'open' | 'half-open'
        /** How often the breaker has opened. */
        readonly openings: number
      }
    | undefined
  /** By which a tiered cache learns what others invalidate, in the second tier or by a bus; undefined for another cache. */
  readonly bus:
    | {
        /** It does not answer: nothing comes from it, and nothing can be sent. */
        readonly down: boolean
        /** For how many milliseconds; undefined where it is not. */
        readonly downFor: number | undefined
        /** News come at once; else the log is asked now and then. */
        readonly listening: boolean
        /** Milliseconds since the state of the log was last proven; undefined before the first time. */
        readonly knownFor: number | undefined
        /** Own invalidations that wait to be sent. */
        readonly queued: number
      }
    | undefined
  /** What the heap guard does with the cache; undefined without one. */
  readonly guard: { readonly holding: boolean; readonly heldAt: number | undefined } | undefined
}

/**
 * How a cache does, for a health endpoint. Makes no call of its own. A loader that fails while stale values are given is no reason to be down,
 * nor is a second tier that is away.
 */
export function health(cache: Cache | TieredCache): CacheHealth {
  if (!(cache instanceof Object) || !('stats' in cache)) throw refusal('cache', 'a cache', cache)
  const store = storeOf(cache as unknown as Cache)
  const opened = tieredAt(store)
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
    ...(opened === undefined ? { tier: undefined, bus: undefined } : remoteHealth(opened.protocol)),
    guard: guard && { holding: guard.holding, heldAt: store.stats().heldAt },
  }
}

function remoteHealth(protocol: Protocol): Pick<CacheHealth, 'tier' | 'bus'> {
  const { requests, awayFor, outbox, follower, isListening, isBus } = protocol
  const away = requests.isAway
  const breaker = requests.isOpen ? 'open' : away ? 'half-open' : 'closed'
  const knownFor = protocol.now() - follower.knownAt
  return {
    tier: isBus ? undefined : { away, awayFor, breaker, openings: requests.openings },
    bus: {
      ...{ down: away, downFor: awayFor, listening: isListening, queued: outbox.queued },
      knownFor: knownFor === Infinity ? undefined : Math.round(knownFor),
    },
  }
}

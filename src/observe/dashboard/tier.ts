import type { Store } from '../../engine/store.ts'
import { tieredAt } from '../../tiers/listed.ts'
import { tieredStats } from '../../tiers/tiered-stats.ts'
import type { TierState } from './wire.ts'

/** The second tier, or bus, behind a store; null where there is none. */
export function tierOf(store: Store): TierState | null {
  const opened = tieredAt(store)
  if (opened === undefined) return null
  const { near, protocol } = opened
  const { remote } = tieredStats(near.root.stats(), protocol)
  const { hits, misses, queued, isListening, knownFor, breakerOpenings: openings, distrusts, gaps } = remote
  const { maxStale } = protocol.settings
  return {
    isBus: protocol.isBus,
    bus: isListening ? 'listening' : 'polling',
    breaker: protocol.requests.isAway ? 'open' : 'closed',
    awayFor: protocol.awayFor ?? null,
    knownFor: finite(knownFor),
    maxStale: finite(maxStale),
    ...{ queued, hits, misses, openings, distrusts, gaps },
  }
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? Math.round(value) : null
}

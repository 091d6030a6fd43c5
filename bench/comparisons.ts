import type { Result } from './measure.ts'
import type { Report } from './report.ts'

/** How fast one cache is at something. */
export interface Speed {
  readonly peer: string
  readonly ns: number
  readonly perSecond: number
  /** Whether the others are compared with it. */
  readonly isReference: boolean
}

/** Awaited hits at 1,000 entries, the fastest first. */
export function awaitedHits({ async }: Report): Speed[] {
  return speeds(
    async.filter(({ operation }) => operation === 'await a hit'),
    'nearcache getOrLoad',
  )
}

/** Synchronous hits at 1,000 entries, the fastest first. */
export function hits({ speed }: Report): Speed[] {
  return speeds(of(speed, 'hit'), 'nearcache')
}

/** The caches that take less than nine tenths of nearcache's time for an operation at 1,000 entries, the fastest first. */
export function fasterThan({ speed }: Report, operation: string): string[] {
  const all = speeds(of(speed, operation), 'nearcache')
  const ours = all.find(({ isReference }) => isReference)
  return ours === undefined
    ? []
    : all
        .filter(({ peer, ns }) => ns < 0.9 * ours.ns && !peer.startsWith('nearcache'))
        .map(({ peer }) => peer)
}

function of(speed: readonly Result[], operation: string): Result[] {
  return speed.filter((one) => one.operation === operation && one.size === 1_000 && one.keys === 'held')
}

function speeds(results: readonly Result[], reference: string): Speed[] {
  return results
    .filter(({ flaw }) => flaw === undefined)
    .map(({ peer, ns }) => ({
      peer,
      ns: ns.median,
      perSecond: 1e9 / ns.median,
      isReference: peer === reference,
    }))
    .sort((a, b) => a.ns - b.ns)
}

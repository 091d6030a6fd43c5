import type { LoadOutcome } from '../engine/stats.ts'
import { currentGuard } from './guard.ts'
import type { Sample } from './sampled.ts'

/** One number of a metric, with what tells it from the others. */
export interface Point {
  readonly value: number
  readonly labels: Readonly<Record<string, string>>
}

/** A metric of caches, by the names that it has here and there. */
export interface Metric {
  /** Its name in OpenTelemetry; in Prometheus that with `_` for each dot, and `_total` for a counter. */
  readonly name: string
  readonly kind: 'counter' | 'gauge'
  /** In the notation of UCUM. */
  readonly unit: string
  readonly help: string
  /** What it is for one cache, without the cache's own labels. */
  readonly points: (sample: Sample) => readonly Point[]
}

const outcomes: readonly LoadOutcome[] = ['success', 'failure', 'timeout', 'discarded']

const one = (value: number): readonly Point[] => [{ value, labels: {} }]
/** A bound, where there is one. */
const bound = (value: number): readonly Point[] => (value === Infinity ? [] : one(value))
const by = (label: string, values: Readonly<Record<string, number>>): readonly Point[] =>
  Object.entries(values).map(([name, value]) => ({ value, labels: { [label]: name } }))

/** All metrics of a cache but the time of its loads, which is a histogram. */
export const metrics: readonly Metric[] = [
  {
    name: 'nearcache.requests',
    kind: 'counter',
    unit: '{request}',
    help: 'Reads, by what they were answered with: a live value, a stale one, or none.',
    points: ({ stats, missed }) => by('result', { hit: stats.hits, stale: stats.staleServed, miss: missed }),
  },
  {
    name: 'nearcache.sets',
    kind: 'counter',
    unit: '{entry}',
    help: 'Values stored.',
    points: ({ stats }) => one(stats.sets),
  },
  {
    name: 'nearcache.removals',
    kind: 'counter',
    unit: '{entry}',
    help: 'Entries that left, by reason.',
    points: ({ stats }) => by('reason', stats.removals),
  },
  {
    name: 'nearcache.loads',
    kind: 'counter',
    unit: '{load}',
    help: 'Loads that have ended, by how they ended and whether they refreshed a value.',
    points: ({ stats }) =>
      outcomes.flatMap((outcome) => [
        { value: stats.loadTimes[outcome].misses, labels: { outcome, kind: 'miss' } },
        { value: stats.loadTimes[outcome].refreshes, labels: { outcome, kind: 'refresh' } },
      ]),
  },
  {
    name: 'nearcache.joins',
    kind: 'counter',
    unit: '{call}',
    help: 'Calls that joined a load under way.',
    points: ({ stats }) => one(stats.joins),
  },
  {
    name: 'nearcache.faults',
    kind: 'counter',
    unit: '{fault}',
    help: 'Errors that no caller was told of, by kind.',
    points: ({ stats }) => by('fault', stats.faults as Record<string, number>),
  },
  {
    name: 'nearcache.entries',
    kind: 'gauge',
    unit: '{entry}',
    help: 'Entries held.',
    points: ({ stats }) => one(stats.size),
  },
  {
    name: 'nearcache.entries.limit',
    kind: 'gauge',
    unit: '{entry}',
    help: 'The bound by entries.',
    points: ({ stats }) => bound(stats.maxEntries),
  },
  {
    name: 'nearcache.bytes',
    kind: 'gauge',
    unit: 'By',
    help: 'Estimated bytes of the entries of caches with maxBytes.',
    points: ({ stats }) => (stats.unit === 'bytes' ? one(stats.weight) : []),
  },
  {
    name: 'nearcache.bytes.limit',
    kind: 'gauge',
    unit: 'By',
    help: 'The bound of caches with maxBytes.',
    points: ({ stats }) => (stats.unit === 'bytes' ? bound(stats.maxWeight) : []),
  },
  {
    name: 'nearcache.weight',
    kind: 'gauge',
    unit: '1',
    help: 'The weight of the entries of caches with maxWeight.',
    points: ({ stats }) => (stats.unit === 'weight' ? one(stats.weight) : []),
  },
  {
    name: 'nearcache.weight.limit',
    kind: 'gauge',
    unit: '1',
    help: 'The bound of caches with maxWeight.',
    points: ({ stats }) => (stats.unit === 'weight' ? bound(stats.maxWeight) : []),
  },
]

/** A metric of the process. */
export type ProcessMetric = Omit<Metric, 'points'> & { readonly value: () => number | undefined }

export const processMetrics: readonly ProcessMetric[] = [
  {
    name: 'nearcache.guard.live',
    kind: 'gauge',
    unit: 'By',
    help: 'Bytes that the old generation held after the last major collection.',
    value: () => currentGuard()?.stats().live,
  },
  {
    name: 'nearcache.guard.limit',
    kind: 'gauge',
    unit: 'By',
    help: 'Bytes at which the process would die.',
    value: () => currentGuard()?.stats().limit,
  },
  {
    name: 'nearcache.guard.cuts',
    kind: 'counter',
    unit: '{cut}',
    help: 'How often the heap guard has cut the caches.',
    value: () => currentGuard()?.stats().cuts,
  },
]

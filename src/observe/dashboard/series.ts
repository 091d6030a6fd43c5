import { loadTimeBounds } from '../../core/counters.ts'
import type { CacheStats, LoadOutcome } from '../../engine/stats.ts'
import type { SampleRow, Span } from './wire.ts'

/** Milliseconds between samples, and how many are kept: an hour. */
export const EVERY = 10_000
export const KEPT = 360
const PER_MINUTE = 60_000 / EVERY

const CLASSES = loadTimeBounds.length + 1
/** What is kept of each stretch between two samples: what has grown, then what stands, then loads by class of their time. */
const GROWING = 9
const [HITS, STALE, MISSES, SETS, EVICTED, EXPIRED, LOADS, FAILED, TIME, SIZE, WEIGHT, TIMES] = [
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11,
] as const
const FIELDS = TIMES + CLASSES

const outcomes: readonly LoadOutcome[] = ['success', 'failure', 'timeout']

/** What has grown so far, with the classes of load times at the end; what stands is left at 0. */
function totals(stats: CacheStats): Float64Array {
  const sums = new Float64Array(FIELDS)
  const { hits, misses, staleServed, sets, removals, loadTimes, loadFailures } = stats
  sums.set([hits, staleServed, misses - staleServed, sets, removals.evicted, removals.expired])
  sums[FAILED] = loadFailures
  for (const outcome of outcomes) {
    const { misses, refreshes, time, counts } = loadTimes[outcome]
    sums[LOADS]! += misses + refreshes
    sums[TIME]! += time
    for (let i = 0; i < CLASSES; i++) sums[TIMES + i]! += counts[i]!
  }
  return sums
}

/** An hour of one cache, in 36 KB: a ring of what happened between samples. */
export class Series {
  private readonly rows = new Float32Array(KEPT * FIELDS)
  private last: Float64Array
  private lastAt: number
  /** The number of the first sample. */
  private readonly first: number

  /** Begins before the sample of that number, with what was counted so far; with nothing for a cache that was made since. */
  constructor(stats: CacheStats | undefined, at: number, tick: number) {
    this.last = stats === undefined ? new Float64Array(FIELDS) : totals(stats)
    this.lastAt = at
    this.first = tick
  }

  /** A sample, of that number. */
  add(stats: CacheStats, at: number, tick: number): void {
    const now = totals(stats)
    const row = this.row(tick)
    for (let i = 0; i < FIELDS; i++) row[i] = Math.max(0, now[i]! - this.last[i]!)
    row[SIZE] = stats.size
    row[WEIGHT] = stats.weight
    this.last = now
    this.lastAt = at
  }

  private row(tick: number): Float32Array {
    const start = (tick % KEPT) * FIELDS
    return this.rows.subarray(start, start + FIELDS)
  }

  /** What has happened in the last so many samples before `tick`, and since. */
  span(stats: CacheStats, at: number, tick: number, samples: number): Span {
    const sums = totals(stats)
    for (let i = 0; i < FIELDS; i++) sums[i] = Math.max(0, sums[i]! - this.last[i]!)
    const from = Math.max(this.first, tick - samples)
    for (let t = from; t < tick; t++) {
      const start = (t % KEPT) * FIELDS
      for (let i = 0; i < GROWING; i++) sums[i]! += this.rows[start + i]!
      if (this.rows[start + LOADS]! > 0)
        for (let i = TIMES; i < FIELDS; i++) sums[i]! += this.rows[start + i]!
    }
    const counts = sums.subarray(TIMES)
    return {
      seconds: Math.max(1, Math.round((at - this.lastAt + (tick - from) * EVERY) / 1000)),
      hits: Math.round(sums[HITS]!),
      stale: Math.round(sums[STALE]!),
      misses: Math.round(sums[MISSES]!),
      sets: Math.round(sums[SETS]!),
      evicted: Math.round(sums[EVICTED]!),
      expired: Math.round(sums[EXPIRED]!),
      loads: Math.round(sums[LOADS]!),
      failed: Math.round(sums[FAILED]!),
      p50: percentile(counts, 0.5),
      p95: percentile(counts, 0.95),
      mean: sums[LOADS]! > 0 ? shortened(sums[TIME]! / sums[LOADS]!) : null,
    }
  }

  /** Reads of each of the last sixty minutes before `tick`: answered here, and not. */
  traffic(tick: number): [answered: number, missed: number][] {
    const minutes: [number, number][] = []
    const end = Math.floor(tick / PER_MINUTE) * PER_MINUTE
    for (let from = end - KEPT; from < end; from += PER_MINUTE) {
      const minute: [number, number] = [0, 0]
      for (let t = Math.max(from, this.first); t < from + PER_MINUTE; t++) {
        const row = this.row(t)
        minute[0] += row[HITS]! + row[STALE]!
        minute[1] += row[MISSES]!
      }
      minutes.push(minute)
    }
    return minutes
  }

  /** The samples from `from` on, before `tick`, as they are sent. */
  samples(from: number, tick: number): SampleRow[] {
    const rows: SampleRow[] = []
    for (let t = Math.max(from, this.first, tick - KEPT); t < tick; t++) {
      const row = this.row(t)
      const counts = row.subarray(TIMES)
      rows.push([
        t,
        ...row.subarray(HITS, TIME),
        row[SIZE]!,
        row[WEIGHT]!,
        percentile(counts, 0.5),
        percentile(counts, 0.95),
      ])
    }
    return rows
  }

  /** Loads of the last hour by the class of their time. */
  loadTimes(stats: CacheStats, tick: number): number[] {
    const sums = totals(stats)
    for (let i = TIMES; i < FIELDS; i++) sums[i] = Math.max(0, sums[i]! - this.last[i]!)
    for (let t = Math.max(this.first, tick - KEPT); t < tick; t++)
      for (let i = TIMES; i < FIELDS; i++) sums[i]! += this.row(t)[i]!
    return [...sums.subarray(TIMES)].map(Math.round)
  }
}

/** About how many milliseconds a share of the loads took at most, by their classes; null without loads. The last class ends at 10 s. */
export function percentile(counts: ArrayLike<number>, share: number): number | null {
  let all = 0
  for (let i = 0; i < counts.length; i++) all += counts[i]!
  if (all === 0) return null
  let below = 0
  for (let i = 0; i < loadTimeBounds.length; i++) {
    const upper = loadTimeBounds[i]!
    const lower = i === 0 ? 0 : loadTimeBounds[i - 1]!
    const here = counts[i]!
    if (below + here >= share * all && here > 0)
      return shortened(lower + ((upper - lower) * (share * all - below)) / here)
    below += here
  }
  return loadTimeBounds.at(-1)!
}

function shortened(ms: number): number {
  return Number(ms.toPrecision(3))
}

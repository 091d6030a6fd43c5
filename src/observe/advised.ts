import type { CacheStats } from '../engine/stats.ts'
import type { PolicyName } from '../policies/policy.ts'
import { missRatioAt, sum } from '../sizing/estimate.ts'
import { choose, FEWEST_READS, type Verdict, verdictOn } from '../sizing/recommendation.ts'
import { type AdvicePoint, sentenceOn } from '../sizing/sentence.ts'
import type { Causes, Counted, Findings } from './findings.ts'

/** What another policy of the same size would answer, where the difference is clear. */
export interface PolicyAdvice {
  readonly policy: PolicyName
  readonly hitRatio: number
  /** The change of the hit ratio, and where it lies in nine cases of ten. */
  readonly gain: number
  readonly low: number
  readonly high: number
}

/** What another lifetime would bring, at the present size. */
export interface LifetimeAdvice {
  /** As a multiple of the present lifetime. */
  readonly factor: number
  /** Milliseconds. */
  readonly ttl: number
  /** The change of the hit ratio, and where it lies in nine cases of ten. */
  readonly gain: number
  readonly low: number
  readonly high: number
  /**
   * The share of reads that would be given a value older than now, by comparing values when they are loaded. Undefined where too few
   * values can be compared: they are larger than about 1 KB, or no plain data.
   */
  readonly stale: number | undefined
}

/** What can be said of the size of a cache by what it was asked for. */
export interface Advice {
  /** The name by which the process lists the cache. */
  readonly cache: string
  /** `warming up` and `counting` go on, with pauses (`resting`) where the budget asks for them; `over` is final. */
  readonly state: 'warming up' | 'counting' | 'resting' | 'over'
  /** Of the reads to examine, from 0 to 1. */
  readonly progress: number
  readonly verdict: Verdict
  /** The advice in one sentence. */
  readonly sentence: string
  readonly policy: PolicyName
  /** What bounds the cache, and is meant by sizes. */
  readonly unit: CacheStats['unit']
  /** Reads that were examined. */
  readonly reads: number
  /** Of those, by the cache itself: known exactly. */
  readonly hitRatio: number
  /** Hit ratios by size, smallest first. Empty while too little is known. */
  readonly curve: readonly AdvicePoint[]
  /** The smallest size from which on no doubling brings a point. */
  readonly knee: AdvicePoint | undefined
  /** What half the bound and twice the bound would do, where those are among the sizes. */
  readonly halved: AdvicePoint | undefined
  readonly doubled: AdvicePoint | undefined
  readonly policies: readonly PolicyAdvice[]
  /** Empty where no entry expires, or nothing was missed for it. */
  readonly lifetimes: readonly LifetimeAdvice[]
  /** Shares of the misses: of keys not met before, evicted before, expired before; the rest were deleted or are never stored. */
  readonly misses: {
    readonly first: number
    readonly room: number
    readonly time: number
    readonly other: number
  }
  /** Estimated. */
  readonly bytesPerEntry: number
  /** What the examination took: the share of the keys that were watched, milliseconds of work, and their share of the time of one core. */
  readonly cost: { readonly rate: number; readonly work: number; readonly share: number }
}

/** What is known of the cache itself. */
export interface Subject {
  readonly name: string
  readonly policy: PolicyName
  readonly unit: CacheStats['unit']
  readonly bound: number
  /** Entries that it holds when it is full. */
  readonly entries: number
  readonly bytesPerEntry: number
}

/** Says what follows from what was counted. */
export function adviseBy(findings: Findings, subject: Subject): Advice {
  const { reads, hits, miniatures, duration, rate } = findings
  const { policy, bound, entries, bytesPerEntry } = subject
  const hitRatio = reads === 0 ? 0 : hits / reads
  const perSecond = duration === 0 ? 0 : (reads / duration) * 1000
  const own = miniatures.find((one) => one.policy === policy && one.factor === 1 && one.lifetime === 1)!
  const at = (one: Counted): { hitRatio: number; low: number; high: number } => {
    if (one === own) return { hitRatio, low: hitRatio, high: hitRatio }
    const { value, low, high } = missRatioAt(1 - hitRatio, reads * rate, own.misses, one.misses)
    return { hitRatio: 1 - value, low: 1 - high, high: 1 - low }
  }
  const point = (one: Counted): AdvicePoint => {
    const estimate = at(one)
    return {
      factor: one.factor,
      size: subject.unit === 'entries' ? Math.round(bound * one.factor) : bound * one.factor,
      ...estimate,
      missesPerSecond: (1 - estimate.hitRatio) * perSecond,
      bytes: Math.round(entries * one.factor * bytesPerEntry),
    }
  }
  const all = miniatures
    .filter((one) => one.policy === policy && one.lifetime === 1)
    .map(point)
    .sort((a, b) => a.factor - b.factor)
  const known = reads >= FEWEST_READS
  const curve = known ? all : []
  const chosen = known ? choose(new Map([[policy, all]])).point : undefined
  const knee = curve.find((one) => one === chosen)
  const highest = Math.max(...all.map(({ high }) => high))
  const verdict = verdictOn(reads, highest, Math.min(entries, knee === undefined ? 0 : knee.factor * entries))
  const find = (factor: number): AdvicePoint | undefined => curve.find((one) => one.factor === factor)
  const gainOf = (one: Counted): { gain: number; low: number; high: number } => {
    const other = at(one)
    return { gain: other.hitRatio - hitRatio, low: other.low - hitRatio, high: other.high - hitRatio }
  }
  const result = {
    cache: subject.name,
    state: findings.state,
    progress: findings.progress,
    verdict,
    policy,
    unit: subject.unit,
    reads,
    hitRatio,
    curve,
    knee,
    halved: find(0.5),
    doubled: find(2),
    policies: known
      ? miniatures
          .filter((one) => one.policy !== policy && one.factor === 1)
          .map((one) => ({ policy: one.policy, hitRatio: at(one).hitRatio, ...gainOf(one) }))
          .filter(({ low, high }) => low > 0 || high < 0)
      : [],
    lifetimes: known ? lifetimes(findings, own, gainOf) : [],
    misses: shares(findings.causes),
    bytesPerEntry,
    cost: {
      rate,
      work: findings.work,
      share: findings.elapsed === 0 ? 0 : findings.work / findings.elapsed,
    },
  }
  return { ...result, sentence: sentenceOn({ ...result, entries }) }
}

function lifetimes(
  { miniatures, ttl, causes, reads, rate, comparable, watchedReads }: Findings,
  own: Counted,
  gainOf: (one: Counted) => Omit<LifetimeAdvice, 'factor' | 'ttl' | 'stale'>,
): LifetimeAdvice[] {
  if (causes.time === 0 || reads * rate === 0) return []
  return miniatures
    .filter(({ lifetime }) => lifetime !== 1)
    .map((one) => ({
      factor: one.lifetime,
      ttl: ttl * one.lifetime,
      ...gainOf(one),
      stale:
        comparable < MOST_COMPARABLE
          ? undefined
          : Math.max(0, sum(one.stale) - sum(own.stale)) / Math.max(1, watchedReads),
    }))
}

/** Where fewer values than this share can be compared, nothing is said of how many would be stale. */
const MOST_COMPARABLE = 0.9

function shares({ first, room, time, other }: Causes): Causes {
  const all = Math.max(1, first + room + time + other)
  return { first: first / all, room: room / all, time: time / all, other: other / all }
}

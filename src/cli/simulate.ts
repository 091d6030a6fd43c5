import type { PolicyName } from '../index.ts'
import { choose, type Point, type Verdict, verdictOn } from '../sizing/recommendation.ts'
import { nextReads, optimum } from './optimum.ts'
import { replay } from './replay.ts'
import { type SizeRequest, sizesOf } from './sizes.ts'
import type { Trace } from './trace.ts'
import { weightedBound } from './weighted-bound.ts'

export interface SimulationOptions {
  readonly sizes?: readonly SizeRequest[] | undefined
  /** The policy to recommend a size for; the better of all when none is given. */
  readonly policy?: PolicyName | undefined
  /** The present bound, for comparison. */
  readonly now?: number | undefined
  /** Milliseconds; Infinity unless the trace has times. */
  readonly ttl: number
  /** Told what is done next, and the share that is done. */
  readonly onProgress?: ((task: string, done: number) => void) | undefined
}

/** Hit ratios at one size, each from 0 to 1. */
export interface Row {
  /** Entries, or the sum of weights where the trace has weights. */
  readonly size: number
  /** Of the size at which everything fits. */
  readonly share: number
  readonly adaptive: number
  readonly lru: number
  readonly optimum: number
}

export interface Recommendation extends Point {
  readonly policy: PolicyName
  /** The best that was seen. */
  readonly best: Point
  /** The same policy with half the size, and with twice. */
  readonly halved: Point
  readonly doubled: Point
  /** The same policy with the present bound, if that was given. */
  readonly now: Point | undefined
}

export interface Simulation {
  readonly trace: {
    readonly name: string
    readonly reads: number
    /** Different keys; where a sample was recorded, an estimate. */
    readonly keys: number
    /** The sum of the weights of all keys, if there are weights. */
    readonly weight: number | undefined
    /** What sizes are counted in. */
    readonly unit: Trace['unit']
    readonly sample: number
    /** From the first read to the last, in milliseconds, if there are times. */
    readonly duration: number | undefined
    /** With room for everything and for ever: only the first read of a key misses. */
    readonly highestHitRatio: number
  }
  /** Milliseconds; undefined for entries that never expire. */
  readonly ttl: number | undefined
  /** Whether the optimum is an estimate, as it is with a lifetime; with weights it is a bound that may be out of reach. */
  readonly optimumIsEstimate: boolean
  readonly rows: readonly Row[]
  readonly verdict: Verdict
  readonly recommendation: Recommendation
}

const POLICIES: readonly PolicyName[] = ['adaptive', 'lru']

/** Replays a trace through caches of several sizes, and says which size to take. */
export function simulate(trace: Trace, options: SimulationOptions): Simulation {
  const { ttl, onProgress } = options
  const reads = trace.keys.length
  const weight = trace.weights === undefined ? undefined : Math.round(totalWeight(trace) / trace.sample)
  const keys = Math.round(trace.unique / trace.sample)
  const whole = weight ?? keys
  const sizes = sizesOf(options.sizes, whole)

  // Two engines and the optimum per size, and replays of the recommended size halved and doubled, and of the present one.
  const work = reads * (sizes.length * 3 + (options.now === undefined ? 2 : 3))
  let done = 0
  const advance = (task: string, count: number): void => {
    done += count
    onProgress?.(task, done / work)
  }
  const scaled = (size: number): number => Math.max(1, Math.round(size * trace.sample))
  const measure = (policy: PolicyName, size: number): number => {
    const task = `${policy} with ${size.toLocaleString('en')}`
    return replay(trace, { policy, size: scaled(size), ttl, onProgress: (n) => advance(task, n) }) / reads
  }

  const next = nextReads(trace)
  const highest =
    weight === undefined
      ? (size: number): number => optimum(trace, next, size, ttl)
      : weightedBound(trace, next, ttl)
  const rows = sizes.map((size): Row => {
    const adaptive = measure('adaptive', size)
    const lru = measure('lru', size)
    const best = highest(scaled(size)) / reads
    advance(`optimum with ${size.toLocaleString('en')}`, reads)
    return { size, share: size / whole, adaptive, lru, optimum: best }
  })

  const candidates = options.policy === undefined ? POLICIES : [options.policy]
  const curves = new Map(candidates.map((policy) => [policy, curve(rows, policy)]))
  const { policy, point, best } = choose(curves)
  const at = (size: number): Point =>
    curves.get(policy)!.find((other) => other.size === size) ?? { size, hitRatio: measure(policy, size) }
  const highestHitRatio = (reads - trace.unique) / reads
  return {
    trace: {
      name: trace.name,
      reads,
      keys,
      weight,
      unit: trace.unit,
      sample: trace.sample,
      duration: trace.times && trace.times.at(-1)! - trace.times[0]!,
      highestHitRatio,
    },
    ttl: ttl === Infinity ? undefined : ttl,
    optimumIsEstimate: weight !== undefined || ttl !== Infinity,
    rows,
    verdict: verdictOn(
      reads,
      highestHitRatio,
      weight === undefined ? Math.min(scaled(point.size), trace.unique) : 0,
    ),
    recommendation: {
      policy,
      ...point,
      best,
      halved: at(Math.max(1, Math.floor(point.size / 2))),
      doubled: at(point.size * 2),
      now: options.now === undefined ? undefined : at(options.now),
    },
  }
}

/** The hit ratios of a policy by size. */
export function curve(rows: readonly Row[], policy: 'adaptive' | 'lru' | 'optimum'): Point[] {
  return rows.map((row) => ({ size: row.size, hitRatio: row[policy] }))
}

function totalWeight(trace: Trace): number {
  const weights = new Float64Array(trace.unique)
  for (const [at, key] of trace.keys.entries()) weights[key] = trace.weights![at]!
  return weights.reduce((sum, weight) => sum + weight, 0)
}

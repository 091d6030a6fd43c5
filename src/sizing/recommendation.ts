/** What a cache of a size would answer. */
export interface Point {
  readonly size: number
  readonly hitRatio: number
}

/** What a doubling has to bring to be worth it: one percentage point, and what floating point takes. */
const ONE_POINT = 0.01 - 1e-9

export interface Choice<P extends string> {
  readonly policy: P
  readonly point: Point
  /** The best among all points looked at. */
  readonly best: Point
}

/**
 * The knee of a curve: the smallest size from which on no doubling brings a point, neither the next nor a later one. Of several
 * policies that whose knee is highest; where they are within a point of each other, the smaller, and of two at the same size that with
 * the highest hit ratios over all sizes.
 */
export function choose<P extends string>(curves: ReadonlyMap<P, readonly Point[]>): Choice<P> {
  const best = [...curves.values()].flat().reduce((a, b) => (isBetter(b, a) ? b : a))
  const knees = [...curves].map(([policy, curve]) => ({ policy, point: kneeOf(curve) }))
  const highest = Math.max(...knees.map(({ point }) => point.hitRatio))
  const near = knees.filter(({ point }) => highest - point.hitRatio <= ONE_POINT)
  const sum = (policy: P): number => curves.get(policy)!.reduce((total, { hitRatio }) => total + hitRatio, 0)
  const chosen = near.reduce((a, b) => {
    if (a.point.size !== b.point.size) return b.point.size < a.point.size ? b : a
    return sum(b.policy) > sum(a.policy) ? b : a
  })
  return { ...chosen, best }
}

/** The first point from which on the gain is below a point for each doubling of the size. */
function kneeOf(curve: readonly Point[]): Point {
  return curve.find((point, i) =>
    curve.slice(i + 1).every(({ size, hitRatio }) => {
      const doublings = Math.max(1, Math.log2(size / point.size))
      return hitRatio - point.hitRatio < ONE_POINT * doublings
    }),
  )!
}

function isBetter(a: Point, b: Point): boolean {
  return a.hitRatio > b.hitRatio || (a.hitRatio === b.hitRatio && a.size < b.size)
}

/**
 * What can be said: `take` the recommended size; the reads were too few (`too short`) for that; or `do not cache`, as hardly any read
 * would hit.
 */
export type Verdict = 'take' | 'too short' | 'do not cache'

/** Fewer reads say nothing. */
export const FEWEST_READS = 1000
/** A cache in which fewer reads hit does nothing. */
const LEAST_HIT_RATIO = 0.01

/**
 * The verdict on a recommendation after so many reads. `highest` is the highest hit ratio that there can be, and `entries` what the
 * recommended size holds, 0 if that is not known: reads that hardly fill it say little of it.
 */
export function verdictOn(reads: number, highest: number, entries: number): Verdict {
  const isUseless = highest < LEAST_HIT_RATIO
  if (reads < FEWEST_READS || (!isUseless && reads < 2 * entries)) return 'too short'
  return isUseless ? 'do not cache' : 'take'
}

/** What a cache of a size would answer. */
export interface Point {
  readonly size: number
  readonly hitRatio: number
}

/** Ratios this near count as the same: one percentage point, and what floating point adds. */
const ONE_POINT = 0.01 + 1e-9

export interface Choice<P extends string> {
  readonly policy: P
  readonly point: Point
  /** The best among all points looked at. */
  readonly best: Point
}

/**
 * The smallest size whose hit ratio is within one point of the best of all. Where several policies reach that at the same size,
 * the one with the highest hit ratios over all sizes.
 */
export function choose<P extends string>(curves: ReadonlyMap<P, readonly Point[]>): Choice<P> {
  const points = [...curves].flatMap(([policy, curve]) => curve.map((point) => ({ policy, point })))
  const best = points.reduce((a, b) => (isBetter(b.point, a.point) ? b : a)).point
  const near = points.filter(({ point }) => best.hitRatio - point.hitRatio <= ONE_POINT)
  const size = Math.min(...near.map(({ point }) => point.size))
  const sum = (policy: P): number => curves.get(policy)!.reduce((total, { hitRatio }) => total + hitRatio, 0)
  const chosen = near
    .filter(({ point }) => point.size === size)
    .reduce((a, b) => (sum(b.policy) > sum(a.policy) ? b : a))
  return { ...chosen, best }
}

function isBetter(a: Point, b: Point): boolean {
  return a.hitRatio > b.hitRatio || (a.hitRatio === b.hitRatio && a.size < b.size)
}

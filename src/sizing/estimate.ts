/** A ratio, and the interval in which it lies in nine cases of ten. */
export interface Estimate {
  readonly value: number
  readonly low: number
  readonly high: number
}

/** Fewer misses of a miniature say too little for a proportion of theirs. */
export const FEWEST_MISSES = 100
/** Of Student's distribution, nine cases of ten in the middle, for 15 degrees of freedom. */
const SPREAD = 1.753
/** What a miniature is off by besides chance: it is small, and began in the middle. */
const BIAS = 0.003

/**
 * The miss ratio at another size. That of the running cache is known exactly; only the proportion of the miniatures' misses is taken, by which
 * cancels out whether a few very hot keys are watched: `missRatio × others / own`. Where the miniature of the present size hardly misses,
 * the difference is taken instead, over the number of reads that were to be expected. The interval is that of the jackknife over disjoint
 * parts of the watched keys (Quenouille 1956, Tukey 1958).
 */
export function missRatioAt(
  missRatio: number,
  expected: number,
  own: readonly number[],
  others: readonly number[],
): Estimate {
  const parts = own.length
  const isProportion = sum(own) >= FEWEST_MISSES
  const estimate = (a: number, b: number, share: number): number =>
    isProportion ? (b === 0 ? missRatio : (missRatio * a) / b) : missRatio + (a - b) / (expected * share)
  const allOthers = sum(others)
  const allOwn = sum(own)
  const value = estimate(allOthers, allOwn, 1)
  const without = own.map((ownPart, part) =>
    estimate(allOthers - others[part]!, allOwn - ownPart, (parts - 1) / parts),
  )
  const mean = sum(without) / parts
  const variance = ((parts - 1) / parts) * without.reduce((all, one) => all + (one - mean) ** 2, 0)
  const change = Math.abs(value - missRatio)
  const half = change === 0 && variance === 0 ? 0 : SPREAD * Math.sqrt(variance) + Math.min(BIAS, change)
  return { value: clamp(value), low: clamp(value - half), high: clamp(value + half) }
}

export function sum(numbers: readonly number[]): number {
  return numbers.reduce((all, one) => all + one, 0)
}

function clamp(ratio: number): number {
  return Math.min(1, Math.max(0, ratio))
}

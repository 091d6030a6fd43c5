/** The q-th quantile of some numbers, between neighbours by proportion. */
export function quantile(numbers: readonly number[], q: number): number {
  const sorted = [...numbers].sort((a, b) => a - b)
  const place = q * (sorted.length - 1)
  const below = sorted[Math.floor(place)]!
  const above = sorted[Math.ceil(place)]!
  return below + (above - below) * (place - Math.floor(place))
}

export const median = (numbers: readonly number[]): number => quantile(numbers, 0.5)

/** A median with its quartiles. */
export interface Figure {
  readonly median: number
  readonly low: number
  readonly high: number
}

export function figure(numbers: readonly number[]): Figure {
  return { median: median(numbers), low: quantile(numbers, 0.25), high: quantile(numbers, 0.75) }
}

/** How many times the one took of the other, round by round. */
export function ratio(of: readonly number[], to: readonly number[]): Figure {
  return figure(of.map((time, round) => time / to[round]!))
}

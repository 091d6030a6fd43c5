import type { Verdict } from './recommendation.ts'
import { FEWEST_READS } from './recommendation.ts'
import { count, doNotCache, points, tooShort } from './words.ts'

/** What a cache of another size would answer. Hit ratios are from 0 to 1; the true one lies from `low` to `high` in nine cases of ten. */
export interface AdvicePoint {
  /** As a multiple of the present bound. */
  readonly factor: number
  /** Entries, or the weight or bytes where those are the bound. */
  readonly size: number
  readonly hitRatio: number
  readonly low: number
  readonly high: number
  /** Reads a second that would find nothing, each of which is a load for whoever asks. */
  readonly missesPerSecond: number
  /** Bytes that its entries would take when it is full, estimated. */
  readonly bytes: number
}

/** What a sentence is made of. */
export interface Grounds {
  readonly verdict: Verdict
  readonly reads: number
  readonly hitRatio: number
  /** Entries that the cache holds when it is full. */
  readonly entries: number
  readonly curve: readonly AdvicePoint[]
  readonly knee: AdvicePoint | undefined
}

/** Advice on the size of a running cache in one sentence: what to do, and what it brings and costs. */
export function sentenceOn({ verdict, reads, entries, curve, knee, hitRatio }: Grounds): string {
  if (verdict === 'too short' || knee === undefined)
    return tooShort(reads, Math.max(FEWEST_READS, 2 * entries), 'Wait for')
  const largest = curve.at(-1)!
  if (verdict === 'do not cache') return doNotCache(`${times(largest.factor)} as large`, largest.hitRatio)
  const present = curve.find(({ factor }) => factor === 1)
  const change = knee.hitRatio - hitRatio
  if (knee.factor === 1 || present === undefined) return leave(curve, hitRatio)
  const what = imperative(knee.factor)
  const bytes = megabytes(Math.abs(knee.bytes - present.bytes))
  if (knee.factor < 1) return `${what}: ${costs(change)}, and saves about ${bytes}.`
  const fewer = present.missesPerSecond - knee.missesPerSecond
  return `${what}: ${points(change)}${spread(knee)}, ${rate(fewer)} fewer, about ${bytes} more.`
}

function leave(curve: readonly AdvicePoint[], hitRatio: number): string {
  const gain = (factor: number): number | undefined => {
    const other = curve.find((one) => one.factor === factor)
    return other && other.hitRatio - hitRatio
  }
  const doubled = gain(2)
  const halved = gain(0.5)
  const parts = [
    ...(doubled === undefined ? [] : [`doubling it brings ${points(Math.max(0, doubled))}`]),
    ...(halved === undefined ? [] : [`halving it ${costs(halved)}`]),
  ]
  return parts.length === 0 ? 'Leave it.' : `Leave it: ${parts.join(', ')}.`
}

function imperative(factor: number): string {
  if (factor === 2) return 'Double it'
  if (factor === 0.5) return 'Halve it'
  if (factor === 0.25) return 'Make it a quarter'
  return factor > 1 ? `Make it ${times(factor)} as large` : `Make it ${Math.round(factor * 100)} % as large`
}

function times(factor: number): string {
  return factor === 2 ? 'twice' : factor === 4 ? 'four times' : `${factor} times`
}

function costs(change: number): string {
  return Math.abs(change) < 0.0005
    ? 'costs nothing'
    : change < 0
      ? `costs ${(-change * 100).toFixed(1)} points`
      : `brings ${points(change)}`
}

/** How far the truth may be off, where that is worth saying. */
function spread({ low, high }: AdvicePoint): string {
  const half = ((high - low) / 2) * 100
  return half < 0.5 ? '' : ` (give or take ${half.toFixed(1)})`
}

function rate(perSecond: number): string {
  const digits = perSecond < 10 ? 1 : 0
  return `${count(Number(perSecond.toFixed(digits)))} loads a second`
}

function megabytes(bytes: number): string {
  const mb = bytes / 1024 ** 2
  return mb < 0.1
    ? `${count(Math.max(1, Math.round(bytes / 1024)))} KB`
    : `${count(Number(mb.toPrecision(2)))} MB`
}

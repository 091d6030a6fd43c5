import type { Pair } from './reference.ts'

/** A pair with what our engine reaches. */
export interface Measured extends Pair {
  ours: number
  /** The same where each read is made twice in a row; the share of the first reads that it answers. */
  oursDoubled: number
  /** The same of other policies, those that are simulated or need not be. */
  othersDoubled?: Record<string, number>
  /** What the simulated ones answer of single reads, as `others` has it from elsewhere. */
  othersSimulated?: Record<string, number>
}

/** What a policy is worth over all pairs. */
export interface Score {
  /** The mean share of the gap between LRU and the optimum that is closed, each pair clipped at −1. */
  gapClosed: number
  meanHitRatio: number
  /** Pairs more than a point below LRU. */
  belowLru: number
}

/** Pairs where the optimum is hardly above LRU say nothing about the gap. */
const SMALLEST_GAP = 0.005
const ONE_POINT = 0.01

export function score(pairs: readonly Measured[], ratio: (pair: Measured) => number): Score {
  const gaps = pairs.map((pair) => gapClosed(pair, ratio(pair))).filter((gap) => gap !== undefined)
  return {
    gapClosed: mean(gaps),
    meanHitRatio: mean(pairs.map(ratio)),
    belowLru: pairs.filter((pair) => isBelowLru(pair, ratio(pair))).length,
  }
}

export function gapClosed({ others }: Pair, ratio: number): number | undefined {
  const { OPT, LRU } = others as { OPT: number; LRU: number }
  return OPT - LRU > SMALLEST_GAP ? Math.max(-1, (ratio - LRU) / (OPT - LRU)) : undefined
}

export function isBelowLru({ others }: Pair, ratio: number): boolean {
  return others.LRU! - ratio > ONE_POINT
}

/** The best of the other policies, the optimum aside. */
export function bestOther({ others }: Pair): { name: string; ratio: number } {
  const policies = Object.entries(others).filter(([name]) => name !== 'OPT' && !isPrototype(name))
  const [name, ratio] = policies.reduce((a, b) => (b[1] > a[1] ? b : a))
  return { name, ratio }
}

/** Drafts of our own policy are in the reference too, and are not shown among the others. */
export function isPrototype(name: string): boolean {
  return name.startsWith('PROTO')
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

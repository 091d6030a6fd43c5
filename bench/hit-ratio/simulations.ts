import type { Measured } from './score.ts'
import { table } from './table.ts'

/** A simulation that is off by more than this in the mean stands for nothing. */
const MOST_OFF = 0.003
/** The reference has six decimals. */
const ROUNDING = 5e-7

/** How far the simulation of a policy is from the reference, on reads that are made once. */
export interface Deviation {
  /** Pairs where it gives the reference's figure. */
  reproduced: number
  /** The mean and the largest of the differences, as shares. */
  mean: number
  largest: number
}

/** How far the simulation of a policy is from the reference; undefined where there is none. */
export function deviation(pairs: readonly Measured[], name: string): Deviation | undefined {
  if (pairs[0]?.othersSimulated?.[name] === undefined) return undefined
  const off = pairs.map((pair) => Math.abs(pair.othersSimulated![name]! - pair.others[name]!))
  return {
    reproduced: off.filter((difference) => difference < ROUNDING).length,
    mean: off.reduce((sum, difference) => sum + difference, 0) / off.length,
    largest: Math.max(...off),
  }
}

/** Whether the simulation of a policy may stand for it; one that is not simulated needs none. */
export function isTrusted(pairs: readonly Measured[], name: string): boolean {
  const off = deviation(pairs, name)
  return off === undefined || off.mean <= MOST_OFF
}

/** What the page says of the simulations, if there are any. */
export function simulations(pairs: readonly Measured[]): string[] {
  const names = Object.keys(pairs[0]!.othersSimulated ?? {})
  if (names.length === 0) return []
  const rows = names.map((name) => {
    const { reproduced, mean, largest } = deviation(pairs, name)!
    return [name, `${reproduced} of ${pairs.length}`, points(mean), points(largest)]
  })
  return [
    '## How the others are simulated',
    'The reference tells what each policy answers of single reads only. So what happens to reads made twice comes from [simulations on keys alone](../../bench/hit-ratio/simulated), and each is held against the reference on single reads first, in points of the hit ratio:',
    table(['policy', "pairs with the reference's figure", 'mean difference', 'largest difference'], rows),
    'W-TinyLFU estimates frequencies with hashes, and now and then decides by lot, so nobody gets the same without the same of both. Caffeine and W-TinyLFU-HC also move the border of their window by hill climbing, where a small difference grows: they are not simulated.',
  ]
}

function points(share: number): string {
  return (100 * share).toFixed(2)
}

import { type Cache, storeOf } from '../../src/cache.ts'
import { type AdviceOptions, type CacheExamination, examine } from '../../src/observe/examine.ts'

export interface TestMachine {
  readonly waiting: { callback: () => void; milliseconds: number }[]
  stopwatch(): number
  later(callback: () => void, milliseconds: number): void
  run(): void
}

/** A machine on which work takes no time, and what is to be done later is done when the test says so. */
export function machine(): TestMachine {
  const waiting: { callback: () => void; milliseconds: number }[] = []
  return {
    waiting,
    stopwatch: () => 0,
    later: (callback: () => void, milliseconds: number) => void waiting.push({ callback, milliseconds }),
    run() {
      for (const { callback } of waiting.splice(0)) callback()
    },
  }
}

/** Random numbers from 0 to 1, the same for a seed. */
export function randomOf(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0
    return (state >>> 0) / 2 ** 32
  }
}

/** Keys read with the frequencies of a power law, the most frequent first. */
export function skewed(random: () => number, keys: number, exponent: number): () => number {
  const sums = new Float64Array(keys)
  let sum = 0
  for (let key = 0; key < keys; key++) sums[key] = sum += (key + 1) ** -exponent
  return () => {
    const at = random() * sum
    let low = 0
    for (let high = keys - 1; low < high; ) {
      const middle = (low + high) >> 1
      if (sums[middle]! < at) low = middle + 1
      else high = middle
    }
    return low
  }
}

export function readThrough<K>(cache: Cache<K, unknown>, key: K): void {
  if (cache.get(key) === undefined) cache.set(key, true)
}

export function examined<K>(
  cache: Cache<K, unknown>,
  options: AdviceOptions = {},
  on: TestMachine = machine(),
): CacheExamination {
  return examine(storeOf(cache), options, on)
}

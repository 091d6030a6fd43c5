import { items, random, shuffled } from './keys.ts'
import type { AnyCache } from './operations-modes.ts'

/** How many operations a sample takes. */
export const SAMPLE = 50_000

type Keys = readonly (string | number)[]

/** An operation with its keys, by the round. */
export interface Operation {
  keys(size: number): (round: number) => Keys
  run(cache: AnyCache, keys: Keys): unknown
}

/** New keys in each round: one comes again after four times as many others as fit. */
function fresh(size: number, count: number): (round: number) => Keys {
  const all = items('held', Math.max(4 * size, 4 * SAMPLE), size)
  return (round) => {
    const from = (round * count) % all.length
    return all.slice(from, from + count)
  }
}

export const operations: Record<'hit' | 'insertion' | 'load', Operation> = {
  hit: {
    keys(size) {
      const next = random(1)
      const all = items('held', size)
      const rounds = Math.ceil(SAMPLE / size)
      const sample = Array.from({ length: rounds }, () => shuffled(all, next))
        .flat()
        .slice(0, SAMPLE)
      return () => sample
    },
    run(cache, keys) {
      let found = 0
      for (let i = 0; i < keys.length; i++) if (cache.get(keys[i]!) !== undefined) found++
      if (found !== keys.length) throw new Error(`${keys.length - found} reads missed`)
    },
  },
  insertion: {
    keys: (size) => fresh(size, SAMPLE),
    run(cache, keys) {
      for (let i = 0; i < keys.length; i++) cache.set(keys[i]!, i)
    },
  },
  load: {
    keys: (size) => fresh(size, SAMPLE / 10),
    async run(cache, keys) {
      for (let i = 0; i < keys.length; i++) await cache.getOrLoad(keys[i]!, async () => 1)
    },
  },
}

/** The loop of an operation as a function of its own, so that what the runtime learns of one class says nothing of another. */
export function ownLoop(run: Operation['run']): Operation['run'] {
  return new Function(`return { ${run} }.run`)()
}

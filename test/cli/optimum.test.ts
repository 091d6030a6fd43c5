import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { nextReads, optimum } from '../../src/cli/optimum.ts'
import { PositionSet } from '../../src/cli/position-set.ts'
import { weightedBound } from '../../src/cli/weighted-bound.ts'
import { traceOf } from './traces.ts'

const hitsOf = (keys: number[], size: number, extra: { times?: number[] } = {}, ttl = Infinity) => {
  const trace = traceOf(keys, extra)
  return optimum(trace, nextReads(trace), size, ttl)
}

/** The most hits that any choice of what to keep can give: tries them all. */
function most(keys: readonly number[], size: number): number {
  const known = new Map<string, number>()
  const from = (at: number, kept: readonly number[]): number => {
    if (at === keys.length) return 0
    const state = `${at}:${kept}`
    let hits = known.get(state)
    if (hits === undefined) {
      const key = keys[at]!
      const all = [...new Set([...kept, key])].sort()
      const choices = all.length <= size ? [all] : all.map((gone) => all.filter((other) => other !== gone))
      hits = (kept.includes(key) ? 1 : 0) + Math.max(...choices.map((choice) => from(at + 1, choice)))
      known.set(state, hits)
    }
    return hits
  }
  return from(0, [])
}

test('no choice of what to keep gives more hits, and one gives as many', () => {
  const keys = fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 14 })
  fc.assert(
    fc.property(keys, fc.integer({ min: 1, max: 4 }), (reads, size) => {
      expect(hitsOf(reads, size)).toBe(most(reads, size))
    }),
  )
})

test('by hand: Belady keeps what is read soonest', () => {
  expect(hitsOf([1, 2, 3, 1, 2, 4, 1, 2, 3, 4], 2)).toBe(4)
  expect(hitsOf([1, 2, 1, 2], 100)).toBe(2)
})

describe('with a lifetime', () => {
  test('a read after the lifetime misses, and begins another', () => {
    expect(hitsOf([1, 1, 1, 1], 1, { times: [0, 4, 5, 9] }, 5)).toBe(2)
  })

  test('with room for all, a lifetime gives what a cache gives', () => {
    expect(hitsOf([1, 2, 1, 2, 1], 9, { times: [0, 1, 2, 7, 8] }, 5)).toBe(1)
  })
})

describe('with weights', () => {
  const boundOf = (keys: number[], weights: number[], size: number) => {
    const trace = traceOf(keys, { weights })
    return weightedBound(trace, nextReads(trace), Infinity)(size)
  }

  test('of a heavy one and two light ones the light ones are kept', () => {
    expect(boundOf([1, 2, 3, 1, 2, 3], [3, 1, 1, 3, 1, 1], 2)).toBe(2)
  })

  test('what is heavier than the whole is not kept', () => {
    expect(boundOf([1, 1, 2, 2], [4, 4, 3, 3], 3)).toBe(1)
  })

  test('where all weigh the same, the bound is at least the optimum', () => {
    const keys = fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 60 })
    fc.assert(
      fc.property(keys, fc.integer({ min: 1, max: 8 }), (reads, size) => {
        const weights = reads.map(() => 3)
        expect(boundOf(reads, weights, size * 3)).toBeGreaterThanOrEqual(hitsOf(reads, size))
      }),
    )
  })
})

test('a set of positions behaves as a Set does', () => {
  const steps = fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 0, max: 99_999 })), { maxLength: 200 })
  fc.assert(
    fc.property(steps, (all) => {
      const set = new PositionSet(100_000)
      const model = new Set<number>()
      for (const [adds, position] of all) {
        if (adds) model.add(position)
        else model.delete(position)
        if (adds) set.add(position)
        else set.delete(position)
        expect(set.has(position)).toBe(adds)
        if (model.size > 0) expect(set.max()).toBe(Math.max(...model))
      }
    }),
  )
})

import { describe, expect, test } from 'vitest'
import { simulate } from '../../src/cli/simulate.ts'
import { parseSizes, sizesOf } from '../../src/cli/sizes.ts'
import { choose } from '../../src/sizing/recommendation.ts'
import { skewed, traceOf } from '../cli/traces.ts'

const points = (...ratios: number[]) => ratios.map((hitRatio, i) => ({ size: 10 * 2 ** i, hitRatio }))

describe('the recommended size', () => {
  test('is the knee: the first from which on no doubling brings a point', () => {
    const { point, best } = choose(new Map([['lru', points(0.5, 0.69, 0.695, 0.7)]]))
    expect(point).toEqual({ size: 20, hitRatio: 0.69 })
    expect(best).toEqual({ size: 80, hitRatio: 0.7 })
  })

  test('is not before a doubling that brings just one', () => {
    expect(choose(new Map([['lru', points(0.5, 0.68, 0.69, 0.695)]])).point.size).toBe(40)
  })

  test('may be more than a point below the best, where many doublings lie between', () => {
    expect(choose(new Map([['lru', points(0.5, 0.505, 0.51, 0.515, 0.52)]])).point.size).toBe(10)
  })

  test('is not on a plain before a rise', () => {
    expect(choose(new Map([['lru', points(0.1, 0.1, 0.1, 0.5)]])).point.size).toBe(80)
  })

  test('is of the policy that gets there first', () => {
    const curves = new Map([
      ['adaptive', points(0.3, 0.5, 0.7)],
      ['lru', points(0.1, 0.695, 0.7)],
    ])
    expect(choose(curves)).toMatchObject({ policy: 'lru', point: { size: 20 } })
  })

  test('where both get there, is of the policy that is better on the whole', () => {
    const curves = new Map([
      ['adaptive', points(0.6, 0.692, 0.7)],
      ['lru', points(0.1, 0.695, 0.7)],
    ])
    expect(choose(curves)).toMatchObject({ policy: 'adaptive', point: { size: 20 } })
  })

  test('is the smaller of two that are equally good', () => {
    expect(choose(new Map([['lru', points(0.7, 0.7)]])).best.size).toBe(10)
  })
})

describe('doubling', () => {
  const trace = traceOf(skewed(20_000, 2_000))
  const options = { ttl: Infinity, policy: 'lru' } as const

  test('is read off where that size was replayed', () => {
    const { rows, recommendation } = simulate(trace, { ...options, sizes: [{ size: 100 }, { size: 200 }] })
    expect(recommendation).toMatchObject({ size: 200, doubled: { size: 400 } })
    const wide = simulate(trace, { ...options, sizes: [{ size: 2000 }, { size: 4000 }] })
    expect(wide.recommendation.doubled).toEqual({ size: 4000, hitRatio: wide.rows[1]!.lru })
    expect(rows).toHaveLength(2)
  })

  test('is replayed where it was not', () => {
    const { recommendation } = simulate(trace, { ...options, sizes: [{ size: 100 }] })
    const { rows } = simulate(trace, { ...options, sizes: [{ size: 200 }] })
    expect(recommendation.doubled).toEqual({ size: 200, hitRatio: rows[0]!.lru })
  })
})

test('sizes of a sample are those of the whole', () => {
  const keys = skewed(20_000, 2_000)
  const whole = simulate(traceOf(keys), { ttl: Infinity, sizes: [{ size: 50 }] })
  const sample = simulate({ ...traceOf(keys), sample: 0.5 }, { ttl: Infinity, sizes: [{ size: 100 }] })
  expect(sample.rows[0]).toEqual({ ...whole.rows[0], size: 100 })
  expect(sample.trace.keys).toBe(whole.trace.keys * 2)
})

describe('sizes', () => {
  test('are numbers and shares of the whole, in order, each once', () => {
    expect(sizesOf(parseSizes('500, 100,1%,0.5%,500'), 20_000)).toEqual([100, 200, 500])
  })

  test('are at least one', () => {
    expect(sizesOf(parseSizes('1%'), 7)).toEqual([1])
  })

  test('by default climb from a thousandth of the whole to it', () => {
    expect(sizesOf(undefined, 13_756)).toEqual([20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 13_756])
    expect(sizesOf(undefined, 10)).toEqual([1, 2, 5, 10])
    expect(sizesOf(undefined, 1)).toEqual([1])
  })
})

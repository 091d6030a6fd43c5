import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { type Case, measureCase } from '../../bench/advice/measure.ts'
import { workloads } from '../../bench/hit-ratio/synthetic.ts'
import { TraceBuilder } from '../../src/cli/trace.ts'
import { randomOf } from './examined.ts'

// Which keys are watched follows from random seeds: here they are the same each time.
beforeAll(() => {
  const random = randomOf(20)
  vi.stubGlobal('crypto', {
    getRandomValues: (seeds: Int32Array) => seeds.map(() => Math.floor(random() * 2 ** 32)),
  })
})
afterAll(() => void vi.unstubAllGlobals())

const READS = 40_000
/** Milliseconds on a slow machine. */
const SLOW = 180_000

function keysOf(name: string): Uint32Array {
  const builder = new TraceBuilder(name)
  const read = workloads[name]!.make()
  for (let n = 0; n < READS; n++) builder.add(read(n), undefined, undefined)
  return builder.build().keys
}

const names = ['zipf-1.0', 'scans', 'loop', 'recency', 'day-night']

/** Errors in points, in ascending order. */
function errorsOf(cases: readonly Case[], part: 'curve' | 'stale' = 'curve'): number[] {
  return cases
    .flatMap((one) => one[part].map(({ advised, real }) => 100 * Math.abs(advised - real)))
    .sort((a, b) => a - b)
}

function mean(numbers: readonly number[]): number {
  return numbers.reduce((sum, one) => sum + one, 0) / numbers.length
}

test(
  '45. advice on sizes is off by 0.8 points on average, in nine cases of ten by less than two, and its intervals hold',
  () => {
    const cases = names.map((name) =>
      measureCase({ name, keys: keysOf(name) }, { of: 'entries', bound: 300, ttl: Infinity }),
    )
    const errors = errorsOf(cases)
    expect(errors.length).toBe(4 * names.length)
    expect(mean(errors)).toBeLessThan(0.8)
    expect(errors[Math.floor(0.9 * errors.length)]).toBeLessThan(2)
    const points = cases.flatMap(({ curve }) => curve)
    const inside = points.filter(({ low, high, real }) => low <= real && real <= high).length
    expect(inside / points.length).toBeGreaterThan(0.75)
    for (const { curve, present } of cases) {
      const double = curve.find(({ factor }) => factor === 2)!
      if (double.real - present > 0.02) expect(double.advised - present).toBeGreaterThan(0.01)
    }
  },
  SLOW,
)

test(
  '51. so is advice on bounds by weight, with weights that vary a hundredfold',
  () => {
    const cases = names.map((name) =>
      measureCase({ name, keys: keysOf(name) }, { of: 'weight', bound: 450_000, ttl: Infinity }),
    )
    const errors = errorsOf(cases)
    expect(mean(errors)).toBeLessThan(1)
    expect(errors[Math.floor(0.9 * errors.length)]).toBeLessThan(2.5)
  },
  SLOW,
)

test(
  '50. advice on the ttl is off by less than that, and the share of stale reads by less than a point on average',
  () => {
    const cases = names.map((name) =>
      measureCase({ name, keys: keysOf(name) }, { of: 'ttl', bound: 300, ttl: 1500 }),
    )
    expect(errorsOf(cases).length).toBe(2 * names.length)
    expect(mean(errorsOf(cases))).toBeLessThan(0.6)
    expect(mean(errorsOf(cases, 'stale'))).toBeLessThan(1)
  },
  SLOW,
)

import { expect, test } from 'vitest'
import { replacedLoop } from '../../bench/hit-ratio/families.ts'
import { synthetic } from '../../bench/hit-ratio/synthetic.ts'
import { hitRatio } from '../../bench/hit-ratio/traces.ts'
import { type Trace, TraceBuilder } from '../../src/cli/trace.ts'

/** Where LRU is known to be better, and by how many points of the hit ratio at most. See docs/design/adaptive.md. */
const worst: Readonly<Record<string, readonly [capacity: number, points: number]>> = {
  'day-night': [5211, 3.4],
  recency: [307, 0.5],
  jumps: [6939, 2.6],
  drift: [4991, 2],
}

test('the adaptive policy loses no more to LRU than is known, where it loses most', {
  timeout: 60_000,
}, () => {
  const losses: [string, number][] = []
  for (const { name, trace } of synthetic()) {
    const known = worst[name]
    if (known === undefined) continue
    const [capacity, points] = known
    const loss = 100 * (hitRatio(trace, 'lru', capacity) - hitRatio(trace, 'adaptive', capacity))
    losses.push([name, loss])
    expect(loss, `${name} at ${capacity} entries`).toBeLessThanOrEqual(points)
  }
  expect(losses).toHaveLength(4)
})

/** Round and round so many keys, one of them replaced every so many reads; 0 for none. */
function loop(length: number, every: number): Trace {
  const builder = new TraceBuilder('loop')
  const read = every === 0 ? (n: number): number => n % length : replacedLoop(length, every)
  for (let n = 0; n < 300_000; n++) builder.add(read(n), undefined, undefined)
  return builder.build()
}

test.each([
  [53, 5],
  [53, 20],
  [69, 100],
  [299, 20],
  [997, 5],
  [997, 20],
  [2999, 5],
])(
  'a loop of %i keys that just fits, one of them replaced every %i reads, costs 3 points at most',
  (length, every) => {
    const trace = loop(length, every)
    const lru = hitRatio(trace, 'lru', length)
    expect(lru).toBeGreaterThan(0.78)
    expect(100 * (lru - hitRatio(trace, 'adaptive', length))).toBeLessThanOrEqual(3)
  },
)

test.each([
  [100, 103],
  [997, 999],
  [997, 1027],
])('%i entries keep most of a loop of %i keys, of which LRU finds none', (capacity, length) => {
  const trace = loop(length, 0)
  expect(hitRatio(trace, 'lru', capacity)).toBe(0)
  expect(hitRatio(trace, 'adaptive', capacity)).toBeGreaterThan(0.9)
})

import { expect, test } from 'vitest'
import { replacedLoop } from '../../bench/hit-ratio/families.ts'
import { synthetic } from '../../bench/hit-ratio/synthetic.ts'
import { hitRatio } from '../../bench/hit-ratio/traces.ts'
import { TraceBuilder } from '../../src/cli/trace.ts'

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

test('a loop that just fits, whose keys are replaced now and then, costs no more than is known', () => {
  const builder = new TraceBuilder('loop')
  const read = replacedLoop(997, 5)
  for (let n = 0; n < 300_000; n++) builder.add(read(n), undefined, undefined)
  const trace = builder.build()
  const lru = hitRatio(trace, 'lru', 997)
  expect(lru).toBeGreaterThan(0.79)
  expect(100 * (lru - hitRatio(trace, 'adaptive', 997))).toBeLessThanOrEqual(20)
})

import { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { Cache } from 'nearcache'
import { describe, expect, test } from 'vitest'
import { nextReads, optimum } from '../../src/cli/optimum.ts'
import { readTrace } from '../../src/cli/read.ts'
import { replay } from '../../src/cli/replay.ts'
import { skewed, traceOf } from './traces.ts'

const forever = { ttl: Infinity }

test.each(['adaptive', 'lru'] as const)('%s: as many hits as a cache in use', (policy) => {
  const keys = skewed(20_000, 2_000)
  const cache = new Cache<number, string>({ policy, maxEntries: 100, ttl: Infinity })
  let hits = 0
  for (const key of keys) {
    if (cache.get(key) !== undefined) hits++
    else cache.set(key, `value ${key}`)
  }
  expect(replay(traceOf(keys), { policy, size: 100, ...forever })).toBe(hits)
})

test.each([1, 7, 100, 500])('lru of %i is exact: a Map in the order of use agrees', (size) => {
  const keys = skewed(20_000, 2_000)
  const used = new Map<number, true>()
  let hits = 0
  for (const key of keys) {
    if (used.delete(key)) hits++
    used.set(key, true)
    if (used.size > size) used.delete(used.keys().next().value!)
  }
  expect(replay(traceOf(keys), { policy: 'lru', size, ...forever })).toBe(hits)
})

// The figures are those of independent simulators for this trace.
test.each([
  [100, 0.362222, 0.550587],
  [1376, 0.684918, 0.800412],
])('web12 at %i: lru and optimum are what others compute', async (size, lru, best) => {
  const file = fileURLToPath(new URL('../../bench/traces/web12.trace.u32.br', import.meta.url))
  const trace = await readTrace(file, { stdin: Readable.from([]) })
  const reads = trace.keys.length
  expect(replay(trace, { policy: 'lru', size, ...forever }) / reads).toBeCloseTo(lru, 6)
  expect(optimum(trace, nextReads(trace), size, Infinity) / reads).toBeCloseTo(best, 6)
})

describe('with times and a ttl', () => {
  test('an entry lives from its writing, not from its last read', () => {
    const trace = traceOf([1, 1, 1, 1], { times: [0, 4, 5, 9] })
    expect(replay(trace, { policy: 'lru', size: 1, ttl: 5 })).toBe(2)
  })

  test('expired entries give room as they do in a service, where a timer sweeps them out', () => {
    // Key 1 was read last when it expires, so without the sweep an LRU would give up 2 for 3.
    const keys = [2, 1, 2, 1, 3, 2]
    const trace = traceOf(keys, { times: [0, 0, 10_000, 10_000, 19_999, 19_999] })
    expect(replay(trace, { policy: 'lru', size: 2, ttl: 9_000 })).toBe(0)
    const gone = traceOf([1, 2, 1, 3, 2], { times: [0, 5_000, 5_001, 11_500, 11_600] })
    expect(replay(gone, { policy: 'lru', size: 2, ttl: 10_000 })).toBe(2)
  })

  test('for ever, times change nothing', () => {
    const keys = skewed(5_000, 500)
    const times = keys.map((_, at) => at * 1000)
    const options = { policy: 'adaptive', size: 50, ...forever } as const
    expect(replay(traceOf(keys, { times }), options)).toBe(replay(traceOf(keys), options))
  })
})

describe('with weights', () => {
  test('the size bounds their sum', () => {
    const trace = traceOf([1, 2, 1, 2, 3, 1], { weights: [2, 2, 2, 2, 2, 2] })
    expect(replay(trace, { policy: 'lru', size: 4, ...forever })).toBe(2)
    expect(replay(trace, { policy: 'lru', size: 6, ...forever })).toBe(3)
  })

  test('of one each are entries', () => {
    const keys = skewed(5_000, 500)
    const weights = keys.map(() => 1)
    const options = { policy: 'lru', size: 50, ...forever } as const
    expect(replay(traceOf(keys, { weights }), options)).toBe(replay(traceOf(keys), options))
  })
})

test('progress adds up to the reads', () => {
  let reads = 0
  replay(traceOf(skewed(150_000, 100)), {
    policy: 'lru',
    size: 10,
    ...forever,
    onProgress: (n) => (reads += n),
  })
  expect(reads).toBe(150_000)
})

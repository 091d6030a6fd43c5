import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { Bench, type Setup } from './bench.ts'
import { operations } from './operations.ts'

/** Set NEARCACHE_SEED to repeat a run, NEARCACHE_OPERATIONS to make it longer. */
const seed = Number(process.env.NEARCACHE_SEED ?? Math.trunc(Math.random() * 2 ** 31))
const total = Number(process.env.NEARCACHE_OPERATIONS ?? 100_000)

const bounds = {
  entries: { maxEntries: 6, maxWeight: Infinity },
  weight: { maxEntries: Infinity, maxWeight: 15 },
  both: { maxEntries: 8, maxWeight: 20, maxEntryWeight: 12 },
}

const setups: [string, Setup][] = []
for (const policy of ['lru', 'adaptive'] as const)
  for (const [bound, limits] of Object.entries(bounds))
    for (const idleTtl of [Infinity, 700])
      for (const listener of [true, false])
        for (const namespaces of [false, true])
          setups.push([
            [
              ...[policy, bound],
              ...(idleTtl === Infinity ? [] : ['idle time']),
              ...(listener ? ['listener'] : []),
              ...(namespaces ? ['namespaces'] : []),
            ].join(', '),
            { policy, ...limits, idleTtl, listener, namespaces, timers: false },
          ])
const timed = setups
  .filter(([name]) => name.includes('listener'))
  .map(([name, setup]): [string, Setup] => [`${name}, timers`, { ...setup, timers: true }])

const share = Math.ceil(total / (setups.length + timed.length))
let done = 0

/** Random operations on a cache and on the model, compared after each. */
async function compare(setup: Setup): Promise<void> {
  const sequences = fc.array(operations(12, setup.namespaces), { maxLength: 300, size: 'max' })
  const property = fc.asyncProperty(sequences, async (sequence) => {
    const bench = new Bench(setup)
    for (const operation of sequence) {
      const waiting = bench.do(operation)
      if (waiting !== undefined) await waiting
      done++
    }
    await bench.end()
  })
  const enough = done + share
  for (let round = 0; done < enough; round++) await fc.assert(property, { seed: seed + round, numRuns: 5 })
}

describe(`a cache and its model agree (NEARCACHE_SEED=${seed})`, () => {
  beforeAll(() => console.log(`NEARCACHE_SEED=${seed}`))

  test.each(setups)('%s', { timeout: 60_000 }, (_name, setup) => compare(setup))

  describe('under fake timers, with the sweeper at work', () => {
    beforeAll(() => {
      vi.useFakeTimers()
    })
    afterAll(() => {
      vi.useRealTimers()
    })
    test.each(timed)('%s', { timeout: 60_000 }, (_name, setup) => compare(setup))
  })

  test('over enough operations', () => expect(done).toBeGreaterThanOrEqual(total))
})

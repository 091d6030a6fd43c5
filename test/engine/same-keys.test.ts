import { Cache, type CacheOptions } from 'nearcache'
import { describe, expect, test } from 'vitest'
import { random as randoms } from '../../bench/keys.ts'
import { checkInvariants } from '../support/invariants.ts'

const seed = Number(process.env.NEARCACHE_SEED ?? Math.floor(Math.random() * 2 ** 31))

/** Ways to make a cache that has one feature more, which is to change nothing of what stays. */
const features: Readonly<Record<string, CacheOptions<number, number>>> = {
  'a listener': { onRemoval: () => {} },
  'a weigher that says 1': { maxWeight: 1000, weigh: () => 1 },
  'values frozen': { protect: 'freeze' },
  'an idle ttl that never ends': { idleTtl: 1e12 },
}

describe(`what stays in a cache does not depend on its features (NEARCACHE_SEED=${seed})`, () => {
  describe.each(['adaptive', 'lru'] as const)('%s', (policy) => {
    test.each(Object.entries(features))('%s', (_name, feature) => {
      let time = 1000
      const clock = (): number => time
      const bounds = { policy, clock, maxEntries: 40, ttl: 500 } as const
      const plain = new Cache<number, number>(bounds)
      const other = new Cache<number, number>({ ...bounds, ...feature })
      const random = randoms(seed)
      for (let step = 0; step < 4000; step++) {
        const key = Math.floor(random() ** 2 * 120)
        const what = random()
        const ttl = Math.floor(random() * 400) + 1
        const [one, two] = [plain, other].map((cache) => {
          if (what < 0.45) return cache.get(key)
          if (what < 0.8) return cache.set(key, step, what < 0.6 ? { ttl } : undefined)
          if (what < 0.87) return cache.add(key, step)
          if (what < 0.92) return cache.delete(key)
          if (what < 0.95) return cache.touch(key, ttl)
          return cache.getOrSet(key, () => step)
        })
        expect(one, `step ${step}`).toEqual(two)
        if (random() < 0.2) time += Math.floor(random() * 60)
        if (step % 50 === 0)
          expect([...plain.keys()].sort(), `step ${step}`).toEqual([...other.keys()].sort())
      }
      for (const cache of [plain, other]) {
        checkInvariants(cache)
        cache.close()
      }
    })
  })
})

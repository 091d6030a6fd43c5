import { Cache, type CacheOptions, type SetOptions } from 'nearcache'
import { describe, expect, test } from 'vitest'
import { random as randoms } from '../../bench/keys.ts'
import { storeOf } from '../../src/cache.ts'
import { standingsOf } from '../../src/engine/standings.ts'
import { checkInvariants } from '../support/invariants.ts'

const seed = Number(process.env.NEARCACHE_SEED ?? Math.floor(Math.random() * 2 ** 31))

/** A way to use a cache that has one feature more, which is to change nothing of what stays. */
interface Feature {
  readonly options?: CacheOptions<number, number>
  /** What each write brings. */
  readonly write?: SetOptions
}

const features: Readonly<Record<string, Feature>> = {
  'a listener': { options: { onRemoval: () => {} } },
  'a weigher that says 1': { options: { maxWeight: 1000, weigh: () => 1 } },
  'values frozen': { options: { protect: 'freeze' } },
  'values cloned': { options: { protect: 'clone' } },
  'an idle ttl that never ends': { options: { idleTtl: 1e12 } },
  'a tag on each entry': { write: { tags: ['all'] } },
  'all of them': {
    options: { onRemoval: () => {}, maxWeight: 1000, weigh: () => 1, protect: 'clone', idleTtl: 1e12 },
    write: { tags: ['all'] },
  },
}

describe(`what stays in a cache does not depend on its features (NEARCACHE_SEED=${seed})`, () => {
  describe.each(['adaptive', 'lru'] as const)('%s', (policy) => {
    describe.each(['the cache itself', 'namespaces'])('%s', (where) => {
      test.each(Object.entries(features))('%s', async (_name, { options, write }) => {
        let time = 1000
        const clock = (): number => time
        const bounds = { policy, clock, maxEntries: 40, ttl: 500 } as const
        const plain = new Cache<number, number>(bounds)
        const other = new Cache<number, number>({ ...bounds, ...options })
        const views = (cache: Cache<number, number>) =>
          where === 'namespaces'
            ? [cache.namespace('a'), cache.namespace('a').namespace('b'), cache]
            : [cache]
        const all = [
          { spaces: views(plain), brings: {} },
          { spaces: views(other), brings: write },
        ]
        const random = randoms(seed)
        for (let step = 0; step < 3000; step++) {
          const key = Math.floor(random() ** 2 * 120)
          const what = random()
          const which = random()
          const ttl = Math.floor(random() * 400) + 1
          const [one, two] = await Promise.all(
            all.map(({ spaces, brings }) => {
              const cache = spaces[Math.floor(which * spaces.length)]!
              if (what < 0.4) return cache.get(key)
              if (what < 0.7) return cache.set(key, step, what < 0.55 ? { ...brings, ttl } : brings)
              if (what < 0.77) return cache.add(key, step, brings)
              if (what < 0.82) return cache.delete(key)
              if (what < 0.85) return cache.touch(key, ttl)
              if (what < 0.86) return cache.expire(key)
              if (what < 0.9) return cache.getOrSet(key, () => step, brings)
              if (what < 0.95) return cache.getOrLoad(key, async () => step, brings)
              // A namespace, which the cache itself has as well; and the whole.
              if (what < 0.953) return cache.namespace('a').clear()
              if (what < 0.954) return cache.clear()
              if (what < 0.956) return cache.resize(30 + (key % 20))
              return cache.has(key)
            }),
          )
          expect(one, `step ${step}`).toEqual(two)
          if (random() < 0.2) time += Math.floor(random() * 60)
          if (step % 50 !== 0) continue
          const [left, right] = all.map(({ spaces }) => spaces.map((space) => [...space.keys()].sort()))
          expect(left, `step ${step}`).toEqual(right)
        }
        for (const cache of [plain, other]) {
          checkInvariants(cache)
          cache.close()
        }
      })
    })
  })
})

describe('a clear of the whole cache begins anew, its policy included', () => {
  test.each(Object.entries({ nothing: {} as Feature, ...features }))(
    'with %s',
    (_name, { options, write }) => {
      const bounds = { maxEntries: 40, ttl: 500, clock: () => 1000, ...options }
      const cache = new Cache<number, number>(bounds)
      const inside = cache.namespace<number, number>('inside')
      const random = randoms(seed)
      for (let step = 0; step < 3000; step++) {
        const key = Math.floor(random() ** 2 * 120)
        const view = random() < 0.3 ? inside : cache
        if (view.get(key) === undefined) view.set(key, step, write)
      }
      cache.clear()
      const { policy } = storeOf(cache)
      const fresh = new Cache<number, number>(bounds)
      expect(standingsOf(policy).state()).toEqual(standingsOf(storeOf(fresh).policy).state())
      expect(policy.queues.map(({ size }) => size)).toEqual(policy.queues.map(() => 0))
      checkInvariants(cache)
      cache.close()
    },
  )
})

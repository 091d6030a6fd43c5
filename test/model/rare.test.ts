import { expect, test } from 'vitest'
import { Cache, storeOf } from '../../src/cache.ts'
import { manualClock } from '../support/clock.ts'
import { deferred, ticks } from '../support/deferred.ts'
import { checkInvariants } from '../support/invariants.ts'

/** What random operations meet too seldom. */

test('an entry that grows is not what makes room for itself, even if it is the next to go', () => {
  const cache = new Cache<string, number>({ maxWeight: 10, weigh: (value) => value })
  for (const key of ['a', 'b', 'c']) cache.set(key, 3)
  // Uses count once some insertions have passed.
  for (let i = 0; i < 27; i++) {
    cache.set('passing', 1)
    cache.delete('passing')
    if (i % 9 === 8) for (const key of ['a', 'b']) cache.get(key)
  }
  const { policy } = storeOf(cache)
  const victims: number[] = []
  const victim = policy.victim.bind(policy)
  policy.victim = (now) => {
    victims.push(victim(now))
    return victims.at(-1)!
  }
  cache.set('c', 5)
  expect(victims).toHaveLength(2)
  expect(cache.get('c')).toBe(5)
  expect(cache.size).toBe(2)
  checkInvariants(cache)
})

test('a load does not replace what was moved to its version', async () => {
  const cache = new Cache<string, string>()
  const answer = deferred<string>()
  cache.set('key', 'moved')
  const loading = cache.version(2).getOrLoad('key', () => answer.promise)
  cache.incrVersion('key')
  answer.resolve('loaded')
  expect(await loading).toBe('loaded')
  expect(cache.version(2).get('key')).toBe('moved')
  checkInvariants(cache)
})

test('a refresh does not store in the version that its entry was moved from', async () => {
  const clock = manualClock()
  const cache = new Cache<string, string>({ ttl: 100, refreshAhead: 0.5, clock: clock.now })
  const answer = deferred<string>()
  cache.set('key', 'moved')
  clock.advance(60)
  expect(await cache.getOrLoad('key', () => answer.promise)).toBe('moved')
  cache.incrVersion('key')
  answer.resolve('refreshed')
  await ticks()
  expect(cache.stats()).toMatchObject({ refreshes: 1 })
  expect(cache.get('key')).toBeUndefined()
  expect(cache.version(2).get('key')).toBe('moved')
  checkInvariants(cache)
})

test('a ghost gives way to an entry that is moved to its key', () => {
  const cache = new Cache<string, number>({ maxEntries: 2 })
  const second = cache.version(2)
  second.set('key', 1)
  cache.set('a', 1)
  cache.set('b', 1)
  const { slots } = storeOf(cache)
  const ghost = slots.keys.indexOf('key')
  expect(slots.values[ghost]).toBeUndefined()
  cache.set('key', 2)
  expect(slots.keys.filter((key) => key === 'key')).toHaveLength(2)
  cache.incrVersion('key')
  expect(second.get('key')).toBe(2)
  checkInvariants(cache)
})

test.each([3, 10])(
  'a Map that refuses a key leaves everything whole, with %i entries in a cache for 4',
  (count) => {
    const cache = new Cache<string, number>({ maxEntries: 4 })
    for (let i = 0; i < count; i++) cache.set(`k${i}`, i)
    const { map } = storeOf(cache).root
    const { size } = map
    map.set = () => {
      throw new RangeError('Map maximum size exceeded')
    }
    expect(() => cache.set('refused', 1)).toThrow(RangeError)
    Reflect.deleteProperty(map, 'set')
    expect(map.size).toBeLessThanOrEqual(size)
    checkInvariants(cache)
    cache.set('next', 1)
    expect(cache.get('next')).toBe(1)
  },
)

import { afterEach, expect, test, vi } from 'vitest'
import { storeOf } from '../../src/cache.ts'
import { systemClock } from '../../src/core/clock.ts'
import { Cache, type CacheOptions } from '../../src/index.ts'
import { manualClock } from '../support/clock.ts'
import { checkInvariants } from '../support/invariants.ts'

afterEach(() => {
  vi.useRealTimers()
  systemClock.read()
})

/** Whether reads of this turn look at no deadline, after one of them has looked around. */
function isCalm(cache: Cache<string, number>): boolean {
  cache.set('seen', 1)
  cache.get('seen')
  checkInvariants(cache)
  cache.get('seen')
  const { slots, clock } = storeOf(cache)
  return slots.calmUntil > clock.latest
}

const busy = (ms: number): void => {
  for (const end = performance.now() + ms; performance.now() < end; );
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test('a turn is calm while nothing can have expired, and another turn is not known to be', async () => {
  const cache = new Cache<string, number>()
  expect(isCalm(cache)).toBe(true)
  const { slots, clock } = storeOf(cache)
  await nextTurn()
  expect(slots.calmUntil > clock.latest).toBe(false)
  expect(isCalm(cache)).toBe(true)
})

test.each<[string, CacheOptions<string, number>]>([
  ['an injected clock', { clock: manualClock().now }],
  ['an idle time', { idleTtl: '1m' }],
  ['cloned values', { protect: 'clone' }],
])('no turn is calm with %s', (_, options) => {
  expect(isCalm(new Cache(options))).toBe(false)
})

test.each<[string, (cache: Cache<string, number>) => void]>([
  ['an entry that bears a tag', (cache) => cache.set('tagged', 1, { tags: ['t'] })],
  ['an entry that was expired by hand', (cache) => cache.expire('seen')],
])('%s ends the calm', (_, disturb) => {
  const cache = new Cache<string, number>()
  expect(isCalm(cache)).toBe(true)
  disturb(cache)
  expect(isCalm(cache)).toBe(false)
})

test('an entry that has expired and was not swept out ends the calm; it is not read', async () => {
  const cache = new Cache<string, number>()
  cache.set('short', 1, { ttl: 200 })
  expect(isCalm(cache)).toBe(true)
  expect(cache.get('short')).toBe(1)
  busy(220)
  await nextTurn()
  expect(isCalm(cache)).toBe(false)
  expect(cache.get('short')).toBeUndefined()
})

test('what is held is given as long as it is trusted, and is gone at the first read after that', async () => {
  const cache = new Cache<string, number>({ ttl: '1h' })
  cache.set('a', 1)
  const { expiry, clock } = storeOf(cache)
  let distrusted = 0
  const trust = (): void =>
    expiry.trust(clock.read() + 200, () => {
      distrusted++
      cache.clear()
    })
  trust()
  expect(isCalm(cache)).toBe(true)
  busy(150)
  await nextTurn()
  trust()
  busy(100)
  await nextTurn()
  expect(isCalm(cache)).toBe(true)
  expect(cache.get('a')).toBe(1)
  busy(150)
  await nextTurn()
  expect(cache.get('a')).toBeUndefined()
  expect(distrusted).toBe(1)
  // What comes after that is not judged by it.
  cache.set('a', 2)
  expect(isCalm(cache)).toBe(true)
  expect(cache.get('a')).toBe(2)
  expect(distrusted).toBe(1)
})

test('what goes on expiring in a calm turn is gone as soon as the time is read afresh in it', () => {
  const cache = new Cache<string, number>({ ttl: 200 })
  expect(isCalm(cache)).toBe(true)
  cache.getOrSet('computed', () => {
    busy(220)
    return 1
  })
  expect(cache.get('seen')).toBeUndefined()
  expect(cache.get('computed')).toBe(1)
})

test('timers that are replaced in a calm turn are obeyed in that turn', () => {
  const cache = new Cache<string, number>({ ttl: '1m' })
  expect(isCalm(cache)).toBe(true)
  vi.useFakeTimers()
  vi.advanceTimersByTime(59_000)
  expect(cache.get('seen')).toBe(1)
  vi.advanceTimersByTime(1_000)
  expect(cache.get('seen')).toBeUndefined()
  vi.useRealTimers()
  expect(cache.get('seen')).toBeUndefined()
})

test('a ghost is not found in a calm turn', () => {
  const cache = new Cache<string, number>({ maxEntries: 4 })
  for (let i = 0; i < 8; i++) cache.set(String(i), i)
  expect(isCalm(cache)).toBe(true)
  expect(cache.size).toBe(4)
  for (let i = 0; i < 8; i++) expect(cache.get(String(i))).toBe(cache.has(String(i)) ? i : undefined)
})

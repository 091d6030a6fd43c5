import { afterEach, expect, test, vi } from 'vitest'
import { Cache, storeOf } from '../../src/cache.ts'
import type { CacheOptions } from '../../src/options/options.ts'
import { manualClock } from '../support/clock.ts'
import { checkInvariants } from '../support/invariants.ts'

const MANY = 20_000
/** Number of slots that one call looks at by itself, and between two looks at the time. */
const AT_ONCE = 4096
const BATCH = 1024

afterEach(() => void vi.restoreAllMocks())

function full(options: CacheOptions<number, number> = {}): Cache<number, number> {
  const cache = new Cache<number, number>({ maxEntries: MANY + 100, ttl: Infinity, ...options })
  for (let key = 0; key < MANY; key++) cache.set(key, key)
  return cache
}

function sweep(cache: Cache<number, number>): void {
  const { expiry } = storeOf(cache)
  while (!expiry.sweep(() => true));
  checkInvariants(cache)
}

test('expireAll of a large space writes so many deadlines at most, and the sweep the others in slices', () => {
  const cache = full({ staleIfError: '1h' })
  const store = storeOf(cache)
  const settle = vi.spyOn(store, 'settle')
  cache.expireAll()
  expect(settle.mock.calls.length).toBeLessThanOrEqual(AT_ONCE)
  checkInvariants(cache)
  let most = 0
  settle.mockClear()
  const late = (): boolean => {
    most = Math.max(most, settle.mock.calls.length)
    settle.mockClear()
    return true
  }
  while (!store.changeMore(late));
  expect(most).toBe(BATCH)
  expect(store.slots.isBehind).toBe(false)
  checkInvariants(cache)
})

test('expireAll of a large space holds at once for all of it, and not for what is written afterwards', () => {
  const cache = full()
  cache.delete(MANY - 1)
  cache.expireAll()
  expect([cache.get(0), cache.get(MANY - 2), cache.peek(MANY - 3)]).toEqual([undefined, undefined, undefined])
  expect([cache.has(MANY - 4), cache.touch(MANY - 4), cache.expiresIn(MANY - 5)]).toEqual([
    false,
    false,
    undefined,
  ])
  expect(() => cache.incr(MANY - 6)).toThrow('no entry under')
  expect(cache.add(MANY - 7, 7)).toBe(true)
  cache.set(MANY - 8, 8)
  cache.set(MANY + 1, 1)
  expect(cache.delete(MANY - 9)).toBe(false)
  cache.set(MANY + 2, 2)
  expect([...cache.keys()].sort()).toEqual([MANY - 8, MANY - 7, MANY + 1, MANY + 2])
  sweep(cache)
  expect([...cache.keys()].sort()).toEqual([MANY - 8, MANY - 7, MANY + 1, MANY + 2])
  expect(cache.stats()).toMatchObject({ size: 4, expirations: MANY - 1 })
})

test('expireAll again, before the sweep has ended, ends what was written between', () => {
  const clock = manualClock()
  const cache = full({ clock: clock.now, staleIfError: 100 })
  cache.expireAll()
  clock.advance(60)
  cache.set(MANY - 1, 1)
  cache.set(MANY + 1, 1)
  cache.expireAll()
  cache.set(MANY - 2, 2)
  clock.advance(60)
  sweep(cache)
  // The two that were ended last are kept for loads until 100 ms after that.
  expect(storeOf(cache).size).toBe(3)
  expect([...cache.keys()]).toEqual([MANY - 2])
})

test('39. what a large expireAll has ended leaves as expired, also where all is cleared, or closed before the sweep has ended', () => {
  for (const deed of ['clear', 'close', 'clear of a namespace'] as const) {
    const told: Record<string, number> = {}
    const cache = new Cache<number, number>({
      maxEntries: Infinity,
      ttl: Infinity,
      onRemoval: ({ reason }) => {
        told[reason] = (told[reason] ?? 0) + 1
      },
    })
    const view = deed === 'clear of a namespace' ? cache.namespace<number, number>('n') : cache
    for (let key = 0; key < MANY; key++) view.set(key, key)
    view.expireAll()
    view.set(MANY - 1, 0)
    view.set(MANY, 0)
    if (deed === 'close') view.close()
    else view.clear()
    while (!storeOf(cache).expiry.sweep(() => true));
    expect(told, deed).toEqual({ expired: MANY, cleared: 2 })
    checkInvariants(cache)
  }
})

test('an entry that is moved to a version with an expireAll under way stays live', () => {
  const cache = new Cache<number, number>({ maxEntries: Infinity, ttl: Infinity })
  const next = cache.version(2)
  for (let key = 0; key < MANY; key++) next.set(key, key)
  cache.set(MANY - 1, 1)
  next.expireAll()
  expect(cache.incrVersion(MANY - 1)).toBe(2)
  expect(next.get(MANY - 1)).toBe(1)
  sweep(cache)
  expect([...next]).toEqual([[MANY - 1, 1]])
})

test('resize and evictions meanwhile tell what has ended as expired', () => {
  const reasons = new Set<string>()
  const cache = full({ onRemoval: ({ reason }) => reasons.add(reason) })
  cache.expireAll()
  cache.resize(10)
  for (let key = MANY; key < MANY + 10; key++) cache.set(key, key)
  sweep(cache)
  expect(reasons).toEqual(new Set(['expired']))
  for (let key = MANY; key < MANY + 10; key++) expect(cache.get(key)).toBe(key)
})

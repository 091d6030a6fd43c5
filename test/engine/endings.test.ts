import { afterEach, expect, test, vi } from 'vitest'
import { Cache, storeOf } from '../../src/cache.ts'
import { spacesAtOnce } from '../../src/engine/spaces.ts'
import type { CacheOptions } from '../../src/options/options.ts'
import { manualClock } from '../support/clock.ts'
import { checkInvariants } from '../support/invariants.ts'

const MANY = 20_000
/** Number of slots that one call looks at by itself, and between two looks at the time. */
const AT_ONCE = 4096
const BATCH = 1024

const { most: SPACES_AT_ONCE } = spacesAtOnce

afterEach(() => {
  spacesAtOnce.most = SPACES_AT_ONCE
  vi.restoreAllMocks()
})

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

/** How often the lifetimes in some table have ended without all deadlines telling it. */
function pending(cache: Cache<number, number>): number {
  const { tables } = storeOf(cache).endings as unknown as { tables: ReadonlyMap<unknown, readonly unknown[]> }
  return Math.max(...[...tables.values()].map((list) => list.length))
}

test.each([
  ['at one time', 0, 1],
  ['while time goes on', 1, 50],
])(
  'expireAll again and again before the sweep gets a turn, %s, takes so many steps at most',
  (_, step, most) => {
    const clock = manualClock()
    const cache = full({ clock: clock.now, maxEntries: Infinity, staleIfError: '1h' })
    const store = storeOf(cache)
    const settle = vi.spyOn(store, 'settle')
    for (let call = 0; call < 50; call++) {
      settle.mockClear()
      cache.expireAll()
      expect(settle.mock.calls.length).toBeLessThanOrEqual(AT_ONCE)
      cache.set(MANY - 1 - call, -1)
      // Slots are added between two calls, too.
      for (let more = 0; more < 1000; more++) cache.set(MANY + 1000 * call + more, -2)
      if (call % 10 === 0) checkInvariants(cache)
      clock.advance(step)
    }
    expect(pending(cache)).toBeLessThanOrEqual(most)
    settle.mockClear()
    while (!store.changeMore(() => true));
    expect(settle.mock.calls.length).toBeLessThanOrEqual(2 * store.slots.end)
    checkInvariants(cache)
    expect(cache.get(MANY - 50)).toBe(-1)
    expect([...cache.values()].sort()).toEqual([-1, ...new Array(1000).fill(-2)])
  },
)

test('expireAll of many large namespaces before the sweep gets a turn looks at so many slots at most', () => {
  const cache = new Cache<number, number>({ maxEntries: Infinity, ttl: Infinity })
  const views = Array.from({ length: 100 }, (_, n) => cache.namespace<number, number>(`n${n}`))
  for (const view of views) for (let key = 0; key < 200; key++) view.set(key, key)
  const settle = vi.spyOn(storeOf(cache), 'settle')
  for (const view of views) {
    settle.mockClear()
    view.expireAll()
    expect(settle.mock.calls.length).toBeLessThanOrEqual(AT_ONCE)
    view.set(0, 1)
  }
  checkInvariants(cache)
  for (const view of views) expect([...view]).toEqual([[0, 1]])
  sweep(cache)
  expect(cache.stats()).toMatchObject({ size: 100, expirations: 100 * 200 })
})

test('an entry that is moved where an expireAll has yet to come stays live', () => {
  spacesAtOnce.most = 0
  const cache = new Cache<number, number>({ maxEntries: Infinity, ttl: Infinity })
  const next = cache.version(2)
  for (let key = 0; key < 100; key++) next.set(key, key)
  cache.expireAll()
  cache.set(1000, 1)
  expect(cache.incrVersion(1000)).toBe(2)
  expect([...next]).toEqual([[1000, 1]])
  sweep(cache)
  expect([...next]).toEqual([[1000, 1]])
})

test('expireAll by a listener whom the sweep tells holds where the arrays shrink then', () => {
  const clock = manualClock()
  let left = MANY
  const cache = new Cache<number, number>({
    clock: clock.now,
    maxEntries: Infinity,
    ttl: Infinity,
    onRemoval: () => {
      if (--left === 0) cache.expireAll()
    },
  })
  for (let key = 0; key < MANY; key++) cache.set(key, key, { ttl: 1000 })
  for (let key = MANY; key < MANY + 100; key++) cache.set(key, key)
  clock.advance(2000)
  const { expiry } = storeOf(cache)
  while (!expiry.sweep(() => false));
  expect([...cache]).toEqual([])
  checkInvariants(cache)
})

test('expireAll by a listener whom the sweep tells holds where a large Map is given up then', () => {
  const clock = manualClock()
  const cache = new Cache<number, number>({
    clock: clock.now,
    maxEntries: Infinity,
    ttl: Infinity,
    onRemoval: ({ reason }) => {
      if (reason === 'cleared') cache.expireAll()
    },
  })
  const view = cache.namespace<number, number>('n')
  view.set(0, 0)
  for (let key = 0; key < 2 * MANY; key++) cache.set(key, key, { ttl: 1000 })
  for (let key = 2 * MANY; key < 2 * MANY + 100; key++) cache.set(key, key)
  clock.advance(2000)
  view.clear()
  const { expiry } = storeOf(cache)
  while (!expiry.sweep(() => false));
  expect([...cache]).toEqual([])
  checkInvariants(cache)
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

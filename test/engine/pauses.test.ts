import { describe, expect, test, vi } from 'vitest'
import { Cache, storeOf } from '../../src/cache.ts'
import { FIRST_SLOT } from '../../src/core/slots.ts'
import type { RemovalReason } from '../../src/engine/removal.ts'
import type { CacheOptions, NewBounds } from '../../src/options/options.ts'
import { manualClock } from '../support/clock.ts'
import { checkInvariants } from '../support/invariants.ts'

const MANY = 40_000
/** How much one call does by itself, and how much is done between two looks at the time. */
const AT_ONCE = 1024
const BATCH = 64

const policies = ['lru', 'adaptive'] as const

type Options = CacheOptions<number, number>

function full(options: Options = {}): Cache<number, number> {
  const cache = new Cache<number, number>({ maxEntries: MANY, ttl: Infinity, ...options })
  for (let key = 0; key < MANY; key++) cache.set(key, key)
  return cache
}

/** Sweeps until done; the most slots that were freed between two looks at the time. */
function sweep(cache: Cache<number, number>): number {
  const { slots, expiry } = storeOf(cache)
  const free = slots.free.bind(slots)
  let freed = 0
  let most = 0
  let looks = 0
  slots.free = (slot) => {
    most = Math.max(most, ++freed)
    free(slot)
  }
  const late = (): boolean => {
    freed = 0
    if (++looks === 100) checkInvariants(cache)
    return looks % 10 === 0
  }
  while (!expiry.sweep(late));
  slots.free = free
  checkInvariants(cache)
  return most
}

describe.each(policies)('no single turn of work is long, %s', { timeout: 30_000 }, (policy) => {
  test('29. a bound lowered by far holds at once for `size`, and the surplus leaves in slices, told once each', () => {
    const told = new Uint8Array(MANY)
    const cache = full({
      policy,
      onRemoval: ({ key, reason }) => {
        if (reason === 'evicted') told[key]!++
      },
    })
    cache.resize(10)
    expect(cache.size).toBe(10)
    expect(cache.stats().size).toBe(10)
    expect(told.reduce((sum, times) => sum + times)).toBe(AT_ONCE)
    checkInvariants(cache)

    // Nothing is added to the surplus meanwhile.
    const held = storeOf(cache).size
    for (let key = MANY; key < MANY + 100; key++) cache.set(key, key)
    expect(storeOf(cache).size).toBeLessThanOrEqual(held)
    expect(cache.get(MANY + 99)).toBe(MANY + 99)

    expect(sweep(cache)).toBeLessThanOrEqual(2 * BATCH)
    expect(told.every((times) => times <= 1)).toBe(true)
    expect([...cache.keys()]).toHaveLength(10)
    expect(cache.stats()).toMatchObject({ size: 10, evictions: MANY + 100 - 10 })
    if (policy === 'lru') expect(cache.has(MANY + 99)).toBe(true)
  })

  test('29. raising the bound again keeps what has not left yet', () => {
    const cache = full({ policy })
    cache.resize(10)
    cache.resize(MANY)
    expect(cache.size).toBe(MANY - AT_ONCE)
    sweep(cache)
    expect(cache.size).toBe(MANY - AT_ONCE)
  })

  test('32. a bound by weight lowered by far holds at once for `weight`, and the surplus leaves in slices', () => {
    const cache = full({ policy, maxWeight: 3 * MANY, weigh: () => 3 })
    cache.resize({ maxWeight: 30 })
    expect(cache.stats()).toMatchObject({ weight: 30, maxWeight: 30 })
    checkInvariants(cache)
    const held = storeOf(cache).size
    expect(held).toBe(MANY - AT_ONCE)
    for (let key = MANY; key < MANY + 100; key++) cache.set(key, key)
    expect(storeOf(cache).size).toBeLessThanOrEqual(held)
    expect(storeOf(cache).size).toBeGreaterThan(held - 300)
    expect(cache.get(MANY + 99)).toBe(MANY + 99)
    expect(sweep(cache)).toBeLessThanOrEqual(2 * BATCH)
    expect(cache.stats()).toMatchObject({ size: 10, weight: 30 })
  })

  test.each<[string, Options, number | NewBounds]>([
    ['a bound by entries', {}, 10],
    ['a bound by bytes', { maxEntries: Infinity, maxBytes: 200 * MANY }, { maxBytes: 2000 }],
  ])('32. %s lowered by far forgets only so many keys in one turn', (_, options, bounds) => {
    const cache = full({ policy, ...options })
    for (let key = MANY; key < 2 * MANY; key++) cache.set(key, key)
    const { slots } = storeOf(cache)
    const before = slots.used
    cache.resize(bounds)
    expect(before - slots.used).toBeLessThanOrEqual(2 * AT_ONCE + BATCH)
    checkInvariants(cache)
    expect(sweep(cache)).toBeLessThanOrEqual(3 * BATCH)
    expect(slots.used).toBeLessThan(100)
    checkInvariants(cache)
  })

  test('29. the sweeper takes the surplus out by itself', () => {
    vi.useFakeTimers()
    const cache = full({ policy })
    cache.resize(10)
    vi.advanceTimersByTime(60_000)
    expect(storeOf(cache).size).toBe(10)
    checkInvariants(cache)
    expect(vi.getTimerCount()).toBe(0)
    vi.useRealTimers()
  })

  test('25. keys that are only remembered are freed in small steps after a clear', () => {
    const cache = full({ policy, onRemoval: () => {} })
    for (let key = MANY; key < 2 * MANY; key++) cache.set(key, key)
    cache.clear()
    expect(sweep(cache)).toBeLessThanOrEqual(BATCH)
    expect(storeOf(cache).slots.end).toBe(FIRST_SLOT)
  })

  test.each([false, true])(
    '44. close tells a listener in slices, once each (of a namespace: %s)',
    (inside) => {
      vi.useFakeTimers()
      const told = new Map<RemovalReason, number>()
      const keys = new Set<number>()
      const cache = new Cache<number, number>({
        ...{ policy, maxEntries: MANY, ttl: Infinity },
        onRemoval: ({ key, reason }) => {
          told.set(reason, (told.get(reason) ?? 0) + 1)
          keys.add(key)
        },
      })
      const view = inside ? cache.namespace<number, number>('n') : cache
      for (let key = 0; key < MANY; key++) view.set(key, key)
      view.close()
      view.close()
      expect(told.get('cleared')).toBeLessThanOrEqual(2 * AT_ONCE)
      expect(() => view.get(1)).toThrow('closed')
      vi.advanceTimersByTime(60_000)
      expect([...told]).toEqual([['cleared', MANY]])
      expect(keys.size).toBe(MANY)
      expect(storeOf(cache).slots.deadlines.length).toBeLessThan(100)
      expect(vi.getTimerCount()).toBe(0)
      vi.useRealTimers()
    },
  )

  test('11. many namespaces are asked for large tables in slices', () => {
    const clock = manualClock()
    const cache = full({ policy, clock: clock.now, maxEntries: Infinity, ttl: 1000 })
    for (let n = 0; n < 1000; n++) cache.namespace<number, number>(String(n)).set(n, n, { ttl: Infinity })
    const store = storeOf(cache)
    const spaces = store.allSpaces.bind(store)
    let asked = 0
    let most = 0
    store.allSpaces = function* () {
      for (const space of spaces()) {
        most = Math.max(most, ++asked)
        yield space
      }
    }
    clock.advance(2000)
    const late = (): boolean => {
      asked = 0
      return true
    }
    while (!store.expiry.sweep(late));
    expect(most).toBe(BATCH)
    expect(store.size).toBe(1000)
    checkInvariants(cache)
  })

  test.each([1, 100])(
    '11. a large Map with %i entries in a hundred alive is abandoned, not shrunk',
    (share) => {
      const clock = manualClock()
      const cache = full({ policy, clock: clock.now, maxEntries: Infinity, ttl: 1000 })
      for (let key = 0; key < MANY; key++) if (key % 100 < share) cache.touch(key, Infinity)
      const { root } = storeOf(cache)
      const { map } = root
      clock.advance(1000)
      cache.set(-1, 0, { ttl: 1 })
      clock.advance(1000)
      sweep(cache)
      expect(root.map === map).toBe(share === 100)
      expect(cache.size).toBe((MANY / 100) * share)
    },
  )
})

describe('an array that only some features need', () => {
  /** Number of elements that were filled in, one pass over an array at a time, by what is called; nothing else is done with any slot. */
  function filled(cache: Cache<number, number>, call: () => void): number {
    const store = storeOf(cache)
    const fill = vi.spyOn(Array.prototype, 'fill')
    const others = [vi.spyOn(store, 'isHeld'), vi.spyOn(store, 'ownerOf'), vi.spyOn(store, 'endOf')]
    call()
    const elements = fill.mock.calls.reduce((sum, [, start, end]) => sum + (end! - start!), 0)
    const looks = others.reduce((sum, { mock }) => sum + mock.calls.length, 0)
    vi.restoreAllMocks()
    expect(looks).toBeLessThanOrEqual(10)
    checkInvariants(cache)
    return elements
  }

  test('is filled once by the first namespace, in one pass, and not again', () => {
    const cache = full()
    expect(filled(cache, () => void cache.namespace('a'))).toBe(MANY)
    expect(filled(cache, () => void cache.namespace('b'))).toBe(0)
    expect(filled(cache, () => void cache.incrVersion(1))).toBe(0)
  })

  test('is made and left empty by the first tag', () => {
    const cache = full()
    expect(filled(cache, () => cache.set(0, 0, { tags: ['a'] }))).toBe(0)
    expect(filled(cache, () => cache.set(1, 1, { tags: ['b'] }))).toBe(0)
  })

  test.each(policies)('11. is not needed where half of the entries expire, %s', (policy) => {
    const clock = manualClock()
    const cache = new Cache<number, number>({ policy, maxEntries: MANY, ttl: Infinity, clock: clock.now })
    for (let key = 0; key < MANY; key++) cache.set(key, key, { ttl: key % 2 === 0 ? 1000 : Infinity })
    clock.advance(3000)
    sweep(cache)
    expect(cache.stats()).toMatchObject({ size: MANY / 2, expirations: MANY / 2 })
    expect(storeOf(cache).slots.owners).toBeUndefined()
  })
})

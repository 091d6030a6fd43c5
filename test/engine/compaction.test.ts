import { describe, expect, test } from 'vitest'
import { Cache, storeOf } from '../../src/cache.ts'
import type { CacheOptions } from '../../src/options/options.ts'
import { manualClock } from '../support/clock.ts'
import { checkInvariants } from '../support/invariants.ts'

const MANY = 20_000
const BATCH = 64

const policies = ['lru', 'adaptive'] as const

type Options = CacheOptions<number, number>

/** All of these expire, but for one in so many. */
function burst(step: number, options: Options): { cache: Cache<number, number>; left: number[] } {
  const clock = manualClock()
  const cache = new Cache<number, number>({ maxEntries: Infinity, ttl: 1000, clock: clock.now, ...options })
  for (let key = 0; key < MANY; key++) cache.set(key, key, key % step === step - 1 ? { ttl: 1e9 } : undefined)
  clock.advance(2000)
  return { cache, left: Array.from({ length: MANY / step }, (_, i) => step - 1 + i * step) }
}

function sweep(cache: Cache<number, number>): void {
  while (!storeOf(cache).expiry.sweep(() => false));
}

const lengthOf = (cache: Cache<number, number>): number => storeOf(cache).slots.deadlines.length

const kinds: Record<string, Options> = {
  plain: {},
  'with a listener': { onRemoval: () => {} },
  'with weights and an idle time': { maxWeight: 1e9, weigh: (value) => value + 1, idleTtl: 1e8 },
}

describe.each(policies)('arrays shrink after a burst, %s', { timeout: 30_000 }, (policy) => {
  test.each(Object.entries(kinds))('11. and what is left stays as it was: %s', (_, options) => {
    const { cache, left } = burst(100, { policy, ...options })
    expect(lengthOf(cache)).toBeGreaterThan(MANY)
    sweep(cache)
    checkInvariants(cache)
    expect(lengthOf(cache)).toBeLessThan(MANY / 8)
    expect(cache.size).toBe(left.length)
    for (const key of left) expect(cache.get(key)).toBe(key)
    expect([...cache.keys()].sort((a, b) => a - b)).toEqual(left)
    // It grows again as it did at first.
    for (let key = MANY; key < 2 * MANY; key++) cache.set(key, key)
    checkInvariants(cache)
    for (const key of left) expect(cache.delete(key)).toBe(true)
  })

  test('32. and after a bound was lowered', () => {
    const cache = new Cache<number, number>({ policy, maxEntries: MANY, ttl: Infinity })
    for (let key = 0; key < MANY; key++) cache.set(key, key)
    cache.resize(10)
    sweep(cache)
    expect(lengthOf(cache)).toBeLessThan(MANY / 8)
    expect([...cache]).toHaveLength(10)
    checkInvariants(cache)
  })

  test('11. in small steps, while others come and go', () => {
    const { cache, left } = burst(10, { policy })
    const store = storeOf(cache)
    const held = new Map(left.map((key) => [key, key]))
    const iterator = cache.entries()
    let moves = 0
    let most = 0
    const relocate = store.policy.relocate.bind(store.policy)
    store.policy.relocate = (from, to) => {
      most = Math.max(most, ++moves)
      relocate(from, to)
    }
    let steps = 0
    const late = (): boolean => {
      moves = 0
      return true
    }
    while (!store.expiry.sweep(late)) {
      if (most === 0) continue
      const key = MANY + steps++
      cache.set(key, key, { ttl: 1e9 })
      held.set(key, key)
      const gone = left[(steps * 7) % left.length]!
      expect(cache.delete(gone)).toBe(held.delete(gone))
      iterator.next()
      if (steps % 10 === 0) checkInvariants(cache)
    }
    expect(most).toBe(BATCH)
    expect(steps).toBeGreaterThan(10)
    expect(new Map(cache)).toEqual(held)
    expect(lengthOf(cache)).toBeLessThan(MANY / 2)
  })

  test('11. but not where they are needed again meanwhile: nothing is lost', () => {
    const { cache, left } = burst(10, { policy })
    const { expiry, slots } = storeOf(cache)
    while (!slots.isShrinking) expiry.sweep(() => true)
    expiry.sweep(() => true)
    for (let key = MANY; key < 2 * MANY; key++) cache.set(key, key, { ttl: 1e9 })
    expect(slots.isShrinking).toBe(false)
    checkInvariants(cache)
    sweep(cache)
    expect(cache.size).toBe(MANY + left.length)
    for (const key of left) expect(cache.get(key)).toBe(key)
  })

  test('11. of a store with namespaces and tags, and a clear before the end', () => {
    const { cache, left } = burst(10, { policy, onRemoval: () => {} })
    const inside = cache.namespace<number, number>('n')
    for (let key = 0; key < 500; key++) inside.set(key, -key, { ttl: 1e9, tags: [String(key % 2)] })
    const { expiry, slots } = storeOf(cache)
    while (!slots.isShrinking) expiry.sweep(() => true)
    expiry.sweep(() => true)
    cache.deleteByTag('1')
    inside.namespace<number, number>('m').set(1, 1)
    sweep(cache)
    // The tag was deleted after its entries were looked at.
    sweep(cache)
    checkInvariants(cache)
    expect(inside.size).toBe(250)
    for (let key = 0; key < 500; key += 2) expect(inside.get(key)).toBe(-key)
    inside.clear()
    sweep(cache)
    checkInvariants(cache)
    expect(cache.size).toBe(left.length)
    expect(inside.size).toBe(0)
    cache.clear()
    sweep(cache)
    checkInvariants(cache)
    expect(lengthOf(cache)).toBeLessThan(100)
  })

  test('11. keys that are only remembered go when no entry is left in any of many namespaces', () => {
    const clock = manualClock()
    const cache = new Cache<number, number>({ policy, maxEntries: 200, ttl: 1000, clock: clock.now })
    for (let n = 0; n < 600; n++) cache.namespace<number, number>(String(n)).set(n, n)
    clock.advance(2000)
    let slices = 1
    while (!storeOf(cache).expiry.sweep(() => true)) slices++
    expect(slices).toBeGreaterThan(1)
    expect(storeOf(cache).slots.used).toBe(0)
    for (const space of storeOf(cache).spaces()) expect(space.map.size).toBe(0)
    checkInvariants(cache)
  })
})

import { describe, expect, test } from 'vitest'
import { Cache, storeOf } from '../../src/cache.ts'
import { FIRST_SLOT } from '../../src/core/slots.ts'
import type { CacheOptions } from '../../src/options/options.ts'
import { manualClock } from '../support/clock.ts'
import { checkInvariants } from '../support/invariants.ts'

const MANY = 40_000
/** How many entries may leave, and how many slots be looked at, between two looks at the time. */
const BATCH = 64
const SCAN = 1024

const policies = ['lru', 'adaptive'] as const

interface Counted {
  /** The most entries that left between two looks at the time. */
  readonly most: number
  readonly looks: number
  readonly slices: number
}

/** Sweeps in slices of so many looks at the time, and counts what happens between two of them. */
function sweepInSlices(cache: Cache<number, unknown>, looksPerSlice: number): Counted {
  const store = storeOf(cache)
  let size = store.size
  let most = 0
  let looks = 0
  let slices = 0
  const count = (): void => {
    most = Math.max(most, size - store.size)
    size = store.size
  }
  for (let done = false; !done; slices++) {
    let left = looksPerSlice
    done = store.expiry.sweep(() => {
      looks++
      count()
      return --left === 0
    })
    count()
    if (slices === 3 && looksPerSlice === 10) checkInvariants(cache)
  }
  checkInvariants(cache)
  return { most, looks, slices }
}

function full(options: CacheOptions<number, unknown>): Cache<number, unknown> {
  const cache = new Cache<number, unknown>({ maxEntries: Infinity, ttl: 1000, ...options })
  for (let key = 0; key < MANY; key++) cache.set(key, key)
  return cache
}

describe.each(policies)('40,000 entries that end at once, %s', { timeout: 30_000 }, (policy) => {
  test('leave in small steps', () => {
    const clock = manualClock()
    const cache = full({ policy, clock: clock.now })
    clock.advance(1000)
    const { most, looks, slices } = sweepInSlices(cache, 10)
    expect(most).toBeLessThanOrEqual(BATCH)
    expect(looks).toBeGreaterThanOrEqual(MANY / BATCH)
    expect(slices).toBeGreaterThanOrEqual(looks / 10)
    expect(storeOf(cache).size).toBe(0)
    expect(cache.stats()).toMatchObject({ size: 0, expirations: MANY })
    expect(storeOf(cache).slots.end).toBe(FIRST_SLOT)
  })

  test('are told one by one, once each', () => {
    const clock = manualClock()
    const told = new Uint8Array(MANY)
    const cache = full({
      ...{ policy, clock: clock.now },
      onRemoval: ({ key, reason }) => {
        if (reason === 'expired') told[key]!++
      },
    })
    clock.advance(1000)
    expect(sweepInSlices(cache, 100).most).toBeLessThanOrEqual(BATCH)
    expect(told.every((times) => times === 1)).toBe(true)
  })

  test.each([1, 4000, 10_000, 25_000])('leave %i live ones alone', (live) => {
    const clock = manualClock()
    const cache = full({ policy, clock: clock.now })
    const every = Math.floor(MANY / live)
    for (let i = 0; i < live; i++) cache.set(i * every, 'live', { ttl: 1e6 })
    clock.advance(1000)
    // With few live ones their Map is given up as a whole, and they move to a new one.
    expect([...cache.keys()]).toHaveLength(live)
    expect(sweepInSlices(cache, 50).most).toBeLessThanOrEqual(BATCH)
    expect(cache.size).toBe(live)
    for (let i = 0; i < live; i++) expect(cache.get(i * every)).toBe('live')
    expect(cache.stats()).toMatchObject({ size: live, expirations: MANY - live })
  })

  test('leave while others come, go and iterate', () => {
    const clock = manualClock()
    const cache = full({ policy, clock: clock.now })
    const store = storeOf(cache)
    clock.advance(1000)
    let written = 0
    const later = cache.entries()
    for (let done = false; !done; ) {
      let left = 20
      done = store.expiry.sweep(() => --left === 0)
      for (let i = 0; i < 5; i++, written++) cache.set(written * 7, `new ${written}`, { ttl: 1e6 })
      cache.delete((written - 3) * 7)
      later.next()
      expect(cache.get((written - 1) * 7)).toBe(`new ${written - 1}`)
    }
    checkInvariants(cache)
    store.expiry.sweep(() => false)
    expect(cache.size).toBe(written - Math.floor(written / 5))
    expect([...cache.values()].every((value) => typeof value === 'string')).toBe(true)
  })

  test('leave in small steps also where they share the store with others', () => {
    const clock = manualClock()
    const cache = full({ policy, clock: clock.now, ttl: 2000 })
    const namespace = cache.namespace<number, unknown>('n')
    for (let key = 0; key < MANY; key++) namespace.set(key, key, { ttl: key % 10 === 0 ? 5000 : 500 })
    clock.advance(1000)
    expect(sweepInSlices(cache, 100).most).toBeLessThanOrEqual(BATCH)
    expect([cache.size, namespace.size]).toEqual([MANY, MANY / 10])
    clock.advance(1000)
    expect(sweepInSlices(cache, 100).most).toBeLessThanOrEqual(BATCH)
    expect([cache.size, namespace.size]).toEqual([0, MANY / 10])
  })

  test('take along nothing that lives in a namespace that grows large meanwhile', () => {
    const clock = manualClock()
    const cache = full({ policy, clock: clock.now })
    const namespace = cache.namespace<number, unknown>('n')
    const grown = 33_500
    for (let key = 0; key < 32_000; key++) namespace.set(key, key, { ttl: Infinity })
    clock.advance(1000)
    const store = storeOf(cache)
    // The survey passes what is there, slice by slice, before the namespace grows.
    for (let slices = 0; slices < 60; slices++) store.expiry.sweep(() => true)
    for (let key = 32_000; key < grown; key++) namespace.set(key, key, { ttl: Infinity })
    sweepInSlices(cache, 20)
    expect([cache.size, namespace.size]).toEqual([0, grown])
    const there = Array.from({ length: grown }, (_, key) => key).filter((key) => namespace.peek(key) === key)
    expect(there).toHaveLength(grown)
  })

  test('take along nothing that moves among them meanwhile', () => {
    const clock = manualClock()
    const cache = full({ policy, clock: clock.now })
    const second = cache.version(2)
    for (let i = 0; i < 100; i++) second.set(MANY + i, i, { ttl: Infinity })
    clock.advance(1000)
    const store = storeOf(cache)
    let moved = 0
    for (let done = false; !done; ) {
      done = store.expiry.sweep(() => true)
      if (moved < 100) second.decrVersion(MANY + moved++)
    }
    expect(moved).toBe(100)
    sweepInSlices(cache, 20)
    expect([cache.size, second.size]).toEqual([100, 0])
    for (let i = 0; i < 100; i++) expect(cache.peek(MANY + i)).toBe(i)
  })

  test.each([1, 2, 3])(
    'and what grows, moves, comes and goes between slices agree with a Map (run %i)',
    (run) => {
      const seed = Number(process.env.NEARCACHE_SEED ?? Math.trunc(Math.random() * 2 ** 31)) + run
      console.log(`NEARCACHE_SEED=${seed - run}`)
      let state = seed
      const random = (below: number): number => {
        state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0
        return (state >>> 8) % below
      }
      const clock = manualClock()
      const cache = full({ policy, clock: clock.now })
      const views = [cache, cache.version(2), cache.namespace<number, unknown>('n')]
      const expected = views.map(() => new Map<number, number>())
      const write = (view: number, key: number): void => {
        views[view]!.set(key, key, { ttl: Infinity })
        expected[view]!.set(key, key)
      }
      for (let key = 0; key < 25_000 + random(10_000); key++) write(2, key)
      for (let key = 0; key < random(40_000); key++) views[1]!.set(key, 'ends')
      for (let key = 0; key < 100; key++) write(random(2), MANY + key)
      clock.advance(1000)
      const store = storeOf(cache)
      for (let done = false; !done; ) {
        let looks = random(10)
        done = store.expiry.sweep(() => looks-- === 0)
        for (let writes = random(300), key = random(60_000); writes > 0; writes--) write(random(3), key++)
        for (let moves = random(10); moves > 0; moves--) {
          const from = random(2)
          const key = [...expected[from]!.keys()][random(expected[from]!.size)]
          if (key === undefined) continue
          if (from === 0) cache.incrVersion(key)
          else views[1]!.decrVersion(key)
          expected[from]!.delete(key)
          expected[1 - from]!.set(key, key)
        }
        const gone = random(60_000)
        expect(views[2]!.delete(gone)).toBe(expected[2]!.delete(gone))
        if (random(100) === 0) {
          views[1]!.clear()
          expected[1]!.clear()
        }
      }
      checkInvariants(cache)
      for (const [i, view] of views.entries()) expect(new Map(view)).toEqual(expected[i])
    },
  )

  test('are reclaimed in small steps after a clear', () => {
    const cache = full({ policy, onRemoval: () => {} })
    cache.clear()
    expect(cache.size).toBe(0)
    expect(sweepInSlices(cache, 100).most).toBeLessThanOrEqual(BATCH)
    expect(storeOf(cache).slots.end).toBe(FIRST_SLOT)
  })

  test('are looked at in small steps while they live', () => {
    const clock = manualClock()
    const cache = full({ policy, clock: clock.now })
    cache.set(-1, 'ends', { ttl: 1 })
    clock.advance(500)
    const { looks } = sweepInSlices(cache, 1)
    expect(looks).toBeGreaterThanOrEqual(Math.floor(MANY / SCAN))
    expect(cache.size).toBe(MANY)
  })
})

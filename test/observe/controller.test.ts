import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Cache, storeOf } from '../../src/cache.ts'
import { estimateBytes } from '../../src/core/bytes.ts'
import { GuardController } from '../../src/observe/controller.ts'
import { Guarded } from '../../src/observe/guarded.ts'
import { checkInvariants } from '../support/invariants.ts'

type Numbers = Cache<number, object>

const MB = 1024 ** 2
/** What the guard estimates of a value of these tests with its key, and what it takes in the simulated heap. */
const VALUE = { text: 'x'.repeat(900) }

/** A heap whose size follows from what the caches hold, and that is collected when a test says so. */
class Heap {
  /** What the application holds besides. */
  own = 0
  garbage = 0
  /** What the process takes, where a test says so. */
  rss = 0
  /** How much an entry takes. */
  each = 1100
  time = 0
  private next = 1_000_000
  /** What runs in other turns. */
  readonly later: (() => void)[] = []
  readonly caches: readonly Numbers[]

  constructor(caches: readonly Numbers[]) {
    this.caches = caches
  }

  get live(): number {
    return this.own + this.caches.reduce((sum, cache) => sum + storeOf(cache).size, 0) * this.each
  }

  guard(limit: number, memory = Infinity): GuardController {
    return new GuardController(
      {
        used: () => this.live + this.garbage,
        rss: () => this.rss,
        now: () => this.time,
        later: (callback) => void this.later.push(callback),
        stores: () => this.caches.map(storeOf),
      },
      { limit, high: 0.75 * limit, low: 0.65 * limit, memory },
    )
  }

  /** Turns of the event loop until nothing is left to be done. */
  settle(): void {
    for (let next = this.later.shift(); next !== undefined; next = this.later.shift()) next()
  }

  insert(cache: Numbers, count: number): void {
    for (let i = 0; i < count; i++) {
      const before = storeOf(cache).size
      cache.set(this.next++, VALUE)
      if (storeOf(cache).size <= before) this.garbage += this.each
    }
  }

  collect(guard: GuardController): void {
    this.garbage = 0
    guard.collected()
    this.settle()
  }
}

const caches = (maxEntries: number, count = 2): Numbers[] =>
  Array.from({ length: count }, () => new Cache<number, object>({ maxEntries, ttl: Infinity }))

describe('the controller of the heap guard', () => {
  test('59. holds before it cuts: what fills the caches evicts one for one, and nothing is lost', () => {
    const [one, two] = caches(100_000) as [Numbers, Numbers]
    const heap = new Heap([one, two])
    const guard = heap.guard(4 * MB)
    heap.insert(one, 2000)
    heap.insert(two, 2000)
    expect(guard.holding).toBe(true)
    expect(guard.counts).toMatchObject({ holds: 1, cuts: 0, given: 0 })
    expect(heap.live).toBeGreaterThan(0.6 * 4 * MB)
    expect(heap.live).toBeLessThan(0.8 * 4 * MB)
    expect(one.stats()).toMatchObject({ maxEntries: 100_000, heldAt: storeOf(one).size })
    const { size } = one
    heap.insert(one, 100)
    expect(one.size).toBe(size)
    expect(one.stats().evictions).toBeGreaterThanOrEqual(100)
    checkInvariants(one)
  })

  test('59. a collection that shows too much cuts down to the lower mark, once', () => {
    const [one, two] = caches(100_000) as [Numbers, Numbers]
    const heap = new Heap([one, two])
    const guard = heap.guard(4 * MB)
    heap.insert(one, 1000)
    heap.insert(two, 1000)
    heap.collect(guard)
    heap.own = 1.5 * MB
    heap.collect(guard)
    expect(guard.counts.cuts).toBe(1)
    expect(heap.live).toBeLessThan(0.7 * 4 * MB)
    expect(heap.live).toBeGreaterThan(0.6 * 4 * MB)
    heap.collect(guard)
    expect(guard.counts.cuts).toBe(1)
    for (const cache of [one, two]) checkInvariants(cache)
  })

  test.each([500, 1100, 3300])(
    '60. learns from collections what entries take: %d bytes each, held where the heap is full',
    (each) => {
      const [cache] = caches(1_000_000, 1) as [Numbers]
      const heap = new Heap([cache])
      heap.each = each
      const guard = heap.guard(200 * MB)
      for (let n = 0; n < 3; n++) {
        heap.insert(cache, Math.floor((40 * MB) / each))
        heap.collect(guard)
      }
      expect(guard.holding).toBe(false)
      while (!guard.holding && heap.live < 200 * MB) heap.insert(cache, 64)
      expect(heap.live / MB).toBeGreaterThan(140)
      expect(heap.live / MB).toBeLessThan(156)
      guard.stop()
    },
  )

  test('60. bytes of an entry: what is counted in a bound by bytes, else an estimate and what its place takes', () => {
    const [cache] = caches(1000, 1) as [Numbers]
    const bounded = new Cache<number, object>({ maxBytes: '1mb' })
    for (const one of [cache, bounded]) for (let key = 0; key < 100; key++) one.set(key, VALUE)
    const part = new Guarded(storeOf(cache))
    expect(part.each).toBeCloseTo(96 + estimateBytes(1) + estimateBytes(VALUE), 6)
    expect(part.bytes).toBe(100 * part.each)
    expect(new Guarded(storeOf(bounded)).each).toBeCloseTo(bounded.stats().weight / 100, 6)
  })

  test('58. 59. values that become much larger within a turn are seen at once: held, and cut back where they take the place of others', () => {
    const cache = new Cache<number, string>({ maxEntries: 100_000, ttl: Infinity })
    let garbage = 0
    const live = (): number => {
      let bytes = 0
      for (const value of storeOf(cache).slots.values)
        if (typeof value === 'string') bytes += 100 + value.length
      return bytes
    }
    const limit = 8 * MB
    const guard = new GuardController(
      {
        used: () => live() + garbage,
        rss: () => 0,
        now: () => 0,
        later: () => {},
        stores: () => [storeOf(cache)],
      },
      { limit, high: 0.75 * limit, low: 0.65 * limit, memory: Infinity },
    )
    for (let key = 0; key < 3000; key++) cache.set(key, 'small')
    guard.collected()
    let peak = 0
    for (let key = 3000; key < 8000; key++) {
      cache.set(key, 'x'.repeat(10_000))
      garbage += 100
      if (key % 50 === 0) peak = Math.max(peak, live())
    }
    expect(guard.counts).toMatchObject({ collections: 1, holds: 1 })
    expect(peak / limit).toBeGreaterThan(0.5)
    expect(peak / limit).toBeLessThan(0.92)
    guard.collected()
    expect(live() / limit).toBeLessThan(0.8)
    checkInvariants(cache)
  })

  test('61. the cache with the fewest hits per byte gives first, and keeps its floor', () => {
    const [useful, useless] = caches(20_000) as [Numbers, Numbers]
    const heap = new Heap([useful, useless])
    const guard = heap.guard(6.4 * MB)
    for (let key = 0; key < 1000; key++) {
      useful.set(key, VALUE)
      useless.set(key, VALUE)
    }
    for (let key = 0; key < 1000; key++) useful.get(key)
    heap.collect(guard)
    heap.own = 2.8 * MB
    heap.collect(guard)
    expect(guard.counts.cuts).toBe(1)
    expect(useful.size).toBe(1000)
    expect(useless.size).toBeLessThan(500)
    heap.own = 64 * MB
    heap.collect(guard)
    expect([useful.size, useless.size]).toEqual([20, 20])
  })

  test.each([
    [undefined, 'gives more'],
    [{ weight: 3 }, 'keeps more'],
  ] as const)('61. with half the hits of another and `guard: %o` a cache %s', (guard, what) => {
    const options = { maxEntries: 20_000, ttl: Infinity }
    const other = new Cache<number, object>(options)
    const cache = new Cache<number, object>({ ...options, guard })
    const heap = new Heap([other, cache])
    const controller = heap.guard(6.4 * MB)
    for (let key = 0; key < 1000; key++) {
      other.set(key, VALUE)
      cache.set(key, VALUE)
      other.get(key)
      if (key % 2 === 0) cache.get(key)
    }
    heap.collect(controller)
    heap.own = 2.8 * MB
    heap.collect(controller)
    expect(controller.counts.cuts).toBe(1)
    expect(cache.size > other.size ? 'keeps more' : 'gives more').toBe(what)
    expect(cache.size + other.size).toBeLessThan(1900)
    for (const one of [cache, other]) checkInvariants(one)
  })

  test('61. `guard: false` leaves a cache out: it is neither held nor cut, and grows on', () => {
    const [one] = caches(100_000, 1) as [Numbers]
    const out = new Cache<number, object>({ maxEntries: 100_000, ttl: Infinity, guard: false })
    const heap = new Heap([one, out])
    const guard = heap.guard(4 * MB)
    expect(guard.guarded).toHaveLength(1)
    heap.insert(one, 1000)
    heap.insert(out, 3000)
    heap.collect(guard)
    expect(guard.counts.cuts).toBe(1)
    expect([out.size, out.stats().heldAt]).toEqual([3000, undefined])
    expect(one.size).toBeLessThan(1000)
    heap.insert(out, 100)
    expect(out.size).toBe(3100)
    for (const cache of [one, out]) checkInvariants(cache)
  })

  test('62. grows back a little at a time, only after collections that left room, and not soon after a cut', () => {
    const [one, two] = caches(1000) as [Numbers, Numbers]
    const heap = new Heap([one, two])
    const guard = heap.guard(4 * MB)
    heap.insert(one, 1000)
    heap.insert(two, 1000)
    heap.collect(guard)
    heap.own = 1.2 * MB
    heap.collect(guard)
    expect(guard.counts.cuts).toBe(1)
    heap.own = 0
    heap.collect(guard)
    heap.time += 3900
    heap.collect(guard)
    expect(guard.counts.grown).toBe(0)
    const bounds = [one, two].map((cache) => storeOf(cache).maxEntries)
    for (let second = 0; second < 100; second++) {
      heap.time += 1001
      heap.insert(one, 50)
      heap.insert(two, 50)
      heap.collect(guard)
      ;[one, two].forEach((cache, i) => {
        const { maxEntries } = storeOf(cache)
        expect(maxEntries).toBeGreaterThanOrEqual(bounds[i]!)
        expect(maxEntries - bounds[i]!).toBeLessThanOrEqual(32)
        bounds[i] = maxEntries
      })
      expect(heap.live).toBeLessThanOrEqual(0.75 * 4 * MB)
    }
    expect(guard.counts.cuts).toBe(1)
    expect([one.stats().heldAt, two.stats().heldAt, one.size]).toEqual([undefined, undefined, 1000])
  })

  test('64. memory of the process that does not fall is no reason to cut again, until it has risen', () => {
    const [one, two] = caches(100_000) as [Numbers, Numbers]
    const heap = new Heap([one, two])
    const guard = heap.guard(1000 * MB, 100 * MB)
    heap.rss = 40 * MB
    heap.collect(guard)
    heap.insert(one, 11_000)
    heap.insert(two, 11_000)
    expect(guard.holding).toBe(false)
    heap.insert(one, 10_000)
    expect(guard.counts).toMatchObject({ holds: 1, cuts: 0 })
    const held = heap.live
    heap.rss = 96 * MB
    for (let i = 0; i < 20; i++) heap.collect(guard)
    expect(guard.counts.cuts).toBe(1)
    const freed = held - heap.live
    expect(freed).toBeGreaterThan(0.8 * 21 * MB)
    expect(freed).toBeLessThan(1.2 * 21 * MB)
    heap.rss = 97 * MB
    heap.collect(guard)
    expect(guard.counts.cuts).toBe(1)
    heap.rss = 99 * MB
    heap.collect(guard)
    expect(guard.counts.cuts).toBe(2)
    heap.rss = 60 * MB
    const { live } = heap
    for (let i = 0; i < 10; i++) {
      heap.time += 5000
      heap.collect(guard)
    }
    expect(guard.counts.grown).toBeGreaterThan(0)
    heap.insert(one, 1000)
    expect(heap.live).toBeGreaterThan(live)
    for (const cache of [one, two]) checkInvariants(cache)
  })

  test('68. a bound that the user changes meanwhile is the one that the cache returns to', () => {
    const [one] = caches(10_000, 1) as [Numbers]
    const heap = new Heap([one])
    const guard = heap.guard(1 * MB)
    heap.insert(one, 1000)
    expect(guard.holding).toBe(true)
    one.resize(50_000)
    expect(one.stats().maxEntries).toBe(50_000)
    expect(storeOf(one).maxEntries).toBeLessThan(10_000)
    one.resize(100)
    expect(one.size).toBe(100)
    guard.stop()
    expect(one.stats()).toMatchObject({ maxEntries: 100, heldAt: undefined })
  })

  test('55. takes in what is opened later, holds it where it holds the others, and keeps nothing that is closed', () => {
    const [one, late] = caches(10_000) as [Numbers, Numbers]
    const stores = [one]
    const heap = new Heap([one])
    Object.assign(heap, { caches: stores })
    const guard = heap.guard(1 * MB)
    heap.insert(one, 1000)
    stores.push(late)
    guard.adopt()
    heap.insert(late, 100)
    expect(late.size).toBe(16)
    late.close()
    heap.collect(guard)
    expect(guard.guarded.map(({ name }) => name)).toEqual([one.name])
  })

  test('68. tells what it does', () => {
    const told: object[] = []
    const note = (message: unknown): void => void told.push(message as object)
    subscribe('nearcache:guard', note)
    const [one] = caches(10_000, 1) as [Numbers]
    const heap = new Heap([one])
    const guard = heap.guard(1 * MB)
    heap.insert(one, 1000)
    heap.own = 0.5 * MB
    heap.collect(guard)
    heap.own = 0
    heap.time += 5000
    heap.collect(guard)
    unsubscribe('nearcache:guard', note)
    expect(told).toMatchObject([{ kind: 'hold' }, { kind: 'cut' }, { kind: 'grow' }])
    expect(told[0]).toMatchObject({ limit: 1 * MB, entries: expect.any(Number), live: expect.any(Number) })
  })

  test('69. whatever happens: one cut for a collection at most, no cache under its floor, nothing given up in vain', {
    timeout: 60_000,
  }, () => {
    const step = fc.oneof(
      fc.record({ do: fc.constant('insert' as const), cache: fc.nat(2), count: fc.nat(300) }),
      fc.record({ do: fc.constant('read' as const), cache: fc.nat(2), count: fc.nat(100) }),
      fc.record({ do: fc.constant('own' as const), bytes: fc.nat(2 * MB) }),
      fc.record({ do: fc.constant('collect' as const), later: fc.nat(3000) }),
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), fc.constantFrom(600, 1100, 2500), (steps, each) => {
        const all = caches(500, 3)
        const heap = new Heap(all)
        heap.each = each
        const guard = heap.guard(2 * MB)
        try {
          for (const one of steps) {
            if (one.do === 'insert') heap.insert(all[one.cache]!, one.count)
            else if (one.do === 'read') for (let key = 0; key < one.count; key++) all[one.cache]!.get(key)
            else if (one.do === 'own') heap.own = one.bytes
            else {
              heap.time += one.later
              const { cuts } = guard.counts
              const sizes = all.map(({ size }) => size)
              const before = heap.live
              heap.collect(guard)
              expect(guard.counts.cuts - cuts).toBeLessThanOrEqual(1)
              // Nothing is given up but for a live set above the mark.
              if (before <= 0.75 * 2 * MB) expect(all.map(({ size }) => size)).toEqual(sizes)
              for (const [i, { size }] of all.entries())
                expect(size).toBeGreaterThanOrEqual(Math.min(16, sizes[i]!))
            }
            for (const cache of all) checkInvariants(cache)
          }
        } finally {
          guard.stop()
          for (const cache of all) cache.close()
        }
      }),
      { numRuns: 40 },
    )
  })
})

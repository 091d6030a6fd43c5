import assert from 'node:assert/strict'
import { describe, expect, test } from 'vitest'
import { NONE, Slots } from '../../src/core/slots.ts'
import { Adaptive } from '../../src/policies/adaptive.ts'

/** What a store does with its policy, for keys that are numbers, and nothing else. */
class Harness {
  readonly slots = new Slots({ weights: false, idle: false, guards: false, marks: true })
  readonly policy: Adaptive
  readonly entries = new Map<number, number>()
  readonly ghosts = new Map<number, number>()
  hits = 0
  capacity: number

  constructor(capacity: number) {
    this.capacity = capacity
    this.policy = new Adaptive(this.slots, capacity)
  }

  /** Reads a key, and inserts it where it is not. */
  ask(key: number, deadline = Infinity): void {
    const held = this.entries.get(key)
    if (held !== undefined) {
      this.hits++
      this.policy.use(held)
      return
    }
    const ghost = this.ghosts.get(key) ?? NONE
    this.ghosts.delete(key)
    this.policy.admit(ghost)
    while (this.entries.size >= this.capacity) this.evict(0)
    const slot = ghost === NONE ? this.slots.take() : ghost
    this.slots.keys[slot] = key
    this.slots.values[slot] = key
    this.slots.deadlines[slot] = deadline
    this.policy.insert(slot)
    this.entries.set(key, slot)
  }

  evict(now: number): number {
    const slot = this.policy.victim(now)
    const key = this.slots.keys[slot] as number
    assert.equal(this.entries.get(key), slot)
    this.entries.delete(key)
    this.slots.values[slot] = undefined
    this.slots.deadlines[slot] = 0
    this.ghosts.set(key, slot)
    for (let gone = this.policy.addGhost(slot); gone !== NONE; gone = this.policy.dropSurplusGhost()) {
      assert.ok(this.ghosts.delete(this.slots.keys[gone] as number))
      this.slots.free(gone)
    }
    return key
  }

  remove(key: number): void {
    const slot = this.entries.get(key)!
    this.policy.remove(slot)
    this.slots.free(slot)
    this.entries.delete(key)
  }
}

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i)

test('an empty policy has no victim and nothing to forget', () => {
  const { policy } = new Harness(4)
  expect([policy.victim(0), policy.dropSurplusGhost()]).toEqual([NONE, NONE])
})

test('each entry is given up exactly once', () => {
  const cache = new Harness(50)
  for (const key of range(0, 50)) cache.ask(key)
  const given = range(0, 50).map(() => cache.evict(0))
  expect(new Set(given).size).toBe(50)
  expect(cache.policy.victim(0)).toBe(NONE)
})

test('what was just inserted is there', () => {
  const cache = new Harness(10)
  for (const key of range(0, 1000)) {
    cache.ask(key)
    expect(cache.entries.has(key)).toBe(true)
    if (key % 3 === 0) cache.ask(key - 5)
  }
})

test('an entry that has expired goes before those that were used', () => {
  const cache = new Harness(10)
  for (const key of range(0, 10)) cache.ask(key, key === 4 ? 100 : Infinity)
  for (let round = 0; round < 5; round++) for (const key of range(0, 10)) cache.ask(key)
  expect(cache.evict(100)).toBe(4)
})

test('there are no more ghosts than entries fit in', () => {
  const cache = new Harness(100)
  for (const key of range(0, 10_000)) {
    cache.ask(key % 3 === 0 ? key % 200 : key)
    assert.ok(cache.ghosts.size <= 100)
  }
  expect(cache.ghosts.size).toBeGreaterThan(0)
})

test.each([
  [100, 100],
  [1_000, 512],
  [10_000, 4_000],
  // All keys together are as many as half a table of a Map has room for.
  [100_000, 2 ** 17 - 100_000],
  [200_000, 2 ** 18 - 200_000],
  // Too few ghosts would be left.
  [101_000, 40_400],
])(
  'of %i entries %i ghosts are kept, so that their Map needs no larger table for a few',
  (entries, ghosts) => {
    expect(
      new Adaptive(new Slots({ weights: false, idle: false, guards: false, marks: true }), entries),
    ).toHaveProperty('mostGhosts', ghosts)
  },
)

test('a smaller capacity keeps fewer ghosts, and a larger one is filled', () => {
  const cache = new Harness(100)
  for (const key of range(0, 1000)) cache.ask(key)
  cache.capacity = 10
  cache.policy.resize(10)
  while (cache.entries.size > 10) cache.evict(0)
  for (const key of range(1000, 1200)) cache.ask(key)
  expect(cache.ghosts.size).toBeLessThanOrEqual(10)
  cache.capacity = 200
  cache.policy.resize(200)
  for (const key of range(2000, 2400)) cache.ask(key)
  expect(cache.entries.size).toBe(200)
})

test('clear begins anew', () => {
  const cache = new Harness(10)
  for (const key of range(0, 100)) cache.ask(key)
  cache.slots.reset()
  cache.policy.clear()
  cache.entries.clear()
  cache.ghosts.clear()
  expect(cache.policy.victim(0)).toBe(NONE)
  for (const key of range(0, 100)) cache.ask(key)
  expect(cache.entries.size).toBe(10)
})

describe('keeps', () => {
  /** The hit ratio of the last two thirds. */
  const ratio = (capacity: number, keys: readonly number[]): number => {
    const cache = new Harness(capacity)
    const start = Math.floor(keys.length / 3)
    for (const key of keys.slice(0, start)) cache.ask(key)
    cache.hits = 0
    for (const key of keys.slice(start)) cache.ask(key)
    return cache.hits / (keys.length - start)
  }

  test('what is used often, through one-off keys', () => {
    const keys = range(0, 60_000).map((i) => (i % 2 === 0 ? (i * 7919) % 80 : 1000 + i))
    expect(ratio(100, keys)).toBeGreaterThan(0.45)
  })

  test('what is used often, through scans', () => {
    const keys = range(0, 300).flatMap((round) => [
      ...range(0, 300).map((i) => (i * 31) % 80),
      ...range(1000, 1150).map((key) => key + 150 * round),
    ])
    expect(ratio(100, keys)).toBeGreaterThan(0.5)
  })

  test('a part of a loop that is larger than the cache', () => {
    const keys = range(0, 40_000).map((i) => i % 150)
    expect(ratio(100, keys)).toBeGreaterThan(0.3)
  })

  test('what is recent, where only that helps', () => {
    const keys = range(0, 40_000).map((i) => Math.floor(i / 200) * 50 + (i % 50))
    expect(ratio(100, keys)).toBeGreaterThan(0.7)
  })

  test('up with a workload that moves on', () => {
    const keys = range(0, 60_000).map((i) => 1000 * Math.floor(i / 20_000) + ((i * 7919) % 90))
    expect(ratio(100, keys)).toBeGreaterThan(0.9)
  })
})

test('any use of it keeps its queues whole', () => {
  const cache = new Harness(20)
  let random = 1
  const next = (below: number): number => {
    random = (random * 48_271) % 2_147_483_647
    return random % below
  }
  for (let i = 0; i < 50_000; i++) {
    const key = next(60)
    if (next(10) === 0 && cache.entries.has(key)) cache.remove(key)
    else cache.ask(key)
    if (i % 5000 === 0) {
      cache.capacity = 5 + next(30)
      cache.policy.resize(cache.capacity)
      while (cache.entries.size > cache.capacity) cache.evict(0)
    }
  }
  const given = [...cache.entries].map(() => cache.evict(0))
  expect(new Set(given).size).toBe(given.length)
  expect(cache.policy.victim(0)).toBe(NONE)
})

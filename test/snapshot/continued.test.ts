import { Cache, type CacheOptions } from 'nearcache'
import { restore } from 'nearcache/snapshot'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { random as randoms } from '../../bench/keys.ts'
import { storeOf } from '../../src/cache.ts'
import { standingsOf } from '../../src/engine/standings.ts'
import { checkInvariants } from '../support/invariants.ts'
import { snapshotOf, streamed } from '../support/snapshots.ts'

const seed = Number(process.env.NEARCACHE_SEED ?? Math.floor(Math.random() * 2 ** 31))

/** Spans that are multiples of each other: nothing has less than a second left, which would not be saved. */
const STEP = 2000
const TTL = 100_000

beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2026, 0, 1) }))
afterEach(() => void vi.useRealTimers())

const bounds: Readonly<Record<string, CacheOptions<number, string>>> = {
  'entries, adaptive': { maxEntries: 60 },
  'entries, lru': { maxEntries: 60, policy: 'lru' },
  weight: { maxWeight: 200, weigh: (value) => value.length },
  bytes: { maxBytes: 12_000 },
  'entries, idle time': { maxEntries: 60, idleTtl: 16_000 },
  'entries, refreshed ahead': { maxEntries: 60, refreshAhead: 0.8, staleWhileRevalidate: 12_000 },
}

describe(`a restored cache behaves like the one that went on (NEARCACHE_SEED=${seed}) (71, 73, 78)`, () => {
  test.each(Object.entries(bounds))('%s', async (_name, options) => {
    const next = randoms(seed)
    let cache = new Cache<number, string>({ ttl: TTL, ...options })
    for (let round = 0; round < 6; round++) {
      use([cache], next, 700)
      // What has expired is not saved, so that it has to be gone from the other as well.
      storeOf(cache).expiry.sweep(() => false)
      const copy = new Cache<number, string>({ ttl: TTL, ...options })
      await restore(copy, streamed(await snapshotOf(cache)), { strict: true })
      checkInvariants(copy)
      expect(standing(copy)).toEqual(standing(cache))
      expect(stateOf(copy)).toEqual(stateOf(cache))
      use([cache, copy], next, 700)
      checkInvariants(copy)
      if (round % 2 === 1) cache = copy
    }
  })
})

/** Does the same with each of these caches, and expects the same of them. */
function use(caches: readonly Cache<number, string>[], next: () => number, count: number): void {
  for (let i = 0; i < count; i++) {
    const key = Math.floor(next() ** 2 * 150)
    const action = next()
    const name = next() < 0.3 ? 'inside' : undefined
    const length = 1 + Math.floor(next() * 8)
    if (next() < 0.02) vi.setSystemTime(Date.now() + STEP)
    const results = caches.map((cache) => {
      const view = name === undefined ? cache : cache.namespace<number, string>(name)
      const value = view.get(key)
      if (action < 0.05) view.delete(key)
      else if (action < 0.06) cache.deleteByTag('t')
      else if (value === undefined || action < 0.15)
        view.set(key, 'x'.repeat(length), action < 0.3 ? { tags: ['t'] } : {})
      return [value, cache.stats().size, cache.stats().weight]
    })
    for (const one of results) expect(one).toEqual(results[0])
  }
}

function stateOf(cache: Cache<number, string>): unknown {
  return standingsOf(storeOf(cache).policy).state()
}

/** The order that the policy has brought entries and ghosts into, with what it knows of each. */
function standing(cache: Cache<number, string>): unknown {
  const { slots, policy, clock } = storeOf(cache)
  const meaning = standingsOf(policy).meaning()
  const now = clock.read()
  return policy.queues.map(({ oldest, size }) => {
    const order: unknown[] = []
    for (let slot = oldest; order.length < size; slot = slots.next[slot]!) {
      const left = Math.abs(slots.deadlines[slot]!)
      order.push([slots.keys[slot], meaning(slots.marks[slot] ?? 0), left > 0 && Math.round(left - now)])
    }
    return order
  })
}

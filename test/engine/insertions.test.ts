import { describe, expect, test } from 'vitest'
import { Cache, storeOf } from '../../src/cache.ts'
import type { CacheOptions } from '../../src/options/options.ts'
import { checkInvariants } from '../support/invariants.ts'

const settings: [string, CacheOptions<number, number>][] = [
  ['a plain cache', {}],
  ['one with a listener', { onRemoval() {} }],
  ['one with weights', { maxWeight: 50, weigh: () => 1 }],
  ['lru', { policy: 'lru' }],
]

describe.each(settings)('7. a watcher of insertions: %s', (_, options) => {
  test('is called after so many new entries, and for nothing else', () => {
    const cache = new Cache<number, number>({ maxEntries: 50, ...options })
    let calls = 0
    storeOf(cache).watchInsertions(10, () => calls++)
    for (let key = 0; key < 9; key++) cache.set(key, 1)
    for (let i = 0; i < 100; i++) {
      cache.set(i % 9, i)
      cache.get(i % 20)
      cache.delete(100 + i)
    }
    expect(calls).toBe(0)
    cache.add(9, 1)
    expect(calls).toBe(1)
    for (let key = 10; key < 110; key++) cache.namespace<number, number>('n').set(key, 1)
    expect(calls).toBe(11)
    storeOf(cache).watchInsertions(10, undefined)
    for (let key = 200; key < 400; key++) cache.set(key, 1)
    expect(calls).toBe(11)
  })

  test('may lower the bound there, in every operation that inserts', async () => {
    const cache = new Cache<number, number>({ maxEntries: 50, ...options })
    storeOf(cache).watchInsertions(1, () => {
      checkInvariants(cache, { loading: true })
      cache.resize(Math.max(1, cache.size - 1))
    })
    const pairs = Array.from({ length: 20 }, (_, key) => [key, 1] as const)
    cache.setMany(pairs)
    cache.getOrSet(100, () => 1)
    cache.incr(101, 1, { initial: 1 })
    expect(await cache.getOrLoad(102, () => 1)).toBe(1)
    await cache.getOrLoad(103, () => undefined, { negativeTtl: '1m' })
    expect(
      (await cache.getOrLoadMany([104, 105], async (keys) => keys.map((key) => [key, 1] as const))).size,
    ).toBe(2)
    expect(cache.stats()).toMatchObject({ sets: 25, maxEntries: cache.size })
    checkInvariants(cache)
  })
})

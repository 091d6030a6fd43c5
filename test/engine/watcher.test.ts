import { describe, expect, test } from 'vitest'
import { Cache, storeOf } from '../../src/cache.ts'
import type { Space } from '../../src/core/space.ts'
import type { Watcher } from '../../src/engine/watcher.ts'
import type { CacheOptions } from '../../src/options/options.ts'
import { checkInvariants } from '../support/invariants.ts'

/** Watches every key whose text has an `x`, and writes down what it is told. */
function watch(cache: Cache<string, unknown>): string[] {
  const told: string[] = []
  const { slots } = storeOf(cache)
  const place = (space: Space): string => (space.name === undefined ? '' : `${space.name}/`)
  const watcher: Watcher = {
    hit: (slot) => void told.push(`hit ${slots.keys[slot]}`),
    missed: (space, key) => void told.push(`missed ${place(space)}${key}`),
    wrote(space, key, slot, ttl) {
      expect(slots.keys[slot]).toBe(key)
      expect(slots.values[slot]).toBeDefined()
      told.push(`wrote ${place(space)}${key} ${ttl}`)
      return String(key).includes('x')
    },
    touched: (slot, ttl) => void told.push(`touched ${slots.keys[slot]} ${ttl}`),
    deleted: (space, key) => void told.push(`deleted ${place(space)}${key}`),
    cleared: (space) => void told.push(`cleared ${place(space)}`),
    closed: () => void told.push('closed'),
  }
  storeOf(cache).watchKeys(watcher)
  return told
}

const settings: [string, CacheOptions<string, unknown>][] = [
  ['a plain cache', {}],
  ['lru', { policy: 'lru' }],
  ['one with an idle ttl', { idleTtl: '1m' }],
  ['one with weights', { maxWeight: 50, weigh: () => 1 }],
  ['one with a listener', { onRemoval() {} }],
]

describe.each(settings)('8. a watcher of keys: %s', (_, options) => {
  const open = (): Cache<string, unknown> => new Cache({ ttl: 1000, clock: () => 5, ...options })

  test('is told of reads of what it watches, of all misses, and of all writes', async () => {
    const cache = open()
    cache.set('x', 1)
    cache.set('y', 1)
    const told = watch(cache)
    cache.get('x')
    cache.set('x', 2)
    cache.set('y', 2, { ttl: 7 })
    expect(told.splice(0)).toEqual(['wrote x 1000', 'wrote y 7'])
    for (const key of ['x', 'y', 'z']) cache.get(key)
    cache.getMany(['x', 'y'])
    cache.has('x')
    cache.peek('x')
    expect(told.splice(0)).toEqual(['hit x', 'missed z', 'hit x'])
    await cache.getOrLoad('x2', () => 3)
    await cache.getOrLoad('x2', () => 3)
    cache.getOrSet('x3', () => 3)
    cache.take('x3')
    const rest = [
      'missed x2',
      'wrote x2 1000',
      'hit x2',
      'missed x3',
      'wrote x3 1000',
      'hit x3',
      'deleted x3',
    ]
    expect(told.splice(0)).toEqual(rest)
    checkInvariants(cache)
  })

  test('is told of deletions, other lifetimes, moves, clears and the end, key space by key space', () => {
    const cache = open()
    const told = watch(cache)
    const inner = cache.namespace<string, unknown>('n')
    for (const key of ['x', 'y']) {
      cache.set(key, 1)
      inner.set(key, 1)
    }
    told.length = 0
    cache.touch('x', 50)
    cache.touch('y', 50)
    cache.delete('x')
    cache.delete('absent')
    inner.expire('y')
    inner.incrVersion('x')
    inner.expireAll()
    inner.clear()
    checkInvariants(cache)
    cache.clear()
    cache.close()
    expect(told).toEqual([
      ...['touched x 50', 'deleted x', 'deleted absent', 'deleted n/y', 'deleted n/x', 'wrote 2/x 1000'],
      ...['cleared n/', 'cleared n/', 'cleared ', 'closed'],
    ])
  })

  test('finds its marks when the arrays grow, shrink and are made anew, and leaves none', () => {
    const cache = open()
    cache.resize({ maxEntries: 3000 })
    const told = watch(cache)
    const keys = Array.from({ length: 40 }, (_, i) => (i % 2 === 0 ? `x${i}` : `y${i}`))
    for (const key of keys) cache.set(key, 1)
    told.length = 0
    for (const key of keys) cache.get(key)
    expect(told).toEqual(keys.filter((key) => key.startsWith('x')).map((key) => `hit ${key}`))
    checkInvariants(cache)
    cache.clear()
    cache.set('x', 1)
    cache.get('x')
    expect(told.slice(-3)).toEqual(['cleared ', 'wrote x 1000', 'hit x'])
    storeOf(cache).watchKeys(undefined)
    told.length = 0
    cache.get('x')
    cache.get('z')
    cache.set('x', 2)
    expect(told).toEqual([])
    checkInvariants(cache)
  })
})

test('8. once nobody watches, reads are as calm as before', () => {
  const cache = new Cache<string, unknown>()
  cache.set('x', 1)
  const { slots } = storeOf(cache)
  const before = slots.calmUntil
  expect(before).toBeGreaterThan(0)
  watch(cache)
  expect(slots.calmUntil).toBeLessThan(0)
  storeOf(cache).watchKeys(undefined)
  expect(slots.calmUntil).toBe(before)
})

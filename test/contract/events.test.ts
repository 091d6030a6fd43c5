import { describe, expect, it, vi } from 'vitest'
import { Cache, type Removal, type RemovalReason } from '../../src/index.ts'
import { manualClock } from '../support/clock.ts'
import { open, settings, watch } from './support.ts'

describe.each(settings)('events and statistics: $title', (setting) => {
  const listening = (options: ConstructorParameters<typeof Cache<string, unknown>>[0] = {}) => {
    const removals: Removal<string, unknown>[] = []
    const clock = manualClock()
    const cache = open<string, unknown>(setting, {
      clock: clock.now,
      ttl: 100,
      onRemoval: (removal) => removals.push(removal),
      ...options,
    })
    return { cache, clock, removals }
  }

  it('39. tells key, value and reason of every value that leaves', () => {
    const { cache, clock, removals } = listening({ maxEntries: 2 })
    const expectTold = (...told: [key: string, value: unknown, reason: RemovalReason][]) => {
      expect(removals.splice(0)).toEqual(told.map(([key, value, reason]) => ({ key, value, reason })))
    }
    cache.set('a', 1)
    expectTold()
    cache.set('a', 2)
    expectTold(['a', 1, 'replaced'])
    cache.incr('a')
    expectTold(['a', 2, 'replaced'])
    cache.delete('a')
    expectTold(['a', 3, 'deleted'])
    cache.set('b', 1)
    cache.take('b')
    expectTold(['b', 1, 'deleted'])
    cache.setMany([
      ['c', 1],
      ['d', 1],
    ])
    cache.deleteMany(['c', 'd', 'c'])
    expectTold(['c', 1, 'deleted'], ['d', 1, 'deleted'])
    cache.set('e', 1)
    cache.set('e', 2, { ttl: 0 })
    expectTold(['e', 1, 'expired'])
    cache.set('f', 1)
    clock.advance(100)
    cache.set('f', 2)
    expectTold(['f', 1, 'expired'])
    cache.set('g', 1)
    cache.set('h', 1)
    expect(removals.map(({ reason }) => reason)).toEqual(['evicted'])
  })

  it('39. tells of what was cleared at the latest when its room is needed or the cache is closed', () => {
    const { cache, removals } = listening({ maxEntries: 3 })
    for (const key of ['a', 'b', 'c']) cache.set(key, key)
    cache.clear()
    for (const key of ['d', 'e', 'f']) cache.set(key, key)
    expect(removals.map(({ key, reason }) => `${key} ${reason}`).sort()).toEqual([
      'a cleared',
      'b cleared',
      'c cleared',
    ])
    cache.close()
    expect(removals.length).toBe(6)
    expect(removals.slice(3).map(({ reason }) => reason)).toEqual(['cleared', 'cleared', 'cleared'])
  })

  it('39. setting the same reference again is no removal', () => {
    const { cache, removals } = listening()
    for (const value of [{}, 1, Number.NaN, null, 'text']) {
      cache.set('k', value)
      removals.length = 0
      cache.set('k', value)
      cache.setMany([['k', value]])
      expect(removals).toEqual([])
    }
    cache.set('k', {})
    removals.length = 0
    cache.set('k', {})
    expect(removals.length).toBe(1)
  })

  it('39. tells exactly once of each value that leaves, and not of those that stay', () => {
    const { cache, clock, removals } = listening({ maxEntries: 8, ttl: 40 })
    const stored: object[] = []
    const names = Array.from({ length: 16 }, (_, i) => `k${i}`)
    let state = 3
    const random = (below: number) => {
      state = (state * 48_271) % 2_147_483_647
      return state % below
    }
    for (let i = 0; i < 3000; i++) {
      const key = names[random(16)]!
      const part = random(4) === 0 ? cache.namespace('n') : cache
      const action = random(100)
      if (action < 50) {
        const value = { i }
        stored.push(value)
        part.set(key, value, random(3) === 0 ? { tags: [`t${random(3)}`] } : {})
      } else if (action < 70) part.get(key)
      else if (action < 80) part.delete(key)
      else if (action < 83) part.deleteByTag(`t${random(3)}`)
      else if (action < 84) part.clear()
      else if (action < 86) part.take(key)
      else if (action < 88 && part.has(key)) part.incrVersion(key)
      else clock.advance(random(4))
    }
    cache.close()
    const told = removals.map(({ value }) => value)
    expect(new Set(told).size).toBe(told.length)
    expect(new Set(told)).toEqual(new Set(stored))
    expect(removals.filter(({ key, value }) => !key || !value)).toEqual([])
  })

  it('39. runs after the cache is consistent, and may call back into it', () => {
    const seen: unknown[] = []
    const cache: Cache<string, number> = open<string, number>(setting, {
      maxEntries: 2,
      onRemoval: ({ key, value }) => {
        seen.push([key, value, cache.get(key), cache.size])
      },
    })
    cache.set('a', 1)
    cache.set('a', 2)
    cache.delete('a')
    expect(seen).toEqual([
      ['a', 1, 2, 1],
      ['a', 2, undefined, 0],
    ])
  })

  it('39. what the listener removes itself is told after it returns, in order', () => {
    const order: string[] = []
    const cache: Cache<string, number> = open<string, number>(setting, {
      onRemoval: ({ key }) => {
        order.push(`${key} begins`)
        if (key === 'a') cache.deleteMany(['b', 'c'])
        order.push(`${key} ends`)
      },
    })
    for (const key of ['a', 'b', 'c']) cache.set(key, 1)
    cache.delete('a')
    expect(order).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends'])
  })

  it('39. an error of the listener goes to onError, never to the caller', () => {
    const error = new Error('listener')
    const onError = vi.fn()
    const cache = open<string, number>(setting, {
      onRemoval: () => {
        throw error
      },
      onError,
    })
    cache.set('k', 1)
    cache.set('k', 2)
    expect(cache.get('k')).toBe(2)
    expect(cache.delete('k')).toBe(true)
    expect(onError.mock.calls).toEqual([[error], [error]])
  })

  it('39. an error of the listener is printed where there is no onError, or where that fails too', () => {
    const print = vi.spyOn(console, 'error').mockImplementation(() => {})
    const fail = (message: string) => () => {
      throw new Error(message)
    }
    const cache = open<string, number>(setting, { onRemoval: fail('listener') })
    cache.set('k', 1)
    cache.delete('k')
    expect(print).toHaveBeenCalledOnce()
    const worse = open<string, number>(setting, { onRemoval: fail('listener'), onError: fail('onError') })
    worse.set('k', 1)
    worse.delete('k')
    expect(print).toHaveBeenCalledTimes(2)
    print.mockRestore()
  })

  it('39. moving, touching and reading remove nothing', () => {
    const { cache, removals } = listening()
    cache.set('k', 1)
    cache.touch('k', 50)
    cache.get('k')
    cache.add('k', 2)
    cache.incrVersion('k')
    expect(removals).toEqual([])
  })

  it('40. counts hits, misses, sets and deletes', () => {
    const { cache } = listening()
    cache.set('a', 1)
    cache.add('b', 1)
    cache.add('b', 2)
    cache.setMany([
      ['c', 1],
      ['d', 1],
    ])
    cache.incr('a')
    expect(cache.stats()).toMatchObject({ sets: 5, hits: 0, misses: 0, hitRatio: 0 })
    cache.get('a')
    cache.get('missing')
    cache.getMany(['a', 'b', 'missing'])
    cache.getOrSet('a', () => 1)
    cache.getOrSet('e', () => 1)
    expect(cache.stats()).toMatchObject({ hits: 4, misses: 3, sets: 6, hitRatio: 4 / 7 })
    cache.take('a')
    cache.delete('b')
    cache.delete('missing')
    cache.deleteMany(['c', 'missing'])
    expect(cache.stats()).toMatchObject({ deletes: 3, size: 2, evictions: 0, expirations: 0, weight: 0 })
  })

  it('40. counts evictions and expirations', () => {
    const { cache, clock } = listening({ maxEntries: 2 })
    for (const key of ['a', 'b', 'c', 'd']) cache.set(key, 1)
    expect(cache.stats()).toMatchObject({ evictions: 2, expirations: 0 })
    clock.advance(100)
    cache.set('e', 1)
    expect(cache.stats()).toMatchObject({ evictions: 2, expirations: 1 })
  })

  it('40. counts loads, their failures and their time', async () => {
    const { cache, clock } = listening()
    await cache.getOrLoad('a', async () => {
      clock.advance(30)
      return 1
    })
    const failed = cache.getOrLoad('b', async () => {
      clock.advance(12)
      throw new Error('no')
    })
    await expect(failed).rejects.toThrow('no')
    await cache.getOrLoad('a', () => 2)
    expect(cache.stats()).toMatchObject({
      loads: 2,
      loadFailures: 1,
      totalLoadTime: 42,
      hits: 1,
      misses: 2,
      sets: 1,
    })
  })

  it('40. the counters only grow, a clear included', () => {
    const { cache, clock } = listening({ maxEntries: 4 })
    let before = cache.stats()
    for (let i = 0; i < 300; i++) {
      cache.set(`k${i % 7}`, i)
      cache.get(`k${(i * 3) % 11}`)
      if (i % 13 === 0) cache.delete(`k${i % 7}`)
      if (i % 50 === 0) cache.clear()
      if (i % 29 === 0) clock.advance(60)
      const now = cache.stats()
      for (const name of ['hits', 'misses', 'sets', 'deletes', 'evictions', 'expirations'] as const)
        expect(now[name]).toBeGreaterThanOrEqual(before[name])
      expect(now.hitRatio).toBe(now.hits / (now.hits + now.misses))
      before = now
    }
  })

  it('40. stats gives a snapshot', () => {
    const { cache } = listening()
    const before = cache.stats()
    cache.set('k', 1)
    expect(before.sets).toBe(0)
    expect(Object.keys(before)).toEqual(
      expect.arrayContaining([
        ...['hits', 'misses', 'hitRatio', 'sets', 'deletes', 'evictions', 'expirations'],
        ...['loads', 'loadFailures', 'totalLoadTime', 'size', 'weight'],
      ]),
    )
  })
})

it('40. the statistics of a cleared cache hold nothing', () => {
  const cache = watch(
    new Cache<string, number>({ maxWeight: 100, weigh: () => 3, onRemoval() {}, ttl: Infinity }),
  )
  cache.namespace('n').set('k', 1)
  cache.set('k', 1)
  cache.clear()
  expect(cache.stats()).toMatchObject({ size: 0, weight: 0 })
})

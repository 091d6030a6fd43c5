import { atLeast, equal, is, isError, matches, rejectionOf } from '../assert.ts'
import { type Statement, statement } from '../statement.ts'

export const statsStatements: readonly Statement[] = [
  statement(
    40,
    'counts hits, misses, sets and deletes',
    ['add', 'take', 'getMany', 'setMany', 'deleteMany', 'incr', 'getOrSet', 'stats'],
    ({ open }) => {
      const cache = open({ ttl: 100, onRemoval() {} })
      cache.set('a', 1)
      cache.add('b', 1)
      cache.add('b', 2)
      cache.setMany([
        ['c', 1],
        ['d', 1],
      ])
      cache.incr('a')
      matches(cache.stats(), { sets: 5, hits: 0, misses: 0, hitRatio: 0 })
      cache.get('a')
      cache.get('missing')
      cache.getMany(['a', 'b', 'missing'])
      cache.getOrSet('a', () => 1)
      cache.getOrSet('e', () => 1)
      matches(cache.stats(), { hits: 4, misses: 3, sets: 6, hitRatio: 4 / 7 })
      cache.take('a')
      cache.delete('b')
      cache.delete('missing')
      cache.deleteMany(['c', 'missing'])
      matches(cache.stats(), { deletes: 3, size: 2, evictions: 0, expirations: 0, weight: 0 })
    },
  ),

  statement(40, 'counts evictions and expirations', ['stats'], ({ open, clock }) => {
    const cache = open({ ttl: 100, maxEntries: 2, onRemoval() {} })
    for (const key of ['a', 'b', 'c', 'd']) cache.set(key, 1)
    matches(cache.stats(), { evictions: 2, expirations: 0 })
    clock.advance(100)
    cache.set('e', 1)
    matches(cache.stats(), { evictions: 2, expirations: 1 })
  }),

  statement(
    40,
    'counts loads, their failures and their time',
    ['getOrLoad', 'stats'],
    async ({ open, clock }) => {
      const cache = open({ ttl: 100, onRemoval() {} })
      await cache.getOrLoad('a', async () => {
        clock.advance(30)
        return 1
      })
      const failed = cache.getOrLoad('b', async () => {
        clock.advance(12)
        throw new Error('no')
      })
      isError(await rejectionOf(failed), Error, 'no')
      await cache.getOrLoad('a', () => 2)
      matches(cache.stats(), {
        loads: 2,
        loadFailures: 1,
        totalLoadTime: 42,
        hits: 1,
        misses: 2,
        sets: 1,
      })
    },
  ),

  statement(40, 'gives the bounds and their unit', ['stats'], ({ open }) => {
    matches(open({ maxEntries: 7 }).stats(), { maxEntries: 7, maxWeight: Infinity, unit: 'entries' })
    const weighed = open({ maxWeight: 9, weigh: () => 1 })
    matches(weighed.stats(), { maxEntries: Infinity, maxWeight: 9, unit: 'weight' })
    const inBytes = open({ maxBytes: '1kb', maxEntries: 3 })
    matches(inBytes.stats(), { maxEntries: 3, maxWeight: 1024, unit: 'bytes' })
  }),

  statement(
    40,
    'counts removals by each reason, a clear at once',
    ['clear', 'deleteByTag', 'stats'],
    ({ open, clock }) => {
      const cache = open({ ttl: 100, maxEntries: 3, policy: 'lru' })
      const none = { evicted: 0, expired: 0, replaced: 0, deleted: 0, cleared: 0, invalidated: 0 }
      equal(cache.stats().removals, none)
      for (const key of ['a', 'b', 'c', 'd']) cache.set(key, 1)
      cache.set('d', 1)
      cache.set('d', 2)
      equal(cache.stats().removals, { ...none, evicted: 1, replaced: 1 })
      clock.advance(100)
      for (const key of ['b', 'c', 'd']) cache.set(key, 3)
      equal(cache.stats().removals, { ...none, evicted: 1, replaced: 1, expired: 3 })
      cache.delete('b')
      cache.set('t', 1, { tags: ['tag'] })
      cache.deleteByTag('tag')
      cache.set('t', 1)
      const before = { evicted: 1, replaced: 1, expired: 3, deleted: 1, invalidated: 1 }
      equal(cache.stats().removals, { ...before, cleared: 0 })
      cache.clear()
      equal(cache.stats().removals, { ...before, cleared: 3 })
      for (let i = 0; i < 3; i++) cache.set(i, 1)
      equal(cache.stats().removals, { ...before, cleared: 3 })
    },
  ),

  statement(
    40,
    'each value that was stored is held, or left for one reason',
    ['clear', 'deleteByTag', 'resize', 'stats'],
    ({ open, clock }) => {
      for (const onRemoval of [undefined, () => {}]) {
        const cache = open({ ttl: 100, maxEntries: 8, onRemoval })
        for (let i = 0; i < 2000; i++) {
          cache.set(`k${(i * 7) % 31}`, i, i % 5 === 0 ? { tags: ['t'] } : {})
          if (i % 3 === 0) cache.delete(`k${(i * 5) % 31}`)
          if (i % 41 === 0) cache.deleteByTag('t')
          if (i % 97 === 0) cache.clear()
          if (i % 61 === 0) clock.advance(60)
          if (i % 101 === 0) cache.resize(4 + (i % 9))
          const { sets, size, removals } = cache.stats()
          is(
            Object.values(removals).reduce((sum, one) => sum + one, size),
            sets,
          )
        }
      }
    },
  ),

  statement(
    40,
    'counts the times of loads, by how they ended',
    ['getOrLoad', 'stats'],
    async ({ open, clock }) => {
      const cache = open({ ttl: 100 })
      const load = (key: string, ms: number, result: () => unknown) =>
        cache.getOrLoad(key, async () => {
          clock.advance(ms)
          return result()
        })
      for (const ms of [0, 1, 2, 3, 10_000, 10_001]) await load(`k${ms}`, ms, () => 1)
      await load('absent', 0, () => undefined)
      const failed = load('failed', 30, () => {
        throw new Error('no')
      })
      isError(await rejectionOf(failed), Error, 'no')
      await load('overtaken', 7, () => {
        cache.delete('overtaken')
        return 1
      })
      const { success, failure, discarded, timeout } = cache.stats().loadTimes
      equal(success.counts, [3, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1])
      matches(success, { misses: 7, refreshes: 0, time: 20_007 })
      matches(failure, { misses: 1, refreshes: 0, time: 30 })
      matches(discarded, { misses: 1, refreshes: 0, time: 7 })
      matches(timeout, { misses: 0, refreshes: 0, time: 0 })
      matches(cache.stats(), { loads: 9, loadFailures: 1, totalLoadTime: 20_044 })
    },
  ),

  statement(40, 'the counters only grow, a clear included', ['clear', 'stats'], ({ open, clock }) => {
    const cache = open({ ttl: 100, maxEntries: 4, onRemoval() {} })
    let before = cache.stats()
    for (let i = 0; i < 300; i++) {
      cache.set(`k${i % 7}`, i)
      cache.get(`k${(i * 3) % 11}`)
      if (i % 13 === 0) cache.delete(`k${i % 7}`)
      if (i % 50 === 0) cache.clear()
      if (i % 29 === 0) clock.advance(60)
      const now = cache.stats()
      for (const name of ['hits', 'misses', 'sets', 'deletes', 'evictions', 'expirations'] as const)
        atLeast(now[name], before[name])
      is(now.hitRatio, now.hits / (now.hits + now.misses))
      before = now
    }
  }),

  statement(40, 'stats gives a snapshot', ['stats'], ({ open }) => {
    const cache = open({ ttl: 100, onRemoval() {} })
    const before = cache.stats()
    cache.set('k', 1)
    is(before.sets, 0)
    for (const name of [
      ...['hits', 'misses', 'hitRatio', 'sets', 'deletes', 'evictions', 'expirations'],
      ...['loads', 'loadFailures', 'totalLoadTime', 'size', 'weight'],
    ])
      is(name in before, true, name)
  }),

  statement(
    40,
    'the statistics of a cleared cache hold nothing',
    ['clear', 'namespace', 'stats'],
    ({ open }) => {
      const cache = open({ maxWeight: 100, weigh: () => 3, onRemoval() {}, ttl: Infinity })
      cache.namespace('n').set('k', 1)
      cache.set('k', 1)
      cache.clear()
      matches(cache.stats(), { size: 0, weight: 0 })
    },
  ),
]

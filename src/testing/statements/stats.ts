import { atLeast, is, isError, matches, rejectionOf } from '../assert.ts'
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

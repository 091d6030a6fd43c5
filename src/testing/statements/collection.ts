import { atMost, equal, is } from '../assert.ts'
import { type Statement, statement } from '../statement.ts'

export const collectionStatements: readonly Statement[] = [
  statement(
    25,
    'clear empties the cache, which can be filled again',
    ['clear', 'size', 'entries', 'stats'],
    ({ open }) => {
      const cache = open({ maxEntries: 10 })
      for (let round = 0; round < 5; round++) {
        for (let i = 0; i < 25; i++) cache.set(i, i)
        is(cache.size, 10)
        cache.clear()
        is(cache.size, 0)
        is(cache.stats().size, 0)
        equal([...cache.entries()], [])
        for (let i = 0; i < 25; i++) is(cache.has(i), false)
      }
    },
  ),

  statement(25, 'after a clear the whole bound is there at once', ['clear', 'keys', 'stats'], ({ open }) => {
    const cache = open({ maxEntries: 10 })
    for (let i = 0; i < 10; i++) cache.set(i, i)
    cache.clear()
    for (let i = 100; i < 110; i++) cache.set(i, i)
    is([...cache.keys()].length, 10)
    is(cache.stats().evictions, 0)
  }),

  statement(
    26,
    'size counts what is held, never above maxEntries',
    ['size', 'entries'],
    ({ open, clock }) => {
      const cache = open({ maxEntries: 5, ttl: 100 })
      for (let i = 0; i < 20; i++) {
        cache.set(i, i)
        is(cache.size, Math.min(i + 1, 5))
      }
      clock.advance(100)
      is(cache.size, 5)
      is([...cache.entries()].length, 0)
    },
  ),

  statement(
    26,
    'keys, values, entries and iteration give the live entries',
    ['setMany', 'keys', 'values', 'entries'],
    ({ open }) => {
      const cache = open()
      cache.setMany([
        ['a', 1],
        ['b', 2],
        ['c', 3],
      ])
      cache.delete('b')
      equal(new Set(cache.keys()), new Set(['a', 'c']))
      equal(new Set(cache.values()), new Set([1, 3]))
      equal(
        new Map(cache.entries()),
        new Map([
          ['a', 1],
          ['c', 3],
        ]),
      )
    },
  ),

  statement(26, 'iteration ends though each step writes', ['entries'], ({ open }) => {
    const cache = open({ maxEntries: 50 })
    for (let i = 0; i < 20; i++) cache.set(i, i)
    let steps = 0
    for (const [key] of cache.entries()) {
      cache.set(1000 + steps, 1)
      cache.delete(key)
      cache.set(key, 2)
      if (++steps > 1000) break
    }
    atMost(steps, 70)
  }),

  statement(
    26,
    'iteration passes over what is deleted meanwhile and gives all that stays',
    ['keys'],
    ({ open }) => {
      const cache = open()
      for (let i = 0; i < 10; i++) cache.set(i, i)
      const seen: unknown[] = []
      for (const key of cache.keys()) {
        seen.push(key)
        cache.delete((key as number) ^ 1)
      }
      is(seen.length, 5)
      for (const key of seen) is(seen.includes((key as number) ^ 1), false)
    },
  ),

  statement(26, 'iteration may clear the cache', ['clear', 'keys', 'entries'], ({ open }) => {
    const cache = open()
    for (let i = 0; i < 10; i++) cache.set(i, i)
    const seen: unknown[] = []
    for (const [key] of cache.entries()) {
      seen.push(key)
      cache.clear()
      cache.set(99, 99)
      if (seen.length > 1000) break
    }
    is(seen.length, 1)
    equal([...cache.keys()], [99])
  }),

  statement(26, 'iteration survives evictions and gives each key at most once', ['keys'], ({ open }) => {
    const cache = open({ maxEntries: 30 })
    for (let i = 0; i < 90; i++) cache.set(i % 45, i)
    const seen: unknown[] = []
    for (const key of cache.keys()) {
      seen.push(key)
      cache.set(1000 + seen.length, 1)
      if (seen.length > 1000) break
    }
    atMost(seen.length, 1000)
    is(new Set(seen).size, seen.length)
  }),

  statement(27, 'expiresIn gives milliseconds, Infinity or undefined', ['expiresIn'], ({ open, clock }) => {
    const cache = open()
    cache.set('k', 1, { ttl: 100 })
    cache.set('ever', 1, { ttl: Infinity })
    clock.advance(30)
    is(cache.expiresIn('k'), 70)
    is(cache.expiresIn('ever'), Infinity)
    is(cache.expiresIn('missing'), undefined)
  }),
]

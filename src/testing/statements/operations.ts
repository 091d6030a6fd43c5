import { equal, is, matches, refuses, show } from '../assert.ts'
import { type Statement, statement } from '../statement.ts'

export const operationsStatements: readonly Statement[] = [
  statement(16, 'add stores only where nothing live is', ['add'], ({ open, clock }) => {
    const cache = open({ ttl: 100 })
    is(cache.add('k', 1), true)
    is(cache.add('k', 2), false)
    is(cache.get('k'), 1)
    clock.advance(100)
    is(cache.add('k', 3), true)
    is(cache.get('k'), 3)
  }),

  statement(
    16,
    'a failing add changes neither value nor deadline nor tags',
    ['expiresIn', 'add', 'deleteByTag', 'stats'],
    ({ open, clock }) => {
      const cache = open({ ttl: 100 })
      cache.set('k', 1, { tags: ['old'] })
      clock.advance(40)
      const before = cache.stats()
      is(cache.add('k', 2, { ttl: 5000, tags: ['new'] }), false)
      equal(cache.stats(), before)
      is(cache.expiresIn('k'), 60)
      cache.deleteByTag('new')
      is(cache.get('k'), 1)
      cache.deleteByTag('old')
      is(cache.get('k'), undefined)
    },
  ),

  statement(17, 'touch gives a live entry a new deadline', ['expiresIn', 'touch'], ({ open, clock }) => {
    const cache = open({ ttl: 100 })
    cache.set('k', 1)
    clock.advance(60)
    is(cache.touch('k'), true)
    is(cache.expiresIn('k'), 100)
    is(cache.touch('k', '1s'), true)
    is(cache.expiresIn('k'), 1000)
    is(cache.touch('k', 10), true)
    is(cache.expiresIn('k'), 10)
    is(cache.touch('k', Infinity), true)
    is(cache.expiresIn('k'), Infinity)
    is(cache.get('k'), 1)
  }),

  statement(17, 'touch is false where nothing live is', ['touch'], ({ open, clock }) => {
    const cache = open({ ttl: 100 })
    is(cache.touch('k'), false)
    cache.set('k', 1)
    clock.advance(100)
    is(cache.touch('k'), false)
    is(cache.has('k'), false)
  }),

  statement(17, 'touch keeps the tags and counts nothing', ['touch', 'deleteByTag', 'stats'], ({ open }) => {
    const cache = open()
    cache.set('k', 1, { tags: ['t'] })
    const before = cache.stats()
    cache.touch('k', '1h')
    equal(cache.stats(), before)
    cache.deleteByTag('t')
    is(cache.has('k'), false)
  }),

  statement(17, 'touch with a lifetime of 0 or less removes the entry as expired', ['touch'], ({ open }) => {
    const removals: unknown[] = []
    const cache = open({ onRemoval: (removal) => removals.push(removal) })
    cache.set('k', 1)
    cache.touch('k', 0)
    is(cache.has('k'), false)
    equal(removals, [{ key: 'k', value: 1, reason: 'expired' }])
  }),

  statement(18, 'delete is true if a live entry went', ['deleteByTag'], ({ open, clock }) => {
    const cache = open({ ttl: 100 })
    cache.set('k', 1)
    is(cache.delete('k'), true)
    is(cache.delete('k'), false)
    cache.set('k', 1)
    clock.advance(100)
    is(cache.delete('k'), false)
    cache.set('k', 1, { tags: ['t'] })
    cache.deleteByTag('t')
    is(cache.delete('k'), false)
  }),

  statement(19, 'has and peek see without using', ['peek', 'expiresIn', 'entries', 'stats'], ({ open }) => {
    const cache = open()
    cache.set('k', 1)
    const before = cache.stats()
    is(cache.has('k'), true)
    is(cache.peek('k'), 1)
    is(cache.has('missing'), false)
    is(cache.peek('missing'), undefined)
    is(cache.expiresIn('k')! > 0, true)
    equal([...cache.entries()], [['k', 1]])
    equal(cache.stats(), before)
  }),

  statement(
    20,
    'getMany gives a Map of what was found, in the order asked',
    ['getMany', 'stats'],
    ({ open }) => {
      const cache = open()
      cache.set('a', 1)
      cache.set('b', null)
      cache.set('c', 3)
      const found = cache.getMany(['c', 'missing', 'b', 'a'])
      is(found instanceof Map, true)
      equal(
        [...found],
        [
          ['c', 3],
          ['b', null],
          ['a', 1],
        ],
      )
      is(cache.getMany([]).size, 0)
      matches(cache.stats(), { hits: 3, misses: 1 })
    },
  ),

  statement(
    20,
    'getMany, setMany and deleteMany take any iterable, once',
    ['getMany', 'setMany', 'deleteMany', 'entries'],
    ({ open }) => {
      const cache = open()
      let starts = 0
      const once = <T>(...items: T[]): Iterable<T> => ({
        *[Symbol.iterator]() {
          starts++
          yield* items
        },
      })
      cache.setMany(once<[string, number]>(['a', 1], ['b', 2], ['c', 3]))
      equal(
        [...cache.getMany(once('a', 'b'))],
        [
          ['a', 1],
          ['b', 2],
        ],
      )
      is(cache.deleteMany(once('a', 'missing', 'c', 'a')), 2)
      is(starts, 3)
      equal([...cache.entries()], [['b', 2]])
    },
  ),

  statement(
    20,
    'setMany takes a Map, a generator or pairs, with options for all',
    ['expiresIn', 'setMany', 'deleteByTag', 'keys', 'values', 'entries'],
    ({ open }) => {
      const cache = open()
      cache.setMany(new Map([['map', 1]]), { ttl: 10 })
      cache.setMany([['pair', 2]], { ttl: 10, tags: ['t'] })
      cache.setMany(new Map([['entries', 3]]).entries(), { ttl: 10 })
      equal(new Set(cache.values()), new Set([1, 2, 3]))
      for (const key of cache.keys()) is(cache.expiresIn(key), 10)
      cache.deleteByTag('t')
      equal(new Set(cache.values()), new Set([1, 3]))
    },
  ),

  statement(20, 'setMany stores all pairs or none', ['setMany', 'entries'], ({ open }) => {
    const cache = open()
    cache.set('a', 'old')
    const refused: unknown[] = [
      [['a', 1], ['b']],
      [['a', 1], 'bc'],
      [['a', 1], null],
      [
        ['a', 1],
        ['b', undefined],
      ],
      [
        ['a', 1],
        ['b', 2, 3],
      ],
    ]
    for (const entries of refused)
      refuses(/entries: expected pairs|undefined/, () => cache.setMany(entries as [string, unknown][]))
    equal([...cache.entries()], [['a', 'old']])
  }),

  ...[undefined, null, 5, {}, 'a string'].map((wrong) =>
    statement(
      20,
      `refuses ${show(wrong)} where an iterable of keys or pairs is expected`,
      ['getMany', 'setMany', 'deleteMany'],
      ({ open }) => {
        const cache = open()
        refuses(
          /(keys|entries): expected an iterable/,
          () => cache.getMany(wrong as never),
          () => cache.setMany(wrong as never),
          () => cache.deleteMany(wrong as never),
        )
      },
    ),
  ),

  statement(24, 'take returns the live value and removes it', ['take', 'stats'], ({ open, clock }) => {
    const removals: unknown[] = []
    const cache = open({
      ttl: 100,
      onRemoval: (removal) => removals.push(removal),
    })
    cache.set('k', 1)
    is(cache.take('k'), 1)
    is(cache.take('k'), undefined)
    is(cache.has('k'), false)
    equal(removals, [{ key: 'k', value: 1, reason: 'deleted' }])
    matches(cache.stats(), { hits: 1, misses: 1, deletes: 1 })
    cache.set('k', 1)
    clock.advance(100)
    is(cache.take('k'), undefined)
  }),
]

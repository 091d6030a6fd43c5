import type { Removal } from '../../engine/removal.ts'
import {
  atLeast,
  atMost,
  equal,
  is,
  isError,
  isMisuse,
  matches,
  refuses,
  rejectionOf,
  show,
  thrownBy,
} from '../assert.ts'
import { recorded } from '../recorded.ts'
import { type Statement, statement } from '../statement.ts'

export const boundsStatements: readonly Statement[] = [
  statement(28, 'maxEntries defaults to 1000', ['size', 'stats'], ({ open }) => {
    const cache = open()
    for (let i = 0; i < 1500; i++) cache.set(i, i)
    is(cache.size, 1000)
    is(cache.stats().evictions, 500)
  }),

  statement(28, 'Infinity may be asked for', ['size'], ({ open }) => {
    const cache = open({ maxEntries: Infinity })
    for (let i = 0; i < 1500; i++) cache.set(i, i)
    is(cache.size, 1500)
  }),

  ...[1, 2, 3, 10, 100].map((maxEntries) =>
    statement(
      29,
      `a bound of ${show(maxEntries)} holds after every call`,
      ['add', 'setMany', 'size'],
      ({ open }) => {
        const cache = open({ maxEntries })
        for (let i = 0; i < 5 * maxEntries + 20; i++) {
          const key = (i * 7919) % (3 * maxEntries)
          if (i % 5 === 0) cache.get(key)
          else if (i % 7 === 0) cache.add(key, i)
          else cache.set(key, i)
          atMost(cache.size, maxEntries)
          if (i % 5 !== 0) is(cache.has(key), true)
        }
        cache.setMany(Array.from({ length: 3 * maxEntries }, (_, i) => [i, i]))
        is(cache.size, maxEntries)
      },
    ),
  ),

  statement(
    29,
    'overwriting at capacity evicts nothing',
    ['setMany', 'incr', 'size', 'stats'],
    ({ open }) => {
      const cache = open({ maxEntries: 5 })
      for (let i = 0; i < 5; i++) cache.set(i, i)
      for (let i = 0; i < 50; i++) {
        cache.set(i % 5, i)
        cache.incr(i % 5)
        cache.setMany([[i % 5, i]])
      }
      is(cache.size, 5)
      is(cache.stats().evictions, 0)
    },
  ),

  statement(29, 'a failing get or add evicts nothing', ['add', 'size', 'stats'], ({ open }) => {
    const cache = open({ maxEntries: 5 })
    for (let i = 0; i < 5; i++) cache.set(i, i)
    for (let i = 0; i < 50; i++) {
      is(cache.get(100 + i), undefined)
      is(cache.add(i % 5, 1), false)
    }
    is(cache.size, 5)
    is(cache.stats().evictions, 0)
  }),

  statement(
    29,
    'the bound holds across namespaces and versions together',
    ['namespace', 'version', 'stats'],
    ({ open }) => {
      const cache = open({ maxEntries: 10 })
      const parts = [cache, cache.namespace('a'), cache.namespace('b').namespace('c'), cache.version(2)]
      for (let i = 0; i < 100; i++) {
        parts[i % 4]!.set(i, i)
        is(cache.stats().size, Math.min(i + 1, 10))
      }
    },
  ),

  ...[10, 1000].map((maxEntries) =>
    statement(30, `one insertion at a capacity of ${show(maxEntries)} evicts one entry`, [], ({ open }) => {
      const removals: unknown[] = []
      const cache = open({
        maxEntries,
        onRemoval: (removal) => removals.push(removal),
      })
      for (let i = 0; i < 3 * maxEntries; i++) {
        cache.set(i, i)
        is(removals.length, Math.max(0, i + 1 - maxEntries))
      }
      equal(new Set(removals.map((removal) => (removal as Removal).reason)), new Set(['evicted']))
    }),
  ),

  statement(31, 'maxWeight bounds the sum of the weights', ['values', 'stats'], ({ open }) => {
    const cache = open({ maxWeight: 100, weigh: Number })
    for (let i = 1; i <= 200; i++) {
      cache.set(`k${i}`, (i * 13) % 40 || 1)
      const { weight } = cache.stats()
      atMost(weight, 100)
      is(
        weight,
        [...cache.values()].reduce<number>((sum, value) => sum + (value as number), 0),
      )
      is(cache.has(`k${i}`), true)
    }
  }),

  statement(31, 'weigh is given the value and the key', [], ({ open }) => {
    const weigh = recorded(() => 1)
    const cache = open({ maxWeight: 10, weigh })
    cache.set('k', 'v')
    equal(weigh.calls, [['v', 'k']])
  }),

  statement(
    31,
    'a heavier value evicts others to make room for itself',
    ['incr', 'entries', 'stats'],
    ({ open }) => {
      const cache = open({ maxWeight: 10, weigh: Number })
      cache.set('a', 3)
      cache.set('b', 3)
      cache.set('c', 3)
      cache.set('a', 10)
      equal([...cache.entries()], [['a', 10]])
      is(cache.stats().weight, 10)
      cache.set('a', 1)
      is(cache.stats().weight, 1)
      cache.set('b', 8)
      is(cache.incr('a'), 2)
      is(cache.stats().weight, 10)
      is(cache.incr('a'), 3)
      equal([...cache.entries()], [['a', 3]])
    },
  ),

  statement(
    31,
    'an entry heavier than the whole bound is not kept and removes what stood there',
    ['add', 'incr', 'getOrSet', 'size', 'entries', 'stats'],
    ({ open }) => {
      const removals: unknown[] = []
      const cache = open({
        maxWeight: 10,
        weigh: Number,
        onRemoval: (removal) => removals.push(removal),
      })
      cache.set('other', 5)
      cache.set('k', 5)
      cache.set('k', 11)
      equal([...cache.entries()], [['other', 5]])
      equal(removals, [
        { key: 'k', value: 5, reason: 'replaced' },
        { key: 'k', value: 11, reason: 'evicted' },
      ])
      is(cache.add('k', 11), true)
      is(
        cache.getOrSet('k', () => 11),
        11,
      )
      is(cache.incr('k', 1, { initial: 11 }), 11)
      equal([...cache.entries()], [['other', 5]])
      is(cache.incr('other', 20), 25)
      is(cache.size, 0)
      matches(cache.stats(), { weight: 0, evictions: 0 })
    },
  ),

  statement(
    31,
    'a loaded value heavier than the whole bound is given and not kept',
    ['getOrLoad', 'size'],
    async ({ open }) => {
      const cache = open({ maxWeight: 10, weigh: Number })
      is(await cache.getOrLoad('k', async () => 11), 11)
      is(cache.size, 0)
    },
  ),

  ...[-1, 1.5, Number.NaN, Infinity, '5', undefined, null, 5n].map((weight) =>
    statement(
      31,
      `a weight of ${show(weight)} is a TypeError and the old value stays`,
      ['add', 'setMany', 'incr', 'getOrSet', 'getOrLoad', 'entries', 'stats'],
      async ({ open }) => {
        let wrong = false
        const cache = open({
          maxWeight: 10,
          weigh: () => (wrong ? (weight as number) : 2),
        })
        cache.set('k', 1)
        wrong = true
        refuses(
          'weigh: expected an integer of at least 0',
          () => cache.set('k', 2),
          () => cache.add('new', 2),
          () => cache.setMany([['k', 2]]),
          () => cache.incr('k'),
          () => cache.getOrSet('new', () => 2),
        )
        isError(await rejectionOf(cache.getOrLoad('new', () => 2)), TypeError, 'weigh: expected')
        equal([...cache.entries()], [['k', 1]])
        matches(cache.stats(), { size: 1, weight: 2 })
      },
    ),
  ),

  statement(31, 'an entry may weigh nothing', ['entries', 'stats'], ({ open }) => {
    const cache = open({ maxWeight: 10, weigh: Number })
    cache.set('full', 10)
    cache.set('empty', 0)
    matches(cache.stats(), { size: 2, weight: 10 })
    cache.set('full', 0)
    matches(cache.stats(), { size: 2, weight: 0 })
    cache.set('full', 9)
    equal(
      new Map(cache.entries()),
      new Map([
        ['full', 9],
        ['empty', 0],
      ]),
    )
    matches(cache.stats(), { size: 2, weight: 9, evictions: 0 })
  }),

  statement(
    31,
    'a value heavier than maxEntryWeight is told and not kept, and what was there goes',
    ['add', 'incr', 'getOrSet', 'entries', 'stats'],
    ({ open }) => {
      const removals: unknown[] = []
      const cache = open({
        ...{ maxWeight: 100, maxEntryWeight: 10, weigh: Number },
        onRemoval: (removal) => removals.push(removal),
      })
      cache.set('other', 10)
      cache.set('k', 5)
      cache.set('k', 11)
      equal(removals, [
        { key: 'k', value: 5, reason: 'replaced' },
        { key: 'k', value: 11, reason: 'evicted' },
      ])
      is(cache.add('k', 11), true)
      is(
        cache.getOrSet('k', () => 11),
        11,
      )
      equal([...cache.entries()], [['other', 10]])
      is(cache.incr('other'), 11)
      matches(cache.stats(), { size: 0, weight: 0 })
    },
  ),

  statement(
    31,
    'maxEntryWeight holds for maxBytes too, and follows a bound that is lowered',
    ['stats', 'size', 'resize'],
    ({ open }) => {
      const cache = open({ maxBytes: '1mb', maxEntryWeight: '10kb' })
      cache.set('small', 'x'.repeat(5000))
      cache.set('large', 'x'.repeat(11_000))
      is(cache.has('small'), true)
      is(cache.has('large'), false)
      cache.resize({ maxBytes: '4kb' })
      cache.set('small', 'x'.repeat(5000))
      is(cache.size, 0)
    },
  ),

  statement(31, 'maxEntryWeight is no more than the bound by weight, which it needs', [], ({ open }) => {
    refuses(
      'maxEntryWeight: expected',
      () => open({ maxEntryWeight: 5 }),
      () => open({ maxEntryWeight: '5kb', maxWeight: 10_000, weigh: () => 1 }),
    )
    for (const options of [
      { maxEntryWeight: 11, maxWeight: 10, weigh: () => 1 },
      { maxEntryWeight: '2mb', maxBytes: '1mb' },
      { maxEntryWeight: 0, maxBytes: '1mb' },
    ] as const)
      isError(
        thrownBy(() => open(options)),
        RangeError,
        'maxEntryWeight: expected',
      )
  }),

  statement(31, 'maxEntries and maxWeight hold together', ['size'], ({ open }) => {
    const cache = open({ maxWeight: 100, weigh: Number, maxEntries: 3 })
    for (let i = 0; i < 10; i++) cache.set(`k${i}`, 1)
    is(cache.size, 3)
    cache.set('heavy', 99)
    is(cache.size, 2)
  }),

  statement(31, 'without maxEntries only the weight bounds', ['size'], ({ open }) => {
    const cache = open({ maxWeight: 5000, weigh: Number })
    for (let i = 0; i < 5000; i++) cache.set(`k${i}`, 1)
    is(cache.size, 5000)
  }),

  statement(
    31,
    'cleared and expired entries weigh nothing any more',
    ['clear', 'entries', 'stats'],
    ({ open }) => {
      const cache = open({ maxWeight: 10, weigh: Number, onRemoval() {} })
      cache.set('a', 5)
      cache.set('b', 5)
      cache.clear()
      matches(cache.stats(), { size: 0, weight: 0 })
      cache.set('c', 10)
      equal([...cache.entries()], [['c', 10]])
      matches(cache.stats(), { weight: 10, evictions: 0 })
    },
  ),

  statement(31, 'maxBytes bounds by a built-in estimate', ['size', 'stats'], ({ open }) => {
    const cache = open({ maxBytes: '64kb' })
    for (let i = 0; i < 500; i++) cache.set(i, 'x'.repeat(1000))
    is(cache.size > 30, true)
    atMost(cache.size, 65)
    atMost(cache.stats().weight, 65_536)
    cache.set(1000, 'x'.repeat(100_000))
    is(cache.has(1000), false)
  }),

  statement(31, 'maxBytes takes any value', ['entries'], ({ open }) => {
    const cache = open({ maxBytes: '1mb' })
    const circle: { self?: unknown } = {}
    circle.self = circle
    const values = [circle, () => 1, Symbol('s'), 1n, null, new Map([[{}, circle]]), new Set([1]), new Date()]
    for (const [i, value] of values.entries()) cache.set(`k${i}`, value)
    for (const [i, value] of values.entries()) is(cache.get(`k${i}`), value)
    cache.set('buffer', new Uint8Array(2 ** 21))
    is(cache.has('buffer'), false)
  }),

  statement(32, 'resize works live', ['size', 'resize', 'stats'], ({ open }) => {
    const cache = open({ maxEntries: 10 })
    for (let i = 0; i < 10; i++) cache.set(i, i)
    cache.resize(4)
    is(cache.size, 4)
    is(cache.stats().evictions, 6)
    for (let i = 10; i < 20; i++) cache.set(i, i)
    is(cache.size, 4)
    cache.resize(8)
    for (let i = 20; i < 40; i++) cache.set(i, i)
    is(cache.size, 8)
    cache.resize(Infinity)
    for (let i = 40; i < 140; i++) cache.set(i, i)
    atLeast(cache.size, 107)
  }),

  statement(
    32,
    'resize changes the bounds that it names, by weight too',
    ['size', 'resize', 'stats'],
    ({ open }) => {
      const cache = open({ maxEntries: 10, maxWeight: 100, weigh: (value) => value as number })
      for (let i = 0; i < 10; i++) cache.set(i, 10)
      cache.resize({ maxWeight: 45 })
      matches(cache.stats(), { size: 4, weight: 40, evictions: 6, maxEntries: 10, maxWeight: 45 })
      cache.resize({ maxEntries: 2 })
      matches(cache.stats(), { size: 2, weight: 20, evictions: 8, maxEntries: 2, maxWeight: 45 })
      cache.resize({})
      cache.resize({ maxEntries: 5, maxWeight: undefined })
      for (let i = 0; i < 20; i++) cache.set(i, 10)
      matches(cache.stats(), { size: 4, weight: 40, maxEntries: 5, maxWeight: 45 })
      const inBytes = open({ maxBytes: '1mb' })
      inBytes.resize({ maxBytes: '4kb' })
      for (let i = 0; i < 100; i++) inBytes.set(i, 'x'.repeat(200))
      matches(inBytes.stats(), { maxWeight: 4096, maxEntries: Infinity })
      atMost(inBytes.stats().weight, 4096)
      atLeast(inBytes.stats().weight, 3000)
    },
  ),

  statement(
    32,
    'resize refuses a bound that the cache was not made with',
    ['resize', 'stats'],
    ({ open }) => {
      const [plain, weighed, inBytes] = [
        open(),
        open({ maxWeight: 5, weigh: () => 1 }),
        open({ maxBytes: '1mb' }),
      ]
      refuses('expected a bound that the cache was made with', () => plain.resize({ maxWeight: 5 }))
      refuses('expected a bound that the cache was made with', () => weighed.resize({ maxBytes: 5 }))
      refuses('expected a bound that the cache was made with', () => inBytes.resize({ maxWeight: 5 }))
      refuses("did you mean 'maxEntries'", () => plain.resize({ max: 5 } as object))
      isMisuse(() => plain.resize({ maxEntries: 0 }), 'maxEntries: expected a positive integer')
      const before = weighed.stats()
      isMisuse(
        () => weighed.resize({ maxEntries: 1, maxWeight: -1 }),
        'maxWeight: expected a positive integer',
      )
      equal(weighed.stats(), before)
    },
  ),

  ...[-1, 1.5, Number.NaN, '5', undefined, null].map((wrong) =>
    statement(32, `resize refuses ${show(wrong)}`, ['size', 'resize'], ({ open }) => {
      const cache = open({ maxEntries: 10 })
      for (let i = 0; i < 10; i++) cache.set(i, i)
      isMisuse(
        () => cache.resize(wrong as number),
        'maxEntries: expected a positive integer or Infinity, got',
      )
      cache.set(10, 10)
      is(cache.size, 10)
    }),
  ),

  ...[-1, 1.5, Number.NaN, -Infinity, '100', null, 10n].map((wrong) =>
    statement(28, `refuses ${show(wrong)} for maxEntries`, [], ({ open }) => {
      isMisuse(
        () => open({ maxEntries: wrong as number }),
        'maxEntries: expected a positive integer or Infinity, got',
      )
    }),
  ),
]

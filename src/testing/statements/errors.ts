import { equal, hasCode, is, isError, refuses, rejectionOf, show, thrownBy } from '../assert.ts'
import { type Statement, statement } from '../statement.ts'
import type { Method, Whole } from '../subject.ts'

function refuse(): never {
  throw new Error('a key is never converted')
}

const keys: readonly (readonly [name: string, key: unknown])[] = [
  ['a symbol', Symbol('key')],
  ['an object without prototype', Object.create(null)],
  ['an object whose conversions throw', { toString: refuse, valueOf: refuse, toJSON: refuse }],
  ['a long string', 'x'.repeat(10_000)],
  ['-0', -0],
]

type Misuse = readonly [name: string, needs: readonly Method[], misuse: (cache: Whole) => unknown]

const misuses: readonly Misuse[] = [
  ['set of undefined', [], (cache) => cache.set('new', undefined)],
  ['set with a ttl of NaN', [], (cache) => cache.set('a', 2, { ttl: Number.NaN })],
  ['set with a tag that is no string', [], (cache) => cache.set('a', 2, { tags: [5 as never] })],
  ['set with an unknown option', [], (cache) => cache.set('a', 2, { tll: 5 } as object)],
  ['set with a number for its options', [], (cache) => cache.set('a', 2, 5 as never)],
  ['add of undefined', ['add'], (cache) => cache.add('new', undefined)],
  ['setMany of half a pair', ['setMany'], (cache) => cache.setMany([['new', 1], ['b']] as never)],
  ['touch with a wrong ttl', ['touch'], (cache) => cache.touch('a', 'soon' as '1s')],
  ['incr by NaN', ['incr'], (cache) => cache.incr('a', Number.NaN)],
  ['incr of a string', ['incr'], (cache) => cache.incr('b')],
  ['incrVersion by a fraction', ['incrVersion'], (cache) => cache.incrVersion('a', 1.5)],
  [
    'incrVersion beyond the integers',
    ['incrVersion'],
    (cache) => cache.incrVersion('a', Number.MAX_SAFE_INTEGER),
  ],
  ['deleteByTag of a number', ['deleteByTag'], (cache) => cache.deleteByTag(5 as never)],
  ['resize to 0', ['resize'], (cache) => cache.resize(0)],
  ['version of a fraction', ['version'], (cache) => cache.version(1.5)],
  ['namespace without a name', ['namespace'], (cache) => cache.namespace('')],
]

export const errorsStatements: readonly Statement[] = [
  statement(46, 'a state that stands in the way is a CacheError with a code', ['incr'], ({ open }) => {
    const error = thrownBy(() => open().incr('k'))
    isError(error, Error, "'k'")
    hasCode(error, 'KEY_NOT_FOUND')
    is((error as Error).name, 'CacheError')
  }),

  ...keys.map(([name, key]) =>
    statement(
      46,
      `a message names ${name} without running its code, and stays short`,
      ['incr'],
      ({ open }) => {
        const error = thrownBy(() => open().incr(key))
        hasCode(error, 'KEY_NOT_FOUND')
        is((error as Error).message.length < 100, true)
      },
    ),
  ),

  ...misuses.map(([name, needs, misuse]) =>
    statement(46, `misuse changes nothing: ${name}`, [...needs, 'entries', 'stats'], ({ open }) => {
      const cache = open({ maxEntries: 3, ttl: 60_000 })
      cache.set('a', 1, { tags: ['t'] })
      cache.set('b', 'text')
      cache.set('c', { deep: true })
      const before = [...cache.entries()]
      const stats = cache.stats()
      const error = thrownBy(() => misuse(cache as Whole))
      is(error instanceof TypeError || error instanceof RangeError, true, show(error))
      is((error as object) && 'code' in (error as object), false)
      equal([...cache.entries()], before)
      equal(cache.stats(), stats)
    }),
  ),

  ...(['incr', 'incrVersion'] as const).map((method) =>
    statement(
      46,
      `${method} of what is missing changes nothing`,
      [method, 'entries', 'stats'],
      ({ open }) => {
        const cache = open({ maxEntries: 1 })
        cache.set('k', 1)
        const stats = cache.stats()
        hasCode(
          thrownBy(() => cache[method]('missing')),
          'KEY_NOT_FOUND',
        )
        equal([...cache.entries()], [['k', 1]])
        equal(cache.stats(), stats)
      },
    ),
  ),

  ...['not a function', undefined, null, {}, 5].flatMap((wrong) => [
    statement(46, `${show(wrong)} for compute is a TypeError that names it`, ['getOrSet'], ({ open }) => {
      const cache = open()
      refuses('compute: expected a function', () => cache.getOrSet('k', wrong as never))
      is(cache.has('k'), false)
    }),

    statement(
      46,
      `${show(wrong)} for loader is a TypeError that names it`,
      ['getOrLoad'],
      async ({ open }) => {
        const cache = open()
        const error = await rejectionOf(cache.getOrLoad('k', wrong as never))
        isError(error, TypeError, 'loader: expected a function')
        is(cache.has('k'), false)
      },
    ),
  ]),

  statement(46, 'getOrLoad rejects for misuse, and never throws', ['getOrLoad'], async ({ open }) => {
    const cache = open()
    for (const options of [{ ttl: '5x' as '5s' }, { tags: [5 as never] }, { tll: 5 } as object]) {
      const promise = cache.getOrLoad('k', () => 1, options)
      is(promise instanceof Promise, true)
      isError(await rejectionOf(promise), TypeError)
    }
  }),
]

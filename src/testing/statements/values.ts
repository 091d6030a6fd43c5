import { equal, is, isError, refuses, thrownBy } from '../assert.ts'
import { recorded } from '../recorded.ts'
import { type Statement, statement } from '../statement.ts'
import type { Method, Whole } from '../subject.ts'

class Service {
  readonly #secret = 42

  reveal(): number {
    return this.#secret
  }
}

const things: readonly (readonly [name: string, thing: unknown])[] = [
  ['an object', { a: { b: 1 } }],
  ['an array', [1, [2]]],
  ['a class instance', new Service()],
  ['a function', () => 1],
  ['a Map', new Map([[1, 2]])],
  ['a Promise', Promise.resolve(1)],
  ['a symbol', Symbol('value')],
  ['a frozen object', Object.freeze({ a: 1 })],
  ['an object without prototype', Object.create(null)],
  ['a bigint', 10n ** 30n],
]

const empties: readonly (readonly [name: string, empty: unknown])[] = [
  ['null', null],
  ['0', 0],
  ['-0', -0],
  ['0n', 0n],
  ['an empty string', ''],
  ['false', false],
  ['NaN', Number.NaN],
]

const keys: readonly (readonly [name: string, key: unknown])[] = [
  ['an empty string', ''],
  ['spaces and control characters', ' \n\0\u007f'],
  ['a long string', 'k'.repeat(100_000)],
  ['a lone surrogate', '\ud800'],
  ['__proto__', '__proto__'],
  ['constructor', 'constructor'],
  ['toString', 'toString'],
  ['hasOwnProperty', 'hasOwnProperty'],
  ['a number', 1],
  ['a fraction', 1.5],
  ['Infinity', Infinity],
  ['NaN', Number.NaN],
  ['a bigint', 1n],
  ['true', true],
  ['null', null],
  ['undefined', undefined],
  ['a symbol', Symbol('key')],
  ['an object', {}],
  ['an object whose conversions throw', { toString: refuse, valueOf: refuse, toJSON: refuse }],
  ['an array', [1, 2]],
  ['a function', () => 1],
]

/** Ways to read the value under `k`. */
const reads: readonly (readonly [method: Method & string, read: (cache: Whole) => unknown])[] = [
  ['peek', (cache) => cache.peek('k')],
  ['getMany', (cache) => cache.getMany(['k']).get('k')],
  ['getOrSet', (cache) => cache.getOrSet('k', () => 'computed')],
  ['values', (cache) => [...cache.values()][0]],
  ['entries', (cache) => [...cache.entries()][0]![1]],
  ['take', (cache) => cache.take('k')],
]

function refuse(): never {
  throw new Error('a key is never converted')
}

export const valuesStatements: readonly Statement[] = [
  ...things.map(([name, thing]) =>
    statement(1, `gives back the very reference that was set: ${name}`, [], ({ open }) => {
      const cache = open()
      cache.set('k', thing)
      is(cache.get('k'), thing)
    }),
  ),

  ...reads.map(([method, read]) =>
    statement(1, `${method} gives the very reference that was set`, [method], ({ open }) => {
      for (const [, thing] of things) {
        const cache = open()
        cache.set('k', thing)
        is(read(cache as Whole), thing)
      }
    }),
  ),

  statement(1, 'keeps a class instance working and a stored object changeable', [], ({ open }) => {
    const cache = open()
    cache.set('service', new Service())
    is((cache.get('service') as Service).reveal(), 42)
    const list = [1]
    cache.set('list', list)
    list.push(2)
    equal(cache.get('list'), [1, 2])
  }),

  ...empties.map(([name, empty]) =>
    statement(2, `takes ${name} for a value like any other`, [], ({ open }) => {
      const cache = open()
      cache.set('k', empty)
      is(cache.get('k'), empty)
      is(cache.get('k', 'fallback'), empty)
      is(cache.has('k'), true)
      is(cache.delete('k'), true)
    }),
  ),

  ...reads.map(([method, read]) =>
    statement(2, `${method} takes null, 0, '', false and NaN for values`, [method], ({ open }) => {
      for (const [, empty] of empties) {
        const cache = open()
        cache.set('k', empty)
        is(read(cache as Whole), empty)
      }
    }),
  ),

  ...empties.flatMap(([name, empty]) => [
    statement(2, `add does not replace ${name}`, ['add'], ({ open }) => {
      const cache = open()
      cache.set('k', empty)
      is(cache.add('k', 'other'), false)
      is(cache.get('k'), empty)
    }),

    statement(2, `keeps ${name} when it was computed`, ['getOrSet'], ({ open }) => {
      const cache = open()
      const compute = recorded(() => empty)
      cache.getOrSet('k', compute)
      is(cache.getOrSet('k', compute), empty)
      is(compute.calls.length, 1)
    }),

    statement(2, `keeps ${name} when it was loaded`, ['getOrLoad'], async ({ open }) => {
      const cache = open()
      const load = recorded(async () => empty)
      await cache.getOrLoad('k', load)
      is(await cache.getOrLoad('k', load), empty)
      is(load.calls.length, 1)
    }),
  ]),

  statement(3, 'set refuses undefined, in words, and leaves what was there', [], ({ open }) => {
    const cache = open()
    cache.set('k', 1)
    for (const key of ['k', 'new']) {
      const error = thrownBy(() => cache.set(key, undefined))
      isError(error, TypeError, /undefined/)
      isError(error, TypeError, /not here/)
    }
    is(cache.get('k'), 1)
    is(cache.has('new'), false)
  }),

  statement(3, 'add and setMany refuse undefined, and store nothing', ['add', 'setMany'], ({ open }) => {
    const cache = open()
    cache.set('k', 1)
    const pairs = [
      ['new', 1],
      ['k', undefined],
    ] as const
    refuses(
      /undefined.*not here|not here.*undefined/,
      () => cache.add('new', undefined),
      () => cache.add('k', undefined),
      () => cache.setMany(pairs),
    )
    is(cache.get('k'), 1)
    is(cache.has('new'), false)
  }),

  statement(
    3,
    'gives undefined wherever nothing is',
    ['peek', 'take', 'expiresIn', 'getMany'],
    ({ open }) => {
      const cache = open()
      is(cache.get('k'), undefined)
      is(cache.peek('k'), undefined)
      is(cache.take('k'), undefined)
      is(cache.expiresIn('k'), undefined)
      is(cache.getMany(['k']).size, 0)
    },
  ),

  ...keys.map(([name, key]) =>
    statement(4, `takes any key that a Map takes: ${name}`, [], ({ open }) => {
      const cache = open()
      is(cache.get(key), undefined)
      cache.set(key, 'v')
      is(cache.get(key), 'v')
      is(cache.has(key), true)
      is(cache.delete(key), true)
      is(cache.has(key), false)
    }),
  ),

  ...keys.map(([name, key]) =>
    statement(4, `gives a key back as it came: ${name}`, ['keys', 'getMany'], ({ open }) => {
      const cache = open()
      cache.set(key, 'v')
      equal([...cache.keys()], [key])
      equal([...cache.getMany([key])], [[key, 'v']])
    }),
  ),

  ...keys.map(([name, key]) =>
    statement(4, `any key has versions: ${name}`, ['version', 'incrVersion'], ({ open }) => {
      const cache = open()
      cache.set(key, 'v')
      is(cache.incrVersion(key), 2)
      is(cache.has(key), false)
      is(cache.version(2).delete(key), true)
    }),
  ),

  statement(4, 'holds all kinds of keys side by side', [], ({ open }) => {
    const cache = open()
    for (const [name, key] of keys) cache.set(key, name)
    for (const [name, key] of keys) is(cache.get(key), name)
  }),

  statement(4, 'compares keys as Map compares them', [], ({ open }) => {
    const cache = open()
    cache.set(1, 'number')
    cache.set('1', 'string')
    cache.set(1n, 'bigint')
    equal([cache.get(1), cache.get('1'), cache.get(1n)], ['number', 'string', 'bigint'])
    cache.set(0, 'zero')
    is(cache.get(-0), 'zero')
    cache.set(Number.NaN, 'nan')
    is(cache.get(Number.NaN), 'nan')
    cache.set({}, 'object')
    is(cache.get({}), undefined)
  }),

  statement(4, 'leaves Object.prototype alone', [], ({ open }) => {
    const cache = open()
    cache.set('__proto__', { polluted: true })
    is(({} as { polluted?: boolean }).polluted, undefined)
  }),

  statement(5, 'gives the fallback on a miss, and undefined without one', [], ({ open }) => {
    const cache = open()
    is(cache.get('k'), undefined)
    is(cache.get('k', 7), 7)
    is(cache.get('k', null), null)
    is(cache.has('k'), false)
  }),

  statement(5, 'gives a cached null, not the fallback', [], ({ open }) => {
    const cache = open()
    cache.set('k', null)
    is(cache.get('k', 'fallback'), null)
  }),
]

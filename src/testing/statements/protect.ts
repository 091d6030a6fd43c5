import { equal, is, isError, refuses, rejectionOf, thrownBy } from '../assert.ts'
import { type Statement, statement } from '../statement.ts'

interface Doc {
  title: string
  parts: { n: number }[]
}

const doc = (): Doc => ({ title: 'a', parts: [{ n: 1 }] })

/** What cannot be frozen through and through. */
const unfreezable: readonly (readonly [name: string, make: () => unknown])[] = [
  ['a Map', () => new Map()],
  ['a Set', () => new Set()],
  ['a Date', () => new Date()],
  ['a class instance', () => new (class A {})()],
  ['a function', () => () => 1],
  ['a typed array', () => new Uint8Array(2)],
  ['a RegExp', () => /x/],
  ['an Error', () => new Error('x')],
  [
    'an accessor',
    () => ({
      get a() {
        return 1
      },
    }),
  ],
]

const uncloneable: readonly (readonly [name: string, make: () => unknown])[] = [
  ['a function', () => () => 1],
  ['a symbol', () => Symbol('s')],
  ['a WeakMap', () => new WeakMap()],
  ['a Promise', () => Promise.resolve(1)],
]

export const protectStatements: readonly Statement[] = [
  statement(45, 'none is the default and keeps the raw reference', [], ({ open }) => {
    const cache = open()
    const value = doc()
    cache.set('k', value)
    is(Object.isFrozen(value), false)
    const got = cache.get('k') as Doc
    got.parts.push({ n: 2 })
    is(value.parts.length, 2)
  }),

  statement(45, 'freeze freezes plain data through and through, and keeps the reference', [], ({ open }) => {
    const cache = open({ protect: 'freeze' })
    const value: Doc & { self?: unknown } = doc()
    value.self = value
    cache.set('k', value)
    is(cache.get('k'), value)
    is(Object.isFrozen(value), true)
    is(Object.isFrozen(value.parts[0]), true)
    isError(
      thrownBy(() => value.parts.push({ n: 2 })),
      TypeError,
    )
  }),

  statement(45, 'freeze reaches properties that are not enumerable or named by symbols', [], ({ open }) => {
    const cache = open({ protect: 'freeze' })
    const hidden = Symbol('hidden')
    const silent = { b: 1 }
    const odd = Object.defineProperty({ [hidden]: { a: 1 } }, 'silent', { value: silent, enumerable: false })
    cache.set('odd', odd)
    is(Object.isFrozen(silent), true)
    is(Object.isFrozen(odd[hidden]), true)
    refuses("protect: 'freeze'", () => cache.set('k', { [hidden]: new Map() }))
  }),

  ...[
    ['null', null],
    ['a number', 1],
    ['a string', 'text'],
    ['a symbol', Symbol('s')],
    ['an object without prototype', Object.assign(Object.create(null), { a: 1 })],
    ['what is frozen already', Object.freeze([1])],
  ].map(([name, value]) =>
    statement(45, `freeze takes ${name}`, [], ({ open }) => {
      const cache = open({ protect: 'freeze' })
      cache.set('k', value)
      is(cache.get('k'), value)
    }),
  ),

  ...unfreezable.map(([name, make]) =>
    statement(
      45,
      `freeze refuses ${name} at set, deep inside too, and freezes nothing`,
      ['add', 'setMany', 'getOrSet', 'entries'],
      ({ open }) => {
        const cache = open({ protect: 'freeze' })
        cache.set('k', 'old')
        const inner = { a: 1 }
        const value = { inner, list: [{ deep: make() }] }
        for (const refused of [make(), value]) {
          refuses(
            "protect: 'freeze'",
            () => cache.set('k', refused),
            () => cache.add('new', refused),
            () => cache.setMany([['k', refused]]),
            () => cache.getOrSet('new', () => refused),
          )
        }
        is(Object.isFrozen(value) || Object.isFrozen(inner), false)
        equal([...cache.entries()], [['k', 'old']])
      },
    ),
  ),

  statement(
    45,
    'freeze holds for computed and loaded values',
    ['getOrSet', 'getOrLoad'],
    async ({ open }) => {
      const cache = open({ protect: 'freeze' })
      is(Object.isFrozen((cache.getOrSet('a', doc) as Doc).parts[0]), true)
      is(Object.isFrozen(((await cache.getOrLoad('b', async () => doc())) as Doc).parts[0]), true)
    },
  ),

  statement(45, 'a failing add freezes nothing', ['add'], ({ open }) => {
    const cache = open({ protect: 'freeze' })
    cache.set('k', doc())
    const value = doc()
    is(cache.add('k', value), false)
    is(Object.isFrozen(value), false)
  }),

  statement(
    45,
    'clone gives each reader a copy of its own',
    ['peek', 'take', 'getMany', 'getOrSet', 'getOrLoad', 'values', 'entries'],
    async ({ open }) => {
      const cache = open({ protect: 'clone' })
      const value = doc()
      cache.set('k', value)
      value.title = 'changed by the writer'
      const reads: (() => unknown)[] = [
        () => cache.get('k'),
        () => cache.peek('k'),
        () => cache.getMany(['k']).get('k'),
        () => [...cache.values()][0],
        () => [...cache.entries()][0]![1],
        () => cache.getOrSet('k', doc),
        () => cache.getOrLoad('k', doc),
        () => cache.getOrSet('computed', doc),
        () => cache.getOrSet('computed', doc),
        () => cache.getOrLoad('loaded', doc),
        () => cache.getOrLoad('loaded', doc),
        () => cache.take('k'),
      ]
      for (const read of reads) {
        const got = (await read()) as Doc
        equal(got, doc(), String(read))
        got.title = 'changed by a reader'
        got.parts.push({ n: 9 })
      }
    },
  ),

  statement(
    45,
    'clone gives each of those who wait for one load a copy of its own',
    ['getOrLoad'],
    async ({ open }) => {
      const cache = open({ protect: 'clone' })
      const source = doc()
      const [a, b] = await Promise.all([
        cache.getOrLoad('k', async () => source),
        cache.getOrLoad('k', async () => source),
      ])
      equal(a, b)
      is(a === b, false)
      is(a === source, false)
    },
  ),

  ...uncloneable.map(([name, make]) =>
    statement(45, `clone refuses ${name} at set, deep inside too`, ['add', 'entries'], ({ open }) => {
      const cache = open({ protect: 'clone' })
      cache.set('k', 'old')
      for (const refused of [make(), { deep: [make()] }]) {
        for (const write of [() => cache.set('k', refused), () => cache.add('new', refused)]) {
          refuses("protect: 'clone'", write)
        }
      }
      equal([...cache.entries()], [['k', 'old']])
    }),
  ),

  statement(45, 'clone keeps Maps, Dates and circles', [], ({ open }) => {
    const cache = open({ protect: 'clone' })
    const value = { map: new Map([[1, new Date(5)]]), self: undefined as unknown }
    value.self = value
    cache.set('k', value)
    const got = cache.get('k') as typeof value
    is(got.map.get(1)?.getTime(), 5)
    is(got.self, got)
    is(got === value, false)
  }),

  statement(
    45,
    'a value that is refused after a load rejects for everyone, and nothing is stored',
    ['getOrLoad'],
    async ({ open }) => {
      const cache = open({ protect: 'freeze' })
      const loads = [cache.getOrLoad('k', async () => new Map()), cache.getOrLoad('k', async () => new Map())]
      for (const load of loads) isError(await rejectionOf(load), TypeError)
      is(cache.has('k'), false)
      is(await cache.getOrLoad('k', async () => 1), 1)
    },
  ),

  statement(45, 'counters work under every protection', ['incr'], ({ open }) => {
    for (const protect of ['none', 'freeze', 'clone'] as const) {
      const cache = open({ protect })
      cache.set('k', 1)
      is(cache.incr('k'), 2)
      is(cache.get('k'), 2)
    }
  }),
]

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Cache } from '../../src/index.ts'
import { compact } from '../../src/memoize/compact.ts'
import { memoize } from '../../src/memoize/index.ts'
import { keyOf } from '../../src/memoize/keys.ts'
import { Pairs } from '../../src/memoize/pairs.ts'
import { same } from './same.ts'

class User {
  readonly id: number
  constructor(id: number) {
    this.id = id
  }
}

const user = new User(1)
const fn = (): number => 1
const symbol = Symbol('a')
const cycle: unknown[] = []
cycle.push(cycle)
const loop: Record<string, unknown> = {}
loop.a = { loop }

/** Lists of arguments, all different. */
const different: unknown[][] = [
  [],
  [undefined],
  [undefined, undefined],
  [null],
  [''],
  ['undefined'],
  ['null'],
  ['0'],
  [0],
  [-0],
  [0n],
  [-1],
  [NaN],
  ['NaN'],
  [Infinity],
  [true],
  ['true'],
  [1],
  ['1'],
  [1n],
  [0.1 + 0.2],
  [0.3],
  ['a', 'b'],
  ['ab'],
  ['a,b'],
  ['', 'ab'],
  ['ab', ''],
  ['a', 1],
  ['a', '1'],
  [['a', 'b']],
  [['a'], 'b'],
  [[['a']], 'b'],
  ['\0'],
  ['\0s1:a'],
  ['\0@1;'],
  ['\0i-0;'],
  ['\0', 'a'],
  [{}],
  [{ a: undefined }],
  [[{}]],
  [[{ a: undefined }]],
  [Object.create(null)],
  [[]],
  [[undefined]],
  [new Array(1)],
  [[null]],
  [Object.assign([], { a: 1 })],
  [Object.assign(new Array(1), { a: 1 })],
  [{ length: 0 }],
  [{ a: 1, b: 2 }],
  [{ a: 2, b: 1 }],
  [{ 'a1:': 1 }],
  [{ [symbol]: 1 }],
  [{ [Symbol.for('a')]: 1 }],
  [{ ['__proto__']: 1 }],
  [Math],
  [new Date(0)],
  [new Date(1)],
  [new Date(NaN)],
  [new Map()],
  [new Set()],
  [new Map([['a', 1]])],
  [new Map([['a', '1']])],
  [new Map([[{}, {}]])],
  [
    new Map<unknown, unknown>([
      ['a', 1],
      ['b', 2],
    ]),
  ],
  [
    new Map<unknown, unknown>([
      ['b', 2],
      ['a', 1],
    ]),
  ],
  [new Set(['a', 1])],
  [new Set([1, 'a'])],
  [[['a', 1]]],
  [/a/],
  [/a/g],
  [/b/],
  [user],
  [new User(1)],
  [{ id: 1 }],
  [fn],
  [(): number => 1],
  [symbol],
  [Symbol('a')],
  [Symbol.for('a')],
  [Symbol.for('b')],
  [symbol, 1],
  [Symbol.iterator],
  [Object.create({ a: 1 })],
  [Object.create({ a: 2 })],
  [new String('a')],
  [new Uint8Array(1)],
  [Promise.resolve(1)],
  [Object.assign(new Date(0), { zone: 'UTC' })],
  [Object.assign(new Date(0), { zone: 'CET' })],
  [new (class extends Map {})()],
  [cycle],
  [[cycle]],
  [loop],
]

test('different lists of arguments have different keys', () => {
  const keys = different.map((list) => keyOf(list))
  for (const [i, key] of keys.entries())
    for (const [j, other] of keys.entries())
      if (i !== j && new Set([key, other]).size < 2) throw new Error(`${i} and ${j}: ${String(key)}`)
})

test('equal lists of arguments have the same key', () => {
  const equal: [unknown[], unknown[]][] = [
    [[NaN], [NaN]],
    [
      ['a', NaN],
      ['a', NaN],
    ],
    [[{ a: 1, b: 2 }], [{ b: 2, a: 1 }]],
    [[{ a: { c: 1, b: [] } }], [{ a: { b: [], c: 1 } }]],
    [[new Date(5)], [new Date(5)]],
    [[new Map([[{}, [1]]])], [new Map([[{}, [1]]])]],
    [[new Set([[1]])], [new Set([[1]])]],
    [[/a/g], [/a/g]],
    [
      [user, fn, symbol],
      [user, fn, symbol],
    ],
    [[{ user }], [{ user }]],
    [[cycle], [cycle]],
    [[{ [symbol]: 1, [Symbol.iterator]: 2 }], [{ [Symbol.iterator]: 2, [symbol]: 1 }]],
  ]
  for (const [a, b] of equal) expect(keyOf(a)).toBe(keyOf(b))
})

test('cycles of the same form have the same key', () => {
  const make = (): object => {
    const parent: Record<string, unknown> = { name: 'parent' }
    parent.children = [{ parent }, { parent }]
    return parent
  }
  expect(keyOf([make()])).toBe(keyOf([make()]))
})

test('one primitive is its own key', () => {
  for (const value of ['a', '', 'a\0', 0, 1.5, NaN, true, null, undefined, 7n, symbol])
    expect(keyOf([value])).toBe(value)
})

test('an object that changes has another key, an instance that changes has not', () => {
  const plain = { a: 1 }
  const before = keyOf([plain])
  plain.a = 2
  expect(keyOf([plain])).not.toBe(before)
  const instance: { id: number; extra?: number } = new User(1)
  const known = keyOf([instance])
  instance.extra = 1
  expect(keyOf([instance])).toBe(known)
})

test('a large sparse array takes no time', () => {
  expect(keyOf([new Array(2 ** 32 - 1)])).not.toBe(keyOf([new Array(2 ** 31)]))
})

describe('any arguments', () => {
  const instances = fc.constantFrom<unknown>(user, new User(1), fn, symbol, Symbol.for('a'), Symbol.iterator)
  const texts = fc.oneof(
    fc.string({ maxLength: 3 }),
    fc.constantFrom('\0', '\0@1;', 's1:a', '\0s1:a', ':', ';', '0', '-0', 'i0;', '1'),
  )
  const primitives = fc.oneof(
    texts,
    fc.constantFrom<unknown>(0, -0, 1, 12, NaN, undefined, null, true, false, 0n, 1n, -1),
    fc.double(),
    instances,
  )
  const { list } = fc.letrec<{ value: unknown; list: unknown[] }>((tie) => ({
    value: fc.oneof(
      { depthSize: 'small', maxDepth: 4 },
      primitives,
      fc.array(tie('value'), { maxLength: 3 }),
      fc.sparseArray(tie('value'), { maxLength: 3, maxNumElements: 2 }),
      fc.dictionary(fc.oneof(texts, fc.constantFrom('a', 'b')), tie('value'), { maxKeys: 3 }),
      fc
        .dictionary(fc.constantFrom('a', 'b'), tie('value'), { maxKeys: 3 })
        .map((o) => Object.setPrototypeOf(o, null)),
      fc.array(fc.tuple(tie('value'), tie('value')), { maxLength: 2 }).map((entries) => new Map(entries)),
      fc.array(tie('value'), { maxLength: 2 }).map((items) => new Set(items)),
      fc.constantFrom(0, 1, NaN).map((time) => new Date(time)),
      fc.constantFrom('a', 'b').map((source) => new RegExp(source)),
    ),
    list: fc.array(tie('value'), { maxLength: 3 }),
  }))

  test('have the same key exactly if they are the same', () => {
    fc.assert(
      fc.property(list, list, (a, b) => {
        expect(new Set([keyOf(a), keyOf(b)]).size === 1).toBe(same(a, b))
      }),
      { numRuns: 2000 },
    )
  })

  test('have the key of their copy', () => {
    fc.assert(
      fc.property(list, (a) => {
        const b = copy(a) as unknown[]
        expect(same(a, b)).toBe(true)
        expect(keyOf(b)).toBe(keyOf(a))
      }),
      { numRuns: 1000 },
    )
  })

  test('have another key once one part of them is another', () => {
    fc.assert(
      fc.property(list, list, fc.nat(), (a, b, at) => {
        const mixed = [...a]
        mixed[at % (a.length + 1)] = b[0]
        expect(new Set([keyOf(a), keyOf(mixed)]).size === 1).toBe(same(a, mixed))
      }),
      { numRuns: 1000 },
    )
  })

  test('in pairs have the keys of lists, also where more pairs come than are remembered', () => {
    const cache = new Cache<unknown, unknown>({ maxEntries: 3000 })
    for (let i = 0; i < 3000; i++) cache.set(i, i)
    const pairs = new Pairs(cache)
    fc.assert(
      fc.property(list, list, ([a], [b]) => {
        expect(pairs.keyOf(a, b)).toBe(keyOf([a, b]))
      }),
    )
    for (let i = 0; i < 80_000; i++)
      if (pairs.keyOf(i % 3000, i) !== keyOf([i % 3000, i])) throw new Error(`${i}`)
    expect(pairs.keyOf(1, -0)).not.toBe(pairs.keyOf(1, 0))
  })

  test('written compactly have the same key exactly if they are the same', () => {
    fc.assert(
      fc.property(list, list, (a, b) => {
        expect(compact(a) === compact(b)).toBe(same(a, b))
        expect(compact(copy(a) as unknown[])).toBe(compact(a))
      }),
      { numRuns: 2000 },
    )
  })
})

describe('pairs that are known', () => {
  test('are no more than the cache gives reason for, and go with what it holds', () => {
    const cache = new Cache<unknown, unknown>({ maxEntries: 100 })
    const pairs = new Pairs(cache)
    const call = (i: number): void => cache.set(pairs.keyOf(i, i), i)
    for (let i = 0; i < 5000; i++) call(i)
    expect(pairs.size).toBeLessThanOrEqual(216)
    expect(pairs.size).toBeGreaterThan(100)
    cache.clear()
    call(-1)
    expect(pairs.size).toBe(1)
    pairs.clear()
    expect(pairs.size).toBe(0)
  })

  test('are cleared with the results of their function', () => {
    let calls = 0
    const fn = memoize((a: number, b: number) => ++calls && a + b)
    fn(1, 2)
    fn.clear()
    fn(1, 2)
    expect(calls).toBe(2)
  })

  test('are not known by keys that are long', () => {
    const pairs = new Pairs(new Cache())
    pairs.keyOf('a'.repeat(1000), 1)
    expect(pairs.size).toBe(0)
  })
})

describe('large arguments', () => {
  /** Levels of `[inner, inner]`: twice as many with each level, where they are written out. */
  const doubled = (levels: number, inner: unknown): unknown =>
    levels === 0 ? inner : doubled(levels - 1, [inner, inner])
  const nested = (levels: number, inner: unknown): unknown => {
    let value = inner
    for (let i = 0; i < levels; i++) value = { value }
    return value
  }
  const length = (argument: unknown): number => (keyOf([argument]) as string).length

  test('of shared objects have keys in proportion to the objects, not to the ways to them', () => {
    expect(length(doubled(1000, { id: 1 }))).toBeLessThan(20 * 1000)
    expect(keyOf([doubled(30, { id: 1 })])).not.toBe(keyOf([doubled(30, { id: 2 })]))
    expect(keyOf([doubled(30, { id: 1 })])).not.toBe(keyOf([doubled(31, { id: 1 })]))
  })

  test('are the same whether their parts are shared or equal', () => {
    const shared = doubled(12, { id: 1, tags: ['a'] })
    expect(keyOf([structuredClone(shared)])).toBe(keyOf([shared]))
    expect(keyOf([JSON.parse(JSON.stringify(shared))])).toBe(keyOf([shared]))
    expect(keyOf([JSON.parse(JSON.stringify(shared)), 1])).toBe(keyOf([shared, 1]))
  })

  test('that are deep do not exhaust the stack', () => {
    expect(keyOf([nested(20_000, 1)])).toBe(keyOf([nested(20_000, 1)]))
    expect(keyOf([nested(20_000, 1)])).not.toBe(keyOf([nested(20_000, 2)]))
    expect(keyOf([nested(20_000, 1)])).not.toBe(keyOf([nested(20_001, 1)]))
    expect(length(nested(20_000, 1))).toBeLessThan(40 * 20_000)
  })

  test.each([98, 99, 100, 101, 102])('%s levels deep are told apart', (levels) => {
    const keys = [levels - 1, levels, levels + 1].flatMap((n) => [
      keyOf([nested(n, 1)]),
      keyOf([nested(n, 2)]),
    ])
    expect(new Set(keys).size).toBe(6)
    expect(keyOf([nested(levels, { a: 1, b: 2 })])).toBe(keyOf([nested(levels, { b: 2, a: 1 })]))
  })

  test.each([996, 997, 998, 999, 1000, 1001])('of %s objects are told apart', (count) => {
    const many = (last: number): unknown[] => [...Array.from({ length: count }, (_, i) => ({ i })), last]
    expect(keyOf([many(1)])).toBe(keyOf([many(1)]))
    expect(keyOf([many(1)])).not.toBe(keyOf([many(2)]))
  })

  test('with cycles are the same if they are built alike', () => {
    const ring = (size: number, mark: number): object => {
      const first: { next?: object; mark: number } = { mark }
      let last: { next?: object } = first
      for (let i = 1; i < size; i++) {
        const next: { next?: object; i: number } = { i }
        last.next = next
        last = next
      }
      last.next = first
      return first
    }
    expect(keyOf([ring(5000, 1)])).toBe(keyOf([ring(5000, 1)]))
    expect(keyOf([ring(5000, 1)])).not.toBe(keyOf([ring(5000, 2)]))
    expect(keyOf([ring(5000, 1)])).not.toBe(keyOf([ring(5001, 1)]))
    // Doubled with each level, and leading back to the beginning.
    const root: unknown[] = []
    root.push(doubled(100, root))
    expect(length(root)).toBeLessThan(20 * 100)
  })
})

/** The same again, in other objects and with properties in another order. */
function copy(value: unknown): unknown {
  if (Array.isArray(value)) {
    const items = value.map(copy)
    items.length = value.length
    return items
  }
  if (value instanceof Map) return new Map([...value].map(([key, item]) => [copy(key), copy(item)]))
  if (value instanceof Set) return new Set([...value].map(copy))
  if (value instanceof Date) return new Date(value)
  if (value instanceof RegExp) return new RegExp(value)
  if (typeof value !== 'object' || value === null || value instanceof User) return value
  const copied = Object.create(Object.getPrototypeOf(value))
  for (const [key, item] of Object.entries(value).reverse())
    Object.defineProperty(copied, key, { value: copy(item), enumerable: true })
  return copied
}

import { describe, expect, test } from 'vitest'
import { protections } from '../../../src/engine/features/protection.ts'

test('none protects nothing', () => {
  expect(protections.none).toBeUndefined()
})

/** Its instances may have private state, as those of any class. */
class Rootless extends (null as unknown as ObjectConstructor) {}

describe('freeze', () => {
  const { copyIn, copyOut } = protections.freeze!

  test('freezes plain data through and through, and keeps the reference', () => {
    const value = { list: [{ deep: { x: 1 } }], none: null }
    expect(copyIn(value)).toBe(value)
    expect(copyOut).toBeUndefined()
    for (const part of [value, value.list, value.list[0], value.list[0]!.deep])
      expect(Object.isFrozen(part)).toBe(true)
  })

  test('takes primitives, cycles, symbol keys, objects without a prototype and what is frozen already', () => {
    const cycle: { self?: unknown; [key: symbol]: unknown } = { [Symbol('s')]: { x: 1 } }
    cycle.self = cycle
    const ofParser = Object.create(Object.create(null))
    const frozen = Object.freeze({ inner: [] })
    for (const value of [1, 'text', null, 5n, cycle, Object.create(null), ofParser, frozen])
      expect(copyIn(value)).toBe(value)
    expect(Object.isFrozen(cycle)).toBe(true)
    expect(Object.isFrozen(Object.values(Object.getOwnPropertyDescriptors(cycle))[0]!.value)).toBe(true)
  })

  test.each([
    ['a Map', { inner: new Map() }],
    ['a class instance', { inner: new (class Thing {})() }],
    ['an instance of a class without prototype', { inner: Reflect.construct(Object, [], Rootless) }],
    ['an instance of a class of arrays', { inner: new (class Things extends Array {})() }],
    ['a function', { inner: () => 1 }],
    ['a Date', [new Date()]],
    ['bytes', { inner: new Uint8Array(1) }],
    [
      'an accessor',
      {
        get inner() {
          return 1
        },
      },
    ],
  ])('refuses %s, and freezes nothing then', (_name, value) => {
    expect(() => copyIn(value)).toThrow(TypeError)
    expect(Object.isFrozen(value)).toBe(false)
  })
})

describe('clone', () => {
  const { copyIn, copyOut } = protections.clone!

  test('stores a copy, and gives each reader one', () => {
    const value = { list: [1, new Date(5), new Map([['k', new Set([1])]])] }
    const stored = copyIn(value)
    expect(stored).toEqual(value)
    expect(stored).not.toBe(value)
    const read = copyOut!(stored)
    expect(read).toEqual(value)
    expect(read).not.toBe(stored)
    expect(copyOut!(stored)).not.toBe(read)
  })

  class Thing {}
  class Things extends Array {}
  class Dictionary extends Map {}
  class Failure extends Error {}
  test.each([
    ['Thing', new Thing()],
    ['Thing', { deep: [new Map([['k', new Thing()]])] }],
    ['Thing', new Set([[new Thing()]])],
    ['Things', { list: Things.from([1]) }],
    ['Dictionary', new Dictionary()],
    ['Failure', new Failure('down')],
  ])('refuses an instance of %s, which would come back as something else', (name, value) => {
    expect(() => copyIn(value)).toThrow(`an instance of ${name}, whose clone is a plain`)
  })

  test('takes cycles, errors, bytes, dates, expressions and objects without a prototype', () => {
    const cycle: { self?: unknown; map: Map<unknown, unknown> } = { map: new Map() }
    cycle.self = cycle
    cycle.map.set(cycle, new Set([cycle]))
    const bare = Object.assign(Object.create(null), { x: 1 })
    for (const value of [
      cycle,
      new TypeError('t'),
      new Uint8Array(4),
      new Date(),
      /x/,
      bare,
      new ArrayBuffer(2),
    ])
      expect(copyIn(value)).not.toBe(value)
  })

  test('refuses what cannot be cloned, with the cause', () => {
    expect(() => copyIn({ call: () => 1 })).toThrow(TypeError)
    expect(() => copyIn(Symbol('s'))).toThrow(/structuredClone/)
  })
})

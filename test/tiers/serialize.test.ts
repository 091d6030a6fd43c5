import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { defaultSerializer } from '../../src/serialize.ts'

const { encode, decode } = defaultSerializer
const through = (value: unknown): unknown => decode(encode(value))

describe('the default serializer', () => {
  test('70. gives back any value of plain data, its undefined, NaN, −0, bigint, Date, Map, Set and bytes included', () => {
    const data = fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withSet: true,
      withNullPrototype: true,
      withTypedArray: true,
      withSparseArray: true,
    })
    fc.assert(
      fc.property(data, (value) => {
        expect(through(value)).toStrictEqual(value)
      }),
      { numRuns: 1000 },
    )
  })

  test('plain JSON is stored as JSON', () => {
    const value = { id: 1, name: 'Ann', tags: ['a', null, true], '__proto__ ': 1.5 }
    expect(Buffer.from(encode(value)).toString()).toBe(`J${JSON.stringify(value)}`)
  })

  test('70. cycles and what is shared survive', () => {
    const shared = { at: new Date(0) }
    const value: Record<string, unknown> = {
      a: shared,
      b: shared,
      map: new Map([[shared, new Set([shared])]]),
    }
    value.self = value
    const back = through(value) as typeof value
    expect(back.self).toBe(back)
    expect(back.a).toBe(back.b)
    expect((back.map as Map<unknown, Set<unknown>>).get(back.a)!.has(back.a)).toBe(true)
  })

  test('70. errors, URLs, patterns and buffers survive', () => {
    const error = new RangeError('too much', { cause: new Error('inner') })
    const back = through({
      error,
      url: new URL('https://example.org/a?b'),
      pattern: /a+/giu,
      bytes: Buffer.from('hi'),
    })
    expect(back).toStrictEqual({
      error,
      url: new URL('https://example.org/a?b'),
      pattern: /a+/giu,
      bytes: Buffer.from('hi'),
    })
    const { error: its } = back as { error: RangeError }
    expect([its instanceof RangeError, its.message, its.stack, (its.cause as Error).message]).toEqual([
      true,
      'too much',
      error.stack,
      'inner',
    ])
  })

  test('a property named __proto__ stays one, and changes no prototype', () => {
    for (const text of ['{"__proto__":{"isAdmin":true}}', '{"__proto__":{"isAdmin":true},"x":{"d":null}}']) {
      const value = JSON.parse(text)
      value.date = new Date(0)
      const back = through(value) as Record<string, unknown>
      expect(Object.keys(back)).toContain('__proto__')
      expect(back.isAdmin).toBeUndefined()
    }
  })

  test('deep values survive', () => {
    let value: unknown = 1
    for (let i = 0; i < 2000; i++) value = [value]
    let back = through(value)
    for (let i = 0; i < 2000; i++) back = (back as unknown[])[0]
    expect(back).toBe(1)
  })

  class User {
    name = 'Ann'
  }
  test.each([
    [
      { profile: { save: () => 1 } },
      'value.profile.save: expected data that can be stored outside the process, got a function',
    ],
    [
      { list: [1, new User()] },
      "value.list[1]: expected data that can be stored outside the process, got an instance of 'User'",
    ],
    [
      new Map([['a', Symbol('x')]]),
      'value.values(): expected data that can be stored outside the process, got Symbol(x)',
    ],
    [
      { a: new Promise(() => {}) },
      "value.a: expected data that can be stored outside the process, got an instance of 'Promise'",
    ],
    [{ [Symbol('x')]: 1 }, 'value: expected no property named by a symbol'],
    [Object.assign([1], { more: 2 }), 'value: expected an array without properties of its own'],
  ])('what cannot be stored is refused with the way to it: %#', (value, message) => {
    expect(() => encode(value)).toThrow(new TypeError(message))
  })

  test('what is no value of it is an error, and nothing of it is run', () => {
    const bad = [
      '',
      'J',
      'J{',
      'X1',
      'T',
      'T[]',
      'T1',
      'T[1]',
      'T[["x"]]',
      'T[["o","a",5]]',
      'T[["o","a",-1]]',
      'T[["b","Function",""]]',
      'T[["e","Function","a","b",null,-1]]',
      'T[["b","constructor",""]]',
      'T[["v",{}]]',
      'T[["i","1.5"]]',
      'T[["r","(","g"]]',
      'T[["l","no url"]]',
    ]
    for (const text of bad) expect(() => decode(Buffer.from(text)), text).toThrow()
  })
})

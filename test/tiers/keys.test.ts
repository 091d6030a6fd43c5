import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeKey, encodeKey, encodeText, inside, shortened, splitPath } from '../../src/tiers/keys.ts'

const primitive = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.constantFrom('\ud800', '\udc00', 'a', '1', ':', 'N', '\0') }),
  fc.double(),
  fc.integer(),
  fc.bigInt(),
  fc.boolean(),
  fc.constant(null),
)
const key = fc.letrec((tie) => ({
  key: fc.oneof({ depthSize: 'small' }, primitive, fc.array(tie('key'), { maxLength: 4 })),
})).key

/** How keys are told apart: as a Map does it, and arrays by their content. */
function isSame(a: unknown, b: unknown): boolean {
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((one, i) => isSame(one, b[i]))
  return a === b || (Number.isNaN(a) && Number.isNaN(b))
}

describe('keys in the second tier', () => {
  test('69. two different keys never meet, and the same key is always the same', () => {
    fc.assert(
      fc.property(key, key, (a, b) => {
        const [one, other] = [a, b].map((each) => Buffer.from(shortened(encodeKey(each))).toString('hex'))
        return (one === other) === isSame(a, b)
      }),
      { numRuns: 2000 },
    )
  })

  test('a message tells the key of what this process holds', () => {
    fc.assert(fc.property(primitive, (a) => isSame(decodeKey(encodeKey(a)), a)))
  })

  test('−0 is 0, as in a Map, and 1, 1n and "1" are three keys', () => {
    expect(encodeKey(-0)).toBe(encodeKey(0))
    expect(new Set([1, 1n, '1', true, [1]].map(encodeKey)).size).toBe(5)
  })

  test('a key of more than 200 bytes is written as its hash', () => {
    expect(shortened(encodeKey('x'.repeat(199)))).toHaveLength(200)
    expect(shortened(encodeKey('x'.repeat(200)))).toMatch(/^h[\w-]{43}$/)
    expect(shortened(encodeKey('ä'.repeat(100)))).toMatch(/^h/)
  })

  test('namespaces, tags and keys are told apart again, however they are named', () => {
    const name = fc.string({ unit: 'binary', minLength: 1 })
    fc.assert(
      fc.property(fc.array(name, { maxLength: 4 }), name, (names, tag) => {
        const path = names.reduce(inside, '')
        const at = splitPath(path + encodeText(tag))
        expect(at).toEqual({ names: names.map(encodeText), rest: encodeText(tag) })
        expect(splitPath(path)).toEqual({ names: names.map(encodeText), rest: '' })
      }),
    )
  })

  test('what is no path is none', () => {
    for (const text of ['N', 'N5', 'N5:ab', 'Nx:a', 'N-1:a', 'N1e3:a', 'N9999999999999999999:a'])
      expect(splitPath(text)).toBeUndefined()
  })

  test.each([[undefined], [{}], [Symbol('a')], [() => 1], [[1, {}]]])('%s is refused as a key', (key) => {
    expect(() => encodeKey(key)).toThrow(/key: expected a string, number, bigint, boolean, null or an array/)
  })
})

import { expect, test } from 'vitest'
import { KeyHash } from '../../src/core/key-hash.ts'

/** The hash of a key as one number. */
function hashOf(hash: KeyHash, key: unknown, cache = 0): number {
  hash.update(key, cache)
  return (hash.high >>> 0) * 2 ** 20 + (hash.low >>> 12)
}

test('keys that a Map tells apart have different hashes, and a key the same each time', () => {
  const hash = new KeyHash()
  const object = { id: 1 }
  const keys = [
    '1',
    1,
    1n,
    '1n',
    -1.5,
    Number.NaN,
    null,
    'null',
    undefined,
    true,
    object,
    { id: 1 },
    Symbol('a'),
  ]
  for (let i = 0; i < 10_000; i++) keys.push(i * 7 + 100, `user:${i}`)
  const hashes = keys.map((key) => hashOf(hash, key))
  expect(new Set(hashes).size).toBe(new Set(keys).size)
  expect(keys.map((key) => hashOf(hash, key))).toEqual(hashes)
})

test('a key of another cache has another hash, and so has the same key under another seed', () => {
  const hash = new KeyHash()
  expect(hashOf(hash, 'a', 1)).not.toBe(hashOf(hash, 'a', 2))
  expect(hashOf(new KeyHash(), 'a')).not.toBe(hashOf(hash, 'a'))
})

test('of keys that follow a pattern as many fall below a threshold as of others', () => {
  for (const keyOf of [(i: number) => i, (i: number) => i * 1024, (i: number) => `page/${i}`]) {
    const hash = new KeyHash()
    let below = 0
    for (let i = 0; i < 40_000; i++) {
      hash.update(keyOf(i), 0)
      if (hash.high >>> 0 < 2 ** 32 / 16) below++
    }
    // Six standard deviations.
    expect(Math.abs(below - 2500)).toBeLessThan(300)
  }
})

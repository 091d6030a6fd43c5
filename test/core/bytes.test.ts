import { readFileSync } from 'node:fs'
import { expect, test, vi } from 'vitest'
import { kinds } from '../../bench/estimate-kinds.ts'
import { estimateBytes } from '../../src/core/bytes.ts'

test('is a positive integer for anything', () => {
  const values = [
    ...[undefined, null, true, 0, 0.5, Number.NaN, 12n, 2n ** 500n, '', 'text', Symbol('s'), () => 1],
    ...[
      {},
      [],
      new Map(),
      new Set(),
      new Date(),
      /x/,
      new Uint8Array(3),
      new ArrayBuffer(3),
      new DataView(new ArrayBuffer(2)),
    ],
    ...[Object.create(null), new Error('e'), Promise.resolve(), new WeakMap()],
  ]
  for (const value of values) {
    expect(Number.isSafeInteger(estimateBytes(value))).toBe(true)
    expect(estimateBytes(value)).toBeGreaterThan(0)
  }
})

test('grows with what is inside', () => {
  expect(estimateBytes('x'.repeat(1000)) - estimateBytes('')).toBe(1000)
  expect(estimateBytes('ß'.repeat(1000)) - estimateBytes('')).toBe(1000)
  expect(estimateBytes('→'.repeat(1000)) - estimateBytes('')).toBe(2000)
  expect(estimateBytes(new Uint8Array(1000)) - estimateBytes(new Uint8Array(0))).toBe(1000)
  expect(estimateBytes(0.5)).toBeGreaterThan(estimateBytes(1))
  const one = estimateBytes({ a: 'text' })
  expect(estimateBytes([{ a: 'text' }, { a: 'text' }])).toBeGreaterThan(2 * one)
  expect(estimateBytes(new Map([['key', { a: 'text' }]]))).toBeGreaterThan(one)
  expect(estimateBytes(new Set([{ a: 'text' }]))).toBeGreaterThan(one)
})

test('counts each object once, and ends on cycles', () => {
  const shared = { text: 'x'.repeat(1000) }
  expect(estimateBytes([shared, shared])).toBeLessThan(estimateBytes([shared]) + 100)
  const cycle: { self?: unknown } = {}
  cycle.self = cycle
  expect(estimateBytes(cycle)).toBeLessThan(200)
})

test('takes what is deep without running out of stack', () => {
  let deep: unknown = 'end'
  for (let i = 0; i < 200_000; i++) deep = [deep]
  expect(estimateBytes(deep)).toBeGreaterThan(200_000)
})

test('is good to within a factor of two or so for plain data', () => {
  const users = Array.from({ length: 1000 }, (_, id) => ({ id, name: `user ${id}`, tags: ['a', 'b'] }))
  const perUser = estimateBytes(users) / 1000
  expect(perUser).toBeGreaterThan(60)
  expect(perUser).toBeLessThan(400)
})

test('9. numbers alone in an array count eight bytes each', () => {
  expect(estimateBytes(Array.from({ length: 100 }, (_, i) => i + 0.5))).toBe(estimateBytes([]) + 800)
  expect(estimateBytes(Array.from({ length: 100 }, (_, i) => i))).toBe(estimateBytes([]) + 800)
  expect(estimateBytes([0.5, null])).toBeGreaterThan(estimateBytes([]) + 16)
  expect(estimateBytes(new Array(1000))).toBeGreaterThan(8000)
})

test('objects are estimated where there is no SharedArrayBuffer, as on most web pages', () => {
  const estimate = estimateBytes({ a: 1 })
  vi.stubGlobal('SharedArrayBuffer', undefined)
  try {
    expect(estimateBytes({ a: 1 })).toBe(estimate)
    expect(estimateBytes(new ArrayBuffer(1000))).toBeGreaterThan(1000)
  } finally {
    vi.unstubAllGlobals()
  }
})

/** What a value of each kind takes on the heap, as it was measured. */
const measured = new Map(
  [
    ...readFileSync('docs/benchmarks/estimate.md', 'utf8').matchAll(
      /^\| (.+?) \| (\d+) \| \d+ \| [\d.]+ \|$/gm,
    ),
  ].map(([, kind, bytes]) => [kind!, Number(bytes)]),
)

test('9. there are measurements of 30 kinds of values and more', () => {
  expect(measured.size).toBeGreaterThanOrEqual(30)
})

// How much an Error takes depends on how deep it was made, which its estimate does not look at.
test.each([...measured].filter(([kind]) => kind !== 'Error, ten calls deep'))(
  '9. is within a factor of 1.5 of what was measured: %s',
  (kind, bytes) => {
    const make = kinds[kind]!
    const ratio = estimateBytes(make(1_000)) / bytes
    expect(ratio).toBeGreaterThan(1 / 1.5)
    expect(ratio).toBeLessThan(1.5)
  },
)

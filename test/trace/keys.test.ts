import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Cache } from 'nearcache'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { KeyHash } from '../../src/core/key-hash.ts'
import { recordTrace } from '../../src/trace/index.ts'
import { linesOf } from './recorded.ts'

let path: string
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nearcache-keys-'))
  path = join(folder, 'trace.txt')
})
afterAll(() => rm(folder, { recursive: true }))

const object = { id: 1 }
const keys: [unknown, string][] = [
  ['users/1', 'users/1'],
  ['/a b?c=ä', '/a b?c=ä'],
  ['1', '"1"'],
  [1, '1'],
  [1n, '1n'],
  ['1n', '"1n"'],
  [-1.5, '-1.5'],
  [2 ** 31, '2147483648'],
  [2 ** 53, '9007199254740992'],
  [Number.NaN, '<NaN>'],
  [Infinity, '<Infinity>'],
  ['NaN', 'NaN'],
  ['<NaN>', '"<NaN>"'],
  [true, '<true>'],
  ['true', 'true'],
  [null, '<null>'],
  [undefined, '<undefined>'],
  ['', '""'],
  ['#1', '"#1"'],
  ['two\nlines\tand a tab', '"two\\nlines\\tand a tab"'],
  ['back\\slash', '"back\\\\slash"'],
  [object, '<object 1>'],
  [{ id: 1 }, '<object 2>'],
  [Symbol('a'), '<symbol 3>'],
  [Symbol('a'), '<symbol 4>'],
  [Symbol.for('a'), '<Symbol(a)>'],
  [test, '<function 5>'],
]

async function record(all: unknown[], options: object): Promise<string[]> {
  const cache = new Cache()
  const recording = recordTrace(cache, path, options)
  for (const key of all) cache.get(key)
  await recording.stop()
  return linesOf(path)
}

const all = keys.map(([key]) => key)

test('plain keys can be read, and no two look the same', async () => {
  const expected = keys.map(([, line]) => line)
  expect(await record([...all, object, -0], { keys: 'plain' })).toEqual([...expected, '<object 1>', '0'])
  expect(new Set(expected).size).toBe(expected.length)
})

test('hashed keys are of one length, told apart as a Map does, and the same each time', async () => {
  const lines = await record([...all, ...all], {})
  for (const line of lines) expect(line).toMatch(/^[\w-]{11}$/)
  expect(lines.slice(0, all.length)).toEqual(lines.slice(all.length))
  expect(new Set(lines).size).toBe(all.length)
  const [zero, minusZero] = await record([0, -0], {})
  expect(zero).toBe(minusZero)
})

test('two recordings hash differently', async () => {
  expect(await record(['key'], {})).not.toEqual(await record(['key'], {}))
})

test('a long plain key is hashed', async () => {
  const [a, b, c] = await record(['x'.repeat(100_000), `${'x'.repeat(99_999)}y`, 'x'.repeat(100_000)], {
    keys: 'plain',
  })
  expect(a).toMatch(/^<hash \d+ \d+>$/)
  expect(a).not.toBe(b)
  expect(a).toBe(c)
})

test.each([
  ['counters', (i: number) => i],
  ['ids with gaps', (i: number) => i * 4096],
  ['floats', (i: number) => i + 0.5],
  ['short strings', (i: number) => i.toString(36)],
  ['paths', (i: number) => `/products/${i}/price`],
])('hashes of %s collide no more than chance has it', (_, makeKey) => {
  const hash = new KeyHash()
  const lanes = [new Set<number>(), new Set<number>()]
  const count = 200_000
  let below = 0
  for (let i = 0; i < count; i++) {
    hash.update(makeKey(i), 0)
    lanes[0]!.add(hash.high)
    lanes[1]!.add(hash.low)
    if (hash.low >>> 0 < 2 ** 32 * 0.1) below++
  }
  // Of 200,000 numbers of 32 bits about 4.7 pairs are alike.
  for (const lane of lanes) expect(count - lane.size).toBeLessThan(40)
  expect(below / count).toBeCloseTo(0.1, 2)
})

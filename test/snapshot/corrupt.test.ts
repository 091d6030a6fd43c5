import { readFileSync } from 'node:fs'
import { crc32 } from 'node:zlib'
import { Cache, CacheError, type Fault } from 'nearcache'
import { restore } from 'nearcache/snapshot'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { checkInvariants } from '../support/invariants.ts'
import { snapshotOf, streamed } from '../support/snapshots.ts'

const START = Date.UTC(2026, 0, 1)

beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'], now: START }))
afterEach(() => void vi.useRealTimers())

interface Told {
  readonly value: unknown
  readonly left: number | undefined
}

/** All that readers can see of a cache, by space and key. */
function seen(cache: Cache): Map<string, Told> {
  const users = cache.namespace('users')
  const spaces = { '': cache, users, 'users 2': users.version(2) }
  const all = new Map<string, Told>()
  for (const [name, space] of Object.entries(spaces))
    for (const [key, value] of space) all.set(`${name}/${String(key)}`, { value, left: space.expiresIn(key) })
  return all
}

async function filled(): Promise<{ bytes: Buffer; whole: Map<string, Told> }> {
  const cache = new Cache({ maxEntries: 8, staleIfError: '1h' })
  for (let key = 0; key < 12; key++) cache.set(key, key)
  cache.deleteMany([3, 4, 5])
  cache.set('ä', { list: [1.5, null, 'text'], at: new Date(7) }, { ttl: '1h', tags: ['t', 'ü'] })
  cache.namespace('users').set('ann', 'A', { ttl: Infinity })
  cache.namespace('users').version(2).set(12n, -0)
  return { bytes: await snapshotOf(cache), whole: seen(cache) }
}

/** What is restored of such bytes, which has to be part of the whole; and what was told. */
async function restored(bytes: Buffer, whole: Map<string, Told>, isStrict: boolean) {
  const faults: Fault[] = []
  const cache = new Cache({ maxEntries: 8, onError: (_error, fault) => void faults.push(fault) })
  let error: unknown
  const result = await restore(cache, streamed(bytes), { strict: isStrict }).catch((reason: unknown) => {
    error = reason
  })
  const there = seen(cache)
  for (const [key, told] of there) expect(told).toEqual(whole.get(key))
  checkInvariants(cache)
  return { there, faults, error, result }
}

describe('a snapshot that is damaged (77, 78)', () => {
  test('with any byte flipped gives a part of what was saved, never a wrong value, and one fault; with `strict` an error and nothing', async () => {
    const { bytes, whole } = await filled()
    for (let at = 0; at < bytes.length; at++) {
      const damaged = Buffer.from(bytes)
      damaged[at]! ^= 1 << (at % 8)
      const { faults } = await restored(damaged, whole, false)
      expect(faults.map(({ kind }) => kind)).toEqual(['snapshot'])
      expect(faults[0]!.error).toMatchObject({
        code: 'BAD_SNAPSHOT',
        message: expect.stringMatching(/line \d+: the snapshot cannot be read: /),
      })
      if (at % 17 === 0) {
        const { error, there } = await restored(damaged, whole, true)
        expect(error).toBeInstanceOf(CacheError)
        expect(there.size).toBe(0)
      }
    }
  }, 60_000)

  test('with its end cut off anywhere gives what was before, and one fault', async () => {
    const { bytes, whole } = await filled()
    let most = 0
    for (let length = 1; length < bytes.length; length++) {
      const { there, faults } = await restored(bytes.subarray(0, length), whole, false)
      expect(there.size).toBeGreaterThanOrEqual(most)
      most = there.size
      expect(faults).toHaveLength(1)
    }
    expect(most).toBe(whole.size)
  }, 60_000)

  test('with any byte cut out, or a line left out, doubled or moved, gives a part of it and one fault', async () => {
    const { bytes, whole } = await filled()
    for (let at = 0; at < bytes.length; at++) {
      const damaged = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1)])
      const { faults } = await restored(damaged, whole, false)
      expect(faults).toHaveLength(1)
    }
    const lines = bytes.toString().split(/(?<=\n)/)
    for (let i = 1; i < lines.length - 1; i++) {
      const [before, line, after] = [lines.slice(0, i), lines[i]!, lines.slice(i + 1)]
      for (const wrong of [
        [...before, ...after],
        [...before, line, line, ...after],
        [...before, ...after.slice(0, 1), line, ...after.slice(1)],
      ]) {
        const { faults } = await restored(Buffer.from(wrong.join('')), whole, false)
        expect(faults).toHaveLength(1)
      }
    }
  }, 60_000)

  test('whole, it gives everything and no fault', async () => {
    const { bytes, whole } = await filled()
    for (const isStrict of [false, true]) {
      const { there, faults, result } = await restored(bytes, whole, isStrict)
      expect([there, faults]).toEqual([whole, []])
      expect(result).toMatchObject({ entries: whole.size, skipped: { corrupt: 0 } })
    }
  })

  test.each([
    ['empty', '', /ends early/],
    ['something else', 'key,value\n', /does not begin as a snapshot does/],
    [
      'of a later version',
      '{"nearcache":"snapshot","version":2,"crc32":"00000000"}\n',
      /of version 2 of the format, and this package reads version 1/,
    ],
  ])('that is %s is told as such', async (_what, text, message) => {
    const { faults, there } = await restored(Buffer.from(text), new Map(), false)
    expect(there.size).toBe(0)
    expect(faults.map(({ error }) => (error as Error).message)).toEqual([expect.stringMatching(message)])
    const { error } = await restored(Buffer.from(text), new Map(), true)
    expect((error as Error).message).toMatch(message)
  })
})

/** A snapshot of these lines, each with the checksum that it needs. */
function sealed(lines: readonly string[]): Buffer {
  const whole = lines.map((line) => {
    const [start, end] = [line.slice(0, -1), line.at(-1)!]
    const text = end === ']' ? `${start},` : `${start},"crc32":`
    return `${text}"${crc32(text).toString(16).padStart(8, '0')}"${end}`
  })
  const rows = whole.slice(1)
  const sum = rows.reduce((before, line) => crc32(line, before), 0)
  const end = `{"entries":${rows.length},"lines":${rows.length},"sum":${sum},"crc32":`
  return Buffer.from(`${[...whole, `${end}"${crc32(end).toString(16).padStart(8, '0')}"}`].join('\n')}\n`)
}

describe('75. 77. a snapshot that somebody has written to do harm', () => {
  const head = `{"nearcache":"snapshot","version":1,"cache":"c","saved":${START},"serializer":0,"policy":"adaptive","state":{},"bounds":[8,null],"spaces":[[]]}`
  const good = '[0,1,"good","J",1,null]'

  test.each([
    ['no JSON, whose text stands in no message', '[0,1,"card 4111", nonsense]'],
    ['a key of no form', '[0,1,["T",[["i","card 4111"]]],"J",1,null]'],
    ['a key of a form that there is not', '[0,1,["X",["card 4111"]],"J",1,null]'],
    ['a negative place', '[-1,1,"card 4111","J",1,null]'],
    ['a place beyond all', '[7,1,"card 4111","J",1,null]'],
    ['a standing that is none', '[0,1e300,"card 4111","J",1,null]'],
    ['a time that is none', '[0,1,"card 4111","J",1,"soon"]'],
    ['tags that are none', '[0,1,"card 4111","J",1,null,{"tags":[{"toString":1}]}]'],
    ['an idle time without end', '[0,1,"card 4111","J",1,null,{"idle":1e999}]'],
    ['nothing but brackets', `[0,1,"card 4111","J",${'['.repeat(100_000)}]`],
    ['a form that there is not', '[0,1,"card 4111","D",{"isAdmin":true},null]'],
    ['a table that leads nowhere', '[0,1,"card 4111","T",[["o","a",9]],null]'],
    ['a table of nothing', '[0,1,"card 4111","T",[],null]'],
    ['a kind that there is not', '[0,1,"card 4111","T",[["process"]],null]'],
    ['a class that there is not', '[0,1,"card 4111","T",[["e","constructor","n","m",null,-1]],null]'],
    ['bytes of no class', '[0,1,"card 4111","T",[["b","__proto__",""]],null]'],
    ['half a number', '[0,1,"card 4111","T",[["b","Float64Array","AAAA"]],null]'],
    ['a pattern that is none', '[0,1,"card 4111","T",[["r","(",""]],null]'],
  ])('%s: gives the rest, and one fault', async (_what, line) => {
    const { there, faults, result } = await restored(
      sealed([head, line, good]),
      new Map([['/good', { value: 1, left: Infinity }]]),
      false,
    )
    expect([...there.keys()]).toEqual(['/good'])
    expect(faults).toHaveLength(1)
    expect(faults[0]).toMatchObject({ kind: 'snapshot' })
    expect((faults[0]!.error as Error).message).not.toContain('4111')
    expect(result!.skipped.corrupt + result!.skipped.refused).toBe(1)
    const strict = await restored(sealed([head, line, good]), new Map(), true)
    expect([strict.there.size, strict.error === undefined]).toEqual([0, false])
  })

  test('a value that stands for none is refused', async () => {
    const good = '[0,2,"good","J",1,null]'
    const cache = new Cache({ maxEntries: 8, onError() {} })
    const { skipped } = await restore(cache, streamed(sealed([head, '[0,1,"a","T",[["u"]],null]', good])))
    expect([[...cache], skipped.refused]).toEqual([[['good', 1]], 1])
    checkInvariants(cache)
  })

  test('a value that did not go through the serializer of the user is refused', async () => {
    const decode = (bytes: Uint8Array): unknown => Buffer.from(bytes).toString()
    const serializer = { id: 7, encode: () => Buffer.from('x'), decode }
    const its = head.replace('"serializer":0', '"serializer":7')
    const cache = new Cache({ maxEntries: 8, onError() {} })
    const bytes = sealed([
      its,
      ...['D', 'J', 'T'].map((form, i) => `[0,${i},${i},"${form}","raw",null]`),
      '[0,9,9,"B","eA==",null]',
    ])
    const { skipped } = await restore(cache, streamed(bytes), { serializer })
    expect([[...cache], skipped.refused]).toEqual([[[9, 'x']], 3])
    await expect(restore(cache, streamed(bytes), { serializer, strict: true })).rejects.toThrow('form')
  })

  test('names of prototypes are data, and depth without end is no reason to die', async () => {
    const deep = `${'['.repeat(20_000)}1${']'.repeat(20_000)}`
    const bytes = sealed([
      head,
      '[0,1,"__proto__","J",{"__proto__":{"isAdmin":true}},null]',
      '[0,2,"constructor","T",[["o","__proto__",1],["o","isAdmin",2],["v",true]],null]',
      `[0,3,"deep","J",${deep},null]`,
      good,
    ])
    for (const protect of ['none', 'clone'] as const) {
      const cache = new Cache<string, { isAdmin?: boolean }>({ maxBytes: '10mb', protect, onError() {} })
      await restore(cache, streamed(bytes))
      for (const key of ['__proto__', 'constructor']) {
        const value = cache.get(key)!
        expect(Object.keys(value)).toEqual(['__proto__'])
        expect([value.isAdmin, Object.getPrototypeOf(value)]).toEqual([undefined, Object.prototype])
      }
      expect(({} as { isAdmin?: boolean }).isAdmin).toBeUndefined()
      expect(cache.get('good')).toBe(1)
      expect(await snapshotOf(cache)).toBeInstanceOf(Buffer)
      checkInvariants(cache)
    }
  })
})

test('a file of version 1 of the format is read', async () => {
  vi.setSystemTime(Date.UTC(2026, 0, 1, 0, 1))
  const bytes = readFileSync(new URL('version-1.snapshot', import.meta.url))
  const cache = new Cache({ maxEntries: 8, onError: (error) => expect.fail(String(error)) })
  const { entries, saved } = await restore(cache, streamed(bytes))
  expect([entries, saved]).toEqual([8, START])
  expect(cache.get('ä')).toEqual({ list: [1.5, null, 'text'], at: new Date(7) })
  expect(cache.expiresIn('ä')).toBe(59 * 60_000)
  expect(cache.namespace('users').get('ann')).toBe('A')
  expect(cache.namespace('users').version(2).get(12n)).toBe(-0)
})

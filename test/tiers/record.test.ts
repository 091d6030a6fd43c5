import { describe, expect, test } from 'vitest'
import { defaultSerializer } from '../../src/serialize.ts'
import { absence, Codec, unreadable } from '../../src/tiers/codec.ts'
import {
  decodeMessage,
  decodePush,
  encodeMessage,
  encodePush,
  type Message,
} from '../../src/tiers/message.ts'
import { openEntry, packEntry, sealed } from '../../src/tiers/record.ts'

const codec = new Codec(defaultSerializer, undefined, 1024)

/** Entries as this version stores them. They must be read for ever. */
const fixtures: [name: string, hex: string, value: unknown][] = [
  [
    'JSON',
    '01000002dce7ce7bf7000006614332b48840000001941f297d80000001941f2c8ac000023a6100043a746167b67a5e624a7b226964223a312c226e616d65223a22416e6e227d',
    { id: 1, name: 'Ann' },
  ],
  [
    'table',
    '01000002dce7ce7bf7000006614332b48840000001941f297d80000001941f2c8ac000023a6100043a7461679de9644c545b5b226f222c227768656e222c312c22736574222c325d2c5b2264222c355d2c5b2273222c332c342c355d2c5b2269222c2231225d2c5b2275225d2c5b2276222c305d5d',
    { when: new Date(5), set: new Set([1n, undefined, -0]) },
  ],
  [
    'gzip',
    '01010002dce7ce7bf7000006614332b48840000001941f297d80000001941f2c8ac000023a6100043a746167c99e8c701f8b0800000000000003f3aa562a49ad2851b252aaa00350aa0500c06913e470000000',
    { text: 'x'.repeat(100) },
  ],
  [
    'brotli',
    '01020002dce7ce7bf7000006614332b48840000001941f297d80000001941f2c8ac000023a6100043a7461674b65b2131b6f00f88dd462cd19afd4224a787b4ba72f25d104b4426084ba770c01',
    { text: 'x'.repeat(100) },
  ],
  [
    'absence',
    '01040002dce7ce7bf7000006614332b48840000001941f297d80000001941f2c8ac000023a6100043a7461677900ca76',
    undefined,
  ],
]

async function stored(
  value: unknown,
  method?: 'gzip' | 'brotli',
  tags: readonly string[] = [':a', ':tag'],
): Promise<Uint8Array> {
  const own = new Codec(defaultSerializer, method && { over: 1, method }, 1024)
  const encoded = value === undefined ? absence : await own.compress(own.serialize(value))
  const { flags, serializer } = encoded
  const head = {
    flags,
    serializer,
    tags,
    epoch: 242888159786752,
    at: 1795791101659200,
    born: 1735689600384,
    expires: 1735689800384,
  }
  return packEntry(head, own.seal(encoded, 'sk', tags))
}

describe('a stored entry', () => {
  test.each([undefined, 'gzip', 'brotli'] as const)('is read as it was written (%s)', async (method) => {
    const value = { id: 1, when: new Date(5), text: 'x'.repeat(200) }
    const entry = openEntry(await stored(value, method), 'sk')!
    expect(await codec.read(entry, () => {})).toEqual(value)
    expect({ ...entry, data: undefined, flags: undefined }).toEqual({
      flags: undefined,
      isExpired: false,
      serializer: 0,
      tags: [':a', ':tag'],
      epoch: 242888159786752,
      at: 1795791101659200,
      born: 1735689600384,
      expires: 1735689800384,
      data: undefined,
    })
  })

  test.each([undefined, 'gzip'] as const)(
    '67. of which any byte is another, or which is cut anywhere, is a miss or the same value (%s)',
    async (method) => {
      const value = { id: 1, name: 'Ann', n: 'x'.repeat(20) }
      const bytes = await stored(value, method)
      const check = async (changed: Uint8Array): Promise<void> => {
        const entry = openEntry(changed, 'sk')
        const read = entry === undefined ? unreadable : await codec.read(entry, () => {})
        if (read !== unreadable) expect(read).toEqual(value)
      }
      for (let i = 0; i < bytes.length; i++) {
        await check(bytes.subarray(0, i))
        for (const flip of [1, 2, 4, 8, 16, 32, 64, 128, 255]) {
          const changed = Uint8Array.from(bytes)
          changed[i]! ^= flip
          await check(changed)
        }
      }
      await check(Buffer.concat([bytes, Buffer.from([0])]))
    },
  )

  test('67. under another key is a miss', async () => {
    expect(openEntry(await stored(1), 'sother')).toBeUndefined()
  })

  test('67. of another serializer, or with flags that are not known, is a miss', async () => {
    for (const [flags, serializer] of [
      [0, 7],
      [8, 0],
      [64, 0],
      [5, 0],
    ] as const) {
      const head = { flags, serializer, tags: [], epoch: 1, at: 1, born: 1, expires: 0 }
      const entry = openEntry(packEntry(head, sealed('sk', flags, serializer, [], Buffer.from('J1'))), 'sk')!
      expect(await codec.read(entry, () => {})).toBe(unreadable)
    }
  })

  test('that would become larger than the largest value is a miss', async () => {
    const large = new Codec(defaultSerializer, { over: 1, method: 'gzip' }, 1e6)
    const encoded = await large.compress(large.serialize('x'.repeat(100_000)))
    const head = { flags: encoded.flags, serializer: 0, tags: [], epoch: 1, at: 1, born: 1, expires: 0 }
    const entry = openEntry(packEntry(head, large.seal(encoded, 'sk', [])), 'sk')!
    expect(entry.data.length).toBeLessThan(1000)
    expect(await large.read(entry, () => {})).toHaveLength(100_000)
    expect(await codec.read(entry, () => {})).toBe(unreadable)
  })

  test('tells that nothing was found', async () => {
    const entry = openEntry(await stored(undefined), 'sk')!
    expect(await codec.read(entry, () => {})).toBeUndefined()
  })

  test.each(fixtures)('of version 1 is read as ever: %s', async (_, hex, value) => {
    const entry = openEntry(Buffer.from(hex, 'hex'), 'sk')
    expect(entry).toBeDefined()
    expect(await codec.read(entry!, () => {})).toEqual(value)
  })
})

const message: Message = {
  keys: ['sfoo', 'n5'],
  tags: [':a', 'N2::x:t'],
  isClear: false,
  expires: false,
  isValue: false,
  isRepair: true,
  source: '0123456789ab',
  number: 4_000_000_000,
}

describe('a message', () => {
  test('is read as it was written, and its bytes are those of version 1', () => {
    expect(decodeMessage(encodeMessage(message))).toEqual(message)
    expect(Buffer.from(encodeMessage(message)).toString('hex')).toBe(
      '01810123456789abee6b280000020004' +
        Buffer.from('sfoo').toString('hex') +
        '0002' +
        Buffer.from('n5').toString('hex') +
        '02' +
        '0002' +
        Buffer.from(':a').toString('hex') +
        '0007' +
        Buffer.from('N2::x:t').toString('hex'),
    )
    for (const one of [{ isClear: true }, { expires: true }, { isValue: true }])
      expect(decodeMessage(encodeMessage({ ...message, keys: [], tags: [], ...one }))).toEqual({
        ...message,
        keys: [],
        tags: [],
        ...one,
      })
  })

  test('that is forged, cut, too long or of another version is none, and never an error', () => {
    const bytes = encodeMessage(message)
    for (let i = 0; i < bytes.length; i++) {
      expect(decodeMessage(bytes.subarray(0, i))).toBeUndefined()
      for (const flip of [1, 2, 4, 8, 16, 32, 64, 128, 255]) {
        const changed = Uint8Array.from(bytes)
        changed[i]! ^= flip
        expect(() => decodeMessage(changed)).not.toThrow()
      }
    }
    expect(decodeMessage(Buffer.concat([bytes, Buffer.from([0])]))).toBeUndefined()
    expect(decodeMessage(Buffer.concat([Buffer.from([2]), bytes.subarray(1)]))).toBeUndefined()
    expect(decodeMessage(Buffer.alloc(1_000_000, 1))).toBeUndefined()
  })

  test('is pushed with its place in the log', () => {
    const entry = { epoch: '12', previous: '5-7', id: '6-9', body: encodeMessage(message) }
    const back = decodePush(encodePush(entry))!
    expect({ ...back, body: Buffer.from(back.body) }).toEqual({ ...entry, body: Buffer.from(entry.body) })
    for (const text of ['', '1', '1 2-3 4-5', 'a 2-3 4-5 x', '1 2-3  4-5 x', `1 2-3 4-${'9'.repeat(30)} x`])
      expect(decodePush(Buffer.from(text))).toBeUndefined()
  })
})

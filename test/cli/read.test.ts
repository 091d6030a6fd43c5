import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readTrace } from '../../src/cli/read.ts'
import type { Trace } from '../../src/cli/trace.ts'
import { fromStdin } from './traces.ts'

const plain = (trace: Trace) => ({
  keys: [...trace.keys],
  unique: trace.unique,
  times: trace.times && [...trace.times],
  weights: trace.weights && [...trace.weights],
})

const ABA = { keys: [0, 1, 0], unique: 2, times: undefined, weights: undefined }

describe('text', () => {
  test.each([
    ['a line per key', 'a\nb\na\n', ABA],
    ['without a last newline', 'a\nb\na', ABA],
    ['with carriage returns', 'a\r\nb\r\na\r\n', ABA],
    ['keys with spaces and of any letters', 'ä b\n/x?y=1\nä b\n', ABA],
    ['times', 'a\t0\nb\t1.5\na\t20\n', { ...ABA, times: [0, 1.5, 20] }],
    ['a time before the last counts as that', 'a\t5\nb\t3\na\t7\n', { ...ABA, times: [5, 5, 7] }],
    [
      'times and weights',
      'a\t0\t10\nb\t1\t20\na\t2\t10\n',
      { ...ABA, times: [0, 1, 2], weights: [10, 20, 10] },
    ],
    ['weights without times', 'a\t\t10\nb\t\t20\na\t\t10\n', { ...ABA, weights: [10, 20, 10] }],
  ])('%s', async (_, text, expected) => {
    expect(plain(await fromStdin('text', text))).toEqual(expected)
  })

  test('in pieces of any length', async () => {
    const text = Buffer.from('ä\t1\nb\t2\nä\t3\n')
    const pieces = [...text].map((byte) => Uint8Array.of(byte))
    expect(plain(await fromStdin('text', ...pieces))).toEqual({ ...ABA, times: [1, 2, 3] })
  })

  test('the first line of a recording says what share of keys it has', async () => {
    const trace = await fromStdin('text', '# nearcache trace: keys=hashed sample=0.25\na\nb\na\n')
    expect(plain(trace)).toEqual(ABA)
    expect(trace.sample).toBe(0.25)
  })

  test('any other line that begins like it is a key', async () => {
    expect(plain(await fromStdin('text', '#1\n#2\n#1\n'))).toEqual(ABA)
  })
})

describe('numbers', () => {
  const bytes = new Uint8Array(Uint32Array.of(7, 4_000_000_000, 7).buffer)

  test('of four bytes, little-endian', async () => {
    expect(plain(await fromStdin('u32', bytes))).toEqual(ABA)
  })

  test('in pieces of any length', async () => {
    const pieces = [...bytes].map((byte) => Uint8Array.of(byte))
    expect(plain(await fromStdin('u32', ...pieces))).toEqual(ABA)
  })
})

describe('files', () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'nearcache-read-'))
  })
  afterAll(() => rm(folder, { recursive: true }))

  const text = 'a\nb\na\n'
  const numbers = new Uint8Array(Uint32Array.of(7, 9, 7).buffer)

  test.each([
    ['reads.txt', text],
    ['reads', gzipSync(text)],
    ['reads.txt.gz', gzipSync(text)],
    ['reads.txt.br', brotliCompressSync(text)],
    ['reads.u32', numbers],
    ['u32.gz', gzipSync(numbers)],
    ['reads.trace.u32.br', brotliCompressSync(numbers)],
  ])('%s is read as its name and content say', async (name, content) => {
    const path = join(folder, name)
    await writeFile(path, content)
    expect(plain(await readTrace(path, { stdin: Readable.from([]) }))).toEqual(ABA)
  })

  test.each([
    [
      'not.gz',
      Buffer.from('a\nb\n'),
      /not\.gz:1: expected whole compressed data, got: incorrect header check/,
    ],
    ['not.br', Buffer.from('no brotli'), /not\.br:1: expected whole compressed data, got: /],
    [
      'cut.u32.br',
      brotliCompressSync(numbers).subarray(0, 4),
      /cut\.u32\.br:byte \d+: expected whole compressed data/,
    ],
  ])('%s is refused', async (name, content, message) => {
    const path = join(folder, name)
    await writeFile(path, content)
    await expect(readTrace(path, { stdin: Readable.from([]) })).rejects.toThrow(message)
  })

  const lines = Array.from({ length: 5000 }, (_, i) => `key ${(i * 7919) % 4999}\n`).join('')
  test.each([
    ['torn.gz', gzipSync(lines)],
    ['torn.br', brotliCompressSync(lines)],
  ])('%s, an interrupted recording, is read as far as it goes, with a warning', async (name, whole) => {
    const path = join(folder, name)
    await writeFile(path, whole.subarray(0, whole.length * 0.7))
    const warnings: string[] = []
    const onWarning = (message: string) => warnings.push(message)
    const trace = await readTrace(path, { stdin: Readable.from([]), onWarning })
    expect(trace.keys.length).toBeGreaterThan(1000)
    expect(trace.keys.length).toBeLessThan(5000)
    // No torn key at the end.
    expect(trace.unique).toBe(Math.min(trace.keys.length, 4999))
    expect(warnings).toEqual([
      expect.stringMatching(/torn\...: the recording was interrupted; its first [\d,]+ reads/),
    ])
  })

  test('a file that is not there, and a folder', async () => {
    const stdin = Readable.from([])
    await expect(readTrace(join(folder, 'none.txt'), { stdin })).rejects.toThrow(
      /none\.txt: expected a file to read, got ENOENT/,
    )
    await expect(readTrace(folder, { stdin })).rejects.toThrow(/: expected a file to read, got EISDIR/)
  })
})

describe('what is wrong is named with file, line and what was expected', () => {
  test.each([
    ['a\n\nb\n', 'stdin:2: expected a key, got an empty line'],
    ['\t5\n', "stdin:1: expected a key, got none: '·5'"],
    ['a\nb\t5\n', "stdin:2: expected 1 field as on the first line, got 2: 'b·5'"],
    ['a\t1\nb\n', "stdin:2: expected 2 fields as on the first line, got 1: 'b'"],
    ['a\t1\t2\t3\n', "stdin:1: expected at most 3 fields (key, time, weight), got 4: 'a·1·2·3'"],
    ['a\t1\nb\tnoon\n', "stdin:2: expected a time in milliseconds after the key, got 'noon'"],
    ['a\t1\nb\t\n', "stdin:2: expected a time in milliseconds after the key, got ''"],
    ['a\t\t1\nb\t5\t1\n', "stdin:2: expected no time, as on the first line, got '5'"],
    ['a\t1\t0\n', "stdin:1: expected a weight (a positive integer) after the time, got '0'"],
    ['a\t1\t1.5\n', "stdin:1: expected a weight (a positive integer) after the time, got '1.5'"],
    ['a\t1\t1\nb\t2\t\n', "stdin:2: expected a weight (a positive integer) after the time, got ''"],
    ['# nearcache trace: sample=2\n', "stdin:1: expected a sample above 0 and at most 1, got '2'"],
    ['a\n\0\0\0\n', 'stdin:2: expected text, got binary data (for numbers of four bytes say --format u32)'],
    [`a\n${'x'.repeat(70_000)}`, 'stdin:2: expected lines of at most 65,536 bytes, got a longer one'],
    ['<svg xmlns="x">\n', `stdin:1: expected a trace, a key a line, got markup: '<svg xmlns="x">'`],
    ['', 'stdin: expected at least one read, got an empty trace'],
  ])('%#', async (text, message) => {
    await expect(fromStdin('text', text)).rejects.toThrow(message)
  })

  test('numbers that are cut off', async () => {
    await expect(fromStdin('u32', 'user:1\nuser:2\nuser:1\n')).rejects.toThrow(
      'stdin: expected numbers of four bytes, got text (for lines say --format text)',
    )
    await expect(fromStdin('u32', Uint8Array.of(1, 0, 0, 0, 2, 0))).rejects.toThrow(
      'stdin:byte 6: expected four bytes per read, got an end after 2',
    )
  })
})

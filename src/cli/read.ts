import { once } from 'node:events'
import { createReadStream } from 'node:fs'
import type { Readable } from 'node:stream'
import { type BrotliDecompress, createBrotliDecompress, createGunzip, type Gunzip } from 'node:zlib'
import { Failure } from './failure.ts'
import { type Format, formatOf } from './format.ts'
import { LineReader } from './read-lines.ts'
import { NumberReader } from './read-numbers.ts'
import { type Trace, TraceBuilder } from './trace.ts'

/** What makes reads of the bytes of a trace. */
export interface TraceReader {
  /** Where reading has come to, for messages: `file:line`. */
  readonly place: string
  take(chunk: Buffer): void
  /** Whether what came last was torn off in the middle; it is left out then. */
  end(): boolean
}

export interface ReadOptions {
  /** In place of what the name tells. */
  readonly format?: Format | undefined
  /** Read when the path is `-`. */
  readonly stdin: Readable
  /** Told how many reads there are, after each piece. */
  readonly onProgress?: ((reads: number) => void) | undefined
  /** Told once, of a recording that was interrupted: it is read as far as it goes. */
  readonly onWarning?: ((message: string) => void) | undefined
}

/** Reads a trace piece by piece: besides a few bytes per read, it keeps the different keys in memory. */
export async function readTrace(path: string, options: ReadOptions): Promise<Trace> {
  const name = path === '-' ? 'stdin' : path
  const format = options.format ?? formatOf(name)
  const builder = new TraceBuilder(name)
  const reader = format.kind === 'u32' ? new NumberReader(name, builder) : new LineReader(name, builder)
  const source = path === '-' ? options.stdin : createReadStream(path, { highWaterMark: 256 * 1024 })
  let isTorn = false
  try {
    for await (const chunk of decompressed(source, format.compression)) {
      reader.take(chunk)
      options.onProgress?.(builder.reads)
    }
    isTorn = reader.end()
  } catch (error) {
    if (!isInterrupted(error) || builder.reads === 0) throw asFailure(error, name, reader.place)
    isTorn = true
  }
  // What follows the last whole read is the torn end of the next one.
  if (isTorn && builder.reads > 0) {
    const reads = builder.reads.toLocaleString('en')
    options.onWarning?.(`${name}: the recording was interrupted; its first ${reads} reads are used`)
  }
  return builder.build()
}

async function* decompressed(source: Readable, given: Format['compression']): AsyncGenerator<Buffer> {
  const pieces: AsyncIterator<Buffer> = source[Symbol.asyncIterator]()
  const start = await beginning(pieces)
  const compression = given === 'sniff' && start[0] === 0x1f && start[1] === 0x8b ? 'gzip' : given
  const whole = prepend(start, pieces)
  if (compression === 'sniff') yield* whole
  else {
    const decompress = compression === 'gzip' ? createGunzip() : createBrotliDecompress()
    yield* through(whole, decompress)
  }
}

/** Everything that could be decompressed, and only then the error of data that are torn off. */
async function* through(
  pieces: AsyncIterable<Buffer>,
  decompress: Gunzip | BrotliDecompress,
): AsyncGenerator<Buffer> {
  const out: Buffer[] = []
  decompress.on('data', (chunk: Buffer) => out.push(chunk))
  const failed = new Promise<never>((_, reject) => decompress.on('error', reject))
  failed.catch(() => {})
  const ended = once(decompress, 'end')
  ended.catch(() => {})
  try {
    for await (const piece of pieces) {
      await Promise.race([new Promise<void>((done) => decompress.write(piece, () => done())), failed])
      yield* out.splice(0)
    }
    decompress.end()
    await Promise.race([ended, failed])
    yield* out.splice(0)
  } finally {
    decompress.destroy()
  }
}

function isInterrupted(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'Z_BUF_ERROR'
}

/** The first bytes, enough to tell gzip; fewer only when there are no more. */
async function beginning(pieces: AsyncIterator<Buffer>): Promise<Buffer> {
  let start = Buffer.alloc(0)
  while (start.length < 2) {
    const piece = await pieces.next()
    if (piece.done === true) break
    start = Buffer.concat([start, piece.value])
  }
  return start
}

async function* prepend(start: Buffer, pieces: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  if (start.length > 0) yield start
  for (let piece = await pieces.next(); piece.done !== true; piece = await pieces.next()) yield piece.value
}

function asFailure(error: unknown, name: string, place: string): unknown {
  if (error instanceof Failure || !(error instanceof Error)) return error
  const { code = '' } = error as NodeJS.ErrnoException
  if (/^(Z_|ERR__?ERROR|ERR_BROTLI|ERR_PADDING|ERR_)/.test(code))
    return new Failure(`${place}: expected whole compressed data, got: ${error.message}`)
  if (/^E[A-Z]+$/.test(code)) return new Failure(`${name}: expected a file to read, got ${error.message}`)
  return error
}

import { once } from 'node:events'
import { createReadStream, createWriteStream } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import type { Transform, Writable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { constants, createBrotliCompress, createBrotliDecompress, createGunzip, createGzip } from 'node:zlib'
import { LONGEST_LINE } from './format.ts'

const BROTLI = { [constants.BROTLI_PARAM_QUALITY]: 4 }

/** Writes what `write` gives to a stream. */
export type Give = (text: string) => Promise<void>

/** Has a file written as a whole or not at all: beside it, then put in its place. Compressed as its name ends: `.gz`, `.br`. Gives its bytes. */
export async function writeFile(path: string, write: (give: Give) => Promise<void>): Promise<number> {
  const beside = `${path}.${process.pid}-${Math.random().toString(36).slice(2, 10)}.tmp`
  const sink = createWriteStream(beside, { flags: 'wx', mode: 0o600, flush: true })
  try {
    await writeStream(sink, write, compressor(path))
    await rename(beside, path)
    return sink.bytesWritten
  } catch (error) {
    await rm(beside, { force: true })
    throw error
  }
}

/** Writes to a stream and ends it. */
export async function writeStream(
  sink: Writable,
  write: (give: Give) => Promise<void>,
  compress?: Transform,
): Promise<void> {
  const first = compress ?? sink
  compress?.pipe(sink)
  const failed = new AbortController()
  const over = Promise.all([finished(sink), compress && finished(compress)])
  over.catch((error: unknown) => failed.abort(error))
  try {
    await write(async (text) => {
      failed.signal.throwIfAborted()
      if (!first.write(text)) await once(first, 'drain', { signal: failed.signal })
    })
    first.end()
    await over
  } catch (error) {
    first.destroy()
    sink.destroy()
    throw failed.signal.aborted ? failed.signal.reason : error
  }
}

/** The bytes of a file, decompressed as its name ends. */
export function readFile(path: string): AsyncIterable<Uint8Array> {
  const source = createReadStream(path)
  const decompress = path.endsWith('.gz')
    ? createGunzip()
    : path.endsWith('.br')
      ? createBrotliDecompress()
      : undefined
  if (decompress === undefined) return source
  source.on('error', (error) => decompress.destroy(error))
  decompress.on('close', () => source.destroy())
  return source.pipe(decompress)
}

/** Lines without their ends; `undefined` for one that is too long, and at the end for one that has none. */
export async function* linesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer | undefined> {
  let parts: Buffer[] = []
  let length = 0
  for await (const bytes of chunks) {
    const chunk = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    let from = 0
    for (let to = chunk.indexOf(10); to !== -1; to = chunk.indexOf(10, from)) {
      length += to - from
      parts.push(chunk.subarray(from, to))
      yield length > LONGEST_LINE ? undefined : parts.length === 1 ? parts[0] : Buffer.concat(parts)
      from = to + 1
      parts = []
      length = 0
    }
    length += chunk.length - from
    // What is too long is not gathered.
    if (length > LONGEST_LINE) parts = []
    else if (from < chunk.length) parts.push(chunk.subarray(from))
  }
  if (length > 0) yield undefined
}

function compressor(path: string): Transform | undefined {
  if (path.endsWith('.gz')) return createGzip({ level: 3 })
  return path.endsWith('.br') ? createBrotliCompress({ params: BROTLI }) : undefined
}

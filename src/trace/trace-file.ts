import { createWriteStream } from 'node:fs'
import { finished, pipeline, type Writable } from 'node:stream'
import { constants, createBrotliCompress, createGzip } from 'node:zlib'

/** Bytes gathered before they are handed to the stream. */
const CHUNK = 64 * 1024
/** Bytes that may wait for the disk before more are refused. */
const WAITING = 8 * 1024 * 1024

const BROTLI = { [constants.BROTLI_PARAM_QUALITY]: 4, [constants.BROTLI_PARAM_LGWIN]: 22 }

/** A file that takes lines without ever waiting, compressed as its name ends: `.gz`, `.br`. Holds a bounded amount of memory. */
export class TraceFile {
  /** Where the next line goes: `chunk` from `length` on, once `hasRoom` said so. */
  chunk: Buffer = Buffer.allocUnsafeSlow(CHUNK)
  length = 0
  readonly #stream: Writable
  /** Settles when all is written or nothing more can be: gives the bytes in the file. */
  readonly #end: Promise<number>

  /** An error of the file is told once, and rejects `close`. */
  constructor(path: string, onError: (error: unknown) => void) {
    const file = createWriteStream(path)
    const compress = path.endsWith('.gz')
      ? createGzip({ level: 3 })
      : path.endsWith('.br')
        ? createBrotliCompress({ params: BROTLI })
        : undefined
    this.#stream = compress ?? file
    this.#end = new Promise((resolve, reject) => {
      const settle = (error: unknown): void => {
        if (error === undefined || error === null) resolve(file.bytesWritten)
        else {
          reject(error)
          onError(error)
        }
      }
      if (compress === undefined) finished(file, settle)
      else pipeline(compress, file, settle)
    })
    // Whoever closes the file gets the error; until then nobody waits for it.
    this.#end.catch(() => {})
  }

  /** Whether a line of so many bytes (at most a chunk) can be taken; not so while too much waits for the disk. */
  hasRoom(bytes: number): boolean {
    if (this.length + bytes <= CHUNK) return true
    if (this.#stream.writableLength > WAITING) return false
    this.#hand()
    return true
  }

  /** Writes what is left and closes. Gives the bytes in the file, or rejects with the first error of it. */
  close(): Promise<number> {
    if (!this.#stream.destroyed && !this.#stream.writableEnded) {
      this.#hand()
      this.#stream.end()
    }
    return this.#end
  }

  #hand(): void {
    this.#stream.write(this.chunk.subarray(0, this.length))
    this.chunk = Buffer.allocUnsafeSlow(CHUNK)
    this.length = 0
  }
}

import * as zlib from 'node:zlib'
import type { Serializer } from '../serialize.ts'
import { ABSENT, COMPRESSION, type StoredEntry, sealed } from './record.ts'

/** Values are compressed where that is worth it. */
export interface Compression {
  /** Values of at least this many bytes. */
  readonly over: number
  readonly method: CompressionMethod
}

export type CompressionMethod = 'gzip' | 'brotli' | 'zstd'

/** A value as it is stored, or what stood in the way. */
export interface Encoded {
  readonly flags: number
  readonly serializer: number
  readonly data: Uint8Array
}

type Work = (
  data: Uint8Array,
  options: { maxOutputLength?: number },
  done: (error: Error | null, result: Buffer) => void,
) => void

/** The methods by their number in the flags. `zstd` is there from Node 22.15 on. */
const methods = ['', 'gzip', 'brotli', 'zstd'] as const
const deflate: Record<CompressionMethod, Work | undefined> = {
  gzip: zlib.gzip as Work,
  brotli: zlib.brotliCompress as Work,
  zstd: (zlib as { zstdCompress?: Work }).zstdCompress,
}
const inflate: Record<CompressionMethod, Work | undefined> = {
  gzip: zlib.gunzip as Work,
  brotli: zlib.brotliDecompress as Work,
  zstd: (zlib as { zstdDecompress?: Work }).zstdDecompress,
}

export function isAvailable(method: CompressionMethod): boolean {
  return deflate[method] !== undefined
}

/** What was found to be absent, as it is stored. */
export const absence: Encoded = { flags: ABSENT, serializer: 0, data: new Uint8Array() }

/** Values to bytes and back: the serializer, and compression. */
export class Codec {
  readonly serializer: Serializer
  readonly #compression: Compression | undefined
  readonly #maxBytes: number

  constructor(serializer: Serializer, compression: Compression | undefined, maxBytes: number) {
    this.serializer = serializer
    this.#compression = compression
    this.#maxBytes = maxBytes
  }

  /** The bytes of a value; throws what the serializer throws. */
  serialize(value: unknown): Encoded {
    const data: unknown = this.serializer.encode(value)
    if (!(data instanceof Uint8Array))
      throw new TypeError('serializer.encode: expected a Uint8Array to be returned')
    return { flags: 0, serializer: this.serializer.id, data }
  }

  /** Whether a value is too large to be stored outside the process. */
  isTooLarge({ data }: Encoded): boolean {
    return data.length > this.#maxBytes
  }

  compress(encoded: Encoded): Encoded | Promise<Encoded> {
    const compression = this.#compression
    if (compression === undefined || encoded.data.length < compression.over) return encoded
    const { method } = compression
    return run(deflate[method]!, encoded.data, {}).then((data) =>
      data.length < encoded.data.length ? { ...encoded, flags: methods.indexOf(method), data } : encoded,
    )
  }

  /** The payload of an entry. */
  seal(encoded: Encoded, key: string, tags: readonly string[]): Uint8Array {
    return sealed(key, encoded.flags, encoded.serializer, tags, encoded.data)
  }

  /**
   * The value of an entry; `unreadable` where this codec did not write it, or more than the largest value would come out. `onError` is
   * given what stood in the way of reading what it should be able to read.
   */
  async read(entry: StoredEntry, onError: (error: unknown) => void): Promise<unknown> {
    const { flags, data } = entry
    if (flags === ABSENT) return undefined
    if (entry.serializer !== this.serializer.id || (flags & ~COMPRESSION) !== 0) return unreadable
    try {
      const method = methods[flags]!
      let plain = data
      if (method !== '') {
        const work = inflate[method]
        if (work === undefined)
          throw new TypeError(`a value is compressed by ${method}, which this Node does not have`)
        plain = await run(work, data, { maxOutputLength: this.#maxBytes })
      }
      if (plain.length > this.#maxBytes) return unreadable
      const value = this.serializer.decode(plain)
      return value === undefined ? unreadable : value
    } catch (error) {
      onError(error)
      return unreadable
    }
  }
}

export const unreadable: unique symbol = Symbol('unreadable')

function run(work: Work, data: Uint8Array, options: { maxOutputLength?: number }): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    work(data, options, (error, result) => (error === null ? resolve(result) : reject(error)))
  })
}

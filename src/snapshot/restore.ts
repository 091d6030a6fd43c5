import { type Cache, spaceOf, storeOf } from '../cache.ts'
import { type Duration, milliseconds, refusal } from '../options/units.ts'
import { checkSerializer, type Serializer } from '../serialize.ts'
import { assertCache, assertOptions } from './arguments.ts'
import { readFile } from './file.ts'
import { Reader } from './reader.ts'

export interface RestoreOptions {
  /** The one that the snapshot was saved with. */
  readonly serializer?: Serializer | undefined
  /** A snapshot that was saved longer ago is left alone; an hour by default. */
  readonly maxAge?: Duration | undefined
  /**
   * Whether a snapshot that is damaged anywhere, or missing, is refused as a whole, with an error. By default what is whole of it is
   * restored, and the rest is a fault of the kind `snapshot`.
   */
  readonly strict?: boolean | undefined
}

/** What was restored. */
export interface RestoredSnapshot {
  /** Entries that were put back. Where the bound is smaller than it was, others may have left for them since. */
  readonly entries: number
  /** When the snapshot was saved, in milliseconds of Unix time; undefined where there is none that can be read. */
  readonly saved: number | undefined
  /** How many entries were left out, and why. */
  readonly skipped: {
    /** Their lifetime is over. */
    readonly expired: number
    /** The snapshot is older than `maxAge`. */
    readonly tooOld: number
    /** The cache holds something under the key, or the key or a tag was removed since the restoration began. */
    readonly outdone: number
    /** Heavier than the bound, or refused by the serializer, `weigh` or `protect`. The first one is a fault. */
    readonly refused: number
    /** Damaged lines, whatever they were. */
    readonly corrupt: number
  }
}

const OPTIONS = ['serializer', 'maxAge', 'strict']

/**
 * Puts back what `save` has written, into a cache that may be in use: nothing that is there is overwritten, and what is written, removed or
 * cleared from the call on wins. The time since the snapshot was saved counts against every lifetime. Goes in slices; values are read
 * as data, and nothing of them is run.
 *
 * Without `strict` it resolves whatever the file is like. Rejects with a TypeError for wrong arguments, with a CacheError `CLOSED` where the cache is closed; with `strict` also
 * with `BAD_SNAPSHOT`, or with the error of the file, and then nothing was restored.
 */
export async function restore<K, V>(
  cache: Cache<K, V>,
  source: string | AsyncIterable<Uint8Array>,
  options: RestoreOptions = {},
): Promise<RestoredSnapshot> {
  assertCache(cache)
  assertOptions(options, OPTIONS, 'restore')
  const { serializer, maxAge = '1h', strict = false } = options
  if (serializer !== undefined) checkSerializer(serializer, 'serializer')
  if (typeof strict !== 'boolean') throw refusal('strict', 'true or false', strict)
  const age = milliseconds(maxAge, 'maxAge')
  const isPath = typeof source === 'string' && source !== ''
  if (
    !isPath &&
    typeof (source as AsyncIterable<Uint8Array> | undefined)?.[Symbol.asyncIterator] !== 'function'
  )
    throw refusal('source', 'a path or a readable stream', source)
  const space = spaceOf(cache)
  storeOf(cache).assertOpen(space)
  const chunks = isPath ? readFile(source as string) : (source as AsyncIterable<Uint8Array>)
  const reader = new Reader(storeOf(cache), space, serializer, age)
  return strict
    ? await reader.readWhole(chunks)
    : await reader.read(chunks, isPath ? (source as string) : 'the stream')
}

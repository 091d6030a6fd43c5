import { type Backing, backingCache, backingStore, isTiered, type Store } from '../adapters/backing.ts'
import { lifetime } from './lifetime.ts'
import { revalidationsOf } from './revalidations.ts'

/** A result of a function or component with `use cache`. */
export interface DirectiveEntry {
  value: ReadableStream<Uint8Array>
  tags: string[]
  /** How long the client uses it, in seconds. */
  stale: number
  /** When it was begun, in milliseconds since 1970. */
  timestamp: number
  /** After how many seconds it is not served any more. */
  expire: number
  /** After how many seconds it is made anew behind what is served. */
  revalidate: number
}

/** What Next takes in `cacheHandlers`. */
export interface DirectiveHandler {
  get(key: string, softTags: readonly string[]): Promise<DirectiveEntry | undefined>
  set(key: string, pending: Promise<DirectiveEntry>): Promise<void>
  refreshTags(): Promise<void>
  getExpiration(tags: readonly string[]): Promise<number>
  updateTags(tags: readonly string[], durations?: { readonly expire?: number }): Promise<void>
}

/** An entry, whose stream was read. */
interface Kept extends Omit<DirectiveEntry, 'value'> {
  readonly bytes: Uint8Array
}

/**
 * What a file named in `cacheHandlers` of `next.config` exports by default: it keeps the results of `use cache`, or of `use cache: remote`,
 * in a cache. An entry that has no end, or one in a year or more, lives as long as the `ttl` of the cache says. A stream that breaks off is
 * not kept. Throws what the constructor of `Cache` throws.
 */
export function directiveHandler(backing?: Backing<unknown>): DirectiveHandler {
  const cache = backing !== undefined && isTiered(backing) ? backing : backingCache(backing)
  const entries = backingStore<unknown>(cache).namespace('directives') as Store<Kept>
  const revalidations = revalidationsOf(cache)
  /** Entries on their way, which who asks for them waits for. */
  const pending = new Map<string, Promise<void>>()

  const keep = async (key: string, coming: Promise<DirectiveEntry>): Promise<void> => {
    const read = await readWhole(coming)
    if (read === undefined) return
    const { tags, timestamp, expire } = read
    const known = await revalidations.known()
    if (known.standing(tags, timestamp) === 'expired') return
    await entries.set(key, read, { ttl: lifetime(expire, timestamp) })
  }

  return {
    async get(key, softTags) {
      await pending.get(key)
      const kept = await entries.get(key)
      if (kept === undefined) return undefined
      const { bytes, ...rest } = kept
      const known = await revalidations.known()
      const standing = known.standing([...rest.tags, ...softTags], rest.timestamp)
      if (standing === 'expired') return undefined
      const revalidate = standing === 'stale' ? -1 : rest.revalidate
      return { ...rest, revalidate, value: streamOf(bytes) }
    },
    async set(key, coming) {
      const kept = keep(key, coming)
      const settled = kept.catch(() => {})
      pending.set(key, settled)
      try {
        await kept
      } finally {
        if (pending.get(key) === settled) pending.delete(key)
      }
    },
    async refreshTags() {
      await revalidations.known()
    },
    async getExpiration(tags) {
      return (await revalidations.known()).expiration(tags)
    },
    updateTags: (tags, durations) => revalidations.add(tags, durations),
  }
}

/** An entry with the bytes of its stream, which can be read once. Undefined if it failed: then Next tells of it. */
async function readWhole(coming: Promise<DirectiveEntry>): Promise<Kept | undefined> {
  try {
    const { value, ...rest } = await coming
    return { ...rest, bytes: new Uint8Array(await new Response(value).arrayBuffer()) }
  } catch {
    return undefined
  }
}

function streamOf(bytes: Uint8Array): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      controller.enqueue(bytes)
      controller.close()
    },
  })
}

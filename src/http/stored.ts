import { type Field, fieldValue } from './fields.ts'
import type { Freshness } from './freshness.ts'

/** A response as it is kept. */
export interface StoredResponse extends Freshness {
  readonly status: number
  readonly fields: readonly Field[]
  readonly body: Uint8Array
  readonly etag: string | undefined
  readonly lastModified: string | undefined
  readonly tags: readonly string[]
}

/** What responses to a URL vary by. Stands under the URL's key; its responses stand under its `id`. */
export interface UrlRecord {
  readonly id: string
  /** Names of the request fields by whose values the responses are told apart. */
  readonly varies: readonly string[]
}

/** What a response costs beyond its bytes: objects, its key, its places in the cache. */
const OVERHEAD = 600

/** Bytes that an entry of a response cache takes. */
export function weighEntry(entry: StoredResponse | UrlRecord, key: string): number {
  let bytes = OVERHEAD + key.length * 2
  if (!('body' in entry)) return bytes
  for (const [name, value] of entry.fields) bytes += name.length + value.length + 32
  return bytes + entry.body.byteLength
}

/** A stored response with the fields of a 304 that confirmed it (RFC 9111, 3.2). */
export function freshened(
  stored: StoredResponse,
  fields: readonly Field[],
  freshness: Freshness,
): StoredResponse {
  const replaced = new Set(fields.map(([name]) => name))
  for (const name of OF_BODY) replaced.delete(name)
  const kept = stored.fields.filter(([name]) => !replaced.has(name))
  const all = [...kept, ...fields.filter(([name]) => replaced.has(name))]
  return {
    ...stored,
    ...freshness,
    fields: all,
    etag: fieldValue(all, 'etag'),
    lastModified: fieldValue(all, 'last-modified'),
  }
}

/** Fields that describe the stored body, which a 304 does not bring. */
const OF_BODY = ['content-digest', 'content-encoding', 'content-md5', 'content-range', 'etag']

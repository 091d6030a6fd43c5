import { crc32 } from 'node:zlib'

/*
 * An entry as it is stored, numbers big endian. The store writes the head; the rest comes from who loaded the value.
 *
 *      0  1  version, 1; what is another one is a miss
 *      1  1  flags
 *      2  1  serialiser: 0 the default, else the number of the user's
 *      3  1  number of tags
 *      4  6  epoch: the life of the state in which it was stored
 *     10  8  number of the position that the value is as new as
 *     18  8  born: when its load began, in milliseconds of the store's clock
 *     26  8  expires: the same clock; 0 for never; where a call has ended its lifetime, when that was and 2⁵² more
 *     34     tags: 2 bytes of length and the tag, each
 *      …  4  a checksum (CRC-32) of flags, serialiser, key, tags and value
 *      …     the value
 */

export const VERSION = 1
/** How long the part of an entry is that its store writes. */
export const HEAD = 34
/** The part of the flags that says how the value is compressed. */
export const COMPRESSION = 3
/** A flag: what is remembered is that nothing was found. */
export const ABSENT = 4
/** As many tags, those of each level counted, can an entry have. */
export const MOST_TAGS = 255

/** Added to the time at which a call has ended a lifetime, which no clock that jumps back makes live again. */
export const EXPIRED: number = 2 ** 52

export interface StoredEntry {
  readonly flags: number
  readonly serializer: number
  readonly tags: readonly string[]
  readonly epoch: number
  readonly at: number
  readonly born: number
  /** Milliseconds of the store's clock; 0 for never. */
  readonly expires: number
  /** Whether a call has ended its lifetime at that time. */
  readonly isExpired: boolean
  readonly data: Uint8Array
}

/** What of an entry its head leaves to be stored: the checksum, then the value. */
export function sealed(
  key: string,
  flags: number,
  serializer: number,
  tags: readonly string[],
  data: Uint8Array,
): Uint8Array {
  const payload = new Uint8Array(4 + data.length)
  new DataView(payload.buffer).setUint32(0, checksum(key, flags, serializer, tags, data))
  payload.set(data, 4)
  return payload
}

/** The value in what `sealed` gives. */
export function unsealed(payload: Uint8Array): Uint8Array {
  return payload.subarray(4)
}

/** The entry in these bytes, or undefined for what was not written as one under this key. */
export function openEntry(bytes: Uint8Array, key: string): StoredEntry | undefined {
  if (bytes.length < HEAD + 4 || bytes[0] !== VERSION) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const tags: string[] = []
  let at = HEAD
  for (let i = 0; i < bytes[3]!; i++) {
    if (at + 2 > bytes.length) return undefined
    const end = at + 2 + view.getUint16(at)
    if (end > bytes.length) return undefined
    tags.push(utf8.decode(bytes.subarray(at + 2, end)))
    at = end
  }
  if (at + 4 > bytes.length) return undefined
  const [flags, serializer] = [bytes[1]!, bytes[2]!]
  const data = bytes.subarray(at + 4)
  if (view.getUint32(at) !== checksum(key, flags, serializer, tags, data)) return undefined
  const expires = long(view, 26)
  return {
    flags,
    serializer,
    tags,
    epoch: view.getUint16(4) * 2 ** 32 + view.getUint32(6),
    at: long(view, 10),
    born: long(view, 18),
    expires: expires % EXPIRED,
    isExpired: expires >= EXPIRED,
    data,
  }
}

/** When the lease ends that stands in an entry that is over; undefined where none does. */
export function leaseIn(bytes: Uint8Array): number | undefined {
  if (bytes.length < HEAD || bytes[0] !== VERSION) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const [born, expires] = [long(view, 18), long(view, 26)]
  return expires !== 0 && born > expires % EXPIRED ? born : undefined
}

/** An entry as a store writes it. */
export function packEntry(
  entry: Omit<StoredEntry, 'data' | 'isExpired'> & { readonly isExpired?: boolean },
  payload: Uint8Array,
): Uint8Array {
  const tags = entry.tags.map((tag) => text.encode(tag))
  const length = tags.reduce((sum, tag) => sum + 2 + tag.length, HEAD)
  const bytes = new Uint8Array(length + payload.length)
  const view = new DataView(bytes.buffer)
  bytes.set([VERSION, entry.flags, entry.serializer, tags.length])
  view.setUint16(4, Math.floor(entry.epoch / 2 ** 32))
  view.setUint32(6, entry.epoch % 2 ** 32)
  view.setBigUint64(10, BigInt(entry.at))
  view.setBigUint64(18, BigInt(entry.born))
  view.setBigUint64(26, BigInt(entry.expires + (entry.isExpired ? EXPIRED : 0)))
  let at = HEAD
  for (const tag of tags) {
    view.setUint16(at, tag.length)
    bytes.set(tag, at + 2)
    at += 2 + tag.length
  }
  bytes.set(payload, at)
  return bytes
}

const text = new TextEncoder()
const utf8 = new TextDecoder('utf-8', { ignoreBOM: true })

function checksum(
  key: string,
  flags: number,
  serializer: number,
  tags: readonly string[],
  data: Uint8Array,
): number {
  const head = [flags, serializer, key, ...tags].map((part) => `${String(part).length}:${part}`).join('')
  return crc32(data, crc32(head))
}

function long(view: DataView, at: number): number {
  return view.getUint32(at) * 2 ** 32 + view.getUint32(at + 4)
}

import type { Position } from './tier.ts'

/*
 * What an invalidation tells, in the log and in a push. Numbers are big endian.
 *
 *      0  1  version, 1
 *      1  1  operation: 1 delete, 2 expire, 3 clear, 4 value written; + 128 where it is sent again for others
 *      2  6  source: random, of the cache object that has sent it
 *      8  4  its number there
 *     12  2  count of keys; each 2 bytes of length and the key
 *      …  1  count of tags, each alike
 *
 * A push is epoch, previous position and position as text, a space after each, then these bytes.
 */

/** What an invalidation covers. */
export interface Cover {
  readonly keys: readonly string[]
  readonly tags: readonly string[]
  readonly isClear: boolean
  /** Lifetimes end, and the values are kept for `staleIfError`. */
  readonly expires: boolean
}

export interface Message extends Cover {
  readonly source: string
  readonly number: number
  /** A value was written under the key. */
  readonly isValue: boolean
  /** It stands for invalidations, perhaps of others, that the store has lost. */
  readonly isRepair: boolean
}

/** As many bytes a message has at most; more keys go in several. */
export const MOST_BYTES = 65_536
/** As many tags go in one message. */
export const MOST_TAGS = 255

const REPAIR = 128

export function encodeMessage(message: Message): Uint8Array {
  const keys = message.keys.map((key) => Buffer.from(key))
  const tags = message.tags.map((tag) => Buffer.from(tag))
  const length = [...keys, ...tags].reduce((sum, one) => sum + 2 + one.length, 15)
  const bytes = Buffer.alloc(length)
  const operation = message.isClear ? 3 : message.expires ? 2 : message.isValue ? 4 : 1
  bytes[0] = 1
  bytes[1] = operation + (message.isRepair ? REPAIR : 0)
  bytes.write(message.source, 2, 6, 'hex')
  bytes.writeUInt32BE(message.number, 8)
  bytes.writeUInt16BE(keys.length, 12)
  let at = 14
  const put = (one: Buffer): void => {
    bytes.writeUInt16BE(one.length, at)
    at += 2 + one.copy(bytes, at + 2)
  }
  keys.forEach(put)
  bytes[at++] = tags.length
  tags.forEach(put)
  return bytes
}

/** The message in these bytes; undefined for what is none, or of a later version. */
export function decodeMessage(given: Uint8Array): Message | undefined {
  const bytes = Buffer.from(given.buffer, given.byteOffset, given.byteLength)
  if (bytes.length < 15 || bytes.length > MOST_BYTES || bytes[0] !== 1) return undefined
  const operation = bytes[1]! & ~REPAIR
  if (operation < 1 || operation > 4) return undefined
  let at = 14
  const take = (count: number): string[] | undefined => {
    const found: string[] = []
    for (let i = 0; i < count; i++) {
      if (at + 2 > bytes.length) return undefined
      const end = at + 2 + bytes.readUInt16BE(at)
      if (end > bytes.length) return undefined
      const text = bytes.toString('utf8', at + 2, end)
      // What is no UTF-8 is no text of ours.
      if (text.includes('\ufffd') && !Buffer.from(text).equals(bytes.subarray(at + 2, end))) return undefined
      found.push(text)
      at = end
    }
    return found
  }
  const keys = take(bytes.readUInt16BE(12))
  if (keys === undefined || at >= bytes.length) return undefined
  const tags = take(bytes[at++]!)
  if (tags === undefined || at !== bytes.length) return undefined
  return {
    keys,
    tags,
    isClear: operation === 3,
    expires: operation === 2,
    isValue: operation === 4,
    isRepair: (bytes[1]! & REPAIR) !== 0,
    source: bytes.toString('hex', 2, 8),
    number: bytes.readUInt32BE(8),
  }
}

/** A log entry as it is pushed. */
export interface PushedEntry {
  readonly epoch: string
  readonly previous: Position
  readonly id: Position
  readonly body: Uint8Array
}

export function encodePush({ epoch, previous, id, body }: PushedEntry): Uint8Array {
  return Buffer.concat([Buffer.from(`${epoch} ${previous} ${id} `), body])
}

/** The log entry in a push; undefined for what is none. */
export function decodePush(given: Uint8Array): PushedEntry | undefined {
  const bytes = Buffer.from(given.buffer, given.byteOffset, given.byteLength)
  if (bytes.length > MOST_BYTES + 256) return undefined
  const head = /^(\d{1,20}) (\d{1,20}-\d{1,20}) (\d{1,20}-\d{1,20}) /.exec(bytes.toString('latin1', 0, 128))
  if (head === null) return undefined
  const [all, epoch, previous, id] = head as unknown as [string, string, string, string]
  return { epoch, previous, id, body: bytes.subarray(all.length) }
}

/** Whether an invalidation concerns a key, or one of its tags. */
export function covers(cover: Cover, key: string, tags: readonly string[]): boolean {
  return cover.isClear || cover.keys.includes(key) || tags.some((tag) => cover.tags.includes(tag))
}

/** Whether an invalidation does all that another one does. */
export function includes(outer: Cover, inner: Cover): boolean {
  if (outer.isClear) return true
  if (outer.expires && !inner.expires) return false
  return (
    !inner.isClear &&
    inner.keys.every((key) => outer.keys.includes(key)) &&
    inner.tags.every((tag) => outer.tags.includes(tag))
  )
}

/** Invalidations as one. What only expires is deleted with the others. */
export function joined(all: readonly Cover[]): Cover {
  if (all.some((cover) => cover.isClear)) return { keys: [], tags: [], isClear: true, expires: false }
  return {
    keys: [...new Set(all.flatMap((cover) => cover.keys))],
    tags: [...new Set(all.flatMap((cover) => cover.tags))],
    isClear: false,
    expires: all.length > 0 && all.every((cover) => cover.expires),
  }
}

/** An invalidation in parts, each small enough for one message, unless a single key is too long for one. */
export function parts(cover: Cover, mostBytes: number = MOST_BYTES): Cover[] {
  const found: Cover[] = []
  let keys: string[] = []
  let tags: string[] = []
  let size = 64
  const end = (): void => {
    if (keys.length + tags.length > 0) found.push({ ...cover, keys, tags })
    ;[keys, tags, size] = [[], [], 64]
  }
  const add = (list: 'keys' | 'tags', one: string): void => {
    const bytes = 2 + Buffer.byteLength(one)
    if (size + bytes > mostBytes || keys.length === MOST_KEYS || tags.length === MOST_TAGS) end()
    size += bytes
    ;(list === 'keys' ? keys : tags).push(one)
  }
  for (const tag of cover.tags) add('tags', tag)
  for (const key of cover.keys) add('keys', key)
  end()
  return found.length === 0 ? [cover] : found
}

/** As many keys go in one message, so that no script runs for long. */
const MOST_KEYS = 500

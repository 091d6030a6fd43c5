/*
 * What goes by a bus. Numbers are big endian.
 *
 *      0  2  `nc`
 *      2  1  version, 1
 *      3  1  kind: 1 beat, 2 beat that asks for those of all others, 3 the last one, 4 invalidation
 *      4  6  sender: random, one for each bus of a process
 *     10  6  its number: how many invalidations it has sent, with this one
 *     16  6  serial: how many frames it has sent, with this one
 *     22  1  length of the cache's name, the name, then the message (src/tiers/message.ts): of an invalidation alone
 */

export type FrameKind = 'beat' | 'hello' | 'end' | 'invalidation'

export interface Frame {
  readonly kind: FrameKind
  readonly sender: string
  readonly number: number
  readonly serial: number
  /** Empty where it is no invalidation. */
  readonly name: string
  readonly body: Uint8Array
}

/** As many bytes come before the message, with the longest name. */
export const HEAD_BYTES: number = 23 + 64

const HEAD = 22
const KINDS: readonly FrameKind[] = ['beat', 'hello', 'end', 'invalidation']

export function encodeFrame({ kind, sender, number, serial, name, body }: Frame): Uint8Array {
  const head = Buffer.alloc(HEAD)
  head.write('nc', 0, 'latin1')
  head[2] = 1
  head[3] = KINDS.indexOf(kind) + 1
  head.write(sender, 4, 6, 'hex')
  head.writeUIntBE(number, 10, 6)
  head.writeUIntBE(serial, 16, 6)
  if (kind !== 'invalidation') return head
  return Buffer.concat([head, Buffer.from([name.length]), Buffer.from(name, 'latin1'), body])
}

/** The frame in these bytes; undefined for what is none of ours, or was cut. */
export function decodeFrame(given: Uint8Array): Frame | undefined {
  const bytes = Buffer.from(given.buffer, given.byteOffset, given.byteLength)
  if (bytes.length < HEAD || bytes.toString('latin1', 0, 2) !== 'nc' || bytes[2] !== 1) return undefined
  const kind = KINDS[bytes[3]! - 1]
  if (kind === undefined) return undefined
  const head = {
    kind,
    sender: bytes.toString('hex', 4, 10),
    number: bytes.readUIntBE(10, 6),
    serial: bytes.readUIntBE(16, 6),
  }
  if (kind !== 'invalidation') return { ...head, name: '', body: bytes.subarray(HEAD) }
  const end = HEAD + 1 + (bytes[HEAD] ?? Infinity)
  if (end >= bytes.length || head.number === 0) return undefined
  return { ...head, name: bytes.toString('latin1', HEAD + 1, end), body: bytes.subarray(end) }
}

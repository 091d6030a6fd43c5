import { type Field, fieldValue, httpDate } from './fields.ts'
import type { StoredResponse } from './stored.ts'

/** What is sent of a stored response. */
export interface Part {
  readonly status: number
  readonly fields: readonly Field[]
  /** Undefined where no body is sent. */
  readonly body: Uint8Array | undefined
}

type Asks = (name: string) => string | undefined

/** Fields of a response that a 304 repeats (RFC 9110, 15.4.5). */
const OF_NOT_MODIFIED = new Set([
  'cache-control',
  'content-location',
  'date',
  'etag',
  'expires',
  'last-modified',
  'vary',
])

/** What a request gets of a stored response: all of it, the range that it asks for, or that it has it already (RFC 9110, 13 and 14). */
export function partFor(method: string, asks: Asks, stored: StoredResponse): Part {
  const { status, fields, body } = stored
  if (isNotModified(asks, stored))
    return { status: 304, fields: fields.filter(([name]) => OF_NOT_MODIFIED.has(name)), body: undefined }
  if (method === 'HEAD') return { status, fields: sized(stored, body.byteLength), body: undefined }
  const range = status === 200 && mayBeCut(asks, stored) ? rangeOf(asks('range'), body.byteLength) : undefined
  if (range === undefined) {
    const isEmpty = status === 204 || status === 205
    return { status, fields: isEmpty ? fields : sized(stored, body.byteLength), body }
  }
  if (range === 'unsatisfiable')
    return { status: 416, fields: [['content-range', `bytes */${body.byteLength}`]], body: new Uint8Array(0) }
  const cut = body.subarray(range.start, range.end)
  const where: Field = ['content-range', `bytes ${range.start}-${range.end - 1}/${body.byteLength}`]
  return { status: 206, fields: [...sized(stored, cut.byteLength), where], body: cut }
}

function sized(stored: StoredResponse, bytes: number): Field[] {
  return [...stored.fields, ['content-length', String(bytes)]]
}

/** Whether a request's own conditions are met by the stored response, so that its client has it already. */
export function isNotModified(
  asks: Asks,
  stored: Pick<StoredResponse, 'status' | 'etag' | 'lastModified'>,
): boolean {
  if (stored.status !== 200) return false
  const tags = asks('if-none-match')
  if (tags !== undefined) return matches(tags, stored.etag)
  const since = httpDate(asks('if-modified-since'))
  const modified = httpDate(stored.lastModified)
  return since !== undefined && modified !== undefined && modified <= since
}

/** Weak comparison with each tag of a list (RFC 9110, 13.1.2). */
function matches(tags: string, etag: string | undefined): boolean {
  if (tags.trim() === '*') return true
  if (etag === undefined) return false
  const opaque = etag.replace(/^W\//, '')
  return [...tags.matchAll(/(?:W\/)?("[^"]*")/g)].some(([, tag]) => tag === opaque)
}

/** Whether `If-Range` lets a range be sent: only a strong validator does. */
function mayBeCut(asks: Asks, stored: StoredResponse): boolean {
  const condition = asks('if-range')
  if (condition === undefined) return true
  if (condition.startsWith('"')) return condition === stored.etag
  return condition === stored.lastModified
}

/** The single range of bytes that is asked for; undefined where everything is to be sent. */
function rangeOf(
  range: string | undefined,
  size: number,
): { start: number; end: number } | 'unsatisfiable' | undefined {
  const match = range === undefined ? null : /^bytes=(\d*)-(\d*)$/.exec(range.trim())
  if (match === null || (match[1] === '' && match[2] === '')) return undefined
  if (match[1] === '') {
    const last = Number(match[2])
    return last === 0 || size === 0 ? 'unsatisfiable' : { start: Math.max(0, size - last), end: size }
  }
  const start = Number(match[1])
  const end = match[2] === '' ? size : Math.min(size, Number(match[2]) + 1)
  if (start >= size) return 'unsatisfiable'
  return start < end ? { start, end } : undefined
}

/** The request fields by which a handler learns what is stored already (RFC 9111, 4.3.1). */
export function validatorsOf(stored: Pick<StoredResponse, 'etag' | 'lastModified'>): Field[] {
  const fields: Field[] = []
  if (stored.etag !== undefined) fields.push(['if-none-match', stored.etag])
  if (stored.lastModified !== undefined) fields.push(['if-modified-since', stored.lastModified])
  return fields
}

/** What of a new response tells whether a client has it already. */
export function validators(
  status: number,
  fields: readonly Field[],
): Pick<StoredResponse, 'status' | 'etag' | 'lastModified'> {
  return { status, etag: fieldValue(fields, 'etag'), lastModified: fieldValue(fields, 'last-modified') }
}

import { isRecord } from '../options/options.ts'
import type { End, Head, Row } from './format.ts'

/*
 * What the lines of a snapshot have to be like. A checksum tells damage; that somebody has written nonsense it does not tell.
 */

export function assertHead(json: unknown): asserts json is Head {
  const head = record(json)
  const { spaces, bounds, state } = head
  assert(typeof head.cache === 'string' && typeof head.policy === 'string')
  assert(isTime(head.saved) && Number.isInteger(head.serializer))
  assert(isRecord(state) && Object.values(state).every(isTime))
  assert(
    Array.isArray(bounds) && bounds.length === 2 && bounds.every((bound) => bound === null || isTime(bound)),
  )
  assert(Array.isArray(spaces) && spaces.every(isPath))
}

export function assertEnd(json: unknown): asserts json is End {
  const { entries, lines, sum } = record(json)
  assert([entries, lines, sum].every(Number.isInteger))
}

export function assertRow(row: object): asserts row is Row {
  const { space, standing, form, left, extras } = row as Record<string, unknown>
  assert(Number.isInteger(space) && (space as number) >= 0)
  assert(Number.isInteger(standing) && (standing as number) >= 0 && (standing as number) < 2 ** 32)
  if (form === undefined) return
  assert(typeof form === 'string' && isSpan(left))
  if (extras === undefined) return
  const { tags = [], grace = 0, refresh = 0, idle = 0 } = record(extras)
  assert(Array.isArray(tags) && tags.every((tag) => typeof tag === 'string'))
  assert(isSpan(grace) && isSpan(refresh) && isTime(idle) && Number(grace) >= 0)
}

function isPath(json: unknown): boolean {
  return (
    Array.isArray(json) &&
    json.every((name) => (typeof name === 'string' ? name !== '' : Number.isSafeInteger(name)))
  )
}

/** null is for ever. */
function isSpan(json: unknown): json is number | null {
  return json === null || isTime(json)
}

function isTime(json: unknown): json is number {
  return typeof json === 'number' && Number.isFinite(json)
}

function record(json: unknown): Record<string, unknown> {
  assert(isRecord(json))
  return json
}

function assert(holds: boolean): asserts holds {
  if (!holds) throw new SyntaxError('not a line of a snapshot')
}

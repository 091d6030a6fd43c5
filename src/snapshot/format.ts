import { crc32 } from 'node:zlib'
import type { PolicyState } from '../engine/standings.ts'
import { CacheError } from '../errors.ts'
import { fromJson, jsonOf } from '../serialize.ts'
import { assertEnd, assertHead, assertRow } from './shape.ts'

/*
 * A snapshot is lines of JSON, each of which ends with a checksum (CRC-32) of what stands before it in the line, so that what is whole can
 * be told from what is damaged, whatever happened to the rest of the file:
 *
 *     {"nearcache":"snapshot","version":1, …,"crc32":"9ae1b1f4"}                  when, of which policy, its state, key spaces
 *     [0,530,"user:1","J",{"name":"Ann"},239000,"0c7f6a80"]                       space, standing, key, form and value, time left
 *     [0,17,"user:2","J",7,239000,{"tags":["t"]},"b1bc2d6e"]                      … and what only some entries have
 *     [0,90,"user:3","11d3a6f0"]                                                  a key that is remembered
 *     {"entries":2,"lines":3,"sum":2711,"crc32":"5f1e2c44"}                          how much there is
 */

/** Of the format. */
export const VERSION = 1
/** Lines are no longer than this, in bytes. */
export const LONGEST_LINE: number = 64 * 1024 * 1024

/** Names and versions of spaces on the way from the cache that was saved. */
export type Path = readonly (string | number)[]

export interface Head {
  /** The name of the cache. */
  readonly cache: string
  /** In milliseconds of Unix time; all other times are relative to it. */
  readonly saved: number
  /** The id of the serializer. */
  readonly serializer: number
  readonly policy: string
  readonly state: PolicyState
  /** The bounds by entries and by weight; null for none. */
  readonly bounds: readonly [entries: number | null, weight: number | null]
  readonly spaces: readonly Path[]
}

export interface End {
  readonly entries: number
  /** Between the first and this one. */
  readonly lines: number
  /** Over all of them. */
  readonly sum: number
}

/** What only some entries have; times in milliseconds, null for ever. */
export interface Extras {
  readonly tags?: readonly string[]
  readonly grace?: number | null
  readonly refresh?: number | null
  readonly idle?: number
}

/** An entry; without a form, a key that is remembered. */
export interface Row {
  readonly space: number
  readonly standing: number
  readonly key: unknown
  readonly form?: string
  /** In JSON. */
  readonly value?: unknown
  /** null for ever. */
  readonly left?: number | null
  readonly extras?: Extras
}

export function headLine(head: Head): string {
  return sealed(JSON.stringify({ nearcache: 'snapshot', version: VERSION, ...head }).slice(0, -1), '}')
}

export function endLine(end: End): string {
  return sealed(JSON.stringify(end).slice(0, -1), '}')
}

export function ghostLine(space: number, standing: number, key: unknown): string {
  return sealed(`[${space},${standing},${keyJson(key)}`, ']')
}

/** `json` is the value in JSON already. */
export function entryLine(
  { space, standing, key, form, left, extras }: Omit<Row, 'value'>,
  json: string,
): string {
  const more = extras === undefined ? '' : `,${JSON.stringify(extras)}`
  return sealed(`[${space},${standing},${keyJson(key)},"${form}",${json},${left}${more}`, ']')
}

/** The checksum of lines, from that of the lines before. */
export function lineSum(line: string | Buffer, before: number): number {
  return crc32(line, before)
}

/** What a line says. Throws a CacheError for one that is damaged, or nonsense with the right checksum, whose text is nobody's business. */
export function readLine(line: Buffer): End | Row {
  try {
    const { json, isRow } = unsealed(line)
    if (!isRow) {
      assertEnd(json)
      return json
    }
    const [space, standing, key, form, value, left, extras] = (json as unknown[]).slice(0, -1)
    const row = { space, standing, key: keyOf(key), form, value, left, extras }
    assertRow(row)
    return row
  } catch (error) {
    throw error instanceof CacheError ? error : bad('a line is not one of a snapshot')
  }
}

/** The head that a first line is; throws a CacheError that tells why it is none. */
export function readHead(line: Buffer): Head {
  const start = line.subarray(0, 200).toString()
  if (!start.startsWith('{"nearcache":"snapshot"')) throw bad('it does not begin as a snapshot does')
  const version = /^\{"nearcache":"snapshot","version":(\d+)[,}]/.exec(start)?.[1]
  if (version !== undefined && Number(version) !== VERSION)
    throw bad(`it is of version ${version} of the format, and this package reads version ${VERSION}`)
  try {
    const { json } = unsealed(line)
    assertHead(json)
    return json
  } catch {
    throw bad('its first line is damaged')
  }
}

export function bad(what: string): CacheError {
  return new CacheError('BAD_SNAPSHOT', `the snapshot cannot be read: ${what}`)
}

/** Keys that JSON has are themselves; others are an array of their form and JSON, which no key is. */
function keyJson(key: unknown): string {
  const { form, json } = jsonOf(key)
  return form === 'J' ? json : `["${form}",${json}]`
}

function keyOf(json: unknown): unknown {
  return Array.isArray(json) ? fromJson(json[0], json[1]) : json
}

/** `,"` and `"crc32":"` or nothing, eight digits, `"` and the bracket. */
function sealed(start: string, bracket: ']' | '}'): string {
  const text = bracket === ']' ? `${start},` : `${start},"crc32":`
  return `${text}"${crc32(text).toString(16).padStart(8, '0')}"${bracket}`
}

function unsealed(line: Buffer): { json: unknown; isRow: boolean } {
  const at = line.length - 11
  const isRow = line[0] === 0x5b
  const sum = line.toString('latin1', Math.max(0, at))
  if (at < 2 || !/^"[0-9a-f]{8}"[\]}]$/.test(sum) || sum.endsWith(']') !== isRow)
    throw bad('a line is damaged')
  if (crc32(line.subarray(0, at)) !== Number.parseInt(sum.slice(1, 9), 16)) throw bad('a line is damaged')
  return { json: JSON.parse(line.toString()), isRow }
}

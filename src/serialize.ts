import { describe } from './errors.ts'
import { isRecord } from './options/options.ts'
import { refusal } from './options/units.ts'

/** How values become bytes and come back. Both run for each value that goes to the second tier or into a snapshot, or comes from there. */
export interface Serializer {
  /** From 1 to 255: values stored by one serializer are nothing to another. Choose a new number when the form changes. */
  readonly id: number
  encode(value: unknown): Uint8Array
  /** What it throws makes the entry a miss. */
  decode(bytes: Uint8Array): unknown
}

/*
 * The default form: `J` and JSON where a value has the types of JSON and no object twice. Else `T` and a table in JSON of all values in
 * it, the root first, each as `[kind, ...]`; objects name their parts by their place in the table, so that cycles and what is shared
 * survive. Reading it makes data of known kinds and calls nothing of it.
 */

/** The default serializer. What cannot be written is refused by a TypeError that tells where it is. */
export const defaultSerializer: Serializer = {
  id: 0,
  encode(value) {
    const { form, json } = jsonOf(value)
    return new TextEncoder().encode(form + json)
  },
  decode(bytes) {
    const text = utf8.decode(bytes)
    return fromJson(text[0], JSON.parse(text.slice(1)))
  },
}

/** Throws a TypeError for what is no serializer; `at` names it. */
export function checkSerializer(serializer: unknown, at: string): void {
  if (!isRecord(serializer)) throw refusal(at, 'an object with id, encode and decode', serializer)
  const { id, encode, decode } = serializer
  if (!Number.isInteger(id) || (id as number) < 1 || (id as number) > 255)
    throw refusal(`${at}.id`, 'an integer from 1 to 255', id)
  if (typeof encode !== 'function') throw refusal(`${at}.encode`, 'a function', encode)
  if (typeof decode !== 'function') throw refusal(`${at}.decode`, 'a function', decode)
}

/** A value as JSON, and which of the two forms it is in. What cannot be written is refused by a TypeError that tells where it is. */
export function jsonOf(value: unknown): { readonly form: 'J' | 'T'; readonly json: string } {
  return isJson(value)
    ? { form: 'J', json: JSON.stringify(value) }
    : { form: 'T', json: JSON.stringify(tabled(value)) }
}

/** The value of what `JSON.parse` made of such a form. */
export function fromJson(form: unknown, parsed: unknown): unknown {
  if (form === 'J') return parsed
  if (form === 'T') return untabled(parsed)
  throw malformed()
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Whether JSON gives a value back as it is. */
function isJson(root: unknown): boolean {
  const seen = new Set<object>()
  const isPlain = (value: unknown, depth: number): boolean => {
    switch (typeof value) {
      case 'string':
      case 'boolean':
        return true
      case 'number':
        return Number.isFinite(value) && !Object.is(value, -0)
      case 'object': {
        if (value === null) return true
        if (depth > MOST_DEPTH || seen.has(value) || 'toJSON' in value) return false
        seen.add(value)
        if (Array.isArray(value)) {
          if (Object.getPrototypeOf(value) !== Array.prototype) return false
          if (Object.keys(value).length !== value.length) return false
          return value.every((part) => isPlain(part, depth + 1))
        }
        if (Object.getPrototypeOf(value) !== Object.prototype) return false
        if (Object.getOwnPropertySymbols(value).length > 0) return false
        for (const name in value)
          if (!isPlain((value as Record<string, unknown>)[name], depth + 1)) return false
        return true
      }
      default:
        return false
    }
  }
  return isPlain(root, 0)
}

/** Deeper values go in a table, which is flat. */
const MOST_DEPTH = 200

type Row = [kind: string, ...parts: unknown[]]

/** Errors that are told apart by their class. */
const errors: Record<string, ErrorConstructor> = {
  Error,
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
  URIError,
}
const views: Record<string, new (buffer: ArrayBuffer) => ArrayBufferView> = {
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
  DataView,
}

function tabled(root: unknown): Row[] {
  const rows: Row[] = []
  const places = new Map<unknown, number>()
  const waiting: { value: object; row: Row; path: string }[] = []
  const place = (value: unknown, path: string): number => {
    // −0 and 0 are one key of a Map.
    const isShared = typeof value === 'object' && value !== null
    const there = isShared ? places.get(value) : undefined
    if (there !== undefined) return there
    const row = simple(value, path)
    rows.push(row)
    if (isShared) {
      places.set(value, rows.length - 1)
      waiting.push({ value, row, path })
    }
    return rows.length - 1
  }
  place(root, 'value')
  for (const { value, row, path } of waiting) addParts(value, row, path, place)
  return rows
}

function simple(value: unknown, path: string): Row {
  switch (typeof value) {
    case 'undefined':
      return ['u']
    case 'string':
    case 'boolean':
      return ['v', value]
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0)
        ? ['v', value]
        : ['n', Object.is(value, -0) ? '-0' : `${value}`]
    case 'bigint':
      return ['i', `${value}`]
    case 'object':
      return value === null ? ['v', null] : [kindOf(value, path)]
    default:
      throw refused(value, path)
  }
}

function kindOf(value: object, path: string): string {
  const prototype: unknown = Object.getPrototypeOf(value)
  switch (prototype) {
    case Object.prototype:
      return 'o'
    case null:
      return 'p'
    case Array.prototype:
      return 'a'
    case Map.prototype:
      return 'm'
    case Set.prototype:
      return 's'
    case Date.prototype:
      return 'd'
    case RegExp.prototype:
      return 'r'
    case URL.prototype:
      return 'l'
    case ArrayBuffer.prototype:
    case Buffer.prototype:
      return 'b'
  }
  if (Object.values(errors).some((one) => one.prototype === prototype)) return 'e'
  if (Object.values(views).some((one) => one.prototype === prototype)) return 'b'
  throw refused(value, path)
}

function addParts(
  value: object,
  row: Row,
  path: string,
  place: (value: unknown, path: string) => number,
): void {
  switch (row[0]) {
    case 'o':
    case 'p': {
      if (Object.getOwnPropertySymbols(value).length > 0)
        throw new TypeError(`${path}: expected no property named by a symbol`)
      for (const [name, part] of Object.entries(value)) row.push(name, place(part, `${path}.${name}`))
      break
    }
    case 'a': {
      const list = value as unknown[]
      if (Object.keys(list).some((name) => !/^\d+$/.test(name)))
        throw new TypeError(`${path}: expected an array without properties of its own`)
      for (let i = 0; i < list.length; i++) row.push(i in list ? place(list[i], `${path}[${i}]`) : -1)
      break
    }
    case 'm':
      for (const [key, part] of value as Map<unknown, unknown>)
        row.push(place(key, `${path}.keys()`), place(part, `${path}.values()`))
      break
    case 's':
      for (const part of value as Set<unknown>) row.push(place(part, `${path}.values()`))
      break
    case 'd':
      row.push((value as Date).getTime())
      break
    case 'r':
      row.push((value as RegExp).source, (value as RegExp).flags, (value as RegExp).lastIndex)
      break
    case 'l':
      row.push((value as URL).href)
      break
    case 'b':
      row.push(...bytesOf(value))
      break
    case 'e': {
      const { name, message, stack } = value as Error
      const cause = 'cause' in value ? place(value.cause, `${path}.cause`) : -1
      row.push(
        value.constructor.name,
        String(name),
        String(message),
        stack === undefined ? null : String(stack),
        cause,
      )
    }
  }
}

function bytesOf(value: object): [name: string, base64: string] {
  if (value instanceof ArrayBuffer) return ['ArrayBuffer', Buffer.from(value).toString('base64')]
  const { buffer, byteOffset, byteLength } = value as ArrayBufferView
  const name = Buffer.isBuffer(value) ? 'Buffer' : value.constructor.name
  return [name, Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength).toString('base64')]
}

function untabled(given: unknown): unknown {
  if (!Array.isArray(given) || given.length === 0) throw malformed()
  const rows = given as unknown[][]
  const values = rows.map((row) => {
    if (!Array.isArray(row)) throw malformed()
    return shell(row)
  })
  const at = (place: unknown): unknown => {
    if (!Number.isInteger(place) || (place as number) < 0 || (place as number) >= values.length)
      throw malformed()
    return values[place as number]
  }
  for (const [i, row] of rows.entries()) fillIn(values[i], row, at)
  return values[0]
}

/** A value of a row, without its parts. */
function shell([kind, a, b, c]: unknown[]): unknown {
  switch (kind) {
    case 'u':
      return undefined
    case 'v':
      if (typeof a === 'object' && a !== null) throw malformed()
      return a
    case 'n':
      return Number(text(a))
    case 'i':
      return BigInt(text(a))
    case 'o':
      return {}
    case 'p':
      return Object.create(null)
    case 'a':
      return []
    case 'm':
      return new Map()
    case 's':
      return new Set()
    case 'd':
      return new Date(a === null ? Number.NaN : (a as number))
    case 'r': {
      const pattern = new RegExp(text(a), text(b))
      pattern.lastIndex = Number(c)
      return pattern
    }
    case 'l':
      return new URL(text(a))
    case 'b': {
      const bytes = Buffer.from(text(b), 'base64')
      if (a === 'Buffer') return bytes
      const buffer = new Uint8Array(bytes).buffer
      if (a === 'ArrayBuffer') return buffer
      if (!Object.hasOwn(views, text(a))) throw malformed()
      return new views[text(a)]!(buffer)
    }
    case 'e': {
      if (!Object.hasOwn(errors, text(a))) throw malformed()
      const error = new errors[text(a)]!(text(c))
      if (error.name !== text(b)) hide(error, 'name', b)
      return error
    }
    default:
      throw malformed()
  }
}

function fillIn(value: unknown, row: unknown[], at: (place: unknown) => unknown): void {
  const [kind, ...its] = row
  switch (kind) {
    case 'o':
    case 'p':
      for (let i = 0; i < its.length; i += 2)
        Object.defineProperty(value, text(its[i]), {
          value: at(its[i + 1]),
          enumerable: true,
          configurable: true,
          writable: true,
        })
      break
    case 'a': {
      const list = value as unknown[]
      list.length = its.length
      for (const [i, place] of its.entries()) if (place !== -1) list[i] = at(place)
      break
    }
    case 'm':
      for (let i = 0; i < its.length; i += 2) (value as Map<unknown, unknown>).set(at(its[i]), at(its[i + 1]))
      break
    case 's':
      for (const place of its) (value as Set<unknown>).add(at(place))
      break
    case 'e':
      hide(value as object, 'stack', its[3] ?? undefined)
      if (its[4] !== -1) hide(value as object, 'cause', at(its[4]))
  }
}

function hide(object: object, name: string, value: unknown): void {
  Object.defineProperty(object, name, { value, enumerable: false, configurable: true, writable: true })
}

function text(value: unknown): string {
  if (typeof value === 'string') return value
  throw malformed()
}

function malformed(): Error {
  return new SyntaxError('not a value of this serializer')
}

function refused(value: unknown, path: string): TypeError {
  const what =
    typeof value === 'object' && value !== null
      ? `an instance of ${describe(value.constructor?.name ?? 'a class')}`
      : describe(value)
  return new TypeError(`${path}: expected data that can be stored outside the process, got ${what}`)
}

/**
 * What a `CacheError` tells, by a code that never changes:
 *
 * - `KEY_NOT_FOUND`: the operation needs a live entry (`incr`, `incrVersion`) and found none.
 * - `NAME_CONFLICT`: a store of this name exists with other bounds.
 * - `CLOSED`: the cache was closed.
 * - `TIMEOUT`: a load took longer than its `hardTimeout`.
 * - `LOAD_CYCLE`: a loader waits for its own result, perhaps by way of other loads.
 * - `BAD_SNAPSHOT`: a snapshot cannot be read: damaged, of another version of the format, or written by another serializer.
 * - `UNREACHABLE`: the second tier of a tiered cache has failed several times in a row; given to `onError`, never thrown.
 * - `REACHABLE`: it answers again; given to `onError`, never thrown.
 */
export type CacheErrorCode =
  | 'KEY_NOT_FOUND'
  | 'NAME_CONFLICT'
  | 'CLOSED'
  | 'TIMEOUT'
  | 'LOAD_CYCLE'
  | 'BAD_SNAPSHOT'
  | 'UNREACHABLE'
  | 'REACHABLE'

const brand: symbol = Symbol.for('nearcache.CacheError')

/**
 * A state that stands in the way of an operation. Misuse (a wrong type, a wrong option) is a TypeError or RangeError instead.
 * `instanceof` recognises it across several copies of the package.
 */
export class CacheError extends Error {
  readonly code: CacheErrorCode

  constructor(code: CacheErrorCode, message: string, options?: { readonly cause: unknown }) {
    super(message, options)
    this.name = 'CacheError'
    this.code = code
    Object.defineProperty(this, brand, { value: true })
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    return typeof value === 'object' && value !== null && brand in value
  }
}

/** How a value is named in an error message: short, and never running code of the value. */
export function describe(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return value.length > 40 ? `'${value.slice(0, 40)}…'` : `'${value}'`
    case 'bigint':
      return `${value}n`
    case 'symbol':
      return value.toString()
    case 'function':
      return 'a function'
    case 'object':
      if (value === null) return 'null'
      return Array.isArray(value) ? 'an array' : 'an object'
    default:
      return Object.is(value, -0) ? '-0' : String(value)
  }
}

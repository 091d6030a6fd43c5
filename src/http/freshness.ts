import { Directives } from './directives.ts'
import { type Field, fieldValue, httpDate } from './fields.ts'

/** How long a response may be used, in milliseconds. */
export interface Freshness {
  /** When it was received. */
  readonly receivedAt: number
  /** How old it was by then. */
  readonly initialAge: number
  /** Up to this age it is fresh. */
  readonly lifetime: number
  /** For this long after its lifetime it is served while it is revalidated. */
  readonly staleWhileRevalidate: number
  /** For this long after its lifetime it is served in the place of an error. */
  readonly staleIfError: number
  /** Whether requests with credentials may get it. */
  readonly isForCredentials: boolean
  /** Whether requests with cookies may get it: not where its lifetime comes from the settings alone. */
  readonly isForCookies: boolean
}

/** What the settings say of a response that says nothing itself, in milliseconds. */
export interface Lifetimes {
  readonly ttl: number | undefined
  readonly staleWhileRevalidate: number
  readonly staleIfError: number
}

/** Whose responses are stored where only the settings give a lifetime. */
const STORED_BY_DEFAULT = new Set([200, 203, 301, 308])

/** Statuses whose meaning for caches is defined (RFC 9110, 15), for `must-understand`. */
const UNDERSTOOD = new Set([
  200, 201, 202, 203, 204, 205, 300, 301, 302, 303, 307, 308, 400, 401, 402, 403, 404, 405, 406, 407, 408,
  409, 410, 411, 412, 413, 414, 415, 416, 417, 421, 422, 426, 500, 501, 502, 503, 504, 505,
])

/** What is asked of a request before its response is stored. */
export interface Asked {
  readonly hasCredentials: boolean
  readonly hasCookies: boolean
}

/**
 * How long a response may be used by a cache that all clients share (RFC 9111, 3 and 4.2; RFC 5861); undefined where it may not
 * be stored. No lifetime is guessed: a response lives as long as it says, or as long as the settings say.
 */
export function freshnessOf(
  status: number,
  fields: readonly Field[],
  asked: Asked,
  settings: Lifetimes,
  now: number,
): Freshness | undefined {
  if (status < 200 || status === 206 || status === 304) return undefined
  const says = new Directives(fieldValue(fields, 'cache-control'))
  if (says.has('private') || (says.has('no-store') && !says.has('must-understand'))) return undefined
  if (says.has('must-understand') && !UNDERSTOOD.has(status)) return undefined
  if (fieldValue(fields, 'set-cookie') !== undefined) return undefined
  const isForAll = says.has('public') || says.has('s-maxage')
  const isForCredentials = isForAll || says.has('must-revalidate')
  if (asked.hasCredentials && !isForCredentials) return undefined

  const date = httpDate(fieldValue(fields, 'date')) ?? now
  const explicit = lifetimeOf(says, fields, date)
  let lifetime = explicit
  if (lifetime === undefined && settings.ttl !== undefined && STORED_BY_DEFAULT.has(status)) {
    if (asked.hasCookies && !isForAll) return undefined
    lifetime = settings.ttl
  }
  const canBeValidated =
    fieldValue(fields, 'etag') !== undefined || fieldValue(fields, 'last-modified') !== undefined
  if (lifetime === undefined && !(canBeValidated && status === 200 && says.has('no-cache'))) return undefined

  const isStrict =
    says.has('must-revalidate') ||
    says.has('proxy-revalidate') ||
    says.has('s-maxage') ||
    says.has('no-cache')
  return {
    receivedAt: now,
    initialAge: Math.max(0, now - date, ageOf(fields)),
    lifetime: says.has('no-cache') ? 0 : lifetime!,
    staleWhileRevalidate: isStrict
      ? 0
      : (says.milliseconds('stale-while-revalidate') ?? settings.staleWhileRevalidate),
    staleIfError: isStrict ? 0 : (says.milliseconds('stale-if-error') ?? settings.staleIfError),
    isForCredentials,
    isForCookies: isForAll || explicit !== undefined || lifetime === undefined,
  }
}

/** The age of a response now (RFC 9111, 4.2.3), in milliseconds. */
export function ageNow(response: Freshness, now: number): number {
  return response.initialAge + Math.max(0, now - response.receivedAt)
}

/** The lifetime that a response states; undefined where it states none. */
function lifetimeOf(says: Directives, fields: readonly Field[], date: number): number | undefined {
  const stated = says.milliseconds('s-maxage') ?? says.milliseconds('max-age')
  if (stated !== undefined) return stated
  const expires = fieldValue(fields, 'expires')
  if (expires === undefined) return undefined
  return Math.max(0, (httpDate(expires) ?? 0) - date)
}

/** The age that a response brings: the first that is given, and beyond every lifetime where that is no number. */
function ageOf(fields: readonly Field[]): number {
  const value = fieldValue(fields, 'age')
  if (value === undefined) return 0
  const age = value.split(',', 1)[0]!.trim()
  return /^\d+$/.test(age) ? Number(age) * 1000 : Infinity
}

import { refusal } from '../options/units.ts'

/** A request, as undici's cache interceptor asks for its response. */
export interface UndiciRequest {
  readonly origin: string
  readonly method: string
  /** Path and query. */
  readonly path: string
  readonly headers?: UndiciFields | undefined
}

/** Fields by their lower-case names. */
export type UndiciFields = Readonly<Record<string, string | string[] | null | undefined>>

/** A response without its body, as the interceptor has it stored. Times are milliseconds of the epoch. */
export interface UndiciResponse {
  readonly statusCode: number
  readonly statusMessage: string
  readonly headers: Record<string, string | string[]>
  /** The request fields that the response varies by, with the values that it was made for. */
  readonly vary?: Record<string, string | string[] | null>
  readonly etag?: string
  readonly cacheControlDirectives?: object
  readonly cachedAt: number
  readonly staleAt: number
  readonly deleteAt: number
}

/** A stored response, as the interceptor takes it. */
export interface UndiciResult extends UndiciResponse {
  readonly body: Buffer[]
  readonly cacheControlDirectives: object
}

/** Throws a TypeError for what is no request. */
export function checkRequest(request: unknown): void {
  const { origin, method, path, headers } = (request ?? {}) as Partial<UndiciRequest>
  for (const [name, value] of Object.entries({ origin, method, path }))
    if (typeof value !== 'string') throw refusal(`request.${name}`, 'a string', value)
  if (headers !== undefined && (typeof headers !== 'object' || headers === null))
    throw refusal('request.headers', 'an object', headers)
}

/** Throws a TypeError for what is no response. */
export function checkResponse(response: unknown): void {
  const { statusCode, cachedAt, staleAt, deleteAt, headers } = (response ?? {}) as Partial<UndiciResponse>
  for (const [name, value] of Object.entries({ statusCode, cachedAt, staleAt, deleteAt }))
    if (typeof value !== 'number') throw refusal(`response.${name}`, 'a number', value)
  if (typeof headers !== 'object' || headers === null) throw refusal('response.headers', 'an object', headers)
}

/** The key of a URL. */
export function urlOf({ origin, path }: UndiciRequest): string {
  return `${origin} ${path}`
}

/** What tells the responses to a URL apart: the method, and the request's values of the fields that they vary by. */
export function variantOf({ method, headers }: UndiciRequest, varies: readonly string[]): string {
  return JSON.stringify([method, ...varies.map((name) => headers?.[name] ?? null)])
}

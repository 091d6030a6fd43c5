import {
  type CacheOptions,
  callable,
  checkTags,
  isRecord,
  nonEmptyString,
  positiveInteger,
  span,
  unknownOption,
} from '../options/options.ts'
import { type Bytes, bytes, type Duration, refusal } from '../options/units.ts'
import type { Lifetimes } from './freshness.ts'
import type { RequestHead } from './requests.ts'
import type { SharedCache } from './shared.ts'

/** What holds for the responses of a route. */
export interface RouteOptions {
  /**
   * How long a response lives that says nothing itself (no `Cache-Control` or `Expires`). It is given to requests without cookies and
   * credentials only, see `cookies`. Default: such a response is not stored.
   */
  readonly ttl?: Duration | undefined
  /** For this long after its lifetime a response is sent at once while a new one is made, unless it says otherwise. Default 0. */
  readonly staleWhileRevalidate?: Duration | undefined
  /** For this long after its lifetime a response is sent where the handler fails, unless it says otherwise. Default 0. */
  readonly staleIfError?: Duration | undefined
  /** Tags of each response, for `deleteByTag`, beside those of its `Cache-Tag` field. */
  readonly tags?: readonly string[] | undefined
}

/** The settings of a cache of responses. All are optional; a wrong name or type is refused at construction. */
export interface ResponseCacheOptions
  extends RouteOptions,
    Pick<CacheOptions, 'maxEntries' | 'policy' | 'clock' | 'onError'> {
  /** Bytes at most, bodies and fields included. Default `'64mb'`. */
  readonly maxBytes?: Bytes | undefined
  /**
   * A `TieredCache` of text keys, in which processes share their responses: what one stores all send, what one invalidates none does. It
   * has its own bounds, so `maxBytes`, `maxEntries` and `policy` are refused beside it, and is not closed with this cache. Default: this
   * process has its own.
   */
  readonly cache?: SharedCache | undefined
  /** A response with a longer body is sent and not stored. Default `'1mb'`. */
  readonly maxBodyBytes?: Bytes | undefined
  /**
   * The key of a request's URL, or undefined for a request that the cache is to have no part in. Default: host, path and query,
   * exactly as sent. Whatever is left out of it must not change the response.
   */
  readonly key?: ((request: RequestHead) => string | undefined) | undefined
  /** The namespace of a request, such as its tenant: responses of one are invisible in others. Default: all are in one. */
  readonly namespace?: ((request: RequestHead) => string | undefined) | undefined
  /** Request fields that tell responses apart though no `Vary` names them. Default: none but those by which proxies speak of host and scheme. */
  readonly vary?: readonly string[] | undefined
  /**
   * The cookies that responses depend on: they tell responses apart, and all others are as if not sent. Default: not known, and so
   * no response with a lifetime from the settings is stored for, or given to, a request with any cookie.
   */
  readonly cookies?: readonly string[] | undefined
  /** How long a request waits for another's response before it runs the handler itself. Default `'5s'`. */
  readonly waitTimeout?: Duration | undefined
  /** The name by which `Cache-Status` speaks of this cache; false for no such field. Default `'nearcache'`. */
  readonly cacheStatus?: string | false | undefined
}

/** A route's settings in milliseconds. */
export interface Route extends Lifetimes {
  readonly tags: readonly string[]
}

/** The settings of a cache of responses, checked, with its defaults. */
export interface ResponseSettings {
  readonly route: Route
  readonly cache: Pick<CacheOptions, 'maxEntries' | 'policy' | 'clock' | 'onError'>
  /** The cache that several processes share. */
  readonly shared: SharedCache | undefined
  readonly maxBytes: number
  readonly maxBodyBytes: number
  readonly key: ((request: RequestHead) => string | undefined) | undefined
  readonly namespace: ((request: RequestHead) => string | undefined) | undefined
  readonly vary: readonly string[]
  readonly cookies: readonly string[] | undefined
  readonly waitTimeout: number
  readonly cacheStatus: string | false
}

const NOTHING: Route = { ttl: undefined, staleWhileRevalidate: 0, staleIfError: 0, tags: [] }
const ROUTE_OPTIONS = ['ttl', 'staleWhileRevalidate', 'staleIfError', 'tags']
const OPTIONS = [
  ...ROUTE_OPTIONS,
  'maxEntries',
  'policy',
  'clock',
  'onError',
  'maxBytes',
  'cache',
  'maxBodyBytes',
  'key',
  'namespace',
  'vary',
  'cookies',
  'waitTimeout',
  'cacheStatus',
]

/** Checks a cache's settings. Throws a TypeError or RangeError. */
export function resolveResponseOptions(options: unknown): ResponseSettings {
  const given = named(options, OPTIONS) as ResponseCacheOptions
  const {
    maxEntries,
    policy,
    clock,
    onError,
    maxBytes = '64mb',
    maxBodyBytes = '1mb',
    waitTimeout = '5s',
  } = given
  const { cacheStatus = 'nearcache' } = given
  return {
    route: routeOf(given, NOTHING),
    cache: { maxEntries, policy, clock, onError },
    shared: sharedOf(given),
    maxBytes: positiveInteger(bytes(maxBytes, 'maxBytes'), 'maxBytes'),
    maxBodyBytes: positiveInteger(bytes(maxBodyBytes, 'maxBodyBytes'), 'maxBodyBytes'),
    key: given.key === undefined ? undefined : callable(given.key, 'key'),
    namespace: given.namespace === undefined ? undefined : callable(given.namespace, 'namespace'),
    vary: strings(given.vary, 'vary')?.map((name) => name.toLowerCase()) ?? [],
    cookies: strings(given.cookies, 'cookies'),
    waitTimeout: span(waitTimeout, 'waitTimeout'),
    cacheStatus: cacheStatus === false ? false : token(nonEmptyString(cacheStatus, 'cacheStatus')),
  }
}

/** A route's settings over those that hold already. Throws a TypeError or RangeError. */
export function resolveRoute(options: unknown, over: Route): Route {
  return routeOf(named(options, ROUTE_OPTIONS) as RouteOptions, over)
}

function routeOf(options: RouteOptions, over: Route): Route {
  const time = (name: 'ttl' | 'staleWhileRevalidate' | 'staleIfError'): number | undefined =>
    options[name] === undefined ? undefined : span(options[name], name)
  return {
    ttl: time('ttl') ?? over.ttl,
    staleWhileRevalidate: time('staleWhileRevalidate') ?? over.staleWhileRevalidate,
    staleIfError: time('staleIfError') ?? over.staleIfError,
    tags: [...over.tags, ...(checkTags(options.tags) ?? [])],
  }
}

function sharedOf(given: ResponseCacheOptions): SharedCache | undefined {
  const { cache } = given
  if (cache === undefined) return undefined
  const isShared = isRecord(cache) && METHODS.every((name) => typeof cache[name] === 'function')
  if (!isShared) throw refusal('cache', 'a TieredCache', cache)
  for (const name of ['maxBytes', 'maxEntries', 'policy'] as const)
    if (given[name] !== undefined) throw refusal(name, 'nothing beside cache, which has its own', given[name])
  return cache
}

/** By which a tiered cache is told from others. */
const METHODS = ['lookup', 'getOrLoad', 'namespace', 'deleteByTag'] as const

function named(options: unknown, known: readonly string[]): object {
  if (!isRecord(options)) throw refusal('options', `an object such as { ttl: '1m' }`, options)
  for (const name in options) if (!known.includes(name)) throw unknownOption(name, name, known)
  return options
}

function strings(value: unknown, option: string): readonly string[] | undefined {
  if (value === undefined) return undefined
  if (!Array.isArray(value) || value.some((one) => typeof one !== 'string'))
    throw refusal(option, 'an array of strings', value)
  return [...value]
}

function token(name: string): string {
  if (/^[!#$%&'*+.^_`|~\w-]+$/.test(name)) return name
  throw refusal('cacheStatus', "a token such as 'shop-cache', or false", name)
}

import { nonEmptyString } from '../options/options.ts'
import { refusal } from '../options/units.ts'
import type { Part } from './conditions.ts'
import { Exchange, type Reason, sentOf } from './exchange.ts'
import { ageNow } from './freshness.ts'
import type { Place } from './keeping.ts'
import {
  type ResponseCacheOptions,
  type ResponseSettings,
  type Route,
  type RouteOptions,
  resolveResponseOptions,
  resolveRoute,
} from './options.ts'
import { keyOfUrl, type RequestHead } from './requests.ts'
import { type Found, placeOf, ResponseStore } from './response-store.ts'
import type { StoredResponse } from './stored.ts'
import { respond } from './web.ts'

/** What a request gets at once, and the run of the handler that is to renew it meanwhile. */
export interface Answer extends Part {
  readonly refresh: Exchange | undefined
}

/** How a request is to be treated. */
export interface Begin {
  /** What holds for its response, from `route()`. Default: the cache's settings. */
  readonly route?: Route | undefined
  /** Whether the caller can run the handler after a stale response was sent. Default false. */
  readonly canRefresh?: boolean | undefined
}

/** What a cache of responses has done; the counters only ever grow. */
export interface ResponseStats {
  /** Requests answered with a stored response that the handler did not have to confirm. */
  readonly hits: number
  /** Hits past the lifetime of the response. */
  readonly stale: number
  /** Requests that went to the handler, whose response could have been stored. */
  readonly misses: number
  /** Requests that the cache had no part in. */
  readonly passed: number
  /** Requests that waited for the response to another. */
  readonly collapsed: number
  /** Responses stored, those confirmed included. */
  readonly stores: number
  /** Responses and notes on URLs that are held. */
  readonly size: number
  /** Bytes that they take. */
  readonly bytes: number
}

/** A cache of responses, or a namespace of one. */
export interface ResponseSpace {
  /** Removes the responses of a URL (an absolute one; with the option `key`, its key). Returns whether there were any. */
  delete(url: string): boolean
  /** Removes the responses with a tag. */
  deleteByTag(tag: string): void
  /** Removes all responses. */
  clear(): void
}

/** How often a request waits for the response to another before it runs the handler beside it. */
const WAITS = 2
const SAFE = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE'])

/**
 * A cache of responses that all clients of a server share, by the rules of RFC 9111: what a response says of itself decides, and what
 * is for one client is never stored. The middleware of `nearcache/http/express` and its neighbours puts it in front of handlers;
 * `respond` puts it in front of anything that makes a `Response`. What was invalidated while its handler ran is not stored.
 */
export class ResponseCache implements ResponseSpace {
  readonly #settings: ResponseSettings
  readonly #store: ResponseStore
  readonly #counters = { hits: 0, stale: 0, misses: 0, passed: 0, collapsed: 0 }

  /** Throws a TypeError or RangeError for a wrong option. */
  constructor(options: ResponseCacheOptions = {}) {
    this.#settings = resolveResponseOptions(options)
    this.#store = new ResponseStore(this.#settings)
  }

  /**
   * The response to a request of the web's kind: a stored one, or that of the handler, whose body is kept as it goes by.
   * `waitUntil` (of a worker's context) is told of a refresh that runs on behind a stale response.
   */
  respond(
    request: Request,
    handler: (request: Request) => Response | PromiseLike<Response>,
    options?: RouteOptions,
    waitUntil?: (work: Promise<unknown>) => void,
  ): Promise<Response> {
    return respond(this, request, handler, this.route(options), waitUntil ?? (() => {}))
  }

  /** The settings of a route over those of this cache. Throws a TypeError or RangeError. */
  route(options?: RouteOptions): Route {
    return options === undefined ? this.#settings.route : resolveRoute(options, this.#settings.route)
  }

  /**
   * What becomes of a request: an answer from what is stored, or a run of the handler, which is to be told what the handler responds; a
   * promise where the response to another request is waited for. For middleware of frameworks that have none here.
   */
  begin(request: RequestHead, how: Begin = {}): Answer | Exchange | Promise<Answer | Exchange> {
    return this.#begin(request, how, 0)
  }

  /** One of the namespaces that the option `namespace` assigns to requests. */
  namespace(name: string): ResponseSpace {
    nonEmptyString(name, 'name')
    return {
      delete: (url) => this.#store.delete(name, this.#keyOf(url)),
      deleteByTag: (tag) => this.#store.deleteByTag(name, tag),
      clear: () => this.#store.clear(name),
    }
  }

  delete(url: string): boolean {
    return this.#store.delete(undefined, this.#keyOf(url))
  }

  /** Removes the responses with a tag, in all namespaces. */
  deleteByTag(tag: string): void {
    this.#store.deleteByTag(undefined, tag)
  }

  /** Removes all responses, in all namespaces. */
  clear(): void {
    this.#store.clear(undefined)
  }

  stats(): ResponseStats {
    const { size, weight } = this.#store.stats()
    return { ...this.#counters, stores: this.#store.stores, size, bytes: weight }
  }

  /** Drops everything; requests go to their handlers from now on. A second call does nothing. */
  close(): void {
    this.#store.close()
  }

  #keyOf(url: string): string {
    if (this.#settings.key !== undefined) return nonEmptyString(url, 'key')
    const key = keyOfUrl(url)
    if (key === undefined) throw refusal('url', "an absolute URL such as 'https://shop.example/prices'", url)
    return key
  }

  #begin(
    request: RequestHead,
    how: Begin,
    waits: number,
    isFetched = false,
  ): Answer | Exchange | Promise<Answer | Exchange> {
    const { method } = request
    const place = this.#placeOf(request)
    if (!SAFE.has(method)) return this.#pass(request, 'method', how, place)
    const isRead = method === 'GET' || method === 'HEAD'
    if (!isRead || place === undefined || request.hasBody || request.field('upgrade') !== undefined)
      return this.#pass(request, 'bypass', how)
    const found = this.#store.find(place, request)
    if (found.stored === undefined && !found.isPassed && !isFetched) {
      const fetched = this.#store.fetch(place, request)
      if (fetched !== undefined) return fetched.then(() => this.#begin(request, how, waits, true))
    }
    const stored = this.#mayHave(request, found.stored) ? found.stored : undefined
    const flight = this.#flightOf(request, place, found)
    const running = this.#store.flights.get(flight)
    if (stored !== undefined) {
      const left = stored.lifetime - ageNow(stored, this.#store.now())
      if (left > 0) return this.#answer(request, stored, left, waits)
      const canWait = left > -stored.staleWhileRevalidate
      if (canWait && running !== undefined) return this.#answer(request, stored, left, waits)
      if (canWait && how.canRefresh === true) {
        const refresh = this.#lead(request, 'stale', how, place, stored, flight, found)
        return this.#answer(request, stored, left, waits, refresh)
      }
    }
    const isForAll = !this.#store.hasCookies(request) && request.field('authorization') === undefined
    const mayWait = isForAll && !found.isPassed
    if (mayWait && running !== undefined && waits < WAITS) return this.#wait(running, request, how, waits)
    const isPlain = method === 'GET' && request.field('range') === undefined
    if (!isPlain) return this.#pass(request, 'request', how)
    const reason = reasonOf(found, stored)
    this.#counters.misses++
    const isLead = mayWait && running === undefined
    return this.#lead(request, reason, how, place, stored, isLead ? flight : undefined, found)
  }

  /** Where the responses to a request are kept; undefined where the cache is to have no part in it. */
  #placeOf(request: RequestHead): Place | undefined {
    if (this.#store.isClosed) return undefined
    try {
      return placeOf(this.#settings, request)
    } catch (error) {
      this.#store.report(error)
      return undefined
    }
  }

  /** Whether a stored response may be sent to this client. */
  #mayHave(request: RequestHead, stored: StoredResponse | undefined): boolean {
    if (stored === undefined) return false
    if (!stored.isForCredentials && request.field('authorization') !== undefined) return false
    return stored.isForCookies || !this.#store.hasCookies(request)
  }

  #flightOf(request: RequestHead, { namespace, key }: Place, { variant }: Found): string {
    return JSON.stringify([namespace, key, variant, request.field('authorization') ?? null])
  }

  #answer(
    request: RequestHead,
    stored: StoredResponse,
    left: number,
    waits: number,
    refresh?: Exchange,
  ): Answer {
    this.#counters.hits++
    if (left <= 0) this.#counters.stale++
    const says = `hit; ttl=${Math.floor(left / 1000)}${waits > 0 ? '; collapsed' : ''}`
    return { ...sentOf(request, stored, this.#store.now(), this.#store.status(says)), refresh }
  }

  #lead(
    request: RequestHead,
    reason: Reason,
    how: Begin,
    place: Place,
    stale: StoredResponse | undefined,
    flight: string | undefined,
    found: Found,
  ): Exchange {
    const route = how.route ?? this.#settings.route
    const exchange = new Exchange(this.#store, request, reason, route, place, stale, flight)
    this.#store.begin(exchange, found)
    return exchange
  }

  #pass(request: RequestHead, reason: Reason, how: Begin, place?: Place): Exchange {
    this.#counters.passed++
    return new Exchange(this.#store, request, reason, how.route ?? this.#settings.route, place)
  }

  async #wait(
    running: Exchange,
    request: RequestHead,
    how: Begin,
    waits: number,
  ): Promise<Answer | Exchange> {
    if (waits === 0) this.#counters.collapsed++
    let timer: ReturnType<typeof setTimeout> | undefined
    const timeout = new Promise<boolean>((resolve) => {
      timer = setTimeout(resolve, this.#settings.waitTimeout, true)
    })
    const isLate = await Promise.race([running.done.then(() => false), timeout])
    clearTimeout(timer)
    return this.#begin(request, how, isLate ? WAITS : waits + 1)
  }
}

function reasonOf({ record, stored: found }: Found, usable: StoredResponse | undefined): Reason {
  if (record === undefined) return 'uri-miss'
  if (usable !== undefined) return 'stale'
  return found === undefined ? 'vary-miss' : 'request'
}

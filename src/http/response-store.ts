import { Cache } from '../cache.ts'
import { isThenable } from '../engine/removal.ts'
import { nonEmptyString } from '../options/options.ts'
import type { Exchange, Keeper } from './exchange.ts'
import { type Field, fieldValue } from './fields.ts'
import { ageNow } from './freshness.ts'
import type { Keeping, Place } from './keeping.ts'
import { LocalResponses } from './local.ts'
import type { ResponseSettings } from './options.ts'
import { keyOfUrl, type RequestHead, urlKey, variantOf } from './requests.ts'
import { SharedResponses } from './shared.ts'
import type { StoredResponse, UrlRecord } from './stored.ts'

/** What is known of a URL, and the response to a request for it. */
export interface Found {
  readonly record: UrlRecord | undefined
  /** What tells this request from others for the same URL. */
  readonly variant: string
  readonly stored: StoredResponse | undefined
  /** Whether the last response could not be stored, so that no request waits for another's. */
  readonly isPassed: boolean
}

/** For this long no request waits for a response that could not be stored last time. */
const PASS = 120_000
/** Bytes that the notes of that take at most. */
const MOST_PASSED = '4mb'
/** At least this long a response with a validator is kept past its lifetime, to be confirmed. */
const KEPT_TO_BE_CONFIRMED = 60_000

/** The responses of a cache, and the runs of handlers whose responses may join them. */
export class ResponseStore implements Keeper {
  readonly maxBodyBytes: number
  /** Runs that others wait for, by what those others look for. */
  readonly flights: Map<string, Exchange> = new Map()
  stores = 0
  readonly #settings: ResponseSettings
  readonly #keeping: Keeping
  /** URLs whose last response could not be stored. */
  readonly #passed: Cache<string, true>
  readonly #clock: () => number
  /** Runs whose responses may be stored. */
  readonly #running: Set<Exchange> = new Set()
  #isClosed = false

  constructor(settings: ResponseSettings) {
    const { cache, shared, maxBodyBytes } = settings
    this.#settings = settings
    this.maxBodyBytes = maxBodyBytes
    // Unix time, as in the dates that responses bear, and in what other processes have received.
    this.#clock = cache.clock ?? (() => Date.now())
    this.#keeping = shared === undefined ? new LocalResponses(settings) : new SharedResponses(shared)
    this.#passed = new Cache({ maxBytes: MOST_PASSED, ttl: PASS, clock: this.#clock })
  }

  now(): number {
    return this.#clock()
  }

  stats(): { readonly size: number; readonly weight: number } {
    return this.#keeping.stats()
  }

  find(place: Place, request: RequestHead): Found {
    const record = this.#keeping.record(place)
    const variant = this.#variant(request, record?.varies ?? [])
    const stored = record === undefined ? undefined : this.#keeping.response(place, record.id + variant)
    return { record, variant, stored, isPassed: record === undefined && this.#passed.has(nameOf(place)) }
  }

  /** Brings here what other processes have for a request; undefined where no others share the cache. */
  fetch(place: Place, request: RequestHead): Promise<void> | undefined {
    return this.#keeping.fetch?.(place, ({ varies }) => this.#variant(request, varies))
  }

  /** Notes a run whose response may be stored, so that what is invalidated meanwhile is not. */
  begin(exchange: Exchange, { record, variant }: Found): void {
    this.#running.add(exchange)
    if (exchange.place !== undefined) this.#keeping.begin(exchange, exchange.place, record, variant)
    if (exchange.flight !== undefined) this.flights.set(exchange.flight, exchange)
  }

  release(exchange: Exchange): void {
    this.#running.delete(exchange)
    this.#keeping.release(exchange)
    const { flight } = exchange
    if (flight !== undefined && this.flights.get(flight) === exchange) this.flights.delete(flight)
  }

  store(exchange: Exchange, stored: StoredResponse, varies: readonly string[]): boolean | Promise<boolean> {
    const { place, request } = exchange
    if (place === undefined || exchange.isOvertaken || this.#isClosed) return false
    if (stored.tags.some((tag) => exchange.deletedTags.has(tag))) return false
    const ttl = stored.lifetime - ageNow(stored, this.now()) + kept(stored)
    if (ttl <= 0) return false
    this.#passed.delete(nameOf(place))
    const variant = (all: readonly string[]): string => this.#variant(request, all)
    const done = this.#keeping.keep({ exchange, place, stored, varies, ttl, variant })
    return typeof done === 'boolean' ? this.#count(done) : done.then((isStored) => this.#count(isStored))
  }

  #count(isStored: boolean): boolean {
    if (isStored) this.stores++
    return isStored
  }

  pass(exchange: Exchange): void {
    const { place } = exchange
    if (place === undefined || this.#isClosed) return
    if (this.#keeping.record(place) === undefined) this.#passed.set(nameOf(place), true)
  }

  report(error: unknown): void {
    try {
      const result: unknown = (this.#settings.cache.onError ?? console.error)(error)
      if (isThenable(result)) Promise.resolve(result).catch(() => {})
    } catch {
      // A listener of errors that fails has nobody left to tell.
    }
  }

  hasCookies(request: RequestHead): boolean {
    return this.#settings.cookies === undefined && request.field('cookie') !== undefined
  }

  status(says: string): Field[] {
    const { cacheStatus } = this.#settings
    return cacheStatus === false ? [] : [['cache-status', `${cacheStatus}; ${says}`]]
  }

  /** What a successful unsafe method changed is removed: its URL, and those that it names on the same host (RFC 9111, 4.4). */
  invalidate(exchange: Exchange, status: number, fields: readonly Field[]): void {
    const { place, request } = exchange
    if (place === undefined || status < 200 || status >= 400) return
    this.delete(place.namespace, place.key)
    if (this.#settings.key !== undefined) return
    for (const name of ['location', 'content-location']) {
      const named = fieldValue(fields, name)
      const base = `${request.scheme}://${request.host}${request.path}`
      if (named === undefined || !URL.canParse(named, base)) continue
      const url = new URL(named, base)
      if (url.host === new URL(base).host) this.delete(place.namespace, keyOfUrl(url.href) ?? '')
    }
  }

  delete(namespace: string | undefined, key: string): boolean {
    for (const exchange of this.#running) {
      const { place } = exchange
      if (place?.key === key && place.namespace === namespace) this.#overtake(exchange)
    }
    const place = { namespace, key }
    this.#passed.delete(nameOf(place))
    return this.#keeping.delete(place)
  }

  deleteByTag(namespace: string | undefined, tag: string): void {
    for (const exchange of this.#running)
      if (namespace === undefined || exchange.place?.namespace === namespace) exchange.deletedTags.add(tag)
    this.#keeping.deleteByTag(namespace, tag)
  }

  clear(namespace: string | undefined): void {
    for (const exchange of this.#running)
      if (namespace === undefined || exchange.place?.namespace === namespace) this.#overtake(exchange)
    this.#passed.clear()
    this.#keeping.clear(namespace)
  }

  close(): void {
    if (this.#isClosed) return
    for (const exchange of this.#running) this.#overtake(exchange)
    this.#isClosed = true
    this.#passed.close()
    this.#keeping.close()
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  /** What a run brings is not stored any more, and nobody new waits for it. */
  #overtake(exchange: Exchange): void {
    exchange.isOvertaken = true
    this.release(exchange)
  }

  #variant(request: RequestHead, varies: readonly string[]): string {
    const { vary, cookies } = this.#settings
    return variantOf(request, [...vary, ...varies], cookies)
  }
}

function nameOf({ namespace, key }: Place): string {
  return JSON.stringify([namespace, key])
}

/** How long a response is kept past its lifetime. */
function kept(stored: StoredResponse): number {
  const canBeConfirmed = stored.etag !== undefined || stored.lastModified !== undefined
  return Math.max(
    stored.staleWhileRevalidate,
    stored.staleIfError,
    canBeConfirmed ? Math.max(stored.lifetime, KEPT_TO_BE_CONFIRMED) : 0,
  )
}

/** Where the responses to a request are kept. Throws what the functions of the settings throw, and a TypeError for what is no string. */
export function placeOf(settings: ResponseSettings, request: RequestHead): Place | undefined {
  const key = settings.key === undefined ? urlKey(request) : settings.key(request)
  const namespace = settings.namespace?.(request)
  if (key === undefined) return undefined
  if (namespace !== undefined) nonEmptyString(namespace, 'what namespace returns')
  return { namespace, key: nonEmptyString(key, 'what key returns') }
}

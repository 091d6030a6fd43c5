import { Cache } from '../cache.ts'
import { systemClock } from '../core/clock.ts'
import { isThenable } from '../engine/removal.ts'
import type { CacheStats } from '../engine/stats.ts'
import { nonEmptyString } from '../options/options.ts'
import type { Exchange, Keeper } from './exchange.ts'
import { type Field, fieldValue } from './fields.ts'
import { ageNow } from './freshness.ts'
import type { ResponseSettings } from './options.ts'
import { keyOfUrl, type RequestHead, urlKey, variantOf } from './requests.ts'
import { type StoredResponse, type UrlRecord, weighEntry } from './stored.ts'

/** Where the responses of a URL are kept. */
export interface Place {
  readonly namespace: string | undefined
  readonly key: string
}

/** What is known of a URL, and the response to a request for it. */
export interface Found {
  readonly record: UrlRecord | undefined
  /** What tells this request from others for the same URL. */
  readonly variant: string
  readonly stored: StoredResponse | undefined
}

/** The parts of a cache, or of a namespace of it. */
interface Shelf {
  readonly all: Cache<string, StoredResponse | UrlRecord>
  readonly urls: Cache<string, UrlRecord>
  readonly responses: Cache<string, StoredResponse>
}

/** For this long no request waits for a response that could not be stored last time. */
const PASS = 120_000
/** At least this long a response with a validator is kept past its lifetime, to be confirmed. */
const KEPT_TO_BE_CONFIRMED = 60_000

/** The responses of a cache, and the runs of handlers whose responses may join them. */
export class ResponseStore implements Keeper {
  readonly maxBodyBytes: number
  /** Runs that others wait for, by what those others look for. */
  readonly flights: Map<string, Exchange> = new Map()
  stores = 0
  readonly #settings: ResponseSettings
  readonly #whole: Shelf
  readonly #clock: () => number
  /** Runs whose responses may be stored. */
  readonly #running: Set<Exchange> = new Set()
  #ids = 0
  #isClosed = false

  constructor(settings: ResponseSettings) {
    const { cache, maxBytes, maxBodyBytes } = settings
    this.#settings = settings
    this.maxBodyBytes = maxBodyBytes
    this.#clock = cache.clock ?? (() => systemClock.now())
    this.#whole = shelfOf(new Cache({ ...cache, maxWeight: maxBytes, weigh: weighEntry }))
  }

  now(): number {
    return this.#clock()
  }

  stats(): CacheStats {
    return this.#whole.all.stats()
  }

  find(place: Place, request: RequestHead): Found {
    const { urls, responses } = this.#shelf(place.namespace)
    const record = urls.get(place.key)
    const { vary, cookies } = this.#settings
    const variant = variantOf(request, record === undefined ? vary : [...vary, ...record.varies], cookies)
    if (record === undefined || record.isPassed) return { record, variant, stored: undefined }
    return { record, variant, stored: responses.get(record.id + variant) }
  }

  /** Notes a run whose response may be stored, so that what is invalidated meanwhile is not. */
  begin(exchange: Exchange): void {
    this.#running.add(exchange)
    if (exchange.flight !== undefined) this.flights.set(exchange.flight, exchange)
  }

  release(exchange: Exchange): void {
    this.#running.delete(exchange)
    const { flight } = exchange
    if (flight !== undefined && this.flights.get(flight) === exchange) this.flights.delete(flight)
  }

  store(exchange: Exchange, stored: StoredResponse, varies: readonly string[]): boolean {
    const { place, request } = exchange
    if (place === undefined || exchange.isOvertaken || this.#isClosed) return false
    if (stored.tags.some((tag) => exchange.deletedTags.has(tag))) return false
    const left = stored.lifetime - ageNow(stored, this.now())
    const ttl = left + kept(stored)
    if (ttl <= 0) return false
    const { urls, responses } = this.#shelf(place.namespace)
    const found = urls.peek(place.key)
    const before = found?.isPassed === true ? undefined : found
    const all = [...new Set([...(before?.varies ?? []), ...varies])].sort()
    const isSame = before !== undefined && before.varies.length === all.length
    const record: UrlRecord = isSame ? before : { id: `${++this.#ids} `, varies: all, isPassed: false }
    const recordTtl = Math.max(ttl, before === undefined ? 0 : (urls.expiresIn(place.key) ?? 0))
    urls.set(place.key, record, { ttl: recordTtl })
    const { vary, cookies } = this.#settings
    const variant = variantOf(request, [...vary, ...all], cookies)
    responses.set(record.id + variant, stored, { ttl, tags: stored.tags })
    this.stores++
    return true
  }

  pass(exchange: Exchange): void {
    const { place } = exchange
    if (place === undefined || this.#isClosed) return
    const { urls } = this.#shelf(place.namespace)
    if (urls.peek(place.key)?.isPassed === false) return
    urls.set(place.key, { id: '', varies: [], isPassed: true }, { ttl: PASS })
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
    return this.#shelf(namespace).urls.take(key)?.isPassed === false
  }

  deleteByTag(namespace: string | undefined, tag: string): void {
    for (const exchange of this.#running)
      if (namespace === undefined || exchange.place?.namespace === namespace) exchange.deletedTags.add(tag)
    this.#shelf(namespace).all.deleteByTag(tag)
  }

  clear(namespace: string | undefined): void {
    for (const exchange of this.#running)
      if (namespace === undefined || exchange.place?.namespace === namespace) this.#overtake(exchange)
    this.#shelf(namespace).all.clear()
  }

  close(): void {
    if (this.#isClosed) return
    this.clear(undefined)
    this.#isClosed = true
    this.#whole.all.close()
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  /** What a run brings is not stored any more, and nobody new waits for it. */
  #overtake(exchange: Exchange): void {
    exchange.isOvertaken = true
    this.release(exchange)
  }

  #shelf(namespace: string | undefined): Shelf {
    return namespace === undefined ? this.#whole : shelfOf(this.#whole.all.namespace(`in ${namespace}`))
  }
}

function shelfOf(all: Shelf['all']): Shelf {
  return { all, urls: all.namespace('urls'), responses: all.namespace('responses') }
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

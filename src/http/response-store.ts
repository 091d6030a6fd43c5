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
import { isStored, type StoredResponse, type UrlRecord, weighEntry } from './stored.ts'

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

type Entry = StoredResponse | UrlRecord

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
  readonly #cache: Cache<string, Entry>
  readonly #clock: () => number
  /** Runs whose responses may be stored. */
  readonly #running: Set<Exchange> = new Set()
  #ids = 0

  constructor(settings: ResponseSettings) {
    const { cache, maxBytes, maxBodyBytes } = settings
    this.#settings = settings
    this.maxBodyBytes = maxBodyBytes
    this.#clock = cache.clock ?? (() => systemClock.now())
    this.#cache = new Cache<string, Entry>({ ...cache, maxWeight: maxBytes, weigh: weighEntry })
  }

  now(): number {
    return this.#clock()
  }

  stats(): CacheStats {
    return this.#cache.stats()
  }

  find(place: Place, request: RequestHead): Found {
    const entry = this.#records(place.namespace).get(place.key)
    const record = isStored(entry) ? undefined : entry
    const { vary, cookies } = this.#settings
    const variant = variantOf(request, record === undefined ? vary : [...vary, ...record.varies], cookies)
    if (record === undefined || record.isPassed) return { record, variant, stored: undefined }
    const stored = this.#responses(place.namespace).get(record.id + variant)
    return { record, variant, stored: isStored(stored) ? stored : undefined }
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
    const records = this.#records(place.namespace)
    const found = records.peek(place.key)
    const before = found === undefined || isStored(found) || found.isPassed ? undefined : found
    const all = [...new Set([...(before?.varies ?? []), ...varies])].sort()
    const isSame = before !== undefined && before.varies.length === all.length
    const record: UrlRecord = isSame ? before : { id: `${++this.#ids} `, varies: all, isPassed: false }
    const recordTtl = Math.max(ttl, before === undefined ? 0 : (records.expiresIn(place.key) ?? 0))
    records.set(place.key, record, { ttl: recordTtl })
    const { vary, cookies } = this.#settings
    const variant = variantOf(request, [...vary, ...all], cookies)
    this.#responses(place.namespace).set(record.id + variant, stored, { ttl, tags: stored.tags })
    this.stores++
    return true
  }

  pass(exchange: Exchange): void {
    const { place } = exchange
    if (place === undefined || this.#isClosed) return
    const records = this.#records(place.namespace)
    const found = records.peek(place.key)
    if (found !== undefined && !isStored(found) && !found.isPassed) return
    records.set(place.key, { id: '', varies: [], isPassed: true }, { ttl: PASS })
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
    const found = this.#records(namespace).take(key)
    return found !== undefined && !isStored(found) && !found.isPassed
  }

  deleteByTag(namespace: string | undefined, tag: string): void {
    for (const exchange of this.#running)
      if (namespace === undefined || exchange.place?.namespace === namespace) exchange.deletedTags.add(tag)
    this.#space(namespace).deleteByTag(tag)
  }

  clear(namespace: string | undefined): void {
    for (const exchange of this.#running)
      if (namespace === undefined || exchange.place?.namespace === namespace) this.#overtake(exchange)
    this.#space(namespace).clear()
  }

  #isClosed = false

  close(): void {
    if (this.#isClosed) return
    this.clear(undefined)
    this.#isClosed = true
    this.#cache.close()
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  /** What a run brings is not stored any more, and nobody new waits for it. */
  #overtake(exchange: Exchange): void {
    exchange.isOvertaken = true
    this.release(exchange)
  }

  #space(namespace: string | undefined): Cache<string, Entry> {
    return namespace === undefined ? this.#cache : this.#cache.namespace(`in ${namespace}`)
  }

  #records(namespace: string | undefined): Cache<string, Entry> {
    return this.#space(namespace).namespace('urls')
  }

  #responses(namespace: string | undefined): Cache<string, Entry> {
    return this.#space(namespace).namespace('responses')
  }
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

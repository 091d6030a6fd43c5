import { Writable } from 'node:stream'
import { Cache } from '../cache.ts'
import { type CacheOptions, isRecord, positiveInteger, unknownOption } from '../options/options.ts'
import { type Bytes, bytes, refusal } from '../options/units.ts'
import {
  checkRequest,
  checkResponse,
  type UndiciRequest,
  type UndiciResponse,
  type UndiciResult,
  urlOf,
  variantOf,
} from './undici-messages.ts'

export type { UndiciFields, UndiciRequest, UndiciResponse, UndiciResult } from './undici-messages.ts'

/** The settings of a store. All are optional; a wrong name or type is refused at construction. */
export interface UndiciStoreOptions extends Pick<CacheOptions, 'maxEntries' | 'policy' | 'onError'> {
  /** Bytes at most, bodies and fields included. Default `'64mb'`. */
  readonly maxBytes?: Bytes | undefined
  /** A response with a longer body is handed on and not stored. Default `'5mb'`. */
  readonly maxBodyBytes?: Bytes | undefined
}

/** What responses to a URL vary by. Stands under the URL; its responses stand under its `id`. */
interface UrlRecord {
  readonly id: string
  readonly varies: readonly string[]
}

interface Stored {
  readonly response: Omit<UndiciResult, 'body'>
  readonly body: Buffer
}

/** What a store has done; the counters only ever grow. */
export interface UndiciStoreStats {
  /** Requests for which a response was there, fresh or to be confirmed. */
  readonly hits: number
  readonly misses: number
  /** Responses stored, those confirmed included. */
  readonly stores: number
  /** Responses and notes on URLs that are held. */
  readonly size: number
  /** Bytes that they take. */
  readonly bytes: number
}

const OPTIONS = ['maxEntries', 'policy', 'onError', 'maxBytes', 'maxBodyBytes']
/** How many URLs are known to have been invalidated lately. */
const MOST_INVALIDATIONS = 10_000
/** What a response costs beyond its bytes: objects, its key, its places in the cache. */
const OVERHEAD = 600

/**
 * A store for undici's cache interceptor: `interceptors.cache({ store: new UndiciStore({ maxBytes: '64mb' }) })`. A response is kept until
 * the time that the interceptor gives it; one that was asked for before its URL was invalidated is not stored. Bodies are copied as
 * they come and as they are given out, so nobody changes what is stored.
 */
export class UndiciStore {
  readonly #all: Cache<string, Stored | UrlRecord>
  readonly #urls: Cache<string, UrlRecord>
  readonly #responses: Cache<string, Stored>
  readonly #maxBodyBytes: number
  /** When requests under way were asked for, in deletions. The interceptor has an object of its own for each request. */
  readonly #begun: WeakMap<UndiciRequest, number> = new WeakMap()
  /** The last deletion of each URL. */
  readonly #deleted: Cache<string, number>
  #deletions = 0
  /** What was asked for before this deletion is not stored, whatever its URL. */
  #floor = 0
  #ids = 0
  readonly #counters = { hits: 0, misses: 0, stores: 0 }

  /** Throws a TypeError or RangeError for a wrong option. */
  constructor(options: UndiciStoreOptions = {}) {
    check(options)
    const { maxEntries, policy, onError, maxBytes = '64mb', maxBodyBytes = '5mb' } = options
    this.#maxBodyBytes = positiveInteger(bytes(maxBodyBytes, 'maxBodyBytes'), 'maxBodyBytes')
    const maxWeight = positiveInteger(bytes(maxBytes, 'maxBytes'), 'maxBytes')
    this.#all = new Cache({ maxEntries, policy, onError, maxWeight, weigh })
    this.#urls = this.#all.namespace('urls') as Cache<string, UrlRecord>
    this.#responses = this.#all.namespace('responses') as Cache<string, Stored>
    this.#deleted = new Cache({
      maxEntries: MOST_INVALIDATIONS,
      ttl: Infinity,
      policy: 'lru',
      onRemoval: ({ value, reason }) => {
        if (reason === 'evicted') this.#floor = Math.max(this.#floor, value)
      },
    })
  }

  /** The stored response to a request that has its method, and its values of the fields that the response varies by. */
  get(request: UndiciRequest): UndiciResult | undefined {
    checkRequest(request)
    if (!this.#begun.has(request)) this.#begun.set(request, this.#deletions)
    const record = this.#urls.get(urlOf(request))
    const stored = record && this.#responses.get(record.id + variantOf(request, record.varies))
    if (stored === undefined) {
      this.#counters.misses++
      return undefined
    }
    this.#counters.hits++
    const { response, body } = stored
    return { ...response, body: body.byteLength === 0 ? [] : [Buffer.from(body)] }
  }

  /**
   * A stream for the body of a response, which is stored when the stream has been written to its end. Undefined where the response is not
   * stored anyway: its time is over, its body too long, or its URL was invalidated since it was asked for.
   */
  createWriteStream(request: UndiciRequest, response: UndiciResponse): Writable | undefined {
    checkRequest(request)
    checkResponse(response)
    const begun = this.#begun.get(request) ?? this.#deletions
    const most = this.#maxBodyBytes
    if (Number(response.headers['content-length']) > most) return undefined
    if (response.deleteAt <= Date.now() || this.#isOvertaken(request, begun)) return undefined
    const chunks: Buffer[] = []
    let size = 0
    const stream = new Writable({
      // Whatever is written is taken, so the response is never halted.
      highWaterMark: Number.MAX_SAFE_INTEGER,
      write: (chunk: Buffer, _encoding, done) => {
        size += chunk.byteLength
        // The interceptor goes on without a stream that was closed.
        if (size > most) stream.destroy()
        else chunks.push(copied(chunk))
        done()
      },
      final: (done) => {
        if (!this.#isOvertaken(request, begun)) this.#store(request, response, joined(chunks, size))
        done()
      },
    })
    return stream
  }

  /** Removes all responses to a URL, and keeps out those that were asked for before. */
  delete(request: UndiciRequest): void {
    checkRequest(request)
    const begun = this.#begun.get(request)
    const isOvertaken = begun !== undefined && this.#isOvertaken(request, begun)
    this.#deleted.set(urlOf(request), ++this.#deletions)
    // The interceptor deletes with the request's own object what it is about to ask for anew.
    if (begun !== undefined && !isOvertaken) this.#begun.set(request, this.#deletions)
    this.#urls.delete(urlOf(request))
  }

  /** Removes all responses, and keeps out those that were asked for before. */
  clear(): void {
    this.#floor = ++this.#deletions
    this.#all.clear()
  }

  stats(): UndiciStoreStats {
    const { size, weight } = this.#all.stats()
    return { ...this.#counters, size, bytes: weight }
  }

  #isOvertaken(request: UndiciRequest, begun: number): boolean {
    return begun < Math.max(this.#floor, this.#deleted.peek(urlOf(request)) ?? 0)
  }

  #store(request: UndiciRequest, response: UndiciResponse, body: Buffer): void {
    const ttl = response.deleteAt - Date.now()
    if (ttl <= 0) return
    const url = urlOf(request)
    const before = this.#urls.peek(url)
    const varies = [...new Set([...(before?.varies ?? []), ...Object.keys(response.vary ?? {})])].sort()
    const isSame = before !== undefined && before.varies.length === varies.length
    const record = isSame ? before : { id: `${++this.#ids} `, varies }
    this.#urls.set(url, record, { ttl: Math.max(ttl, this.#urls.expiresIn(url) ?? 0) })
    const { cacheControlDirectives = {} } = response
    const stored = { response: { ...response, cacheControlDirectives }, body }
    this.#responses.set(record.id + variantOf(request, varies), stored, { ttl })
    this.#counters.stores++
  }
}

function check(options: unknown): void {
  if (!isRecord(options)) throw refusal('options', `an object such as { maxBytes: '64mb' }`, options)
  for (const name in options) if (!OPTIONS.includes(name)) throw unknownOption(name, name, OPTIONS)
}

/** Bytes that an entry takes. */
function weigh(entry: Stored | UrlRecord, key: string): number {
  const bytes = OVERHEAD + key.length * 2
  if (!('body' in entry)) return bytes
  return bytes + JSON.stringify(entry.response).length * 2 + entry.body.byteLength
}

/** The bytes alone, without the rest of what was read from the socket with them. */
function copied(chunk: Buffer): Buffer {
  return joined([chunk], chunk.byteLength)
}

function joined(chunks: readonly Buffer[], size: number): Buffer {
  const all = Buffer.allocUnsafeSlow(size)
  let at = 0
  for (const chunk of chunks) at += chunk.copy(all, at)
  return all
}

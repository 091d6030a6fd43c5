import { Cache } from '../cache.ts'
import { type CacheOptions, isRecord, span } from '../options/options.ts'
import { type Duration, refusal } from '../options/units.ts'

/** A response as axios-cache-interceptor has it stored, or a note that one is on its way. */
export interface AxiosValue {
  readonly state: 'cached' | 'stale' | 'must-revalidate' | 'loading' | 'empty'
  /** Milliseconds from `createdAt` on. */
  readonly ttl?: number | undefined
  readonly staleTtl?: number | undefined
  readonly createdAt?: number | undefined
  readonly data?:
    | {
        readonly headers: object
        readonly meta?: { readonly revalidation?: object | undefined } | undefined
      }
    | undefined
}

/** What `buildStorage` of axios-cache-interceptor takes. */
export interface AxiosStorage {
  // biome-ignore lint/suspicious/noExplicitAny: the host's type of a value is narrower than what is needed here.
  find(key: string): any
  set(key: string, value: AxiosValue): void
  remove(key: string): void
  clear(): void
}

/** The options of a cache but for its lifetimes, which the interceptor decides, and how long stale responses are kept. */
export interface AxiosStorageOptions
  extends Omit<CacheOptions<string, AxiosValue>, 'ttl' | 'idleTtl' | 'ttlJitter'> {
  /** How long a response with a validator (`ETag`, `Last-Modified`) is kept past its lifetime, to be confirmed. Default `'1h'`. */
  readonly maxStaleAge?: Duration | undefined
}

/**
 * A storage for axios-cache-interceptor: `setupCache(axios, { storage: buildStorage(axiosStorage({ maxBytes: '64mb' })) })`. What the
 * interceptor notes of requests under way stands outside of the bound, so that none of them is sent twice because others came. Throws
 * what the constructor of `Cache` throws.
 */
export function axiosStorage(options: AxiosStorageOptions = {}): AxiosStorage {
  if (!isRecord(options)) throw refusal('options', `an object such as { maxBytes: '64mb' }`, options)
  for (const name of ['ttl', 'idleTtl', 'ttlJitter'] as const)
    if (options[name] !== undefined)
      throw refusal(name, 'nothing, since the interceptor says how long a response lives', options[name])
  const { maxStaleAge = '1h', ...rest } = options as AxiosStorageOptions
  const staleAge = span(maxStaleAge, 'maxStaleAge')
  const responses = new Cache<string, AxiosValue>(rest)
  const underWay = new Map<string, AxiosValue>()
  return {
    find: (key) => underWay.get(key) ?? responses.get(key),
    set(key, value) {
      if (value.state === 'loading') {
        underWay.set(key, value)
        return
      }
      underWay.delete(key)
      responses.set(key, value, { ttl: leftOf(value, staleAge) })
    },
    remove(key) {
      underWay.delete(key)
      responses.delete(key)
    },
    clear() {
      underWay.clear()
      responses.clear()
    },
  }
}

/** How long the interceptor may still ask for a response, in milliseconds. */
function leftOf({ state, createdAt, ttl, staleTtl = 0, data }: AxiosValue, staleAge: number): number {
  const { headers = {}, meta } = data ?? {}
  const names = Object.keys(headers).map((name) => name.toLowerCase())
  const canBeConfirmed =
    meta?.revalidation !== undefined || names.some((name) => name === 'etag' || name === 'last-modified')
  const kept = Math.max(staleTtl, canBeConfirmed ? staleAge : 0)
  // What is stale without a lifetime of its own is for requests that fail, or to be confirmed.
  if (state !== 'cached' && ttl === undefined) return staleAge
  return (createdAt ?? Date.now()) + (ttl ?? 0) + kept - Date.now()
}

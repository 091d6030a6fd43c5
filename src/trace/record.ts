import type { Cache } from '../cache.ts'
import { systemClock } from '../core/clock.ts'
import { nonEmptyString } from '../options/options.ts'
import { refusal } from '../options/units.ts'
import { LineWriter } from './line-writer.ts'
import { checkOptions, type RecordOptions, type RecordSettings } from './options.ts'
import { TraceFile } from './trace-file.ts'

/** What was recorded. */
export interface RecordedTrace {
  readonly path: string
  /** Reads that happened while recording. */
  readonly reads: number
  /** Lines in the file. */
  readonly recorded: number
  /** Reads that were not written because the disk was too slow. */
  readonly dropped: number
  /** The size of the file. */
  readonly bytes: number
}

/** A recording under way. */
export interface TraceRecording {
  /** Ends the recording and returns what was recorded, once the file is complete. Rejects if the file could not be written. A second call returns the same. */
  stop(): Promise<RecordedTrace>
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * Writes the key of each read of a running cache to a file for `nearcache simulate`, one line per key asked for: `get`, `getMany`,
 * `take`, `getOrSet`, `getOrLoad`, `getOrLoadMany`, hit or miss. A namespace or version is recorded if it is passed too, its keys told apart.
 *
 * Reads never wait for the file and never fail for it. A cache that is not recorded pays nothing. Throws a TypeError or RangeError for
 * wrong arguments.
 */
export function recordTrace(
  cache: Cache | readonly Cache[],
  path: string,
  options: RecordOptions = {},
): TraceRecording {
  const caches = Array.isArray(cache) ? (cache as readonly Cache[]) : [cache as Cache]
  for (const one of caches) checkCache(one)
  if (caches.length === 0) throw refusal('cache', 'a cache or several', caches)
  if (new Set(caches).size < caches.length)
    throw new TypeError('cache: expected each cache once, got one twice')
  return new Recording(caches, nonEmptyString(path, 'path'), checkOptions(options))
}

class Recording implements TraceRecording {
  readonly #path: string
  readonly #file: TraceFile
  readonly #lines: LineWriter
  readonly #times: boolean
  readonly #weigh: RecordSettings['weigh']
  readonly #onError: RecordSettings['onError']
  readonly #maxReads: number
  readonly #start = systemClock.now()
  /** What gives the caches their own methods back; none once the recording has ended. */
  #releases: (() => void)[]
  #reads = 0
  #recorded = 0
  #dropped = 0
  #hasToldOfWeight = false
  #result: Promise<RecordedTrace> | undefined

  constructor(caches: readonly Cache[], path: string, options: RecordSettings) {
    this.#path = path
    this.#times = options.times
    this.#weigh = options.weigh
    this.#onError = options.onError
    this.#maxReads = options.maxReads
    this.#file = new TraceFile(path, (error) => {
      this.#release()
      tell(options.onError, error)
    })
    this.#lines = new LineWriter(this.#file, {
      plain: options.keys === 'plain',
      sample: options.sample,
      unit: options.unit,
      several: caches.length > 1,
    })
    this.#releases = caches.map((cache, index) => shadow(cache, (key) => this.#note(cache, key, index)))
  }

  stop(): Promise<RecordedTrace> {
    this.#result ??= this.#finish()
    return this.#result
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  #note(cache: Cache, key: unknown, index: number): void {
    this.#reads++
    if (!this.#lines.samples(key, index)) return
    const time = this.#times ? systemClock.now() - this.#start : undefined
    const weight = this.#weigh === undefined ? undefined : this.#weightOf(cache, key, this.#weigh)
    if (!this.#lines.write(key, index, time, weight)) this.#dropped++
    else if (++this.#recorded === this.#maxReads) {
      this.#release()
      this.#file.close().catch(() => {})
    }
  }

  /** The weight of what a read of this key finds; undefined where it finds nothing, or that cannot be weighed. */
  #weightOf(cache: Cache, key: unknown, weigh: (value: unknown, key: unknown) => number): number | undefined {
    try {
      const value = cache.peek(key)
      if (value === undefined) return undefined
      const weight = weigh(value, key)
      if (Number.isSafeInteger(weight) && weight > 0) return weight
      throw refusal('weights', 'a positive integer to be returned', weight)
    } catch (error) {
      if (!this.#hasToldOfWeight) tell(this.#onError, error)
      this.#hasToldOfWeight = true
      return undefined
    }
  }

  async #finish(): Promise<RecordedTrace> {
    this.#release()
    const bytes = await this.#file.close()
    return { path: this.#path, reads: this.#reads, recorded: this.#recorded, dropped: this.#dropped, bytes }
  }

  #release(): void {
    for (const release of this.#releases) release()
    this.#releases = []
  }
}

/**
 * Puts methods on this one cache object that note the key and do what they did, and gives the function that takes them off again.
 * `getMany`, `take` and `getOrSet` read by `get`.
 */
function shadow(cache: Cache, note: (key: unknown) => void): () => void {
  const { get, getOrLoad, getOrLoadMany } = cache
  put(cache, 'get', (key: unknown, fallback?: unknown): unknown => {
    note(key)
    return get.call(cache, key, fallback)
  })
  put(cache, 'getOrLoad', (...args: Parameters<typeof getOrLoad>): Promise<unknown> => {
    note(args[0])
    return getOrLoad.apply(cache, args)
  })
  put(cache, 'getOrLoadMany', (...[keys, ...rest]: Parameters<typeof getOrLoadMany>): Promise<unknown> => {
    return getOrLoadMany.call(cache, noting(keys, note), ...rest)
  })
  // Taken off in the opposite order: V8 undoes the property that came last, and the object stays a fast one.
  return () => {
    Reflect.deleteProperty(cache, 'getOrLoadMany')
    Reflect.deleteProperty(cache, 'getOrLoad')
    Reflect.deleteProperty(cache, 'get')
  }
}

/** The same keys, each noted when it first comes. What cannot be iterated is left to the cache to refuse. */
function noting(keys: Iterable<unknown>, note: (key: unknown) => void): Iterable<unknown> {
  const isIterable = typeof keys !== 'string' && typeof keys?.[Symbol.iterator] === 'function'
  return isIterable ? notingEach(keys, note) : keys
}

function* notingEach(keys: Iterable<unknown>, note: (key: unknown) => void): Generator<unknown> {
  const noted = new Set<unknown>()
  for (const key of keys) {
    if (!noted.has(key)) note(key)
    noted.add(key)
    yield key
  }
}

function put(cache: Cache, name: string, value: unknown): void {
  Object.defineProperty(cache, name, { value, configurable: true, writable: true })
}

function checkCache(cache: unknown): void {
  const { get, getOrLoad } = (cache ?? {}) as Partial<Cache>
  if (typeof get !== 'function' || typeof getOrLoad !== 'function') throw refusal('cache', 'a cache', cache)
  if (Object.hasOwn(cache as Cache, 'get'))
    throw new TypeError('cache: expected one that is not being recorded already')
}

function tell(listener: RecordOptions['onError'], error: unknown): void {
  try {
    listener?.(error)
  } catch (second) {
    console.error('nearcache:', second)
  }
}

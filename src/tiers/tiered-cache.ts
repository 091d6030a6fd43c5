/// <reference lib="esnext.disposable" preserve="true" />
import { type Cache, readCalm } from '../cache.ts'
import type { BatchLoader } from '../loading/batch.ts'
import type { LoadContext, Loader, Promised, Typed, Untyped } from '../loading/flight.ts'
import {
  checkTags,
  type LoadOptions,
  type NewBounds,
  nonEmptyString,
  type SetOptions,
} from '../options/options.ts'
import { milliseconds, refusal } from '../options/units.ts'
import { absence, type Encoded } from './codec.ts'
import { encodeKey, encodeText, inside, shortened, splitPath } from './keys.ts'
import type { Cover } from './message.ts'
import { noteView } from './listed.ts'
import { Near } from './near.ts'
import { OpenLoad } from './open-load.ts'
import { type Opened, openTiered, type Simulated } from './opened.ts'
import type { Found, Protocol, StoreTerms } from './protocol.ts'
import { TieredBatch } from './tiered-batch.ts'
import type { TieredOptions } from './tiered-options.ts'
import { type TieredStats, tieredStats } from './tiered-stats.ts'
import type { Work } from './under-way.ts'

type AnyCache = Cache<unknown, unknown>
type AnyLoader = (key: never, context: LoadContext<never, never>) => unknown

/** What `new TieredCache` is given to make a view of a namespace. */
class View {
  readonly opened: Opened
  readonly space: AnyCache
  readonly path: string

  constructor(opened: Opened, space: AnyCache, path: string) {
    this.opened = opened
    this.space = space
    this.path = path
  }
}

/**
 * A cache in this process in front of a second tier that all processes share, such as Redis. Reads are those of `Cache`; what one process
 * invalidates, no other serves any more: see docs/second-tier.md for the promise and its bounds.
 *
 * Keys are strings, numbers, bigints, booleans, null and arrays of these. Values are data: what `serializer` takes.
 */
export class TieredCache<K = unknown, V = unknown> {
  readonly #opened: Opened
  readonly #protocol: Protocol
  readonly #space: AnyCache
  /** Keys that are not of a primitive type live here, under their encoding. */
  readonly #composites: AnyCache
  /** The namespaces that lead here, as text before keys and tags. */
  readonly #path: string
  /** The path of each level, outermost first. */
  readonly #levels: readonly string[]

  /** Throws a TypeError or RangeError for a wrong option, and a CacheError `NAME_CONFLICT` where the name is taken with other options. */
  constructor(options: TieredOptions<K, V>) {
    const given: unknown = options
    const view = given instanceof View ? given : rootView(openTiered(options as unknown as TieredOptions))
    this.#opened = view.opened
    noteView(this, view.opened)
    this.#protocol = view.opened.protocol
    this.#space = view.space
    this.#composites = Near.composites(view.space)
    this.#path = view.path
    this.#levels = levelsOf(view.path)
  }

  // Reading here

  /** The live value that this process holds under a key, or `fallback`. Asks nobody. Counts as a use. */
  get(key: K): V | undefined
  get<F>(key: K, fallback: F): V | F
  get(key: K, fallback?: unknown): unknown {
    if (typeof key === 'object' && key !== null) return this.#composites.get(this.#encode(key), fallback)
    return this.#space.get(key, fallback)
  }

  /** Whether this process holds a live value. Not a use. */
  has(key: K): boolean {
    this.#protocol.checkTrust()
    return this.#spaceOf(key).has(this.#nearKey(key))
  }

  /** The live value that this process holds under a key. Not a use. */
  peek(key: K): V | undefined {
    this.#protocol.checkTrust()
    return this.#spaceOf(key).peek(this.#nearKey(key)) as V | undefined
  }

  /** The live values that this process holds under these keys, in the order asked. Takes any iterable, once. Each counts as a `get`. */
  getMany(keys: Iterable<K>): Map<K, V> {
    const found = new Map<K, V>()
    for (const key of iterable(keys)) {
      const value = this.get(key)
      if (value !== undefined) found.set(key, value)
    }
    return found
  }

  /** Milliseconds until the entry that this process holds expires, Infinity for never, or undefined where nothing live is. Not a use. */
  expiresIn(key: K): number | undefined {
    this.#protocol.checkTrust()
    return this.#spaceOf(key).expiresIn(this.#nearKey(key))
  }

  /** Entries that this process holds in this namespace, live or not yet swept. */
  get size(): number {
    return this.#space.size + this.#composites.size
  }

  /** The live entries that this process holds in this namespace, in no particular order. Not a use. */
  *entries(): Generator<[K, V], undefined> {
    this.#protocol.checkTrust()
    for (const entry of this.#space.entries()) yield entry as [K, V]
    for (const [text, value] of this.#composites.entries())
      yield [this.#opened.composites.get(text as string) as K, value as V]
  }

  /** The keys of `entries`. */
  *keys(): Generator<K, undefined> {
    for (const [key] of this.entries()) yield key
  }

  /** The values of `entries`. */
  *values(): Generator<V, undefined> {
    for (const [, value] of this.entries()) yield value
  }

  [Symbol.iterator](): Generator<[K, V], undefined> {
    return this.entries()
  }

  /** Changes the bounds of what this process holds, namespaces included, as `resize` of `Cache`. */
  resize(bounds: number | NewBounds): void {
    this.#space.resize(bounds)
  }

  // Loading

  /**
   * The live value that this process holds, or that of the second tier, or what `loader(key, context)` resolves to, which is stored in
   * both. However many ask here meanwhile, one load runs. Where the second tier does not answer in time the loader is called. What was
   * invalidated during the load, in any process, is not stored. Stale values, timeouts and remembered failures: see `LoadSettings`.
   */
  getOrLoad<P extends Typed<K, V>>(
    key: P,
    loader: Loader<P, V, Promised<V>>,
    options?: LoadOptions<P, V>,
  ): Promise<V>
  getOrLoad<P extends Typed<K, V>>(
    key: P,
    loader: Loader<P, V, V | PromiseLike<V>>,
    options?: LoadOptions<P, V>,
  ): Promise<V>
  getOrLoad<P extends Typed<K, V>>(
    key: P,
    loader: Loader<P, V, PromiseLike<V | undefined>>,
    options?: LoadOptions<P, V>,
  ): Promise<V | undefined>
  getOrLoad<P extends Typed<K, V>>(
    key: P,
    loader: Loader<P, V, V | undefined | PromiseLike<V | undefined>>,
    options?: LoadOptions<P, V>,
  ): Promise<V | undefined>
  getOrLoad<T, P extends Untyped<K, V>>(
    key: P,
    loader: Loader<P, T, T | PromiseLike<T>>,
    options?: LoadOptions<P, T>,
  ): Promise<T>
  getOrLoad(key: K, loader: Loader<K, V, V | PromiseLike<V>>, options?: LoadOptions<K, V>): Promise<V>
  getOrLoad(
    key: K,
    loader: Loader<K, V, V | undefined | PromiseLike<V | undefined>>,
    options?: LoadOptions<K, V>,
  ): Promise<V | undefined>
  getOrLoad(key: K, loader: AnyLoader, options?: LoadOptions<never, never>): Promise<unknown> {
    const isCalm = typeof key !== 'object' && options?.forceRefresh !== true
    const calm = isCalm ? readCalm(this.#space, key) : undefined
    if (calm !== undefined) return Promise.resolve(calm)
    return this.#getOrLoad(key, loader, options, (text) =>
      this.#protocol.read([text], true).then(([found]) => found!),
    )
  }

  /**
   * `getOrLoad` for many keys: the values found, in the order asked. The second tier is asked once for all that are not held here, then
   * `loadMany` is called once for the rest. Keys that it does not answer are not found; what it answers besides is not kept.
   */
  getOrLoadMany<P extends Typed<K, V>>(
    keys: Iterable<P>,
    loadMany: BatchLoader<P, V, K>,
    options?: LoadOptions<P, V>,
  ): Promise<Map<K, V>>
  getOrLoadMany<T, P extends Untyped<K, V>>(
    keys: Iterable<P>,
    loadMany: BatchLoader<P, T, K>,
    options?: LoadOptions<P, T>,
  ): Promise<Map<P, T>>
  getOrLoadMany(
    keys: Iterable<K>,
    loadMany: BatchLoader<K, V>,
    options?: LoadOptions<K, V>,
  ): Promise<Map<K, V>>
  async getOrLoadMany(
    keys: Iterable<K>,
    loadMany: BatchLoader<never, unknown, unknown>,
    options?: LoadOptions<never, never>,
  ): Promise<Map<unknown, unknown>> {
    if (typeof loadMany !== 'function') throw refusal('loadMany', 'a function', loadMany)
    await this.#protocol.firstAnswer
    const asked = [...new Set(iterable(keys))]
    const batch = new TieredBatch((texts) => this.#protocol.read(texts, true), loadMany)
    const results = asked.map((key) => this.#getOrLoad(key, batch.load, options, batch.read))
    batch.run()
    const values = await Promise.all(results)
    const found = new Map<unknown, unknown>()
    for (const [i, key] of asked.entries()) if (values[i] !== undefined) found.set(key, values[i])
    return found
  }

  /** The live value that this process holds, or that of the second tier, which is kept here. */
  async lookup(key: K): Promise<V | undefined> {
    const here = this.get(key)
    if (here !== undefined) return here
    await this.#protocol.firstAnswer
    const found = new Map<K, V>()
    await this.#lookUp([key], found)
    return found.get(key)
  }

  /** `lookup` for many keys, in one round trip: the values found, in the order asked. */
  async lookupMany(keys: Iterable<K>): Promise<Map<K, V>> {
    const asked = [...new Set(iterable(keys))]
    await this.#protocol.firstAnswer
    const here = this.getMany(asked)
    await this.#lookUp(
      asked.filter((key) => !here.has(key)),
      here,
    )
    return new Map(asked.filter((key) => here.has(key)).map((key) => [key, here.get(key)!]))
  }

  /** Adds what the second tier has under these keys, and keeps it here. */
  async #lookUp(keys: readonly K[], here: Map<K, V>): Promise<void> {
    const protocol = this.#protocol
    const texts = keys.map((key) => this.#encode(key))
    const works = texts.map((text) => protocol.underWay.begin(text, protocol.now()))
    try {
      const found = await protocol.read(texts, false)
      for (const [i, one] of found.entries())
        if (this.#keeps(keys[i]!, texts[i]!, works[i]!, one)) here.set(keys[i]!, one.value as V)
    } finally {
      for (const work of works) protocol.underWay.end(work)
    }
  }

  /** Whether the second tier has a live value, which is kept here unless it was overtaken on the way. */
  #keeps(key: K, text: string, work: Work, found: Found): boolean {
    if (!found.isHit || found.value === undefined || (found.left ?? 0) <= 0) return false
    const protocol = this.#protocol
    const ttl = Math.min(found.left!, protocol.settings.nearTtl, protocol.limit(work.start))
    if (!work.isTooLate(found.tags))
      this.#spaceOf(key).set(this.#hold(key, text), found.value, { ttl, tags: this.#ownTags(found.tags) })
    return true
  }

  /**
   * `lookup` for a host that asks first, and brings later what was missing: an open load where nothing was found. `getOrLoad` is what to
   * use where the loader can be given to the cache.
   */
  async beginLoad(key: K): Promise<OpenLoad<V>> {
    const protocol = this.#protocol
    const text = this.#encode(key)
    await protocol.firstAnswer
    const here = this.get(key)
    if (here !== undefined) return new OpenLoad(here)
    const { underWay } = protocol
    const work = underWay.begin(text, protocol.now())
    let found: Found
    try {
      ;[found] = (await protocol.read([text], false)) as [Found]
    } catch (error) {
      underWay.end(work)
      throw error
    }
    if (this.#keeps(key, text, work, found)) {
      underWay.end(work)
      return new OpenLoad(found.value as V)
    }
    return new OpenLoad<V>(undefined, {
      age: () => protocol.now() - work.start,
      isOvertaken: (tags) => work.isTooLate(this.#levelled(tags)),
      finish: (value, options) => this.#loaded(key, text, work, found.token, value, options),
      end: () => underWay.end(work),
    })
  }

  /** Stores what a load has brought, unless it was overtaken; whether it is kept here. */
  #loaded(
    key: K,
    text: string,
    work: Work,
    token: Found['token'],
    value: V,
    options: SetOptions | undefined,
  ): boolean {
    if (value === undefined) throw refusal('value', 'anything but undefined, which means "not here"', value)
    const protocol = this.#protocol
    const terms = this.#terms(value, key, options?.ttl, options?.tags)
    const encoded = protocol.codec.serialize(value)
    if (protocol.isClosed || work.isTooLate(terms.tags) || !(terms.ttl > 0)) return false
    const ttl = Math.min(terms.ttl, protocol.settings.nearTtl, protocol.limit(work.start))
    this.#spaceOf(key).set(this.#hold(key, text), value, { ttl, tags: this.#ownTags(terms.tags) })
    if (token !== undefined) void protocol.fill(text, work, token, encoded, terms).catch(protocol.onError)
    return ttl > 0
  }

  #getOrLoad(
    key: K,
    loader: AnyLoader,
    options: LoadOptions<never, never> | undefined,
    read: (text: string) => Promise<Found>,
  ): Promise<unknown> {
    if (typeof loader !== 'function') return Promise.reject(refusal('loader', 'a function', loader))
    const protocol = this.#protocol
    const { firstAnswer } = protocol
    if (firstAnswer !== undefined) return firstAnswer.then(() => this.#getOrLoad(key, loader, options, read))
    protocol.checkTrust()
    const isPlain = typeof key !== 'object' || key === null
    let text: string | undefined
    try {
      if (!isPlain) text = this.#encode(key)
      if (!protocol.isKnown) this.#leaveOld(key, text ?? this.#encode(key))
    } catch (error) {
      return Promise.reject(error)
    }
    const space = isPlain ? this.#space : this.#composites
    const load = (_: unknown, context: LoadContext): Promise<unknown> =>
      this.#load(key, loader, context, options, read)
    return space.getOrLoad(
      isPlain ? key : text!.slice(this.#path.length),
      load,
      options?.ttl === undefined && options?.tags === undefined
        ? (options as LoadOptions | undefined)
        : { ...(options as LoadOptions), ttl: undefined, tags: undefined },
    )
  }

  /** While the log cannot be read, a load that began before `maxStale` is not joined. */
  #leaveOld(key: K, text: string): void {
    const protocol = this.#protocol
    const start = protocol.underWay.oldest(text)
    if (start === undefined || protocol.now() - start <= protocol.settings.maxStale) return
    protocol.underWay.overtake({ ...nothing, keys: [text] })
    this.#spaceOf(key).expire(this.#nearKey(key))
  }

  async #load(
    key: K,
    loader: AnyLoader,
    context: LoadContext,
    options: LoadOptions<never, never> | undefined,
    read: (text: string) => Promise<Found>,
  ): Promise<unknown> {
    const protocol = this.#protocol
    const { underWay, settings } = protocol
    const text = this.#encode(key)
    const work = underWay.begin(text, protocol.now())
    let isLeased = false
    let filling: Promise<boolean> | undefined
    try {
      const found = await read(text)
      isLeased = found.isLeased
      if (found.isHit && this.#serves(found, context, options)) {
        this.#hold(key, text)
        context.ttl = Math.min(found.left!, settings.nearTtl, protocol.limit(work.start))
        context.tags = this.#ownTags(found.tags)
        return found.value
      }
      const value = await this.#fromLoader(key, loader, context, options, found)
      const terms = this.#terms(value, key, context.ttl ?? options?.ttl, context.tags ?? options?.tags)
      context.tags = this.#ownTags(terms.tags)
      context.ttl = Math.min(terms.ttl, settings.nearTtl, protocol.limit(work.start))
      const encoded = this.#encoded(value, options)
      if (encoded !== undefined && context.keep) {
        this.#hold(key, text)
        if (found.token !== undefined && terms.ttl > 0)
          filling = protocol.fill(text, work, found.token, encoded, {
            ...terms,
            ttl: value === undefined ? this.#negativeTtl(options) : terms.ttl,
          })
      }
      return value
    } finally {
      underWay.end(work)
      void this.#settle(text, filling, isLeased).catch(protocol.onError)
    }
  }

  async #settle(text: string, filling: Promise<boolean> | undefined, isLeased: boolean): Promise<void> {
    const isStored = await filling
    if (isLeased && !isStored) await this.#protocol.release(text)
  }

  /** The loader's value; where it fails, that of the second tier, if it may still be given. */
  async #fromLoader(
    key: K,
    loader: AnyLoader,
    context: LoadContext,
    options: LoadOptions<never, never> | undefined,
    found: Found,
  ): Promise<unknown> {
    const protocol = this.#protocol
    const readAt = protocol.now()
    try {
      return await loader(key as never, context as never)
    } catch (error) {
      const staleIfError = milliseconds(options?.staleIfError ?? this.#opened.staleIfError, 'staleIfError')
      const left = (found.left ?? -Infinity) - (protocol.now() - readAt)
      if (
        !found.isHit ||
        found.value === undefined ||
        context.stale !== undefined ||
        left + staleIfError <= 0
      )
        throw error
      context.keep = false
      return found.value
    }
  }

  /** Whether what the second tier has can be given: not when it is over, nor to a refresh that is forced or wants a younger one. */
  #serves({ left }: Found, context: LoadContext, options: LoadOptions<never, never> | undefined): boolean {
    if (left === undefined || left <= 0 || options?.forceRefresh) return false
    if (context.stale === undefined) return true
    const share = options?.refreshAhead ?? this.#opened.refreshAhead
    const ttl =
      typeof options?.ttl === 'function'
        ? this.#opened.ttl
        : milliseconds(options?.ttl ?? this.#opened.ttl, 'ttl')
    return share === undefined || left > ttl * (1 - share)
  }

  #encoded(value: unknown, options: LoadOptions<never, never> | undefined): Encoded | undefined {
    if (value !== undefined) return this.#protocol.codec.serialize(value)
    return this.#negativeTtl(options) > 0 ? absence : undefined
  }

  #negativeTtl(options: LoadOptions<never, never> | undefined): number {
    return milliseconds(options?.negativeTtl ?? this.#opened.negativeTtl, 'negativeTtl')
  }

  #terms(
    value: unknown,
    key: K,
    ttl: LoadOptions['ttl'] | LoadOptions<never, never>['ttl'],
    tags: unknown,
  ): StoreTerms {
    const own = typeof ttl === 'function' && value !== undefined ? ttl(value as never, key as never) : ttl
    const time = typeof own === 'function' || own === undefined ? this.#opened.ttl : milliseconds(own, 'ttl')
    const jitter = 1 - this.#opened.ttlJitter * this.#opened.host.random()
    const isTold = typeof tags === 'function' && value !== undefined
    const named = isTold ? tags(value, key) : typeof tags === 'function' ? undefined : tags
    return {
      ttl: time * jitter,
      stale: this.#opened.staleIfError,
      tags: this.#levelled(checkTags(named) ?? []),
    }
  }

  // Writing

  /**
   * How a value is written: runs `write`, which changes the source and returns the new value, then stores that value in both tiers and
   * tells all processes. If something else has invalidated the key since, the value is not stored, as nobody can tell which is newer.
   * Resolves with the value when Redis has acknowledged, or after `writeTimeout`: then the invalidation stays queued (`settled` waits
   * for it). If `write` throws, the key is invalidated, since the source may have changed, and the error passes through.
   */
  async update<T extends V | undefined>(
    key: K,
    write: () => T | PromiseLike<T>,
    options?: SetOptions,
  ): Promise<T> {
    if (typeof write !== 'function') throw refusal('write', 'a function', write)
    const text = this.#encode(key)
    this.#terms(undefined, key, options?.ttl, options?.tags)
    await this.#protocol.firstAnswer
    const { underWay, token } = this.#protocol
    const work = underWay.begin(text, this.#protocol.now())
    let value: T
    try {
      value = await write()
    } catch (error) {
      await this.delete(key)
      throw error
    } finally {
      underWay.end(work)
    }
    await this.#written(key, text, value, work, token, options)
    return value
  }

  /**
   * Stores a computed value in both tiers and tells all processes; whether Redis has acknowledged within `writeTimeout`. Of two that
   * race, the second one deletes. After writing to a source use `update` or `delete` instead: two writers may arrive in the other order.
   */
  set(key: K, value: V, options?: SetOptions): Promise<boolean> {
    if (value === undefined)
      throw new TypeError('value: expected anything but undefined, which means "not here"')
    const text = this.#encode(key)
    this.#terms(value, key, options?.ttl, options?.tags)
    this.#protocol.codec.serialize(value)
    const { firstAnswer } = this.#protocol
    if (firstAnswer !== undefined) return firstAnswer.then(() => this.set(key, value, options))
    const { underWay, token } = this.#protocol
    const work = underWay.begin(text, this.#protocol.now())
    underWay.end(work)
    return this.#written(key, text, value, work, token, options)
  }

  #written(
    key: K,
    text: string,
    value: unknown,
    work: Work,
    token: Protocol['token'],
    options: SetOptions | undefined,
  ): Promise<boolean> {
    const protocol = this.#protocol
    const cover: Cover = { ...nothing, keys: [text] }
    let encoded: Encoded
    let terms: StoreTerms
    try {
      terms = this.#terms(value, key, options?.ttl, options?.tags)
      if (value === undefined || work.isTooLate(terms.tags) || !(terms.ttl > 0))
        return protocol.invalidate(cover)
      encoded = protocol.codec.serialize(value)
    } catch (error) {
      return protocol.invalidate(cover).then(() => Promise.reject(error))
    }
    protocol.drop(cover)
    const ttl = Math.min(terms.ttl, protocol.settings.nearTtl, protocol.limit(work.start))
    this.#spaceOf(key).set(this.#hold(key, text), value, { ttl, tags: this.#ownTags(terms.tags) })
    return protocol.write(cover, text, work.start, token, encoded, terms)
  }

  // Invalidating

  /**
   * Removes a key, here before this returns, and in Redis and all other processes when the promise is true: Redis has acknowledged.
   * False after `writeTimeout`: it stays queued and is sent again until Redis has it. Never rejects because Redis is away. The other
   * methods that invalidate do alike.
   */
  delete(key: K): Promise<boolean> {
    return this.#protocol.invalidate({ ...nothing, keys: [this.#encode(key)] })
  }

  /** Removes these keys. Takes any iterable, once. */
  deleteMany(keys: Iterable<K>): Promise<boolean> {
    const texts = [...new Set(Array.from(iterable(keys), (key) => this.#encode(key)))]
    if (texts.length === 0) return Promise.resolve(true)
    return this.#protocol.invalidate({ ...nothing, keys: texts })
  }

  /** Ends the lifetime of an entry everywhere. Where `staleIfError` holds it may still be given when a load fails. */
  expire(key: K): Promise<boolean> {
    return this.#protocol.invalidate({ ...nothing, keys: [this.#encode(key)], expires: true })
  }

  /** Removes every entry with this tag, in this namespace and those inside it. Costs the same however many there are. */
  deleteByTag(tag: string): Promise<boolean> {
    if (typeof tag !== 'string') throw refusal('tag', 'a string', tag)
    return this.#protocol.invalidate({ ...nothing, tags: [this.#path + encodeText(tag)] })
  }

  /** Removes all entries of this cache, or of this namespace and those inside it. Costs the same however many there are. */
  clear(): Promise<boolean> {
    const cover = this.#path === '' ? { ...nothing, isClear: true } : { ...nothing, tags: [this.#path] }
    return this.#protocol.invalidate(cover)
  }

  // The whole

  /** A view of a key space of its own, in both tiers. Namespaces nest. */
  namespace<NK = K, NV = V>(name: string): TieredCache<NK, NV> {
    nonEmptyString(name, 'namespace')
    const path = inside(this.#path, name)
    const view = new View(this.#opened, Near.inside(this.#space, encodeText(name)), path)
    return new TieredCache(view as unknown as TieredOptions<NK, NV>)
  }

  /** Resolves when the second tier has answered for the first time. Nobody has to wait for it. */
  ready(): Promise<void> {
    return this.#protocol.ready()
  }

  /** Resolves when every invalidation called before has been acknowledged, `update` included. */
  settled(): Promise<void> {
    return this.#protocol.outbox.settled()
  }

  /** The counters of the local part, of a namespace its own, and those of the second tier, which are of the whole cache. */
  stats(): TieredStats {
    return tieredStats(this.#space.stats(), this.#protocol)
  }

  /** Waits for invalidations that are not acknowledged, `closeTimeout` at most, then drops what is held and stops. */
  close(): Promise<void> {
    return this.#opened.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  // Keys and tags

  #spaceOf(key: K): AnyCache {
    return typeof key === 'object' && key !== null ? this.#composites : this.#space
  }

  #nearKey(key: K): unknown {
    return typeof key === 'object' && key !== null ? this.#encode(key).slice(this.#path.length) : key
  }

  #encode(key: K): string {
    const { encodeKey: own } = this.#opened
    const isOwn = own !== undefined && typeof key === 'object' && key !== null && !Array.isArray(key)
    return this.#path + shortened(isOwn ? `e${own(key as never)}` : encodeKey(key))
  }

  /** Its key here, noted where the encoding alone does not tell it. */
  #hold(key: K, text: string): unknown {
    const own = text.slice(this.#path.length)
    if (typeof key === 'object' && key !== null) {
      this.#opened.composites.note(own, key, this.#composites)
      return own
    }
    if (own[0] === 'h') this.#opened.near.noteLong(this.#path, own, this.#space, key)
    return key
  }

  /** Tags as they stand in the second tier: once for every level, and each level for itself, so that it can be cleared. */
  #levelled(tags: readonly string[]): string[] {
    const texts = tags.map(encodeText)
    return this.#levels.flatMap((level) => [
      ...(level === '' ? [] : [level]),
      ...texts.map((text) => level + text),
    ])
  }

  /** Tags as they stand here, from those of the second tier. */
  #ownTags(levelled: readonly string[]): string[] {
    const own: string[] = []
    for (const tag of levelled) {
      const at = splitPath(tag)
      if (at !== undefined && at.rest !== '' && tag === this.#path + at.rest) own.push(at.rest)
    }
    return own
  }
}

const nothing: Cover = { keys: [], tags: [], isClear: false, expires: false }

function rootView(opened: Opened): View {
  return new View(opened, opened.near.root, '')
}

function levelsOf(path: string): string[] {
  const levels = ['']
  for (const name of splitPath(path)?.names ?? []) levels.push(`${levels.at(-1)}N${name.length}:${name}`)
  return levels
}

function iterable<T>(keys: Iterable<T>): Iterable<T> {
  if (typeof (keys as Iterable<T> | undefined)?.[Symbol.iterator] === 'function' && typeof keys !== 'string')
    return keys
  throw refusal('keys', 'an iterable such as an array, a Set or a Map', keys)
}

/** A cache of a process that is simulated. */
export function simulatedCache<K, V>(options: TieredOptions<K, V>, simulated: Simulated): TieredCache<K, V> {
  const opened = openTiered(options as unknown as TieredOptions, simulated)
  return new TieredCache(rootView(opened) as unknown as TieredOptions<K, V>)
}

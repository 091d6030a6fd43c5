import type { Cache } from '../cache.ts'
import { isThenable } from '../engine/removal.ts'
import { computed } from '../loading/computed.ts'
import type { Loader, Promised, Typed, Untyped } from '../loading/flight.ts'
import { type Wait, watched } from '../loading/waits.ts'
import {
  isRecord,
  type LoadOptions,
  positiveInteger,
  type SetOptions,
  type Signal,
  unknownOption,
} from '../options/options.ts'
import { refusal } from '../options/units.ts'
import type { TieredCache } from '../tiers/tiered-cache.ts'
import { contextOf, Held } from './held.ts'
import { currentScope, type OpenScope } from './scope.ts'

/** The settings of a scoped cache. All are optional; a wrong name or type is refused at once. */
export interface ScopedOptions<K = unknown, V = unknown> {
  /**
   * A process-wide cache beneath, which may be tiered: what the scope does not remember is looked for there, and what is set, loaded or
   * deleted is so there too. Outside of a scope it is used alone. Default: none.
   */
  readonly over?: Cache<K, V> | TieredCache<K, V> | undefined
  /**
   * What happens outside of a scope. `'plain'` (default): as if nothing were ever remembered; loaders are called each time.
   * `'refuse'`: a TypeError, so that a forgotten middleware is noticed.
   */
  readonly outside?: 'plain' | 'refuse' | undefined
  /** How many entries one scope remembers at most, a positive integer or Infinity; the one written longest ago goes. Default 1000. */
  readonly maxEntries?: number | undefined
}

type AnyLoader<K, V> = Loader<K, V, V | undefined | PromiseLike<V | undefined>>

/**
 * A cache that begins empty in each scope and ends with it. Two scopes share nothing, except through the cache beneath. Keys and values
 * are those of `Cache`: any key, any value but `undefined`, the same reference. In a scope nothing expires.
 */
export class ScopedCache<K = unknown, V = unknown> {
  readonly #over: Cache<K, V> | TieredCache<K, V> | undefined
  readonly #refuses: boolean
  readonly #maxEntries: number

  /** Throws a TypeError or RangeError for a wrong option. */
  constructor(options: ScopedOptions<K, V> = {}) {
    if (!isRecord(options)) throw refusal('options', 'an object of settings', options)
    for (const name in options) if (!OPTIONS.includes(name)) throw unknownOption(name, name, OPTIONS)
    const { over, outside = 'plain', maxEntries = 1000 }: ScopedOptions<K, V> = options
    if (over !== undefined && typeof over?.getOrLoad !== 'function')
      throw refusal('over', 'a Cache or a TieredCache', over)
    if (outside !== 'plain' && outside !== 'refuse') throw refusal('outside', "'plain' or 'refuse'", outside)
    this.#over = over
    this.#refuses = outside === 'refuse'
    this.#maxEntries = positiveInteger(maxEntries, 'maxEntries')
  }

  /** How many entries this scope remembers; 0 outside. */
  get size(): number {
    return currentScope()?.held.get(this)?.values.size ?? 0
  }

  /** The value under a key, or `fallback`. What the cache beneath has is remembered. */
  get(key: K): V | undefined
  get<F>(key: K, fallback: F): V | F
  get(key: K, fallback?: unknown): unknown {
    const held = this.#held(currentScope())
    const found = held?.values.get(key)
    if (found !== undefined) return found
    const value = this.#below(key, held)
    return value === undefined ? fallback : value
  }

  /** Whether there is a value under a key, here or in the cache beneath. */
  has(key: K): boolean {
    return this.#held(currentScope())?.values.has(key) || this.#over?.has(key) === true
  }

  /**
   * Remembers a value until the scope ends, instead of what was there. `options` are for the cache beneath. Throws a TypeError for
   * `undefined`. Of a tiered cache beneath, `settled` tells when all processes have been told.
   */
  set(key: K, value: V, options?: SetOptions): void {
    this.#assertTaken(options)
    if (value === undefined) throw refusal('value', 'anything but undefined', value)
    const held = this.#held(currentScope())
    setBelow(this.#over, key, value, options)
    held?.set(key, value)
  }

  /** Forgets a value, also in the cache beneath; whether there was one. */
  delete(key: K): boolean {
    const held = this.#held(currentScope())
    const wasBelow = this.#over?.has(key) === true
    void this.#over?.delete(key)
    return held?.delete(key) || wasBelow
  }

  /** Forgets what this scope remembers. The cache beneath stays as it is. */
  clear(): void {
    this.#held(currentScope())?.clear()
  }

  /**
   * The value under a key, or what `compute(key)` returns, which is remembered. Synchronous: a Promise is refused with a TypeError. An
   * error passes through, `undefined` is returned, and neither is remembered. `options` are for the cache beneath.
   */
  getOrSet<P extends Typed<K, V>>(key: P, compute: (key: P) => V, options?: SetOptions): V
  getOrSet<P extends Typed<K, V>>(
    key: P,
    compute: (key: P) => V | undefined,
    options?: SetOptions,
  ): V | undefined
  getOrSet<T, P extends Untyped<K, V>>(key: P, compute: (key: P) => T, options?: SetOptions): T
  getOrSet(key: K, compute: (key: K) => V, options?: SetOptions): V
  getOrSet(key: K, compute: (key: K) => V | undefined, options?: SetOptions): V | undefined
  getOrSet(key: K, compute: (key: K) => V | undefined, options?: SetOptions): unknown {
    const held = this.#held(currentScope())
    const found = held?.values.get(key)
    if (found !== undefined) return found as V
    this.#assertTaken(options)
    const value = this.#computed(key, compute, options)
    // What `compute` itself has set stands.
    const own = held?.values.get(key)
    if (own !== undefined) return own as V
    if (value !== undefined) held?.set(key, value)
    return value
  }

  /**
   * The value under a key, or what `loader(key, context)` resolves to, which is remembered. However many ask meanwhile in this scope,
   * one load runs. An error reaches everyone who waits, and nothing is remembered. A set, delete or clear during the load wins over
   * its result. `context.signal` fires when the scope ends before the load has. `options` are for the cache beneath.
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
  getOrLoad(key: K, loader: AnyLoader<K, V>, options?: LoadOptions<K, V>): Promise<unknown> {
    const scope = currentScope()
    const held = scope?.held.get(this)
    if (options?.forceRefresh) held?.overtake(key)
    const found = options?.forceRefresh ? undefined : held?.values.get(key)
    if (found !== undefined) return Promise.resolve(found)
    const load = watched((wait) => this.#load(scope, key, loader, options, wait))
    // One that was begun ahead of need may fail, or be ended with the scope, before anyone waits for it.
    if (scope !== undefined) load.catch(() => {})
    return load
  }

  async #load(
    scope: OpenScope | undefined,
    key: K,
    loader: AnyLoader<K, V>,
    options: LoadOptions<K, V> | undefined,
    wait: Wait | undefined,
  ): Promise<unknown> {
    this.#assertTaken(options)
    if (typeof loader !== 'function') throw refusal('loader', 'a function', loader)
    const held = this.#held(scope)
    const over = this.#over
    const load =
      over === undefined ? loader : (): Promise<V | undefined> => over.getOrLoad(key, loader, options)
    if (scope === undefined || held === undefined) return load(key, contextOf(key, neverFires))
    return held.load(key, load, () => scope.signal, wait)
  }

  #computed(key: K, compute: (key: K) => V | undefined, options: SetOptions | undefined): V | undefined {
    const over = this.#over
    if (over === undefined) return computed(key, compute)
    if ('getOrSet' in over) return over.getOrSet(key, compute, options)
    const there = over.get(key)
    if (there !== undefined) return there
    const value = computed(key, compute)
    if (value !== undefined) setBelow(over, key, value, options)
    return value
  }

  /** What this scope remembers. */
  #held(scope: OpenScope | undefined): Held | undefined {
    if (scope === undefined) {
      if (this.#refuses)
        throw new TypeError(
          'scoped cache: expected to be used in a scope (withScope, or a middleware), got none',
        )
      return undefined
    }
    const held = scope.held.get(this)
    if (held !== undefined) return held
    const added = new Held(this.#maxEntries)
    scope.held.set(this, added)
    return added
  }

  /** What the cache beneath has, remembered. */
  #below(key: K, held: Held | undefined): V | undefined {
    const value = this.#over?.get(key)
    if (value !== undefined) held?.set(key, value)
    return value
  }

  #assertTaken(options: object | undefined): void {
    if (options !== undefined && this.#over === undefined)
      throw refusal('options', 'none, as there is no cache beneath (`over`) that they could be for', options)
  }
}

function neverFires(): Signal {
  return new AbortController().signal
}

/** A tiered cache tells of what the user's functions throw later. */
function setBelow<K, V>(
  over: ScopedOptions<K, V>['over'],
  key: K,
  value: V,
  options: SetOptions | undefined,
): void {
  const told: unknown = over?.set(key, value, options)
  if (isThenable(told)) Promise.resolve(told).catch(() => {})
}

const OPTIONS: readonly string[] = ['over', 'outside', 'maxEntries'] satisfies (keyof ScopedOptions)[]

/** A cache that lives and dies with the scope it is used in: `const users = scoped<number, User>()`, once, beside your other caches. */
export function scoped<K = unknown, V = unknown>(options?: ScopedOptions<K, V>): ScopedCache<K, V> {
  return new ScopedCache(options)
}

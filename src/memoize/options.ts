import { Cache } from '../cache.ts'
import {
  type CacheOptions,
  checkTags,
  isRecord,
  type LoadOptions,
  nonEmptyString,
  resolveOptions,
  type SetOptions,
  unknownOption,
} from '../options/options.ts'
import { resolveDefaults, resolveLoad } from '../options/resolved.ts'
import { type Duration, refusal } from '../options/units.ts'
import type { TieredCache } from '../tiers/tiered-cache.ts'

/** Any function. */
export type AnyFunction = (this: never, ...args: never[]) => unknown

/** What a function's results are once they are there. */
export type Result<F extends AnyFunction> = Awaited<ReturnType<F>>

/** What the results of a memoized function are kept by. */
export interface KeyOptions<F extends AnyFunction> {
  /**
   * What tells calls apart, from the arguments: a value, or an array or object of several. It is compared as arguments are.
   * Default: all arguments.
   */
  readonly key?: ((this: ThisParameterType<F>, ...args: Parameters<F>) => unknown) | undefined
  /** Whether `this` counts as an argument before the others. Default false; with `key`, which is called with `this`, it has no use. */
  readonly keyThis?: boolean | undefined
}

interface Lifetime<F extends AnyFunction> {
  /** How long a result is kept, or how to tell from it. 0 or less: it is not. Default: the cache's `ttl`, five minutes. */
  readonly ttl?: Duration | ((result: Result<F>) => Duration) | undefined
  /** Results go when `cache.deleteByTag` is called with one of these, or how to tell them from result and arguments. */
  readonly tags?:
    | readonly string[]
    | ((this: ThisParameterType<F>, result: Result<F>, ...args: Parameters<F>) => readonly string[])
    | undefined
}

/** The settings of a memoized function with a cache of its own: those of the cache, and what results are kept by. */
export interface OwnCacheOptions<F extends AnyFunction>
  extends KeyOptions<F>,
    Lifetime<F>,
    Omit<CacheOptions<unknown, Result<F>>, 'ttl'> {
  readonly cache?: undefined
}

/** The settings of a memoized function that keeps its results in a cache that exists. */
export interface SharedCacheOptions<F extends AnyFunction>
  extends KeyOptions<F>,
    Lifetime<F>,
    Omit<LoadOptions, 'ttl' | 'tags' | 'signal' | 'forceRefresh'> {
  /** The cache whose bounds and policy hold. The function gets a namespace of its own in it. */
  readonly cache: Cache<unknown, unknown>
}

/** The settings of an asynchronous function that keeps its results in a tiered cache, for all processes. */
export interface TieredMemoizeOptions<F extends AnyFunction>
  extends Omit<KeyOptions<F>, 'keyThis'>,
    Lifetime<F>,
    Omit<LoadOptions, 'ttl' | 'tags' | 'signal' | 'forceRefresh'> {
  /** The tiered cache whose bounds and terms hold. The function gets a namespace of its own in it. */
  readonly cache: TieredCache<never, never> | TieredCache
  /** What the function is called in all processes, a name that no other function over this cache has. */
  readonly name: string
}

/** The settings of a memoized function. All are optional; a wrong name or type is refused at once. */
export type MemoizeOptions<F extends AnyFunction> = OwnCacheOptions<F> | SharedCacheOptions<F>

type Callable = (this: unknown, ...args: unknown[]) => unknown

/** What a function is memoized by, checked. */
export interface Plan {
  readonly fn: Callable
  readonly key: Callable | undefined
  readonly keyThis: boolean
  /** Makes a cache for results that no other function has. */
  readonly open: () => Cache<unknown, unknown>
  /** Whether other processes have the results too: then keys have to mean the same there. */
  readonly isTiered: boolean
  /** Whether what `open` makes is a namespace in a cache that outlives it. */
  readonly isShared: boolean
  /** What a write or load says that the cache does not say for it. */
  readonly writes: SetOptions | undefined
  readonly loads: LoadOptions | undefined
  readonly ttlOf: ((result: unknown) => Duration) | undefined
  readonly tagsOf: ((this: unknown, result: unknown, ...args: unknown[]) => readonly string[]) | undefined
  /** Whether the function gives promises; undefined until a result tells. */
  isAsync: boolean | undefined
}

const AsyncFunction = (async () => {}).constructor

/** Checks a function and its settings. Throws a TypeError or RangeError. */
export function plan(fn: unknown, options: unknown = {}): Plan {
  if (typeof fn !== 'function') throw refusal('fn', 'a function', fn)
  if (!isRecord(options)) throw refusal('options', `an object such as { ttl: '10m' }`, options)
  const { key, keyThis = false, cache, ttl, tags, ...rest } = options
  if (key !== undefined && typeof key !== 'function') throw refusal('key', 'a function', key)
  if (typeof keyThis !== 'boolean') throw refusal('keyThis', 'true or false', keyThis)
  const tiered = tieredCache(cache)
  if (cache !== undefined && tiered === undefined && !(cache instanceof Cache))
    throw refusal('cache', 'a Cache or a TieredCache', cache)
  if (tiered !== undefined && keyThis) throw unknownOption('keyThis', 'keyThis', ['key', 'ttl', 'tags'])
  if (rest.forceRefresh !== undefined)
    throw unknownOption('forceRefresh', 'forceRefresh', ['key', 'ttl', 'tags'])
  const tagsOf = typeof tags === 'function' ? (tags as NonNullable<Plan['tagsOf']>) : undefined
  const always = tagsOf === undefined ? checkTags(tags) : undefined
  const tagged: SetOptions = always === undefined ? {} : { tags: always }
  const ttlOf = typeof ttl === 'function' ? (ttl as NonNullable<Plan['ttlOf']>) : undefined
  const lifetime: SetOptions = ttl === undefined || ttlOf !== undefined ? {} : { ttl: ttl as Duration }
  const { name, ...others } = rest
  const settings = { ...(tiered === undefined ? rest : others), ...lifetime }
  const says: LoadOptions = cache === undefined ? tagged : { ...settings, ...tagged }
  if (cache === undefined) resolveOptions(settings)
  else resolveLoad(resolveDefaults({}), says)
  const label = tiered === undefined ? `memoize ${nextNumber()} ${fn.name}` : nonEmptyString(name, 'name')
  return {
    fn: fn as Callable,
    key: key as Callable | undefined,
    keyThis,
    open() {
      // Of a tiered one the methods are called that a `Cache` has too.
      if (cache !== undefined) return (cache as Cache<unknown, unknown>).namespace(label)
      const own = new Cache<unknown, unknown>(settings)
      return rest.name === undefined ? own : own.namespace(label)
    },
    isTiered: tiered !== undefined,
    isShared: cache !== undefined || rest.name !== undefined,
    writes: unlessEmpty(cache === undefined ? tagged : { ...lifetime, ...tagged }),
    loads: unlessEmpty(ttlOf === undefined ? says : { ...says, ttl: ttlOf }),
    ttlOf,
    tagsOf,
    isAsync: tiered !== undefined || fn instanceof AsyncFunction ? true : undefined,
  }
}

function tieredCache(cache: unknown): TieredCache | undefined {
  const isTiered = typeof (cache as { beginLoad?: unknown } | undefined)?.beginLoad === 'function'
  return isTiered ? (cache as TieredCache) : undefined
}

function unlessEmpty<T extends object>(options: T): T | undefined {
  return Object.keys(options).length === 0 ? undefined : options
}

/** One count for the process: copies of this package share the stores that have names. */
const count = Symbol.for('nearcache.memoize.count')
const shared = globalThis as { [count]?: number }

function nextNumber(): number {
  shared[count] = (shared[count] ?? 0) + 1
  return shared[count]
}

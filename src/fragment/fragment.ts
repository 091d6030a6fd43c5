import { Cache } from '../cache.ts'
import { keyOf, sharedKey } from '../memoize/keys.ts'
import { isRecord, nonEmptyString, type SetOptions, unknownOption } from '../options/options.ts'
import { type Duration, refusal } from '../options/units.ts'
import type { TieredCache } from '../tiers/tiered-cache.ts'

/** What a fragment is kept by. All are optional; a wrong name or type is refused. */
export interface FragmentOptions {
  /** What the fragment depends on: values of any kind, length and content, compared by what they contain. Default: nothing. */
  readonly varyOn?: readonly unknown[] | undefined
  /** How long it is kept; 0 or less: not at all. Default: the cache's `ttl`. */
  readonly ttl?: Duration | undefined
  /** It goes when `deleteByTag` is called with one of these on the cache. */
  readonly tags?: readonly string[] | undefined
  /** The cache that keeps it, in a namespace of its own; a tiered one keeps it for all processes. Default: one of 1000 entries and five minutes for the process. */
  readonly cache?: Cache | TieredCache | undefined
}

const OPTIONS: readonly string[] = ['varyOn', 'ttl', 'tags', 'cache'] satisfies (keyof FragmentOptions)[]

/**
 * The fragment of this name and these vary values, or what `render` resolves to, which is kept. Concurrent renders of one fragment run
 * once. One that fails is kept nowhere; its error reaches everyone who waits. An invalidation during the render wins over its result.
 */
export async function fragment<T>(
  name: string,
  options: FragmentOptions,
  render: () => T | PromiseLike<T>,
): Promise<T> {
  const { cache, key, write } = resolve(name, options)
  return cache.getOrLoad(key, callable(render), write) as Promise<T>
}

/** As `fragment`, at once: `render` returns the fragment itself; a Promise is refused with a TypeError, and so is a tiered cache. Both find the same fragments. */
export function fragmentSync<T>(name: string, options: FragmentOptions, render: () => T): T {
  if (isTiered(options?.cache))
    throw refusal('cache', 'a Cache (a tiered one is waited for: fragment)', options.cache)
  const { cache, key, write } = resolve(name, options)
  return cache.getOrSet(key, callable(render), write) as T
}

/**
 * Drops the fragment of this name and these vary values from the cache that keeps it; whether it was there. Of a tiered cache, a promise
 * that is true when all processes have been told.
 */
export function invalidateFragment(name: string, varyOn?: readonly unknown[], cache?: Cache): boolean
export function invalidateFragment(
  name: string,
  varyOn: readonly unknown[],
  cache: TieredCache,
): Promise<boolean>
export function invalidateFragment(
  name: string,
  varyOn: readonly unknown[] = [],
  cache?: Cache | TieredCache,
): boolean | Promise<boolean> {
  const resolved = resolve(name, { varyOn, cache })
  return resolved.cache.delete(resolved.key)
}

interface Resolved {
  readonly cache: Cache
  readonly key: unknown
  readonly write: SetOptions
}

function resolve(name: string, options: FragmentOptions): Resolved {
  nonEmptyString(name, 'name')
  if (!isRecord(options)) throw refusal('options', "an object such as { ttl: '10m' }", options)
  for (const option in options) if (!OPTIONS.includes(option)) throw unknownOption(option, option, OPTIONS)
  const { varyOn = [], cache, ttl, tags }: FragmentOptions = options
  if (!Array.isArray(varyOn)) throw refusal('varyOn', 'an array of values', varyOn)
  if (cache !== undefined && typeof cache?.getOrLoad !== 'function') throw refusal('cache', 'a Cache', cache)
  const written = keyOf([name, ...varyOn])
  const key = isTiered(cache) ? sharedKey(written) : written
  return { cache: spaceIn(cache ?? ownCache()), key, write: { ttl, tags } }
}

/** The fragments in a cache: a namespace, looked up once. */
const spaces = new WeakMap<object, Cache>()

/** Of a tiered cache the methods are called that a `Cache` has too. */
function spaceIn(cache: Cache | TieredCache): Cache {
  const known = spaces.get(cache)
  if (known !== undefined) return known
  const space = cache.namespace('fragments') as Cache
  spaces.set(cache, space)
  return space
}

function isTiered(cache: unknown): cache is TieredCache {
  return typeof (cache as { beginLoad?: unknown } | undefined)?.beginLoad === 'function'
}

let own: Cache | undefined

function ownCache(): Cache {
  own ??= new Cache({ name: 'nearcache.fragments' })
  return own
}

function callable<F>(render: F): F {
  if (typeof render !== 'function') throw refusal('render', 'a function', render)
  return render
}

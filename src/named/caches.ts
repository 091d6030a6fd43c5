import { type Cache, openCache } from '../cache.ts'
import { type CacheOptions, isRecord, resolveOptions } from '../options/options.ts'
import { refusal } from '../options/units.ts'
import { assertNames } from './registry.ts'

/** Options of one cache, with its key and value types: `{ users: cacheOptions<number, User>({ maxEntries: 5_000 }) }`. */
export function cacheOptions<K, V>(options: CacheOptions<K, V>): CacheOptions<K, V> {
  return options
}

/** Named caches from their settings, each with the key and value types of its options. */
export type Caches<S> = {
  readonly [Name in keyof S]: S[Name] extends CacheOptions<infer K, infer V> ? Cache<K, V> : never
}

/** Refuses what is no option, which inference would let pass, and names it. */
type Exact<S> = {
  [Name in keyof S]: {
    [Option in Exclude<keyof S[Name], keyof CacheOptions>]: { readonly 'there is no such option': Option }
  }
}

/** Makes one cache per property of its settings. */
export interface CreateCaches {
  /**
   * Makes one cache per property: `createCaches({ local: { maxEntries: 100, ttl: '10m' } }).local`. All settings are checked before
   * the first cache is made; throws a TypeError or RangeError that names the cache and the option.
   */
  <const S extends Record<string, CacheOptions<never, never> & object>>(settings: S & Exact<S>): Caches<S>
  /** As `createCaches`, for settings that are known at run time alone, such as a file or the environment: checked there in the same way. */
  from(settings: unknown): Readonly<Record<string, Cache>>
}

function from(settings: unknown): Readonly<Record<string, Cache>> {
  if (!isRecord(settings))
    throw refusal('createCaches', 'an object with one set of options per cache', settings)
  const resolved = Object.entries(settings).map(
    ([name, options]) => [name, resolveOptions(options, name)] as const,
  )
  assertNames(resolved.map(([, one]) => one))
  const caches = resolved.map(([name, one]) => [name, openCache(one, name)] as const)
  return Object.freeze(Object.fromEntries(caches))
}

/** Makes one cache per property of its settings, each with the key and value types of its options. */
export const createCaches: CreateCaches = Object.assign(
  (settings: object): never => from(settings) as never,
  { from },
)

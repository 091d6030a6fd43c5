import type { Cache } from '../cache.ts'
import * as local from '../named/caches.ts'
import { type CacheOptions, isRecord } from '../options/options.ts'
import { refusal } from '../options/units.ts'
import { assertOpens } from './opened.ts'
import { TieredCache } from './tiered-cache.ts'
import { resolveTieredOptions, type TieredOptions } from './tiered-options.ts'

/** Options of a tiered cache among the settings of `createCaches`, where its name is that of the property unless another one is given. */
export interface NamedTieredOptions<K = unknown, V = unknown> extends Omit<TieredOptions<K, V>, 'name'> {
  /** As in `TieredOptions`. Default: the name of the property. */
  readonly name?: string | undefined
}

/** Options of one cache, with its key and value types; with `remote` of a tiered one. */
export interface CacheOptionsOf {
  <K, V>(options: NamedTieredOptions<K, V>): NamedTieredOptions<K, V>
  <K, V>(options: CacheOptions<K, V>): CacheOptions<K, V>
}

/** Options of one cache, with its key and value types: `{ users: cacheOptions<number, User>({ remote: redisTier(redis) }) }`. */
export const cacheOptions: CacheOptionsOf = <T>(options: T): T => options

/** Named caches from their settings, those with `remote` tiered, each with the key and value types of its options. */
export type Caches<S> = {
  readonly [Name in keyof S]: S[Name] extends { readonly remote: object }
    ? S[Name] extends NamedTieredOptions<infer K, infer V>
      ? TieredCache<K, V>
      : never
    : S[Name] extends CacheOptions<infer K, infer V>
      ? Cache<K, V>
      : never
}

/** Refuses what is no option, which inference would let pass, and names it. */
type Exact<S> = {
  [Name in keyof S]: S[Name] extends { readonly remote: object }
    ? NamedTieredOptions<never, never> & Only<S[Name], keyof NamedTieredOptions>
    : Only<S[Name], keyof CacheOptions>
}

type Only<Options, Known> = {
  [Option in Exclude<keyof Options, Known>]: { readonly 'there is no such option': Option }
}

type AnyOptions = (CacheOptions<never, never> | NamedTieredOptions<never, never>) & object

/** Makes one cache per property of its settings: a tiered one where they have `remote`. */
export interface CreateCaches {
  /**
   * Makes one cache per property: `createCaches({ local: { maxEntries: 100 }, users: { remote: redisTier(redis) } }).users`. All settings
   * are checked before the first cache is made; throws a TypeError or RangeError that names the cache and the option, and a CacheError
   * `NAME_CONFLICT` where a name is taken with other options.
   */
  <const S extends Record<string, AnyOptions>>(settings: S & Exact<S>): Caches<S>
  /** As `createCaches`, for settings that are known at run time alone, such as a file with the tier put in: checked there in the same way. */
  from(settings: unknown): Readonly<Record<string, Cache | TieredCache>>
}

function from(settings: unknown): Readonly<Record<string, Cache | TieredCache>> {
  if (!isRecord(settings))
    throw refusal('createCaches', 'an object with one set of options per cache', settings)
  const tiered: [name: string, options: TieredOptions][] = []
  const others: [name: string, options: unknown][] = []
  for (const [name, options] of Object.entries(settings)) {
    if (!isRecord(options) || !Object.hasOwn(options, 'remote')) others.push([name, options])
    else tiered.push([name, { ...options, name: options.name ?? name } as unknown as TieredOptions])
  }
  assertOpens(tiered.map(([name, options]) => resolveTieredOptions(options, name)))
  const made: Record<string, Cache | TieredCache> = { ...local.createCaches.from(Object.fromEntries(others)) }
  for (const [name, options] of tiered) made[name] = new TieredCache(options)
  return Object.freeze(Object.fromEntries(Object.keys(settings).map((name) => [name, made[name]!])))
}

/** Makes one cache per property of its settings, each with the key and value types of its options: a tiered one where they have `remote`. */
export const createCaches: CreateCaches = Object.assign(
  (settings: object): never => from(settings) as never,
  {
    from,
  },
)

import { MOST_SLOTS } from '../core/slots.ts'
import type { Fault } from '../engine/faults.ts'
import type { Removal } from '../engine/removal.ts'
import { describe } from '../errors.ts'
import type { PolicyName } from '../policies/policy.ts'
import { suggestion } from './nearest.ts'
import { type Bytes, bytes, type Duration, milliseconds, refusal } from './units.ts'

/** The runtime's AbortSignal, where a program has types for it. */
export type Signal = typeof globalThis extends { AbortSignal: { prototype: infer S } }
  ? S
  : { readonly aborted: boolean; readonly reason: unknown }

/** How `getOrLoad` treats values that are due, loaders that fail, and loaders that take long. For a cache, or for one call. */
export interface LoadSettings {
  /** For this long after its ttl a value is still returned at once, while one refresh runs behind it. Default 0: not at all. */
  readonly staleWhileRevalidate?: Duration | undefined
  /** For this long after its ttl a value is returned when the loader fails or takes too long. Default 0: not at all. */
  readonly staleIfError?: Duration | undefined
  /** After a failed load the loader is not asked again for this long, as long as a stale value can be served. Default `'10s'`. */
  readonly errorBackoff?: Duration | undefined
  /** The first read after this share of the lifetime, from 0 (no refresh) to below 1, returns the live value and starts a refresh. Default: none does. */
  readonly refreshAhead?: number | undefined
  /** A caller waits this long at most where a stale value can be returned instead; the load goes on. Default Infinity. */
  readonly softTimeout?: Duration | undefined
  /** A caller waits this long at most, and then gets a stale value or a CacheError `TIMEOUT`; the next one starts a new load. Default Infinity. */
  readonly hardTimeout?: Duration | undefined
  /** A loader that finds nothing (`undefined`) is not asked again for this long. Default 0. */
  readonly negativeTtl?: Duration | undefined
  /** A loader that fails is not asked again for this long, and its error is thrown again. Default 0. */
  readonly errorTtl?: Duration | undefined
}

/** The settings of a cache. All are optional; a wrong name or type is refused at construction. */
export interface CacheOptions<K = unknown, V = unknown> extends LoadSettings {
  /**
   * How many entries the cache and its namespaces hold together at most: a positive integer up to 8388607, or Infinity.
   * Default 1000; Infinity where `maxWeight` or `maxBytes` bounds the cache instead.
   */
  readonly maxEntries?: number | undefined
  /** The sum of the weights at most, in the unit of `weigh`. Default: not bounded by weight. */
  readonly maxWeight?: number | undefined
  /** The weight of an entry, an integer of at least 0. Goes with `maxWeight`. Runs before anything changes. */
  readonly weigh?: ((value: V, key: K) => number) | undefined
  /** Bytes at most, by a built-in estimate of what keys and values take on the heap. Instead of `maxWeight`. */
  readonly maxBytes?: Bytes | undefined
  /**
   * The weight of one entry at most, in the unit of `maxWeight` or `maxBytes` and no more than that: a heavier one is not kept.
   * Default: the bound itself.
   */
  readonly maxEntryWeight?: Bytes | undefined
  /** How long an entry lives after it was written. Default `'5m'`; Infinity for ever. */
  readonly ttl?: Duration | undefined
  /** Each lifetime is shortened by a random share of up to this, from 0 to 1, so that entries written together do not expire together. Default 0. */
  readonly ttlJitter?: number | undefined
  /** An entry also expires when it has not been read for this long. Default: never for that. */
  readonly idleTtl?: Duration | undefined
  /**
   * What is kept when the cache is full. `'adaptive'` (default): what is used often, through scans and one-off keys, tuning itself.
   * `'lru'`: exactly what was used last.
   */
  readonly policy?: PolicyName | undefined
  /**
   * What keeps callers from changing a shared value. `'none'` (default): nothing, all share the raw reference. `'freeze'`: plain data
   * is frozen through and through on `set`. `'clone'`: a structured clone is stored, and each reader gets one of its own.
   */
  readonly protect?: 'none' | 'freeze' | 'clone' | undefined
  /** Told of each value that leaves, after the cache is consistent. May call back into the cache. */
  readonly onRemoval?: ((removal: Removal<K, V>) => void) | undefined
  /**
   * Given each error that no caller is told of, such as what a listener throws and what a refresh fails with, and where it happened.
   * Default: `console.error`, of each kind the first at once and then one line a minute at most.
   */
  readonly onError?: ((error: unknown, fault: Fault) => void) | undefined
  /**
   * What `guardHeap` of `nearcache/guard` makes of the cache: with `{ weight: 3 }` a hit of it is worth three of another cache, `false`
   * leaves it out. Default: a weight of 1.
   */
  readonly guard?: false | { readonly weight: number } | undefined
  /** The source of time in milliseconds, for tests. Default: the wall clock. */
  readonly clock?: (() => number) | undefined
  /** Caches of the same name are one store within the process, also across copies of this package and hot reloads. Default: a store of its own. */
  readonly name?: string | undefined
  /** A key space of its own inside a shared store, for this application. Default: the store's common one. */
  readonly keyPrefix?: string | undefined
  /** The version whose entries this cache sees, an integer. Default 1. */
  readonly version?: number | undefined
  /** `'local'` (default) holds entries in this process; `'none'` keeps nothing and obeys the same API, to switch caching off by a setting. */
  readonly kind?: 'local' | 'none' | undefined
}

/** What a single write may say. */
export interface SetOptions {
  /** How long this entry lives; 0 or less stores nothing and removes what was there. Default: the cache's `ttl`. */
  readonly ttl?: Duration | undefined
  /** The entry goes when `deleteByTag` is called with one of these. */
  readonly tags?: readonly string[] | undefined
}

/** What a call of `getOrLoad` may say. */
export interface LoadOptions<K = unknown, V = unknown> extends LoadSettings {
  /** How long the loaded value lives, or how to tell from it. 0 or less: it is not stored. Default: the cache's `ttl`. */
  readonly ttl?: Duration | ((value: V, key: K) => Duration) | undefined
  /** The entry goes when `deleteByTag` is called with one of these, or how to tell them from the value. */
  readonly tags?: readonly string[] | ((value: V, key: K) => readonly string[]) | undefined
  /**
   * Loads although a live value is there, which stays until the new one has come. Loads under way that others began are overtaken. Default
   * false.
   */
  readonly forceRefresh?: boolean | undefined
  /** Ends this caller's wait, not the load, which others may share. */
  readonly signal?: Signal | undefined
}

/** What `incr` and `decr` may say for a key that is not there. */
export interface CounterOptions {
  /** Stored and returned when nothing live is there, instead of an error. */
  readonly initial?: number | bigint | undefined
  /** How long the new entry lives. Default: the cache's `ttl`. */
  readonly ttl?: Duration | undefined
}

/** What `resize` changes; bounds left out stay as they are. */
export interface NewBounds {
  /** How many entries the cache and its namespaces hold together at most: a positive integer, or Infinity. */
  readonly maxEntries?: number | undefined
  /** The sum of the weights at most, for a cache that was made with `maxWeight`. */
  readonly maxWeight?: number | undefined
  /** Bytes at most, for a cache that was made with `maxBytes`. */
  readonly maxBytes?: Bytes | undefined
}

/** Settings in one unit each (milliseconds, bytes), only those that were given. */
export type Settings = {
  readonly [Option in keyof CacheOptions]?: NonNullable<CacheOptions[Option]> extends Duration | Bytes
    ? number
    : NonNullable<CacheOptions<never, never>[Option]>
}

/** Settings of a store, with its defaults. */
export type StoreSettings = Settings &
  Required<Pick<Settings, 'maxEntries' | 'idleTtl' | 'policy' | 'protect' | 'kind'>>

type Check<T> = (value: unknown, option: string) => T

const checks: { readonly [Option in keyof Settings]-?: Check<NonNullable<Settings[Option]>> } = {
  maxEntries: entries,
  maxWeight: positiveInteger,
  weigh: callable,
  maxBytes: weightInBytes,
  maxEntryWeight: weightInBytes,
  ttl: lifetime,
  ttlJitter: share,
  idleTtl: lifetime,
  policy: oneOf('adaptive', 'lru'),
  protect: oneOf('none', 'freeze', 'clone'),
  onRemoval: callable,
  onError: callable,
  guard: guarding,
  clock: timeSource,
  name: nonEmptyString,
  keyPrefix: nonEmptyString,
  version: integer,
  kind: oneOf('local', 'none'),
  staleWhileRevalidate: span,
  staleIfError: span,
  errorBackoff: span,
  refreshAhead: fraction,
  softTimeout: lifetime,
  hardTimeout: lifetime,
  negativeTtl: span,
  errorTtl: span,
}

/** Checks a cache's settings; `where` names them in messages. Throws a TypeError or RangeError. */
export function resolveOptions(options: unknown, where = ''): Settings {
  const prefix = where === '' ? '' : `${where}.`
  if (!isRecord(options)) throw refusal(where || 'options', 'an object of settings', options)
  const settings: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(checks, name)) throw unknownOption(prefix + name, name, Object.keys(checks))
    if (value !== undefined) settings[name] = checks[name as keyof typeof checks](value, prefix + name)
  }
  const resolved = settings as Settings
  if (resolved.maxWeight !== undefined && resolved.maxBytes !== undefined) {
    throw new TypeError(`${prefix}maxBytes: expected either maxWeight or maxBytes, got both`)
  }
  if ((resolved.maxWeight === undefined) !== (resolved.weigh === undefined)) {
    throw new TypeError(
      `${prefix}maxWeight: expected maxWeight and weigh together, got one without the other`,
    )
  }
  checkEntryWeight(resolved, options.maxEntryWeight, prefix)
  return resolved
}

function weightInBytes(value: unknown, option: string): number {
  return positiveInteger(bytes(value, option), option)
}

function checkEntryWeight(
  { maxWeight, maxBytes, maxEntryWeight }: Settings,
  given: unknown,
  prefix: string,
): void {
  const most = maxBytes ?? maxWeight
  const option = `${prefix}maxEntryWeight`
  if (maxEntryWeight === undefined) return
  if (most === undefined) throw new TypeError(`${option}: expected maxWeight or maxBytes beside it`)
  if (maxBytes === undefined && typeof given !== 'number')
    throw refusal(option, 'a number, in the unit of weigh', given)
  if (maxEntryWeight > most)
    throw new RangeError(`${option}: expected at most the bound by weight, ${most}, got ${maxEntryWeight}`)
}

/** What a store's settings say, and what holds where they say nothing. */
export function withStoreDefaults(settings: Settings): StoreSettings {
  const isBounded = settings.maxWeight !== undefined || settings.maxBytes !== undefined
  return {
    maxEntries: isBounded ? Infinity : 1000,
    idleTtl: Infinity,
    policy: 'adaptive',
    protect: 'none',
    kind: 'local',
    ...settings,
  }
}

/** The names of the load settings. */
export const LOAD_SETTINGS: readonly (keyof LoadSettings)[] = [
  'staleWhileRevalidate',
  'staleIfError',
  'errorBackoff',
  'refreshAhead',
  'softTimeout',
  'hardTimeout',
  'negativeTtl',
  'errorTtl',
]
const WRITE_OPTIONS = ['ttl', 'tags']
const BOUNDS = ['maxEntries', 'maxWeight', 'maxBytes'] as const
const COUNTER_OPTIONS = ['initial', 'ttl']
const LOAD_OPTIONS = ['ttl', 'tags', 'signal', 'forceRefresh', ...LOAD_SETTINGS]

/** Load settings in milliseconds. */
export type ResolvedLoadSettings = { readonly [Option in keyof LoadSettings]-?: number }

/** The load settings among options, over those that hold already. */
export function resolveLoadSettings(options: LoadSettings, over: ResolvedLoadSettings): ResolvedLoadSettings {
  const resolved = { ...over }
  for (const name of LOAD_SETTINGS) {
    const value = options[name]
    if (value !== undefined) resolved[name] = checks[name](value, name)
  }
  return resolved
}

/** The options of a load, or a TypeError. */
export function checkLoad<O extends LoadOptions<never, never>>(options: O): O {
  checkNames(options, LOAD_OPTIONS)
  const { signal, forceRefresh } = options
  if (signal !== undefined && !(signal instanceof AbortSignal))
    throw refusal('signal', 'an AbortSignal', signal)
  if (forceRefresh !== undefined && typeof forceRefresh !== 'boolean')
    throw refusal('forceRefresh', 'true or false', forceRefresh)
  return options
}

/** The options of a write, or a TypeError. */
export function checkWrite(options: SetOptions): SetOptions {
  return checkNames(options, WRITE_OPTIONS)
}

/** The options of a counter, or a TypeError. */
export function checkCounter(options: CounterOptions): CounterOptions {
  checkNames(options, COUNTER_OPTIONS)
  const { initial, ttl } = options
  if (ttl !== undefined) milliseconds(ttl, 'ttl')
  if (initial !== undefined && !isCount(initial))
    throw refusal('initial', 'a finite number or a bigint', initial)
  return options
}

/** Whether a value can be counted up and down. */
export function isCount(value: unknown): value is number | bigint {
  return typeof value === 'bigint' || Number.isFinite(value)
}

/** The bounds that `resize` is given, for a cache whose weights are in that unit; a bound in bytes is one of weight. */
export function checkBounds(
  bounds: number | NewBounds,
  unit: string,
): { readonly maxEntries?: number; readonly maxWeight?: number } {
  if (!isRecord(bounds)) return { maxEntries: entries(bounds, 'maxEntries') }
  const checked: { maxEntries?: number; maxWeight?: number } = {}
  for (const [name, value] of Object.entries(checkNames(bounds as NewBounds, BOUNDS))) {
    if (value === undefined) continue
    const bound = checks[name as (typeof BOUNDS)[number]](value, name)
    if (name === 'maxEntries') checked.maxEntries = bound
    else if (name === (unit === 'bytes' ? 'maxBytes' : 'maxWeight') && unit !== 'entries')
      checked.maxWeight = bound
    else throw new TypeError(`${name}: expected a bound that the cache was made with, got ${describe(value)}`)
  }
  return checked
}

/** A copy of the tags of a write, which the caller cannot change; undefined for none. Throws a TypeError. */
export function checkTags(tags: unknown): readonly string[] | undefined {
  if (tags === undefined) return undefined
  if (!Array.isArray(tags)) throw refusal('tags', 'an array of strings', tags)
  for (const tag of tags) if (typeof tag !== 'string') throw refusal('tags', 'an array of strings', tag)
  return tags.length === 0 ? undefined : [...tags]
}

export function positiveInteger(value: unknown, option: string): number {
  if (typeof value !== 'number') throw refusal(option, 'a positive integer or Infinity', value)
  if (value === Infinity || (Number.isSafeInteger(value) && value > 0)) return value
  throw new RangeError(refusal(option, 'a positive integer or Infinity', value).message)
}

/** A bound by entries: within what a Map keeps, or Infinity. */
function entries(value: unknown, option: string): number {
  const count = positiveInteger(value, option)
  if (count < MOST_SLOTS || count === Infinity) return count
  throw new RangeError(
    `${option}: expected at most ${MOST_SLOTS - 1}, which is what a Map keeps, or Infinity, got ${count}`,
  )
}

export function integer(value: unknown, option: string): number {
  if (Number.isSafeInteger(value)) return value as number
  throw refusal(option, 'an integer', value)
}

export function nonEmptyString(value: unknown, option: string): string {
  if (typeof value === 'string' && value !== '') return value
  throw refusal(option, 'a string of at least one character', value)
}

export function unknownOption(path: string, name: string, known: readonly string[]): TypeError {
  return new TypeError(`${path}: there is no such option${suggestion(name, known)}`)
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Options of which none has another name, or a TypeError. */
export function checkNames<T extends object>(options: T, known: readonly string[]): T {
  if (!isRecord(options)) throw refusal('options', `an object such as { ttl: '10m' }`, options)
  for (const name in options) if (!known.includes(name)) throw unknownOption(name, name, known)
  return options
}

function lifetime(value: unknown, option: string): number {
  const time = milliseconds(value, option)
  if (time > 0) return time
  throw new RangeError(`${option}: expected a time above 0, got ${describe(value)}`)
}

export function span(value: unknown, option: string): number {
  const time = milliseconds(value, option)
  if (time >= 0) return time
  throw new RangeError(`${option}: expected a time of 0 or more, got ${describe(value)}`)
}

function fraction(value: unknown, option: string): number {
  if (typeof value !== 'number' || Number.isNaN(value))
    throw refusal(option, 'a number from 0 to below 1', value)
  if (value >= 0 && value < 1) return value
  throw new RangeError(refusal(option, 'a number from 0 to below 1', value).message)
}

function share(value: unknown, option: string): number {
  if (typeof value !== 'number' || Number.isNaN(value)) throw refusal(option, 'a number from 0 to 1', value)
  if (value >= 0 && value <= 1) return value
  throw new RangeError(refusal(option, 'a number from 0 to 1', value).message)
}

function guarding(value: unknown, option: string): false | { readonly weight: number } {
  const { weight } = Object(value)
  if (value === false || (weight > 0 && Number.isFinite(weight))) return value as never
  throw refusal(option, 'false or { weight: 3 }', value)
}

/** A function whose first reading is a finite number. */
function timeSource(value: unknown, option: string): () => number {
  const source = callable(value, option) as () => unknown
  const reading = source()
  if (!Number.isFinite(reading)) throw refusal(option, 'a function that returns a finite number', reading)
  return source as () => number
}

export function callable<F>(value: unknown, option: string): F {
  if (typeof value === 'function') return value as F
  throw refusal(option, 'a function', value)
}

function oneOf<const T extends readonly string[]>(...names: T): Check<T[number]> {
  return (value, option) => {
    if (names.includes(value as string)) return value as T[number]
    throw refusal(option, names.map((name) => `'${name}'`).join(' or '), value)
  }
}

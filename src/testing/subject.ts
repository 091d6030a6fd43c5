import type { CacheStats } from '../engine/stats.ts'
import type { CacheOptions, CounterOptions, NewBounds, SetOptions } from '../options/options.ts'
import type { Duration } from '../options/units.ts'

/** What the cases give to a cache that they make. The time is that of `clock`, and everything else has the defaults of `Cache`. */
export type ContractOptions = { readonly clock: () => number } & Pick<
  CacheOptions,
  | 'maxEntries'
  | 'maxWeight'
  | 'weigh'
  | 'maxBytes'
  | 'maxEntryWeight'
  | 'ttl'
  | 'ttlJitter'
  | 'idleTtl'
  | 'policy'
  | 'protect'
  | 'onRemoval'
  | 'onError'
>

/** All that the contract speaks of: the methods of `Cache`, for keys and values of any type. */
export interface Whole {
  get(key: unknown, fallback?: unknown): unknown
  set(key: unknown, value: unknown, options?: SetOptions): void
  has(key: unknown): boolean
  delete(key: unknown): boolean
  peek(key: unknown): unknown
  expiresIn(key: unknown): number | undefined
  add(key: unknown, value: unknown, options?: SetOptions): boolean
  touch(key: unknown, ttl?: Duration): boolean
  take(key: unknown): unknown
  getMany(keys: Iterable<unknown>): Map<unknown, unknown>
  setMany(entries: Iterable<readonly [unknown, unknown]>, options?: SetOptions): void
  deleteMany(keys: Iterable<unknown>): number
  incr(key: unknown, delta?: number | bigint, options?: CounterOptions): unknown
  decr(key: unknown, delta?: number | bigint, options?: CounterOptions): unknown
  getOrSet(key: unknown, compute: (key: unknown) => unknown, options?: SetOptions): unknown
  getOrLoad(key: unknown, loader: (key: unknown) => unknown, options?: SetOptions): Promise<unknown>
  expireAll(): void
  clear(): void
  deleteByTag(tag: string): void
  namespace(name: string): unknown
  version(version: number): unknown
  incrVersion(key: unknown, delta?: number): number
  decrVersion(key: unknown, delta?: number): number
  readonly size: number
  keys(): Iterable<unknown>
  values(): Iterable<unknown>
  entries(): IterableIterator<[unknown, unknown]>
  [Symbol.iterator](): Iterator<[unknown, unknown]>
  resize(bounds: number | NewBounds): void
  stats(): CacheStats
  close(): void
  [Symbol.dispose](): void
}

/** What every cache has. */
type Always = 'get' | 'set' | 'has' | 'delete'

/** What a cache may have besides. */
export type Method = Exclude<keyof Whole, Always>

/** A cache to be held to the contract: these four methods, and whichever others of `Cache` it has. */
export type ContractCache = Pick<Whole, Always> & Partial<Pick<Whole, Method>>

/** A cache that has these methods too, and so have its namespaces and versions. */
export type With<M extends Method> = {
  [Name in Always | M]: Name extends 'namespace' | 'version'
    ? (part: Parameters<Whole[Name]>[0]) => With<M>
    : Whole[Name]
}

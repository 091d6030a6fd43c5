import { isRecord, unknownOption } from '../options/options.ts'
import { refusal } from '../options/units.ts'
import { cacheAside } from './aside.ts'
import { type Backing, backingCache, isTiered } from './backing.ts'
import { packRows, unpackRows } from './rows.ts'

/** Which queries are cached. */
export interface QueryCacheOptions {
  /** `'explicit'` (default): queries that say `$withCache()`. `'all'`: also those that do not say `$withCache(false)`. */
  readonly strategy?: 'explicit' | 'all' | undefined
}

/** How long a query asks its result to be kept, by one of these. Default: the `ttl` of the cache. */
export interface CacheConfig {
  /** For so many seconds. */
  readonly ex?: number
  /** For so many milliseconds. */
  readonly px?: number
  /** Until this Unix time in seconds. */
  readonly exat?: number
  /** Until this Unix time in milliseconds. */
  readonly pxat?: number
}

/** What drizzle takes as a cache. */
export interface QueryCache {
  strategy(): 'explicit' | 'all'
  /** The rows under a hash or tag, or `undefined`. */
  get(
    key: string,
    tables: string[],
    isTag: boolean,
    isAutoInvalidate?: boolean,
  ): Promise<unknown[] | undefined>
  /** Keeps rows; without `tables` no mutation removes them. */
  put(key: string, rows: unknown[], tables: string[], isTag: boolean, config?: CacheConfig): Promise<void>
  /** Removes what was read from these tables, or is kept under these tags. */
  onMutate(mutation: { tags?: OneOrMore<string>; tables?: OneOrMore<string | object> }): Promise<void>
}

type OneOrMore<T> = T | T[]

/**
 * A cache of results for drizzle: `drizzle({ client, cache: queryCache() })`. A result goes when a table that it was read from is
 * written to through drizzle, when its tag is invalidated, or when the time is over that the query names, or else the `ttl` of the
 * cache. Keys do not name the database, so each needs a cache or a namespace of its own. Throws what the constructor of `Cache`
 * throws, and a TypeError for a wrong option.
 */
export function queryCache(backing?: Backing, options: QueryCacheOptions = {}): QueryCache {
  const strategy = strategyOf(options)
  const isShared = backing !== undefined && isTiered(backing)
  const cache = isShared ? backing : backingCache(backing)
  const results = cacheAside<unknown>(cache)
  // What is to outlive mutations: the same query may be cached either way.
  const lasting = cacheAside<unknown>(cache.namespace<string, unknown>('lasting'))
  return {
    strategy: () => strategy,
    async get(key, tables, _isTag, isAutoInvalidate = false) {
      if (!isAutoInvalidate) return unpackRows(await lasting.get(key))
      // Of a query whose tables are not known no mutation can tell that it is out of date.
      return tables.length === 0 ? undefined : unpackRows(await results.get(key, tables))
    },
    async put(key, result, tables, _isTag, config = {}) {
      const ttl = ttlOf(config)
      const rows = isShared ? packRows(result) : result
      if (tables.length === 0) lasting.put(key, rows, { ttl })
      else results.put(key, rows, { ttl, tags: tables })
    },
    async onMutate({ tags, tables }) {
      const names = listed(tables).flatMap(namesOf)
      const keys = listed(tags)
      await Promise.all([
        results.deleteMany(keys),
        lasting.deleteMany(keys),
        ...names.map((name) => results.deleteByTag(name)),
      ])
    },
  }
}

const LIFETIMES: Record<keyof CacheConfig, (value: number) => number> = {
  ex: (seconds) => seconds * 1000,
  px: (milliseconds) => milliseconds,
  exat: (seconds) => seconds * 1000 - Date.now(),
  pxat: (milliseconds) => milliseconds - Date.now(),
}

/** What is left of the time that a query names, in milliseconds. */
function ttlOf(config: CacheConfig): number | undefined {
  const [name, other] = (Object.keys(LIFETIMES) as (keyof CacheConfig)[]).filter(
    (one) => config[one] !== undefined,
  )
  if (name === undefined) return undefined
  if (other !== undefined)
    throw new TypeError(`config: expected one of ex, px, exat and pxat, got ${name} and ${other}`)
  const value = config[name]
  if (typeof value !== 'number' || Number.isNaN(value)) throw refusal(`config.${name}`, 'a number', value)
  return LIFETIMES[name](value)
}

const BASE_NAME = Symbol.for('drizzle:BaseName')
const SCHEMA = Symbol.for('drizzle:Schema')

/** What queries call a table. Of a table in a schema PostgreSQL's name it with the schema, others without. */
function namesOf(table: unknown): string[] {
  if (typeof table === 'string') return [table]
  const { [BASE_NAME]: name, [SCHEMA]: schema } = Object(table) as Record<symbol, unknown>
  if (typeof name !== 'string') throw refusal('tables', 'a table or its name', table)
  return typeof schema === 'string' ? [name, `${schema}.${name}`] : [name]
}

function listed<T>(value: T | T[] | undefined): T[] {
  if (value === undefined) return []
  return Array.isArray(value) ? value : [value]
}

function strategyOf(options: QueryCacheOptions): 'explicit' | 'all' {
  if (!isRecord(options)) throw refusal('options', `an object such as { strategy: 'all' }`, options)
  for (const name in options) if (name !== 'strategy') throw unknownOption(name, name, ['strategy'])
  const { strategy = 'explicit' } = options
  if (strategy === 'explicit' || strategy === 'all') return strategy
  throw refusal('strategy', `'explicit' or 'all'`, strategy)
}

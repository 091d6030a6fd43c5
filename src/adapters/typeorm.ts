import { cacheAside } from './aside.ts'
import type { Backing } from './backing.ts'

/** A result of a query, as TypeORM asks for it, brings it and takes it back. */
export interface CachedResult {
  /** What the application calls the query, if it does. */
  readonly identifier?: string
  /** The text of the query, with its parameters. TypeORM always tells it. */
  readonly query?: string
  /** How long the result lives, in milliseconds. */
  readonly duration: number
  /** The rows, as JSON. */
  readonly result?: string
}

/** What the cache needs of a query runner. */
export interface QueryRunner {
  readonly isTransactionActive: boolean
}

/** What TypeORM takes as a cache of results. */
export interface QueryResultCache {
  connect(): Promise<void>
  disconnect(): Promise<void>
  synchronize(): Promise<void>
  /** The live result under the identifier, or without one under the text of the query. */
  getFromCache(asked: CachedResult, queryRunner?: QueryRunner): Promise<CachedResult | undefined>
  /** Keeps a result, unless a transaction has read it, which may be rolled back. */
  storeInCache(read: CachedResult, saved: CachedResult | undefined, queryRunner?: QueryRunner): Promise<void>
  /** False: what has expired is not found. */
  isExpired(saved: CachedResult): boolean
  clear(): Promise<void>
  /** Removes the results under these identifiers, and those of the counts and pages that TypeORM makes of them. */
  remove(identifiers: readonly string[]): Promise<void>
}

/**
 * A cache of results for TypeORM: `new DataSource({ cache: { provider: () => queryResultCache() } })`. A result lives as long as the
 * query or the data source says (one second where neither does), whatever the `ttl` of the cache. Keys do not name the database, so
 * each data source needs a cache or a namespace of its own. Throws what the constructor of `Cache` throws.
 */
export function queryResultCache(backing?: Backing<string>): QueryResultCache {
  const results = cacheAside(backing)
  return {
    connect: async () => {},
    disconnect: async () => {},
    synchronize: async () => {},
    async getFromCache(asked, queryRunner) {
      const isInTransaction = queryRunner?.isTransactionActive
      const result = await (isInTransaction ? results.find(keyOf(asked)) : results.get(keyOf(asked)))
      return result === undefined ? undefined : { ...asked, result }
    },
    async storeInCache(read, _saved, queryRunner) {
      if (!queryRunner?.isTransactionActive) results.put(keyOf(read), read.result, { ttl: read.duration })
    },
    isExpired: () => false,
    async clear() {
      await results.clear()
    },
    async remove(identifiers) {
      await results.deleteMany(
        identifiers.flatMap((identifier) => [identifier, `${identifier}-count`, `${identifier}-pagination`]),
      )
    },
  }
}

function keyOf({ identifier, query }: CachedResult): string {
  return identifier || query!
}

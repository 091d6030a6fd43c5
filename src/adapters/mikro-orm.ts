import { type Aside, cacheAside } from './aside.ts'
import type { Answer, Backing } from './backing.ts'

/** What MikroORM takes as a cache of results. */
export interface ResultCacheAdapter {
  /** The live result, `null` included, or `undefined`. */
  get<T = unknown>(name: string): Answer<T | undefined>
  /** `expiration` is in milliseconds; without one that of the ORM's `resultCache` holds. `origin` means nothing to results. */
  set(name: string, data: unknown, origin?: string, expiration?: number): void
  remove(name: string): Answer<void>
  clear(): Answer<void>
}

/**
 * A cache of results for MikroORM: `MikroORM.init({ resultCache: { adapter: resultCacheAdapter() } })`. A result lives as long as the
 * query says, else as the `expiration` of `resultCache` does (one second by default), whatever the `ttl` of the cache. With options
 * each ORM has a new cache. Keys do not name the database, so an existing cache, or a namespace of it, is for one ORM only. The
 * constructor of the adapter throws what that of `Cache` throws.
 */
export function resultCacheAdapter(
  backing?: Backing,
): new (options: {
  readonly expiration: number
}) => ResultCacheAdapter {
  return class NearcacheResultAdapter implements ResultCacheAdapter {
    private readonly results: Aside<unknown> = cacheAside(backing)
    private readonly expiration: number

    constructor({ expiration }: { readonly expiration: number }) {
      this.expiration = expiration
    }

    get<T = unknown>(name: string): Answer<T | undefined> {
      return this.results.get(name) as Answer<T | undefined>
    }

    set(name: string, data: unknown, _origin?: string, expiration = this.expiration): void {
      // MikroORM gives a result for the whole millisecond in which it expires.
      this.results.put(name, data, { ttl: expiration + 1 })
    }

    remove(name: string): Answer<void> {
      return this.results.deleteMany([name]) as Answer<void>
    }

    clear(): Answer<void> {
      return this.results.clear() as Answer<void>
    }
  }
}

import { Cache } from '../cache.ts'
import { resolveOptions } from '../options/options.ts'
import { backingCache, type LocalBacking } from './backing.ts'

/** What BentoCache makes its first layer from. */
export interface NearcacheDriver {
  readonly options: { readonly serialize: boolean }
  factory(config: { readonly prefix?: string | undefined }): NearcacheLayer
}

/** A first layer of BentoCache. */
export interface NearcacheLayer {
  readonly type: 'l1'
  namespace(namespace: string): NearcacheLayer
  get(key: string): string | undefined
  /** The value under a key, which is removed. */
  pull(key: string): string | undefined
  /** `ttl` is in milliseconds from now; without one, or with 0, the entry lives for ever. */
  set(key: string, value: string, ttl?: number): true
  /** Milliseconds, Infinity for ever, or undefined where nothing live is. */
  getRemainingTtl(key: string): number | undefined
  delete(key: string): boolean
  deleteMany(keys: readonly string[]): true
  clear(): void
  disconnect(): Promise<void>
}

/** How a driver is made. */
export interface NearcacheDriverOptions {
  /** Whether BentoCache makes strings of what it keeps here. With false it keeps references, which a second layer does not bear. Default true. */
  readonly serialize?: boolean | undefined
}

/**
 * A first layer for BentoCache: `bentostore().useL1Layer(nearcacheDriver({ maxEntries: 5_000 }))`. Its entries are in the namespace of
 * the cache that is named by the store's `prefix`. Lifetimes come from BentoCache; the cache's `ttl` is not used. A cache that is made
 * here has the policy `'lru'`, on which the tags of BentoCache depend. Throws what the constructor of `Cache` throws.
 */
export function nearcacheDriver(
  backing: LocalBacking = {},
  { serialize = true }: NearcacheDriverOptions = {},
): NearcacheDriver {
  const isGiven = backing instanceof Cache
  // BentoCache calls the factory late, and once for each store.
  if (!isGiven) resolveOptions(backing)
  return {
    options: { serialize },
    factory({ prefix = '' }) {
      const settled = isGiven ? backing : { ...backing, policy: backing.policy ?? 'lru' }
      const cache = backingCache(settled) as Cache<string, string>
      const name = withoutColons(prefix)
      return layer(name === '' ? cache : cache.namespace(name), '')
    },
  }
}

/** The layer of the keys that begin with `prefix`. */
function layer(cache: Cache<string, string>, prefix: string): NearcacheLayer {
  const remove = (key: string): boolean => cache.delete(prefix + key)
  return {
    type: 'l1',
    namespace: (name) => layer(cache, `${prefix}${withoutColons(name)}:`),
    get: (key) => cache.get(prefix + key),
    pull: (key) => cache.take(prefix + key),
    set(key, value, ttl) {
      cache.set(prefix + key, value, { ttl: ttl || Infinity })
      return true
    },
    getRemainingTtl: (key) => cache.expiresIn(prefix + key),
    delete: remove,
    deleteMany(keys) {
      for (const key of keys) remove(key)
      return true
    },
    clear() {
      if (prefix === '') cache.clear()
      else cache.deleteMany([...cache.keys()].filter((key) => key.startsWith(prefix)))
    },
    disconnect: async () => {},
  }
}

/** BentoCache puts one colon after a prefix, however many it ends in. */
function withoutColons(prefix: string): string {
  return prefix.replace(/:+$/, '')
}

import { Reads } from '../engine/reads.ts'
import type { LoadOptions } from '../options/options.ts'
import type { BatchLoader } from './batch.ts'
import type { AnyLoader, Loader, Promised, Typed, Untyped } from './flight.ts'

/** A loader of many keys as it was given. */
export type AnyBatchLoader = BatchLoader<never, unknown, unknown>

/** How a cache and a tiered cache are asked to load, so that an awaited hit is the same method in either. */
export abstract class Loads<K = unknown, V = unknown> extends Reads<K, V> {
  /**
   * The live value under a key, or what `loader(key, context)` resolves to, which is stored. However many ask meanwhile, one load runs.
   * An error reaches everyone who waits, and nothing is stored; `undefined` is passed on and not stored. A set, delete, clear,
   * version move or deletion of one of its tags during the load wins over its result, which is still given to those who wait.
   * Stale values, timeouts and remembered failures: see `LoadSettings`. With `forceRefresh` it loads although a live value is there.
   * A tiered cache asks its second tier before it calls the loader, and stores the result in both.
   */
  getOrLoad<P extends Typed<K, V>>(
    key: P,
    loader: Loader<P, V, Promised<V>>,
    options?: LoadOptions<P, V>,
  ): Promise<V>
  getOrLoad<P extends Typed<K, V>>(
    key: P,
    loader: Loader<P, V, V | PromiseLike<V>>,
    options?: LoadOptions<P, V>,
  ): Promise<V>
  getOrLoad<P extends Typed<K, V>>(
    key: P,
    loader: Loader<P, V, PromiseLike<V | undefined>>,
    options?: LoadOptions<P, V>,
  ): Promise<V | undefined>
  getOrLoad<P extends Typed<K, V>>(
    key: P,
    loader: Loader<P, V, V | undefined | PromiseLike<V | undefined>>,
    options?: LoadOptions<P, V>,
  ): Promise<V | undefined>
  getOrLoad<T, P extends Untyped<K, V>>(
    key: P,
    loader: Loader<P, T, T | PromiseLike<T>>,
    options?: LoadOptions<P, T>,
  ): Promise<T>
  getOrLoad(key: K, loader: Loader<K, V, V | PromiseLike<V>>, options?: LoadOptions<K, V>): Promise<V>
  getOrLoad(
    key: K,
    loader: Loader<K, V, V | undefined | PromiseLike<V | undefined>>,
    options?: LoadOptions<K, V>,
  ): Promise<V | undefined>
  getOrLoad(key: K, loader: AnyLoader, options?: LoadOptions<never, never>): Promise<unknown> {
    const slot = this.space.map.get(key)
    const calm = slot === undefined || options?.forceRefresh ? undefined : this.readCalm(slot)
    if (calm !== undefined) return Promise.resolve(calm)
    return this.loadOne(slot, key, loader, options)
  }

  /**
   * `getOrLoad` for many keys: the values found, in the order asked. Keys under way are waited for, and `loadMany` is called once for
   * the rest. Keys that it does not answer are not found; what it answers besides is stored too. Its failure reaches the keys it was
   * called for. A tiered cache first asks its second tier, once for all keys that are not held here, and does not store what is answered
   * besides.
   */
  getOrLoadMany<P extends Typed<K, V>>(
    keys: Iterable<P>,
    loadMany: BatchLoader<P, V, K>,
    options?: LoadOptions<P, V>,
  ): Promise<Map<K, V>>
  getOrLoadMany<T, P extends Untyped<K, V>>(
    keys: Iterable<P>,
    loadMany: BatchLoader<P, T, K>,
    options?: LoadOptions<P, T>,
  ): Promise<Map<P, T>>
  getOrLoadMany(
    keys: Iterable<K>,
    loadMany: BatchLoader<K, V>,
    options?: LoadOptions<K, V>,
  ): Promise<Map<K, V>>
  getOrLoadMany(
    keys: Iterable<K>,
    loadMany: AnyBatchLoader,
    options?: LoadOptions<never, never>,
  ): Promise<Map<unknown, unknown>> {
    return this.loadMany(keys, loadMany, options)
  }

  /**
   * The value of a key whose read is not calm.
   * @internal
   */
  protected abstract loadOne(
    slot: number | undefined,
    key: K,
    loader: AnyLoader,
    options: LoadOptions<never, never> | undefined,
  ): Promise<unknown>

  /** @internal */
  protected abstract loadMany(
    keys: Iterable<K>,
    loadMany: AnyBatchLoader,
    options: LoadOptions<never, never> | undefined,
  ): Promise<Map<unknown, unknown>>
}

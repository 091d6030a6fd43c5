import type { SetOptions } from '../options/options.ts'
import type { TieredCache } from '../tiers/tiered-cache.ts'
import type { Answer, Store } from './backing.ts'

/** A tiered cache as a store of adapters: what it does not hold here, the second tier is asked for. */
export class TieredStore<V> implements Store<V> {
  readonly #cache: TieredCache<string, V>

  constructor(cache: TieredCache<string, V>) {
    this.#cache = cache
  }

  get(key: string): Answer<V | undefined>
  get<F>(key: string, fallback: F): Answer<V | F>
  get(key: string, fallback?: unknown): unknown {
    return this.#cache.lookup(key).then((value) => (value === undefined ? fallback : value))
  }

  getMany(keys: readonly string[]): Promise<Map<string, V>> {
    return this.#cache.lookupMany(keys)
  }

  async has(key: string): Promise<boolean> {
    return (await this.#cache.lookup(key)) !== undefined
  }

  async expiresIn(key: string): Promise<number | undefined> {
    await this.#cache.lookup(key)
    return this.#cache.expiresIn(key)
  }

  set(key: string, value: V, options?: SetOptions): Promise<boolean> {
    return this.#cache.set(key, value, options)
  }

  /** Resolves when the second tier has acknowledged, or after `writeTimeout`. */
  async delete(key: string): Promise<boolean> {
    const was = await this.has(key)
    await this.#cache.delete(key)
    return was
  }

  deleteMany(keys: Iterable<string>): Promise<boolean> {
    return this.#cache.deleteMany(keys)
  }

  deleteByTag(tag: string): Promise<boolean> {
    return this.#cache.deleteByTag(tag)
  }

  clear(): Promise<boolean> {
    return this.#cache.clear()
  }

  keys(): Generator<string, undefined> {
    return this.#cache.keys()
  }

  entries(): Generator<[string, V], undefined> {
    return this.#cache.entries()
  }

  namespace(name: string): Store<V> {
    return new TieredStore<V>(this.#cache.namespace<string, V>(name))
  }
}

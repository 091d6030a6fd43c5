import { Cache } from '../cache.ts'
import type { SetOptions } from '../options/options.ts'
import type { OpenLoad } from '../tiers/open-load.ts'
import type { TieredCache } from '../tiers/tiered-cache.ts'
import type { Aside } from './aside.ts'

/** How many keys are told apart that reads are under way of. */
const MOST_KEYS = 100_000
/** Reads that begin within so many milliseconds are told apart only where one is overtaken. */
const TOGETHER = 1000
/** Hosts do not tell of reads that fail, so a read of which nothing was heard in so many milliseconds is forgotten. */
const LONGEST = 60_000

/** Reads of one key that were begun together, and are still to be heard of. */
interface Reads<V> {
  readonly load: OpenLoad<V>
  count: number
}

/**
 * A tiered cache that a host asks first, and brings what was missing once it has read it elsewhere. Which of several reads of a key a
 * result comes from the host does not tell; so nothing is stored as long as one may be under way that was overtaken, in any process.
 */
export class TieredAside<V> implements Aside<V> {
  readonly #cache: TieredCache<string, V>
  /** By key, the earliest first. */
  readonly #reads = new Cache<string, Reads<V>[]>({
    ttl: LONGEST + TOGETHER,
    maxEntries: MOST_KEYS,
    policy: 'lru',
    onRemoval: ({ value, reason }) => {
      if (reason !== 'replaced') for (const { load } of value) load.end()
    },
  })

  constructor(cache: TieredCache<string, V>) {
    this.#cache = cache
  }

  async get(key: string): Promise<V | undefined> {
    const load = await this.#cache.beginLoad(key)
    if (load.value === undefined) this.#note(key, load)
    return load.value
  }

  find(key: string): Promise<V | undefined> {
    return this.#cache.lookup(key)
  }

  /** Stores what was read here and in the second tier. What was asked for too long ago, or never, is not stored. */
  put(key: string, value: V | undefined, options?: SetOptions): void {
    const all = this.#underWay(key)
    const [first] = all
    const last = all.at(-1)
    if (first === undefined || last === undefined) return
    const isOvertaken = all.some(({ load }) => load.isOvertaken(options?.tags))
    try {
      if (!isOvertaken && value !== undefined) first.load.finish(value, options)
    } finally {
      // It may have been any of them; that the others are older is what is safe.
      if (--last.count === 0) {
        all.pop()
        last.load.end()
      }
      if (all.length === 0) this.#reads.delete(key)
    }
  }

  deleteMany(keys: readonly string[]): Promise<boolean> {
    return this.#cache.deleteMany(keys)
  }

  deleteByTag(tag: string): Promise<boolean> {
    return this.#cache.deleteByTag(tag)
  }

  clear(): Promise<boolean> {
    return this.#cache.clear()
  }

  #note(key: string, load: OpenLoad<V>): void {
    const all = this.#underWay(key)
    const last = all.at(-1)
    if (last !== undefined && last.load.age < TOGETHER && !last.load.isOvertaken()) {
      last.count++
      load.end()
    } else all.push({ load, count: 1 })
    this.#reads.set(key, all)
  }

  #underWay(key: string): Reads<V>[] {
    const all = this.#reads.peek(key) ?? []
    while (all.length > 0 && all[0]!.load.age > LONGEST + TOGETHER) all.shift()!.load.end()
    return all
  }
}

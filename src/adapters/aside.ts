import { Cache } from '../cache.ts'
import type { SetOptions } from '../options/options.ts'
import { type Answer, type Backing, backingCache, isTiered } from './backing.ts'
import { TieredAside } from './tiered-aside.ts'

/** How many reads under way are told apart. */
const MOST_READS = 100_000

/** What a host that asks first, and brings later what was missing, keeps results in. */
export interface Aside<V> {
  /** The live value, or `undefined`: then the host reads it, and brings it by `put`. A deletion of one of `tags` overtakes the read. */
  get(key: string, tags?: readonly string[]): Answer<V | undefined>
  /** The live value, or `undefined`: then the host brings nothing. */
  find(key: string): Answer<V | undefined>
  /** Stores what was read, unless the read was overtaken. `undefined` is not kept. */
  put(key: string, value: V | undefined, options?: SetOptions): void
  deleteMany(keys: readonly string[]): Answer<unknown>
  deleteByTag(tag: string): Answer<unknown>
  clear(): Answer<unknown>
}

/** What keeps results in this cache, or in a part of it. Throws what the constructor of `Cache` throws for wrong options. */
export function cacheAside<V>(backing: Backing<V> | undefined): Aside<V> {
  if (backing !== undefined && isTiered(backing)) return new TieredAside(backing)
  return new CacheAside(backingCache(backing))
}

/** A key that was asked for in vain, and is being read by one or more. */
interface Read {
  readonly tags: readonly string[]
  readers: number
}

/**
 * A cache that a host asks first, and brings what was missing once it has read it elsewhere. What is deleted in between stays out, as
 * long as any read that began before is under way.
 */
export class CacheAside<V> implements Aside<V> {
  private readonly cache: Cache<string, V>
  /** Hosts do not tell of reads that fail, so reads of which nothing is heard are forgotten a minute after the last of their key. */
  private readonly reads = new Cache<string, Read>({
    ttl: '1m',
    maxEntries: MOST_READS,
    policy: 'lru',
    onRemoval: ({ key, reason }) => {
      if (reason !== 'evicted') return
      this.overtaken.delete(key)
      this.overflow.set('reads', true)
    },
  })
  /** Keys of which reads are under way that were overtaken, for as long as those may be heard of. */
  private readonly overtaken = new Cache<string, true>({ maxEntries: MOST_READS, policy: 'lru' })
  /** Holds an entry while a read that is not listed any more may be under way; then nothing that was read is stored. */
  private readonly overflow = new Cache<'reads', true>({ ttl: '1m', maxEntries: 1 })

  constructor(cache: Cache<string, V>) {
    this.cache = cache
  }

  get(key: string, tags: readonly string[] = []): V | undefined {
    const value = this.cache.get(key)
    if (value === undefined) {
      this.reads.getOrSet(key, () => ({ tags, readers: 0 })).readers++
      this.reads.touch(key)
    }
    return value
  }

  find(key: string): V | undefined {
    return this.cache.get(key)
  }

  /** `undefined` removes what was there. */
  put(key: string, value: V | undefined, options?: SetOptions): void {
    const read = this.reads.peek(key)
    const isOvertaken = this.overtaken.has(key)
    if (read !== undefined && --read.readers === 0) {
      this.reads.delete(key)
      this.overtaken.delete(key)
    }
    if (isOvertaken || this.overflow.has('reads')) return
    if (value === undefined) this.cache.delete(key)
    else this.cache.set(key, value, options)
  }

  delete(key: string): void {
    this.overtake(key)
    this.cache.delete(key)
  }

  deleteMany(keys: readonly string[]): void {
    for (const key of keys) this.delete(key)
  }

  deleteByTag(tag: string): void {
    for (const [key, read] of this.reads) if (read.tags.includes(tag)) this.overtake(key)
    this.cache.deleteByTag(tag)
  }

  clear(): void {
    for (const key of this.reads.keys()) this.overtake(key)
    this.cache.clear()
  }

  /** Reads that began by now may be heard of until a minute after the last of them began. */
  private overtake(key: string): void {
    const ttl = this.reads.expiresIn(key)
    if (ttl !== undefined) this.overtaken.set(key, true, { ttl })
  }
}

import { Cache } from '../cache.ts'
import type { SetOptions } from '../options/options.ts'

/** How many reads under way are told apart. */
const MOST_READS = 100_000

/** A key that was asked for in vain, and is being read by one or more. */
interface Read {
  readonly tags: readonly string[]
  readers: number
  /** Whether what it reads was deleted since. */
  isOvertaken: boolean
}

/**
 * A cache that a host asks first, and brings what was missing once it has read it elsewhere. What is deleted in between stays out, as
 * long as any read that began before is under way.
 */
export class CacheAside<V> {
  private readonly cache: Cache<string, V>
  /** Hosts do not tell of reads that fail, so reads of which nothing is heard are forgotten after a minute. */
  private readonly reads = new Cache<string, Read>({
    ttl: '1m',
    maxEntries: MOST_READS,
    policy: 'lru',
    onRemoval: ({ reason }) => {
      if (reason === 'evicted') this.overflow.set('reads', true)
    },
  })
  /** Holds an entry while a read that is not listed any more may be under way; then nothing that was read is stored. */
  private readonly overflow = new Cache<'reads', true>({ ttl: '1m', maxEntries: 1 })

  constructor(cache: Cache<string, V>) {
    this.cache = cache
  }

  /** The live value, or `undefined`: then the host reads it, and brings it by `put`. A deletion of one of `tags` overtakes the read. */
  get(key: string, tags: readonly string[] = []): V | undefined {
    const value = this.cache.get(key)
    if (value === undefined)
      this.reads.getOrSet(key, () => ({ tags, readers: 0, isOvertaken: false })).readers++
    return value
  }

  /** Stores what was read, unless the read was overtaken. `undefined` is not kept, and removes what was there. */
  put(key: string, value: V | undefined, options?: SetOptions): void {
    const read = this.reads.peek(key)
    if (read !== undefined && --read.readers === 0) this.reads.delete(key)
    if (read?.isOvertaken || this.overflow.has('reads')) return
    if (value === undefined) this.cache.delete(key)
    else this.cache.set(key, value, options)
  }

  delete(key: string): void {
    const read = this.reads.peek(key)
    if (read !== undefined) read.isOvertaken = true
    this.cache.delete(key)
  }

  deleteByTag(tag: string): void {
    for (const read of this.reads.values()) if (read.tags.includes(tag)) read.isOvertaken = true
    this.cache.deleteByTag(tag)
  }

  clear(): void {
    for (const read of this.reads.values()) read.isOvertaken = true
    this.cache.clear()
  }
}

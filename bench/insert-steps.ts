import { pathToFileURL } from 'node:url'
import { load, type New, type Target, TTL } from './peers/peer.ts'
import { measureSteps, nearcache, Slotted, type Step } from './steps.ts'

/*
 * What an insertion into a full cache is made of: a Map that a key leaves for each that comes, then one by one what a cache has to do
 * besides, in the plainest form that would do where nothing is ever read; then nearcache, and a cache that does less.
 *
 *     npm run build && node --expose-gc --min-semi-space-size=32 --max-semi-space-size=64 --import tsx bench/insert-steps.ts
 */

/** A Map, and its keys in a row that begins anew at its end, so that the oldest is known. */
class InARow extends Slotted {
  readonly keys: unknown[] = []
  protected readonly size: number
  protected place = 0

  constructor(size: number) {
    super(size)
    this.size = size
  }

  override set(key: unknown, value: unknown): void {
    const slot = this.map.get(key)
    if (slot === undefined) this.insert(this.nextPlace(), key, value)
    else this.values[slot] = value
  }

  protected nextPlace(): number {
    const { place } = this
    this.place = place + 1 === this.size ? 0 : place + 1
    if (this.map.size >= this.size) this.map.delete(this.keys[place])
    return place
  }

  protected insert(slot: number, key: unknown, value: unknown): void {
    this.map.set(key, slot)
    this.keys[slot] = key
    this.values[slot] = value
  }
}

class Lasting extends InARow {
  protected override insert(slot: number, key: unknown, value: unknown): void {
    super.insert(slot, key, value)
    this.deadlines[slot] = this.clock.latest + TTL
  }
}

class Counting extends Lasting {
  sets = 0
  evicted = 0

  protected override insert(slot: number, key: unknown, value: unknown): void {
    super.insert(slot, key, value)
    this.sets++
    if (this.map.size >= this.size) this.evicted++
  }
}

/** Entries in a list by their last use, as an exact LRU has to keep them. */
class Linked extends Counting {
  protected readonly next: Int32Array
  protected readonly previous: Int32Array
  protected newest = 0

  constructor(size: number) {
    super(size)
    this.next = new Int32Array(size)
    this.previous = new Int32Array(size)
  }

  protected override insert(slot: number, key: unknown, value: unknown): void {
    super.insert(slot, key, value)
    const { next, previous, newest } = this
    const oldest = next[newest]!
    next[newest] = slot
    previous[slot] = newest
    next[slot] = oldest
    previous[oldest] = slot
    this.newest = slot
  }
}

/** Of what leaves, the key stays in the Map for as long as it takes four tenths of the capacity to leave; of fewer than 512, all. */
class Remembering extends Linked {
  private readonly ghosts: unknown[]
  private ghost = 0

  constructor(size: number) {
    super(size)
    this.ghosts = new Array(size <= 512 ? size : Math.max(512, 0.4 * size)).fill(undefined)
  }

  protected override nextPlace(): number {
    const { place, ghosts, ghost } = this
    this.place = place + 1 === this.size ? 0 : place + 1
    this.ghost = ghost + 1 === ghosts.length ? 0 : ghost + 1
    this.map.delete(ghosts[ghost])
    ghosts[ghost] = this.keys[place]
    this.values[place] = undefined
    return place
  }
}

const steps: readonly Step[] = [
  { name: 'Map, and its keys and values in a row', make: (size) => new InARow(size) },
  { name: 'and a deadline', make: (size) => new Lasting(size) },
  { name: 'and the write, and the eviction, counted', make: (size) => new Counting(size) },
  { name: 'and an order of use', make: (size) => new Linked(size) },
  { name: 'nearcache lru', make: (size) => nearcache(`insert-lru-${size}`, size, 'lru') },
  { name: 'and the keys of ghosts', make: (size) => new Remembering(size) },
  { name: 'nearcache', make: (size) => nearcache(`insert-${size}`, size) },
  {
    name: 'lru-cache with a ttl: no ghosts, nothing counted',
    async make(size) {
      const { LRUCache } = await load<{ LRUCache: New<[object], Target> }>('lru-cache')
      return new LRUCache({ max: size, ttl: TTL })
    },
  },
]

/** The table of all steps, as Markdown. */
export const measureInsertSteps = (): Promise<string> => measureSteps(steps, 'insert')

if (import.meta.url === pathToFileURL(process.argv[1]!).href) console.log(await measureInsertSteps())

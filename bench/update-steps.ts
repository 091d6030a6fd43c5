import { pathToFileURL } from 'node:url'
import { load, type New, type Target, TTL } from './peers/peer.ts'
import { measureSteps, nearcache, Slotted, type Step } from './steps.ts'

/*
 * What an update is made of: a Map, then one by one what a cache has to do besides, in the plainest form that would do where nothing
 * is ever inserted; then nearcache, and caches that do less.
 *
 *     npm run build && node --expose-gc --import tsx bench/update-steps.ts
 */

class Overwriting extends Slotted {
  override set(key: unknown, value: unknown): void {
    const slot = this.map.get(key)
    if (slot === undefined) super.set(key, value)
    else this.update(slot, value)
  }

  protected update(slot: number, value: unknown): void {
    this.values[slot] = value
  }
}

class Lasting extends Overwriting {
  protected override update(slot: number, value: unknown): void {
    super.update(slot, value)
    this.deadlines[slot] = this.clock.latest + TTL
  }
}

class Counting extends Lasting {
  sets = 0
  replaced = 0

  protected override update(slot: number, value: unknown): void {
    this.sets++
    if (!Object.is(this.values[slot], value)) this.replaced++
    super.update(slot, value)
  }
}

class Noting extends Counting {
  protected override update(slot: number, value: unknown): void {
    super.update(slot, value)
    const mark = this.marks[slot]!
    const uses = mark & 3
    this.marks[slot] = this.time | (mark & 12) | (uses < 3 ? uses + 1 : 3)
  }
}

const steps: readonly Step[] = [
  { name: 'Map', make: () => new Map() },
  { name: 'and the value by an index', make: (size) => new Overwriting(size) },
  { name: 'and its deadline written', make: (size) => new Lasting(size) },
  { name: 'and the write, and what it replaced, counted', make: (size) => new Counting(size) },
  { name: 'and the use noted for the policy', make: (size) => new Noting(size) },
  { name: 'nearcache', make: (size) => nearcache(`update-${size}`, size) },
  {
    name: 'lru.min: no ttl, nothing counted',
    async make(size) {
      const { createLRU } = await load<{ createLRU: (options: object) => Target }>('lru.min')
      return createLRU({ max: size })
    },
  },
  {
    name: 'lru-cache with a ttl: nothing counted',
    async make(size) {
      const { LRUCache } = await load<{ LRUCache: New<[object]> }>('lru-cache')
      return new LRUCache({ max: size, ttl: TTL })
    },
  },
]

/** The table of all steps, as Markdown. */
export const measureUpdateSteps = (): Promise<string> => measureSteps(steps, 'update')

if (import.meta.url === pathToFileURL(process.argv[1]!).href) console.log(await measureUpdateSteps())

import { pathToFileURL } from 'node:url'
import type { Target } from './peers/peer.ts'
import { measureSteps, nearcache, Slotted, type Step } from './steps.ts'

/*
 * What a hit is made of: a Map, then one by one what a cache has to do besides, in the plainest form that would do for a full cache
 * that nobody changes; and nearcache, while nothing in it has expired and while something has.
 *
 *     npm run build && node --expose-gc --import tsx bench/hit-steps.ts
 */

class Calm extends Slotted {
  readonly calmUntil = 2.5

  override get(key: unknown): unknown {
    const slot = this.map.get(key)
    if (slot === undefined || !(this.calmUntil > this.clock.latest)) return undefined
    return this.values[slot]
  }
}

class Expiring extends Slotted {
  override get(key: unknown): unknown {
    const slot = this.map.get(key)
    if (slot === undefined || !(this.deadlines[slot]! > this.clock.latest)) return undefined
    return this.values[slot]
  }
}

class Counting extends Calm {
  hits = 0

  override get(key: unknown): unknown {
    const slot = this.map.get(key)
    if (slot === undefined || !(this.calmUntil > this.clock.latest)) return undefined
    this.hits++
    return this.values[slot]
  }
}

class Noting extends Counting {
  override get(key: unknown): unknown {
    const slot = this.map.get(key)
    if (slot === undefined || !(this.calmUntil > this.clock.latest)) return undefined
    this.hits++
    const mark = this.marks[slot]!
    const uses = mark & 3
    this.marks[slot] = this.time | (mark & 12) | (uses < 3 ? uses + 1 : 3)
    return this.values[slot]
  }
}

interface Brief extends Target {
  set(key: unknown, value: unknown, options?: object): unknown
}

const steps: readonly Step[] = [
  { name: 'Map', make: () => new Map() },
  { name: 'and the value by an index', make: (size) => new Slotted(size) },
  { name: 'and whether its deadline has passed', make: (size) => new Expiring(size) },
  { name: 'or whether anything can have expired in this turn', make: (size) => new Calm(size) },
  { name: 'and the hit counted', make: (size) => new Counting(size) },
  { name: 'and the use noted for the policy', make: (size) => new Noting(size) },
  { name: 'nearcache', make: (size) => nearcache(`calm-${size}`, size + 1) },
  {
    name: 'nearcache, while something in it has expired',
    make: (size) => nearcache(`expiring-${size}`, size + 1),
    prepare: (target) => (target as Brief).set('short', 1, { ttl: 1 }),
  },
]

/** The table of all steps, as Markdown. */
export const measureHitSteps = (): Promise<string> => measureSteps(steps, 'get')

if (import.meta.url === pathToFileURL(process.argv[1]!).href) console.log(await measureHitSteps())

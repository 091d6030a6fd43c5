import { pathToFileURL } from 'node:url'
import { items, random, shuffled } from './keys.ts'
import { compare, type Side } from './measure.ts'
import { builtPackage, copyOf } from './peers/nearcache.ts'
import { load, type New, type Target, TTL } from './peers/peer.ts'
import { entries, toMarkdown } from './tables.ts'

/*
 * What a hit is made of: a Map, then one by one what a cache has to do besides, in the plainest form that would do for a full cache
 * that nobody changes; and nearcache, while nothing in it has expired and while something has.
 *
 *     npm run build && node --expose-gc --import tsx bench/hit-steps.ts
 */

const SAMPLE = 50_000
const ROUNDS = 31

/** The value is not in the Map but in an array, for which the Map has an index: so that a key can leave without its value moving. */
class Slotted implements Target {
  readonly map = new Map<unknown, number>()
  readonly values: unknown[] = []
  readonly deadlines: Float64Array
  readonly marks: Int32Array
  readonly clock = { latest: 1.5 }
  calmUntil = 2.5
  hits = 0
  time = 16

  constructor(size: number) {
    this.deadlines = new Float64Array(size).fill(TTL)
    this.marks = new Int32Array(size)
  }

  get(key: unknown): unknown {
    const slot = this.map.get(key)
    return slot === undefined ? undefined : this.values[slot]
  }

  set(key: unknown, value: unknown): void {
    this.map.set(key, this.values.push(value) - 1)
  }
}

class Calm extends Slotted {
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

class Counting extends Slotted {
  override get(key: unknown): unknown {
    const slot = this.map.get(key)
    if (slot === undefined || !(this.calmUntil > this.clock.latest)) return undefined
    this.hits++
    return this.values[slot]
  }
}

class Noting extends Slotted {
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

const NEARCACHE = 'nearcache'
const EXPIRED = 'nearcache, while something in it has expired'

const steps: readonly [name: string, make: (size: number) => Target][] = [
  ['Map', () => new Map()],
  ['and the value by an index', (size) => new Slotted(size)],
  ['and whether its deadline has passed', (size) => new Expiring(size)],
  ['or whether anything can have expired in this turn', (size) => new Calm(size)],
  ['and the hit counted', (size) => new Counting(size)],
  ['and the use noted for the policy', (size) => new Noting(size)],
]

/** The table of all steps, as Markdown. */
export async function measureHitSteps(): Promise<string> {
  const rows = [['']]
  for (const [kind, what] of [
    ['held', 'strings'],
    ['integer', 'integers'],
  ] as const) {
    for (const size of [1_000, 100_000]) {
      const keys = shuffled(items(kind, size), random(1))
      const results = await compare(await sidesOf(kind, keys), {
        ...{ count: SAMPLE, expected: SAMPLE, rounds: ROUNDS, reference: 'Map' },
      })
      rows[0]!.push(`${entries(size)} ${what}`)
      for (const [i, { peer, ratio, flaw }] of results.entries()) {
        if (flaw !== undefined) throw new Error(`${peer}: ${flaw}`)
        rows[i + 1] ??= [peer]
        rows[i + 1]!.push(ratio.median.toFixed(2))
      }
    }
  }
  return toMarkdown(rows)
}

async function sidesOf(kind: 'held' | 'integer', keys: readonly (string | number)[]): Promise<Side[]> {
  const asked = Array.from({ length: Math.max(SAMPLE, keys.length) }, (_, i) => keys[i % keys.length]!)
  const all: [string, Target, ((target: Target) => void)?][] = [
    ...steps.map(([name, make]): [string, Target] => [name, make(keys.length)]),
    [NEARCACHE, await cache('calm')],
    [EXPIRED, await cache('expiring'), (target) => (target as Brief).set('short', 1, { ttl: 1 })],
  ]
  return Promise.all(all.map(([name, target, prepare]) => side(name, target, prepare)))

  async function cache(name: string): Promise<Target> {
    type Package = { readonly Cache: New<[object], Target> }
    const { Cache } = await load<Package>(copyOf(builtPackage, `${name}-${kind}-${keys.length}`).href)
    return new Cache({ maxEntries: keys.length + 10, ttl: TTL })
  }

  async function side(name: string, target: Target, prepare?: (target: Target) => void): Promise<Side> {
    const query = `keys=${kind}&peer=${encodeURIComponent(name)}&size=${keys.length}`
    const loops: typeof import('./loops.ts') = await import(`./loops.ts?${query}`)
    for (const key of keys) target.set(key, 1)
    return {
      name,
      prepare: () => prepare?.(target),
      run(round) {
        const from = (round % (asked.length / SAMPLE)) * SAMPLE
        return loops.get(target, asked, from, from + SAMPLE)
      },
    }
  }
}

if (import.meta.url === pathToFileURL(process.argv[1]!).href) console.log(await measureHitSteps())

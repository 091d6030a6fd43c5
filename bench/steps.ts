import { items, random, shuffled } from './keys.ts'
import { compare, type Side } from './measure.ts'
import { builtPackage, copyOf } from './peers/nearcache.ts'
import { load, type New, type Target, TTL } from './peers/peer.ts'
import { entries, toMarkdown } from './tables.ts'

const SAMPLE = 50_000
const ROUNDS = 31

/** Something that does the measured operation with more or less around it. */
export interface Step {
  readonly name: string
  make(size: number): Target | Promise<Target>
  /** Called before each sample. */
  prepare?(target: Target): void
}

/** The value is not in the Map but in an array, for which the Map has an index: so that a key can leave without its value moving. */
export class Slotted implements Target {
  readonly map = new Map<unknown, number>()
  readonly values: unknown[] = []
  readonly deadlines: Float64Array
  readonly marks: Int32Array
  readonly clock = { latest: 1.5 }
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

/** A cache of nearcache with room for all keys, in machine code of its own for each name. */
export async function nearcache(name: string, size: number): Promise<Target> {
  type Package = { readonly Cache: New<[object], Target> }
  const { Cache } = await load<Package>(copyOf(builtPackage, name).href)
  return new Cache({ maxEntries: size + 10, ttl: TTL })
}

/** How many times as long as the first step each takes to read or to overwrite what is there: a table, as Markdown. */
export async function measureSteps(steps: readonly Step[], operation: 'get' | 'set'): Promise<string> {
  const rows = [['']]
  for (const [kind, what] of [
    ['held', 'strings'],
    ['integer', 'integers'],
  ] as const) {
    for (const size of [1_000, 100_000]) {
      const keys = shuffled(items(kind, size), random(1))
      const sides = await Promise.all(steps.map((step) => sideOf(step, operation, kind, keys)))
      const results = await compare(sides, {
        ...{ count: SAMPLE, expected: SAMPLE, rounds: ROUNDS, reference: steps[0]!.name },
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

async function sideOf(
  { name, make, prepare }: Step,
  operation: 'get' | 'set',
  kind: string,
  keys: readonly (string | number)[],
): Promise<Side> {
  const query = `keys=${kind}&peer=${encodeURIComponent(name)}&size=${keys.length}`
  const loops: typeof import('./loops.ts') = await import(`./loops.ts?${query}`)
  const asked = Array.from({ length: Math.max(SAMPLE, keys.length) }, (_, i) => keys[i % keys.length]!)
  const target = await make(keys.length)
  for (const key of keys) target.set(key, 1)
  return {
    name,
    prepare: () => prepare?.(target),
    run(round) {
      const from = (round % (asked.length / SAMPLE)) * SAMPLE
      return loops[operation](target, asked, from, from + SAMPLE)
    },
  }
}

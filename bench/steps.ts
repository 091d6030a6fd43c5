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

/** A cache of nearcache for so many entries, in machine code of its own for each name. */
export async function nearcache(name: string, maxEntries: number, policy = 'adaptive'): Promise<Target> {
  type Package = { readonly Cache: New<[object], Target> }
  const { Cache } = await load<Package>(copyOf(builtPackage, name).href)
  return new Cache({ maxEntries, ttl: TTL, policy })
}

/** What is measured: reading what is there, overwriting it, or inserting new keys where so many are there as fit. */
type Operation = 'get' | 'update' | 'insert'

/** How many times as long as the first step each takes: a table, as Markdown. */
export async function measureSteps(steps: readonly Step[], operation: Operation): Promise<string> {
  const rows = [['']]
  for (const [kind, what] of [
    ['held', 'strings'],
    ['integer', 'integers'],
  ] as const) {
    for (const size of [1_000, 100_000]) {
      const sides = await Promise.all(steps.map((step) => sideOf(step, operation, kind, size)))
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
  operation: Operation,
  kind: 'held' | 'integer',
  size: number,
): Promise<Side> {
  const query = `keys=${kind}&peer=${encodeURIComponent(name)}&size=${size}`
  const loops: typeof import('./loops.ts') = await import(`./loops.ts?${query}`)
  const loop = operation === 'get' ? loops.get : loops.set
  const asked = keysFor(operation, kind, size)
  const target = await make(size)
  for (const key of asked.slice(0, size)) target.set(key, 1)
  return {
    name,
    prepare: () => prepare?.(target),
    run(round) {
      const from = ((round + 1) % (asked.length / SAMPLE)) * SAMPLE
      return loop(target, asked, from, from + SAMPLE)
    },
  }
}

/** Keys of several samples, those that are there at the start first. An inserted one comes again when it has long been forgotten. */
function keysFor(operation: Operation, kind: 'held' | 'integer', size: number): (string | number)[] {
  const samples = operation === 'insert' ? Math.ceil((5 * size) / SAMPLE) + 1 : Math.max(1, size / SAMPLE)
  const different = operation === 'insert' ? samples * SAMPLE : size
  const keys = shuffled(items(kind, different), random(1))
  return Array.from({ length: samples * SAMPLE }, (_, i) => keys[i % different]!)
}

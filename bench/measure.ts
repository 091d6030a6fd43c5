import { setImmediate as nextTurn } from 'node:timers/promises'
import { type Kind, random, shuffled } from './keys.ts'
import type { Loops } from './loops.ts'
import { entryOf, type OperationName, type Scene, type Subject } from './operations.ts'
import type { Peer } from './peers/peer.ts'
import { type Figure, figure, ratio } from './statistics.ts'

/** What one peer did in one operation. */
export interface Result {
  readonly operation: string
  readonly keys: Kind
  readonly size: number
  readonly peer: string
  /** Nanoseconds per operation. */
  readonly ns: Figure
  /** Times the nanoseconds of nearcache, round by round. */
  readonly ratio: Figure
  /** The share of operations that found something. */
  readonly found: number
  /** Why the figures are not to be used, if so. */
  readonly flaw?: string
}

/** One side of a comparison: a name and what a sample does. `run` returns how many of its operations found something. */
export interface Side {
  readonly name: string
  prepare?(round: number): void
  run(round: number): number | Promise<number>
}

/** What `compare` has seen of one side, round by round. */
interface Seen {
  readonly ns: number[]
  readonly found: number[]
}

/** Rounds before the first that counts. */
const WARM_UP = 6
const REFERENCE = 'nearcache'
/** The name under which nearcache does a second operation beside the first. */
export const BESIDE = 'nearcache, no namespace'

export async function measure(
  operation: OperationName,
  scene: Scene,
  peers: readonly Peer[],
  rounds: number,
): Promise<Result[]> {
  const entry = entryOf(operation)
  const { count, expected, subject } = entry.make(scene)
  const sides: Side[] = []
  for (const peer of peers) {
    if (entry.excludes?.(peer, scene.size)) continue
    const side: Subject = subject(peer, await loopsFor(peer, scene.kind))
    sides.push({ name: peer.name, ...side })
    if (peer.name === REFERENCE && entry.beside !== undefined) {
      const beside = entryOf(entry.beside).make(scene)
      sides.push({ name: BESIDE, ...beside.subject(peer, await loopsFor(peer, scene.kind)) })
    }
  }
  const about = { operation: entry.label, keys: scene.kind, size: scene.size }
  const results = await compare(sides, { count, expected, rounds, reference: REFERENCE })
  return results.map((result) => ({ ...about, ...result }))
}

export interface Terms {
  /** Operations per sample. */
  readonly count: number
  /** How many of them have to find something. */
  readonly expected?: number | undefined
  readonly rounds: number
  /** The side that the ratios refer to. */
  readonly reference: string
}

/**
 * Runs all sides in turn, round by round, in an order that changes from round to round, so that whatever slows the machine down for
 * a while slows all of them. Each sample has a turn of the event loop of its own, and before it the young generation is emptied:
 * no side pays for another's garbage.
 */
export async function compare(
  sides: readonly Side[],
  { count, expected, rounds, reference }: Terms,
): Promise<Pick<Result, 'peer' | 'ns' | 'ratio' | 'found' | 'flaw'>[]> {
  const seen = sides.map((): Seen => ({ ns: [], found: [] }))
  const order = [...sides.keys()]
  const next = random(rounds)
  globalThis.gc!()
  for (let round = 0; round < WARM_UP + rounds; round++) {
    for (const i of shuffled(order, next)) {
      const side = sides[i]!
      await nextTurn()
      side.prepare?.(round)
      globalThis.gc!({ type: 'minor' })
      const start = performance.now()
      const running = side.run(round)
      const found = typeof running === 'number' ? running : await running
      const time = performance.now() - start
      if (round < WARM_UP) continue
      seen[i]!.ns.push((time * 1e6) / count)
      seen[i]!.found.push(found)
    }
  }
  const to = seen[sides.findIndex((side) => side.name === reference)]
  return sides.map(({ name }, i) => {
    const { ns, found } = seen[i]!
    const wrong = expected === undefined ? undefined : found.find((n) => n !== expected)
    return {
      peer: name,
      ns: figure(ns),
      ratio: ratio(ns, to?.ns ?? ns),
      found: found.reduce((a, b) => a + b) / (count * rounds),
      ...(wrong !== undefined && { flaw: `found ${wrong} of ${count}, expected ${expected}` }),
    }
  })
}

export async function loopsFor(peer: Peer, kind: Kind): Promise<Loops> {
  return import(`./loops.ts?keys=${kind}&peer=${encodeURIComponent(peer.name)}`)
}

import { random, shuffled } from './keys.ts'
import type { Loops } from './loops.ts'
import type { Operation, Subject } from './operations.ts'
import type { Peer } from './peers.ts'

/** What one peer did in one operation: per round, the nanoseconds per operation and how many of the operations found something. */
export interface Samples {
  readonly nanoseconds: number[]
  readonly found: number[]
}

/** Rounds before the first that counts. */
const WARM_UP = 8

/**
 * Runs an operation for all peers in turn, round by round, in an order that changes from round to round, so that whatever slows the
 * machine down for a while slows all of them. Before each sample the young generation is emptied: no peer pays for another's garbage.
 */
export async function measure(
  operation: Operation,
  peers: readonly Peer[],
  rounds: number,
): Promise<Samples[]> {
  const subjects: Subject[] = []
  for (const peer of peers) subjects.push(operation.subject(peer, await loopsFor(peer)))
  const samples = peers.map((): Samples => ({ nanoseconds: [], found: [] }))
  const order = [...peers.keys()]
  const next = random(rounds)
  for (let round = -WARM_UP; round < rounds; round++) {
    for (const i of shuffled(order, next)) {
      const counted = round >= 0
      globalThis.gc!({ type: 'minor' })
      const start = performance.now()
      const found = subjects[i]!.run(round + WARM_UP)
      const time = performance.now() - start
      if (!counted) continue
      samples[i]!.nanoseconds.push((time * 1e6) / operation.count)
      samples[i]!.found.push(found)
    }
  }
  globalThis.gc!()
  return samples
}

async function loopsFor(peer: Peer): Promise<Loops> {
  return import(`./loops.ts?peer=${encodeURIComponent(peer.name)}`)
}

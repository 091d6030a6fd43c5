import { items, random, shuffled } from './keys.ts'
import { loopsFor } from './measure.ts'
import { evicts } from './operations.ts'
import type { Peer } from './peers/peer.ts'
import { median } from './statistics.ts'

export interface Fill {
  readonly peer: string
  readonly size: number
  /** Keys set so far, as a share of the capacity: 0.5 to 2. */
  readonly level: number
  /** Nanoseconds per `set` of a new key around that level. */
  readonly ns: number
}

const STEP = 0.125

/** What a new key costs as a fresh cache fills up and then goes on: a cliff when full would show at 100 %. */
export async function measureFill(peers: readonly Peer[], size: number, rounds: number): Promise<Fill[]> {
  const keys = items('held', 2 * size)
  const levels = Array.from({ length: 2 / STEP }, (_, i) => (i + 1) * STEP)
  const bounded = peers.filter((peer) => evicts(peer, size))
  const sides = await Promise.all(
    bounded.map(async (peer) => ({
      peer,
      loops: await loopsFor(peer, 'held'),
      times: levels.map((): number[] => []),
    })),
  )
  const next = random(10)
  for (let round = -2; round < rounds; round++) {
    for (const { peer, loops, times } of shuffled(sides, next)) {
      const target = peer.make(size)
      globalThis.gc!({ type: 'minor' })
      for (const [i, level] of levels.entries()) {
        const from = Math.round((level - STEP) * size)
        const to = Math.round(level * size)
        const start = performance.now()
        loops.set(target, keys, from, to)
        target.settle?.()
        const time = performance.now() - start
        if (round >= 0) times[i]!.push((time * 1e6) / (to - from))
      }
    }
  }
  return sides.flatMap(({ peer, times }) =>
    levels.map((level, i) => ({ peer: peer.name, size, level, ns: median(times[i]!) })),
  )
}

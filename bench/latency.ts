import { items, random, shuffled } from './keys.ts'
import type { LatencyLoop } from './latency-loop.ts'
import type { Peer, Target } from './peers/peer.ts'
import { quantile } from './statistics.ts'

interface Side {
  readonly peer: Peer
  readonly run: LatencyLoop['run']
  readonly target: Target
  readonly times: number[][]
}

export interface Latency {
  readonly operation: 'get' | 'set' | 'delete'
  readonly peer: string
  readonly count: number
  /** Nanoseconds; what reading the clock takes has been taken off. */
  readonly median: number
  readonly p90: number
  readonly p99: number
  readonly p999: number
  readonly max: number
}

export interface Latencies {
  readonly capacity: number
  readonly perRound: number
  /** Nanoseconds that timing nothing at all takes: the median, taken off each figure. */
  readonly clock: number
  readonly figures: Latency[]
}

const CAPACITY = 500
const OPERATIONS = ['get', 'set', 'delete'] as const
/** Operations of each peer before the first that counts: its rare deletes too have to be compiled by then. */
const WARM_UP = 200_000

/** The class of the empty target: the cost of the clock. */
class Nothing implements Target {
  get(): void {}
  set(): void {}
  delete(): void {}
}
const clock: Peer = { name: 'the clock', ttl: false, make: () => new Nothing() }

/**
 * Every operation timed by itself, in the mix of the original benchmark: 90 % get, 9 % set, 1 % delete over 1.1 times as many keys as
 * fit into 500 entries; objects as values.
 */
export async function measureLatency(
  peers: readonly Peer[],
  perRound: number,
  rounds: number,
): Promise<Latencies> {
  const next = random(9)
  const all = items('held', 1.1 * CAPACITY) as string[]
  const keys = Array.from({ length: perRound }, () => all[Math.floor(next() * all.length)]!)
  const kinds = Uint8Array.from({ length: perRound }, () => kindOf(next()))
  const values = Array.from({ length: 1000 }, (_, id) => ({ id, name: `Product ${id}`, price: id * 1.5 }))
  const sides: Side[] = []
  for (const peer of [clock, ...peers]) {
    const { run } = await loopFor(peer.name)
    sides.push({ peer, run, target: peer.make(CAPACITY), times: OPERATIONS.map((): number[] => []) })
  }
  const times = new Float64Array(perRound)
  const warmUp = Math.ceil(WARM_UP / perRound)
  for (let round = 0; round < warmUp + rounds; round++) {
    for (const { run, target, times: seen } of shuffled(sides, next)) {
      globalThis.gc!({ type: 'minor' })
      run(target, keys, kinds, values, times)
      target.settle?.()
      if (round < warmUp) continue
      for (let i = 0; i < perRound; i++) seen[kinds[i]!]!.push(times[i]!)
    }
  }
  const base = quantile(sides[0]!.times[0]!, 0.5)
  const figures = OPERATIONS.flatMap((operation, kind) =>
    sides
      .slice(1)
      .filter(({ target }) => operation !== 'delete' || target.delete !== undefined)
      .map(({ peer, times }): Latency => describe(operation, peer.name, times[kind]!, base)),
  )
  return { capacity: CAPACITY, perRound: perRound * rounds, clock: base, figures }
}

function describe(
  operation: Latency['operation'],
  peer: string,
  times: readonly number[],
  base: number,
): Latency {
  const at = (q: number): number => Math.max(0, quantile(times, q) - base)
  return {
    operation,
    peer,
    count: times.length,
    median: at(0.5),
    p90: at(0.9),
    p99: at(0.99),
    p999: at(0.999),
    max: at(1),
  }
}

function kindOf(draw: number): number {
  if (draw < 0.9) return 0
  return draw < 0.99 ? 1 : 2
}

/** An instance of the timing loops for one peer alone. */
export async function loopFor(peer: string): Promise<LatencyLoop> {
  return import(`./latency-loop.ts?peer=${encodeURIComponent(peer)}`)
}

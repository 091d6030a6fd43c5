import { PerformanceObserver } from 'node:perf_hooks'
import { setImmediate } from 'node:timers/promises'
import { items } from './keys.ts'
import { loopFor } from './latency.ts'
import { map } from './peers/floor.ts'
import { builtPackage, copyOf } from './peers/nearcache.ts'
import { load, type New, type Target } from './peers/peer.ts'

export interface LongRun {
  readonly peer: string
  readonly size: number
  readonly sets: number
  /** Nanoseconds, what reading the clock takes included. */
  readonly median: number
  readonly p99: number
  readonly p999: number
  readonly max: number
  /** How many of the slowest thousandth were the first of their turn of the event loop, from 0 to 1; of all sets one in TURN is. */
  readonly firstOfTurn?: number
  /** How many of the slowest thousandth overlapped a garbage collection, from 0 to 1. */
  readonly collected: number
  /** The p99.9 of the sets that overlapped none. */
  readonly p999WithoutCollections: number
  /** Milliseconds of garbage collection in all. */
  readonly collectionTime: number
}

const TTL = 2_000
/** Sets per turn of the event loop, in whose pauses expired entries are swept. */
const TURN = 1_000

export const longRunners = ['nearcache', 'lru-cache', 'Map'] as const
export type LongRunner = (typeof longRunners)[number]

/** Millions of sets of new keys into a full cache whose entries also expire: how slow are the slow ones, and why. */
export async function measureLongRun(peer: LongRunner, size: number, sets: number): Promise<LongRun> {
  const keys = items('held', 2 * size) as string[]
  const target = await make(peer, size)
  const { runSets } = await loopFor(peer)
  const collections: { start: number; end: number }[] = []
  const observer = new PerformanceObserver((list) => {
    for (const { startTime, duration } of list.getEntries())
      collections.push({ start: startTime, end: startTime + duration })
  })
  for (const key of keys) target.set(key, key)
  globalThis.gc!()
  await setImmediate()
  observer.observe({ entryTypes: ['gc'] })
  const starts = new Float64Array(sets)
  const times = new Float64Array(sets)
  for (let i = 0; i < sets; i += TURN) {
    runSets(target, keys, i, i + TURN, starts, times)
    await setImmediate()
  }
  observer.disconnect()
  const sorted = times.slice().sort()
  const at = (q: number, from: Float64Array = sorted): number =>
    from[Math.min(from.length - 1, Math.floor(q * from.length))]!
  const p999 = at(0.999)
  const inCollection = overlapping(starts, times, collections)
  let slow = 0
  let slowInCollection = 0
  let slowFirst = 0
  for (let i = 0; i < sets; i++) {
    if (times[i]! < p999) continue
    slow++
    slowInCollection += inCollection[i]!
    if (i % TURN === 0) slowFirst++
  }
  const without = times.filter((_, i) => inCollection[i] === 0).sort()
  return {
    peer,
    size,
    sets,
    median: at(0.5),
    p99: at(0.99),
    p999,
    max: at(1),
    firstOfTurn: slowFirst / slow,
    collected: slowInCollection / slow,
    p999WithoutCollections: at(0.999, without),
    collectionTime: collections.reduce((sum, { start, end }) => sum + end - start, 0),
  }
}

async function make(peer: LongRunner, size: number): Promise<Target> {
  if (peer === 'Map') return map.make(size)
  if (peer === 'nearcache') {
    const { Cache } = await load<{ Cache: New<[object]> }>(copyOf(builtPackage, 'nearcache-long').href)
    return new Cache({ maxEntries: size, ttl: TTL })
  }
  const { LRUCache } = await load<{ LRUCache: New<[object]> }>('lru-cache')
  return new LRUCache({ max: size, ttl: TTL })
}

/** Marks what ran while a collection did; both lists are in the order of time. */
function overlapping(
  starts: Float64Array,
  times: Float64Array,
  collections: readonly { start: number; end: number }[],
): Uint8Array {
  const inside = new Uint8Array(starts.length)
  const sorted = [...collections].sort((a, b) => a.start - b.start)
  let next = 0
  for (let i = 0; i < starts.length; i++) {
    while (next < sorted.length && sorted[next]!.end < starts[i]!) next++
    if (next < sorted.length && sorted[next]!.start <= starts[i]! + times[i]! / 1e6) inside[i] = 1
  }
  return inside
}

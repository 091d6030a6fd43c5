import { Cache, type PolicyName } from '../index.ts'
import type { Trace } from './trace.ts'

export interface ReplayOptions {
  readonly policy: PolicyName
  /** Entries, or the sum of weights where the trace has weights. */
  readonly size: number
  /** Milliseconds. */
  readonly ttl: number
  /** Told how many reads were replayed since the last call. */
  readonly onProgress?: ((reads: number) => void) | undefined
}

const STEP = 65_536
/** A cache sweeps out entries about so long after they expired, in milliseconds. */
const SWEEP_DELAY = 1000

/** The hits of a cache that reads every key of the trace and sets it on a miss. */
export function replay(trace: Trace, { policy, size, ttl, onProgress }: ReplayOptions): number {
  const { keys, times, weights } = trace
  let now = 0
  // More than everything makes no difference, and larger numbers are no bounds.
  const bound =
    weights === undefined
      ? { maxEntries: Math.min(size, trace.unique) }
      : { maxWeight: Math.min(size, Number.MAX_SAFE_INTEGER), weigh: itself }
  const cache = new Cache<number, number>({ ...bound, policy, ttl, clock: () => now })
  const sweep = times === undefined || ttl === Infinity ? undefined : new Sweep(trace, cache, ttl)
  for (let start = 0; start < keys.length; start += STEP) {
    const end = Math.min(start + STEP, keys.length)
    for (let at = start; at < end; at++) {
      const key = keys[at]!
      if (times !== undefined) now = times[at]!
      if (sweep !== undefined) sweep.until(now - SWEEP_DELAY)
      if (cache.get(key) !== undefined) continue
      cache.set(key, weights === undefined ? 1 : weights[at]!)
      if (sweep !== undefined) sweep.written(at)
    }
    onProgress?.(end - start)
  }
  const { hits } = cache.stats()
  cache.close()
  return hits
}

/** Each value is its own weight. */
function itself(value: number): number {
  return value
}

/** Removes expired entries, which in a service a timer does. All live equally long, so they expire in the order of their writing. */
class Sweep {
  readonly #trace: Trace
  readonly #cache: Cache<number, number>
  readonly #ttl: number
  /** Positions of the reads that led to a write, in order. */
  readonly #writes: Uint32Array
  /** The position of the last such read of each key. */
  readonly #last: Uint32Array
  #head = 0
  #tail = 0

  constructor(trace: Trace, cache: Cache<number, number>, ttl: number) {
    this.#trace = trace
    this.#cache = cache
    this.#ttl = ttl
    this.#writes = new Uint32Array(trace.keys.length)
    this.#last = new Uint32Array(trace.unique)
  }

  written(at: number): void {
    this.#writes[this.#tail++] = at
    this.#last[this.#trace.keys[at]!] = at
  }

  until(time: number): void {
    for (; this.#head < this.#tail; this.#head++) {
      const at = this.#writes[this.#head]!
      if (this.#trace.times![at]! + this.#ttl > time) return
      const key = this.#trace.keys[at]!
      if (this.#last[key] === at) this.#cache.set(key, 1, GONE)
    }
  }
}

/** A lifetime of nothing removes what is there. */
const GONE = { ttl: 0 }

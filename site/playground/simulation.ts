import { Cache, type PolicyName } from 'nearcache'
import { nextReads, optimum } from '../../src/cli/optimum.ts'
import type { Trace } from '../../src/cli/trace.ts'

/** The hit ratios at one size. */
export interface Point {
  readonly size: number
  readonly adaptive: number
  readonly lru: number
  readonly optimum: number
}

/** How a cache of one size did as the reads went on: the share of hits in each stretch. */
export interface Course {
  readonly adaptive: readonly number[]
  readonly lru: readonly number[]
}

const STRETCHES = 60

/** Sizes from few entries to half of all keys, evenly spread over the orders of magnitude. */
export function sizesFor(unique: number, count = 14): number[] {
  const smallest = Math.max(1, Math.min(20, unique / 100))
  const largest = Math.max(smallest + 1, unique / 2)
  const sizes = Array.from({ length: count }, (_, i) =>
    Math.round(smallest * (largest / smallest) ** (i / (count - 1))),
  )
  return [...new Set(sizes)]
}

/** The curve point by point; the future has to be looked at once only. */
export function* curve(trace: Trace, sizes: readonly number[]): Generator<Point> {
  const next = nextReads(trace)
  for (const size of sizes)
    yield {
      size,
      adaptive: hits(trace, 'adaptive', size) / trace.keys.length,
      lru: hits(trace, 'lru', size) / trace.keys.length,
      optimum: optimum(trace, next, size, Infinity) / trace.keys.length,
    }
}

export function course(trace: Trace, size: number): Course {
  return { adaptive: stretches(trace, 'adaptive', size), lru: stretches(trace, 'lru', size) }
}

/** What the package itself answers: each read is a `get`, each miss is followed by a `set`. */
function hits({ keys }: Trace, policy: PolicyName, size: number): number {
  const cache = new Cache<number, number>({ maxEntries: size, policy, ttl: Infinity })
  let found = 0
  for (const key of keys)
    if (cache.get(key) === undefined) cache.set(key, 1)
    else found++
  cache.close()
  return found
}

function stretches({ keys }: Trace, policy: PolicyName, size: number): number[] {
  const cache = new Cache<number, number>({ maxEntries: size, policy, ttl: Infinity })
  const length = Math.max(1, Math.ceil(keys.length / STRETCHES))
  const shares: number[] = []
  for (let start = 0; start < keys.length; start += length) {
    const end = Math.min(start + length, keys.length)
    let found = 0
    for (let at = start; at < end; at++)
      if (cache.get(keys[at]!) === undefined) cache.set(keys[at]!, 1)
      else found++
    shares.push(found / (end - start))
  }
  cache.close()
  return shares
}

import type { Trace } from './trace.ts'

/**
 * Gives, for a size, more hits than any policy can have where entries have weights; the optimum itself cannot be computed then.
 *
 * To hit, an entry must be kept from one read of its key to the next, which takes its weight times so many reads. The whole trace has
 * the size times its length to spend, and the cheapest hits are bought first (PFOO-L of Berger, Beckmann and Harchol-Balter 2018).
 */
export function weightedBound(trace: Trace, next: Uint32Array, ttl: number): (size: number) => number {
  const { keys, times } = trace
  const weights = trace.weights!
  const { length } = keys
  const costs = new Float64Array(length)
  let candidates = new Uint32Array(length)
  let count = 0
  for (let at = 0; at < length; at++) {
    const then = next[at]!
    if (then === length || (times !== undefined && times[then]! - times[at]! >= ttl)) continue
    costs[at] = weights[at]! * (then - at)
    candidates[count++] = at
  }
  candidates = candidates.subarray(0, count).sort((a, b) => costs[a]! - costs[b]!)
  return (size) => {
    let left = size * length
    let hits = 0
    for (const at of candidates) {
      if (weights[at]! > size) continue
      left -= costs[at]!
      if (left < 0) break
      hits++
    }
    return hits
  }
}

import { PositionSet } from './position-set.ts'
import type { Trace } from './trace.ts'

/** For each read the position of the next one of the same key; the length of the trace where there is none. */
export function nextReads(trace: Trace): Uint32Array {
  const { keys } = trace
  const next = new Uint32Array(keys.length)
  const seen = new Uint32Array(trace.unique).fill(keys.length)
  for (let at = keys.length - 1; at >= 0; at--) {
    const key = keys[at]!
    next[at] = seen[key]!
    seen[key] = at
  }
  return next
}

/**
 * The hits of a cache that knows the future: it gives up the entry that will be read last (Belady 1966), and keeps none that
 * will not be read again. No policy gets more.
 *
 * With weights or a lifetime that is a good estimate only. An entry that expires before its next read counts as not read again.
 *
 * What is kept are the positions of reads to come: a read is a hit if its own position is among them.
 */
export function optimum(trace: Trace, next: Uint32Array, size: number, ttl: number): number {
  const { keys, times, weights } = trace
  const kept = new PositionSet(keys.length)
  const deadlines = times === undefined ? undefined : new Float64Array(trace.unique)
  const heldWeights = weights === undefined ? undefined : new Float64Array(keys.length)
  let held = 0
  let hits = 0
  for (let at = 0; at < keys.length; at++) {
    const key = keys[at]!
    let weight = weights === undefined ? 1 : weights[at]!
    if (kept.has(at)) {
      hits++
      kept.delete(at)
      if (heldWeights !== undefined) weight = heldWeights[at]!
      held -= weight
    } else if (deadlines !== undefined) deadlines[key] = times![at]! + ttl
    const then = next[at]!
    if (then === keys.length || weight > size) continue
    if (deadlines !== undefined && times![then]! >= deadlines[key]!) continue
    kept.add(then)
    if (heldWeights !== undefined) heldWeights[then] = weight
    held += weight
    while (held > size) {
      const last = kept.max()
      kept.delete(last)
      held -= heldWeights === undefined ? 1 : heldWeights[last]!
    }
  }
  return hits
}

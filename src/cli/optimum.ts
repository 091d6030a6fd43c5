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
 * With a lifetime that is an estimate: an entry that expires before its next read counts as not read again, although giving it up
 * early would begin its next lifetime earlier.
 *
 * What is kept are the positions of reads to come: a read is a hit if its own position is among them.
 */
export function optimum(trace: Trace, next: Uint32Array, size: number, ttl: number): number {
  const { keys, times } = trace
  const kept = new PositionSet(keys.length)
  const deadlines = times === undefined ? undefined : new Float64Array(trace.unique)
  let held = 0
  let hits = 0
  for (let at = 0; at < keys.length; at++) {
    const key = keys[at]!
    if (kept.has(at)) {
      hits++
      held--
      kept.delete(at)
    } else if (deadlines !== undefined) deadlines[key] = times![at]! + ttl
    const then = next[at]!
    if (then === keys.length) continue
    if (deadlines !== undefined && times![then]! >= deadlines[key]!) continue
    kept.add(then)
    if (++held <= size) continue
    kept.delete(kept.max())
    held--
  }
  return hits
}

/** The loop that times each operation by itself. As with `loops.ts`, each peer has its own instance of this module. */
import type { Target } from './peers/peer.ts'

export type LatencyLoop = typeof import('./latency-loop.ts')

/** Writes the nanoseconds of each operation to `times`: 0 gets, 1 sets, 2 deletes the key of the same place. */
export function run(
  target: Target,
  keys: readonly string[],
  kinds: Uint8Array,
  values: readonly unknown[],
  times: Float64Array,
): void {
  for (let i = 0; i < kinds.length; i++) {
    const key = keys[i]!
    const kind = kinds[i]
    const start = performance.now()
    if (kind === 0) target.get(key)
    else if (kind === 1) target.set(key, values[i % values.length])
    else target.delete?.(key)
    times[i] = (performance.now() - start) * 1e6
  }
}

/** Sets keys in turn, each timed by itself: when it began, in milliseconds, and the nanoseconds it took. */
export function runSets(
  target: Target,
  keys: readonly string[],
  from: number,
  to: number,
  starts: Float64Array,
  times: Float64Array,
): void {
  for (let i = from; i < to; i++) {
    const key = keys[i % keys.length]
    const start = performance.now()
    target.set(key, key)
    times[i] = (performance.now() - start) * 1e6
    starts[i] = start
  }
}

import { NONE, Queues } from './queues.ts'
import type { Simulator } from './simulator.ts'

/** Evicts what was used least often since it was inserted, and of those what has been used so often for longest. */
export const lfu: Simulator = (keys, unique, capacity) => {
  // Entries by their number of uses.
  const queues = new Queues(unique, mostReads(keys, unique) + 1)
  let size = 0
  let fewest = 1
  let hits = 0
  for (const key of keys) {
    const uses = queues.of(key)
    if (uses !== NONE) {
      hits++
      queues.move(key, uses + 1)
      if (uses === fewest && queues.sizes[uses] === 0) fewest++
      continue
    }
    if (size === capacity) queues.remove(queues.oldest(fewest))
    else size++
    queues.push(1, key)
    fewest = 1
  }
  return hits
}

/** How often the key that is read most is read. */
function mostReads(keys: Uint32Array, unique: number): number {
  const reads = new Uint32Array(unique)
  for (const key of keys) reads[key]!++
  return reads.reduce((most, count) => Math.max(most, count), 0)
}

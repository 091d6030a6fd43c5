import type { Simulator } from './simulator.ts'

/** A queue whose hand passes used entries where they are. (Zhang et al. 2024) */
export const sieve: Simulator = (keys, unique, capacity) => {
  const NOBODY = unique
  const newer = new Int32Array(unique + 1).fill(NOBODY)
  const older = new Int32Array(unique + 1).fill(NOBODY)
  const isHeld = new Uint8Array(unique)
  const isUsed = new Uint8Array(unique)
  let size = 0
  let hand = NOBODY
  let hits = 0
  for (const key of keys) {
    if (isHeld[key] === 1) {
      hits++
      isUsed[key] = 1
      continue
    }
    if (size === capacity) {
      // The ends of the queue are the neighbours of nobody.
      if (hand === NOBODY) hand = newer[NOBODY]!
      while (isUsed[hand] === 1) {
        isUsed[hand] = 0
        hand = newer[hand]!
        if (hand === NOBODY) hand = newer[NOBODY]!
      }
      const next = newer[hand]!
      newer[older[hand]!] = next
      older[next] = older[hand]!
      isHeld[hand] = 0
      hand = next
    } else size++
    const newest = older[NOBODY]!
    newer[newest] = key
    older[key] = newest
    newer[key] = NOBODY
    older[NOBODY] = key
    isHeld[key] = 1
    isUsed[key] = 0
  }
  return hits
}

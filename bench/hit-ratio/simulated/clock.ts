import type { Simulator } from './simulator.ts'

/** A circle of entries with a bit each, which a use sets. (Corbató 1968) */
export const clock: Simulator = (keys, unique, capacity) => {
  const circle = new Int32Array(capacity)
  const isHeld = new Uint8Array(unique)
  const isUsed = new Uint8Array(unique)
  let size = 0
  let hand = 0
  let hits = 0
  for (const key of keys) {
    if (isHeld[key] === 1) {
      hits++
      isUsed[key] = 1
      continue
    }
    if (size === capacity) {
      while (isUsed[circle[hand]!] === 1) {
        isUsed[circle[hand]!] = 0
        hand = (hand + 1) % capacity
      }
      isHeld[circle[hand]!] = 0
    } else size++
    circle[hand] = key
    hand = (hand + 1) % capacity
    isHeld[key] = 1
    isUsed[key] = 0
  }
  return hits
}

import { FIRST_SLOT } from '../core/slots.ts'
import type { Store } from '../engine/store.ts'

/** How many entries a store holds when it is full. */
export function entriesOf({ unit, size, weight, maxEntries, maxWeight }: Store): number {
  if (unit === 'entries' || weight === 0) return maxEntries === Infinity ? size : maxEntries
  return Math.min(maxEntries, (size * maxWeight) / weight)
}

/** How long an entry has left, the first that is met; Infinity where none expires. */
export function lifetimeIn({ slots, clock }: Store): number {
  const now = clock.recent()
  for (let slot = FIRST_SLOT; slot < slots.end; slot++) {
    const left = Math.abs(slots.deadlines[slot]!) - now
    if (left > 0 && left !== Infinity) return left
  }
  return Infinity
}

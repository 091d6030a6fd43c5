import { NONE } from '../core/slots.ts'
import type { Space } from '../core/space.ts'
import { NegativeResult } from '../engine/negative.ts'
import type { Store } from '../engine/store.ts'

// What a store keeps past its deadline, for loads alone to see: stale values and negative results.

/** The slot of an entry whose deadline has passed and which is kept for loads, or NONE. */
export function findKept(store: Store, space: Space, key: unknown): number {
  const slot = store.slotOf(space, key) ?? NONE
  return store.isHeld(slot, store.clock.now()) && !store.isLive(slot, store.clock.now()) ? slot : NONE
}

/** The slot of an entry, live or kept for loads, or NONE. */
export function findHeld(store: Store, space: Space, key: unknown): number {
  const slot = store.slotOf(space, key) ?? NONE
  return store.isHeld(slot, store.clock.now()) ? slot : NONE
}

/** The value under a key, live or kept for loads; undefined for none. */
export function heldValue(store: Store, space: Space, key: unknown): unknown {
  const slot = findHeld(store, space, key)
  if (slot === NONE) return undefined
  const value = store.valueAt(slot)
  return value instanceof NegativeResult ? undefined : value
}

/** Milliseconds since an entry's deadline; below zero while it is live. */
export function ageOf({ clock, slots }: Store, slot: number): number {
  return clock.now() - Math.abs(slots.deadlines[slot])
}

/** Whether a read of a live entry is to refresh it. */
export function isDue({ clock, slots }: Store, slot: number): boolean {
  const due = slots.refreshes?.[slot] ?? 0
  return due !== 0 && due <= clock.now()
}

/** Whether the loader of an entry failed so lately that it is not to be asked. */
export function isResting({ clock, slots }: Store, slot: number): boolean {
  return slots.retries![slot] > clock.now()
}

/** The loader failed: where a value is held that can be given instead, it is not asked again for a while. Whether one is. */
export function rest(store: Store, space: Space, key: unknown, backoff: number): boolean {
  if (heldValue(store, space, key) === undefined) return false
  const slot = space.map.get(key)!
  store.slots.trackLoads()
  const { retries, refreshes } = store.slots
  const until = store.clock.now() + backoff
  retries![slot] = until
  if (refreshes![slot] !== 0) refreshes![slot] = until
  return true
}

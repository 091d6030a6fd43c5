import { NONE, type Slots } from './slots.ts'

/**
 * A queue of slots, doubly linked through their `next` and `prev` and closed to a ring, so that the oldest becomes the newest
 * by one step of a hand:
 *
 *     oldest → … → newest → oldest      (next; prev runs the other way)
 */
export class Queue {
  private readonly slots: Slots
  /** The slot that was pushed longest ago; NONE when the queue is empty. */
  oldest: number = NONE
  size = 0

  constructor(slots: Slots) {
    this.slots = slots
  }

  push(slot: number): void {
    const { next, prev } = this.slots
    const { oldest } = this
    this.size++
    if (oldest === NONE) {
      this.oldest = next[slot] = prev[slot] = slot
      return
    }
    const newest = prev[oldest]
    next[newest] = slot
    prev[slot] = newest
    next[slot] = oldest
    prev[oldest] = slot
  }

  remove(slot: number): void {
    const { next, prev } = this.slots
    const after = next[slot]
    const before = prev[slot]
    next[before] = after
    prev[after] = before
    this.size--
    if (slot === this.oldest) this.oldest = this.size === 0 ? NONE : after
  }

  /** Puts a slot that is in no queue in the place of another. */
  replace(old: number, slot: number): void {
    const { next, prev } = this.slots
    if (next[old] === old) next[slot] = prev[slot] = slot
    else {
      const after = next[old]
      const before = prev[old]
      next[before] = slot
      prev[slot] = before
      next[slot] = after
      prev[after] = slot
    }
    if (old === this.oldest) this.oldest = slot
  }

  /** Makes the oldest the newest, and gives it. */
  pass(): number {
    const slot = this.oldest
    this.oldest = this.slots.next[slot]
    return slot
  }

  /** Makes the slot the newest. */
  renew(slot: number): void {
    const { next, prev } = this.slots
    const { oldest } = this
    const after = next[slot]
    if (slot === oldest) {
      this.oldest = after
      return
    }
    if (after === oldest) return
    const before = prev[slot]
    const newest = prev[oldest]
    next[before] = after
    prev[after] = before
    next[newest] = slot
    prev[slot] = newest
    next[slot] = oldest
    prev[oldest] = slot
  }
}

import type { Slots } from './slots.ts'

/**
 * A doubly linked queue through the slots' `next` and `prev`, closed to a ring by its head:
 *
 *     head → newest → … → oldest → head      (next; prev runs the other way)
 */
export class Queue {
  private readonly slots: Slots
  readonly head: number
  size = 0

  constructor(slots: Slots, head: number) {
    this.slots = slots
    this.head = head
    slots.next[head] = slots.prev[head] = head
  }

  /** The slot that was pushed longest ago, or the head when the queue is empty. */
  get oldest(): number {
    return this.slots.prev[this.head]
  }

  push(slot: number): void {
    const { next, prev } = this.slots
    const newest = next[this.head]
    next[slot] = newest
    prev[slot] = this.head
    prev[newest] = slot
    next[this.head] = slot
    this.size++
  }

  remove(slot: number): void {
    const { next, prev } = this.slots
    next[prev[slot]] = next[slot]
    prev[next[slot]] = prev[slot]
    this.size--
  }

  /** Makes the slot the newest again. */
  renew(slot: number): void {
    const { next, prev } = this.slots
    const head = this.head
    const newest = next[head]
    if (newest === slot) return
    const after = next[slot]
    const before = prev[slot]
    next[before] = after
    prev[after] = before
    next[slot] = newest
    prev[slot] = head
    prev[newest] = slot
    next[head] = slot
  }
}

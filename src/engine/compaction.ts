import { FIRST_SLOT } from '../core/slots.ts'
import type { Entries } from './entries.ts'

/** Arrays of fewer slots are not worth making shorter. */
const SMALL = 4096
/** They are made shorter when at most this share of them is in use, to twice what is. */
const SHARE = 1 / 4
/** Number of slots that are looked at, or moved, between two looks at the time. */
const SCAN = 1024
const BATCH = 64

/**
 * Makes the arrays of a store shorter after a burst: what is in use near their end moves to free slots nearer to the beginning.
 * It goes in slices; the store is whole after each move.
 */
export class Compaction {
  private readonly store: Entries
  /** The slots from here on have been emptied. */
  private cursor = 0

  constructor(store: Entries) {
    this.store = store
  }

  get isUnderWay(): boolean {
    return this.store.slots.isShrinking
  }

  /** Begins where it is worth while. */
  begin(): void {
    const { slots } = this.store
    if (slots.end < SMALL || slots.used > slots.end * SHARE) return
    slots.beginShrinking(FIRST_SLOT + Math.max(SMALL / 2, 2 * slots.used))
    this.cursor = slots.end
  }

  /** Goes on until done (true), or `late` (false). */
  run(late: () => boolean): boolean {
    const { slots } = this.store
    let moved = 0
    while (slots.isShrinking && this.cursor > slots.ceiling) {
      const slot = --this.cursor
      if (slots.isFree(slot)) {
        if (slot % SCAN === 0 && late()) return false
      } else {
        this.move(slot)
        if (++moved % BATCH === 0 && late()) return false
      }
    }
    if (slots.isShrinking) slots.shrink()
    return true
  }

  private move(from: number): void {
    const { store } = this
    const { slots, policy } = store
    const to = slots.take()
    slots.move(from, to)
    policy.relocate(from, to)
    store.ownerOf(to).map.set(slots.keys[to], to)
    slots.free(from)
  }
}

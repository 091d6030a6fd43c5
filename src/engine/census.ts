import { FIRST_SLOT } from '../core/slots.ts'
import type { Space, Table } from '../core/space.ts'
import type { Entries } from './entries.ts'

/** Number of spaces, or of slots, that are looked at between two looks at the time. */
const BATCH = 64
const SCAN = 1024
/** A Map larger than this is abandoned as a whole when nearly all in it has expired, since shrinking it takes long. */
const LARGE_MAP = 32_768
/** Number of live entries that are worth moving out of a Map to abandon it, where they are less than the quarter at which it shrinks. */
const FEW = 32_768

/**
 * Leaves large tables in which hardly anything lives, and takes the few along. V8 shrinks a Map by copying what is left of it,
 * at once; a Map that is abandoned as a whole never shrinks. What lives is counted in slices, and what is written meanwhile is added.
 */
export class LiveCensus {
  /** Slots of live entries in large tables that were met so far, or were written or moved since it began; absent where none is under way. */
  live: Set<number> | undefined = undefined
  /** The tables that were large before it began: what it has not seen in full it does not judge. */
  private readonly large = new Set<Table>()
  /** The spaces that have yet to be asked for large tables; absent when none has. */
  private unasked: Iterator<Space> | undefined
  /** With so many live entries in them, and no more, they are abandoned. */
  private few = 0
  private cursor = FIRST_SLOT
  private readonly store: Entries

  constructor(store: Entries) {
    this.store = store
  }

  get isUnderWay(): boolean {
    return this.unasked !== undefined || this.live !== undefined
  }

  /** Begins where there are large tables, once all spaces were asked. Whether the sweep can go on in this slice. */
  begin(late: () => boolean): boolean {
    const { store, large } = this
    if (this.live !== undefined || store.slots.end < LARGE_MAP) return true
    this.unasked ??= store.allSpaces()
    for (let asked = 1; ; asked++) {
      const { value: space, done } = this.unasked.next()
      if (done) break
      if (space.table.size > LARGE_MAP) large.add(space.table)
      if (asked % BATCH === 0 && late()) return false
    }
    this.unasked = undefined
    if (large.size === 0) return true
    this.live = new Set()
    let size = 0
    for (const table of large) size += table.size
    this.few = Math.min(FEW, size / 4)
    return !late()
  }

  /** Goes on counting; at its end the tables are abandoned, or not. Whether the sweep can go on in this slice. */
  run(now: number, late: () => boolean): boolean {
    const { store, large, live } = this
    const { slots } = store
    if (live === undefined) return true
    while (this.cursor < slots.end && live.size <= this.few) {
      const slot = this.cursor++
      if (store.isHeld(slot, now) && large.has(store.ownerOf(slot))) live.add(slot)
      if (slot % SCAN === 0 && late()) return false
    }
    if (live.size > this.few) {
      this.end()
      return true
    }
    if (slots.owners === undefined) {
      // One pass over an array, which takes a turn of its own.
      slots.trackOwners(store.root.table)
      return false
    }
    for (const { space, dropped } of large) if (dropped === undefined) store.drop(space, 'expired', now)
    for (const slot of live) this.moveOut(slot, now)
    this.end()
    return false
  }

  end(): void {
    this.live = undefined
    this.unasked = undefined
    this.large.clear()
    this.cursor = FIRST_SLOT
  }

  /** An entry that lives in an abandoned table goes to the one in its place. */
  private moveOut(slot: number, now: number): void {
    const { store, large } = this
    const table = store.ownerOf(slot)
    if (!large.has(table) || table.dropped !== 'expired' || !store.isHeld(slot, now)) return
    store.transfer(slot, table, table.space.table)
  }
}

import { FIRST_SLOT } from '../core/slots.ts'
import type { Space, Table } from '../core/space.ts'
import { type Sweepable, sweeper } from '../core/sweeper.ts'
import { Compaction } from './compaction.ts'
import type { Store } from './store.ts'

/** Entries are swept out this long after they expired at the latest, in milliseconds; a little later in stores of many millions. */
const GRAIN = 1000
/** How many entries are swept out between two looks at the time. */
const BATCH = 64
/** How many slots are looked at between two looks at the time. */
const SCAN = 1024
/** A Map larger than this is abandoned as a whole when nearly all in it has expired, since shrinking it takes long. */
const LARGE_MAP = 32_768
/** How many live entries are worth moving out of a Map to abandon it, where they are less than the quarter at which it shrinks. */
const FEW = 32_768

/** Gives the memory back of what has expired in a store, or was cleared. Reads do not wait for it: they compare deadlines themselves. */
export class Expiry implements Sweepable {
  /** The earliest deadline that the coming sweep is meant for; while one is under way, of what it has seen and of what was written since it began. */
  nextDeadline: number = Infinity
  /** Slots of live entries in large tables that a survey has met so far, or that were written or moved since; absent where none is under way. */
  survey: Set<number> | undefined = undefined
  /** The tables that were large before the survey began: what it has not seen in full it does not judge. */
  private readonly large = new Set<Table>()
  /** The spaces that have yet to be asked for large tables; absent when none has. */
  private unasked: Iterator<Space> | undefined
  /** The spaces whose remembered keys have yet to be dropped, while no entry is left. */
  private emptying: Iterator<Space> | undefined
  /** With so many live entries in them, and no more, they are abandoned. */
  private few = 0
  /** A smaller bound by entries has left a surplus of entries or ghosts. */
  isOver = false
  /** Until when what is held may be given, and what is called once that is over. */
  private trustedUntil = Infinity
  private onDistrust: (() => void) | undefined = undefined
  private surveyed = FIRST_SLOT
  /** Where the sweep goes on; the first slot between two sweeps. */
  private cursor = FIRST_SLOT
  private readonly store: Store
  private readonly compaction: Compaction

  constructor(store: Store) {
    this.store = store
    this.compaction = new Compaction(store)
  }

  /** An entry has a new deadline, after which it is swept out. */
  expect(deadline: number): void {
    if (deadline >= this.nextDeadline && !sweeper.isStranded) return
    this.nextDeadline = Math.min(this.nextDeadline, deadline)
    const { slots } = this.store
    slots.calmUntil = Math.min(slots.calmUntil, deadline)
    sweeper.expect(this)
  }

  /** What is held may be given until then; once that is over, `onDistrust` is called before anything is, and takes all of it out of the reach of reads. */
  trust(until: number, onDistrust: () => void): void {
    this.trustedUntil = until
    this.onDistrust = onDistrust
    this.settleCalm()
  }

  /** Whether what is held may be given no longer: then nothing can be read of it from here on. */
  lapses(now: number): boolean {
    if (now <= this.trustedUntil) return false
    this.trustedUntil = Infinity
    this.settleCalm()
    this.onDistrust?.()
    return true
  }

  /** Reads need not look at deadlines until the first of them, or until the trust in what is held ends. */
  private settleCalm(): void {
    const { slots } = this.store
    const first = this.cursor > FIRST_SLOT ? slots.calmUntil : this.nextDeadline
    slots.calmBefore(Math.min(first, this.trustedUntil))
  }

  /** There is something to sweep now. */
  expectWork(): void {
    sweeper.expect(this)
  }

  untilSweep(): number {
    const { slots, clock } = this.store
    if (this.isBusy) return 0
    if (this.nextDeadline === Infinity) return Infinity
    const grain = Math.max(GRAIN, slots.end / 1000)
    return Math.max(0, this.nextDeadline + grain - clock.recent())
  }

  /** Something is to be done that waits for no deadline. */
  private get isBusy(): boolean {
    if (this.store.dropped.length > 0 || this.isOver || this.cursor > FIRST_SLOT) return true
    return Boolean(this.unasked || this.survey || this.emptying || this.compaction.isUnderWay)
  }

  /** Reclaims what was cleared, then looks at every slot once and removes what has expired or lost its tag. */
  sweep(late: () => boolean): boolean {
    const { store } = this
    const { slots } = store
    const now = store.clock.recent()
    while (store.dropped.length > 0) {
      store.reclaim(BATCH, BATCH, now)
      store.settle()
      if (late()) return false
    }
    while (this.isOver) {
      this.isOver = !store.shed(BATCH, now)
      store.settle()
      if (late()) return false
    }
    if (this.compaction.isUnderWay) return this.compaction.run(late)
    if (store.size === 0) return this.empty(late)
    this.emptying = undefined
    if (this.cursor === FIRST_SLOT) {
      if (!this.findLarge(late) || !this.dropExpired(now, late)) return false
      this.nextDeadline = Infinity
    }
    for (let removed = 0; this.cursor < slots.end; ) {
      const slot = this.cursor++
      if (slots.deadlines[slot] !== 0) {
        if (store.isHeld(slot, now)) this.nextDeadline = Math.min(this.nextDeadline, store.endOf(slot))
        else {
          store.remove(slot, store.reason(slot, now, 'expired'))
          if (++removed % BATCH === 0) {
            store.settle()
            if (late()) return false
          }
        }
      }
      if (slot % SCAN === 0 && late()) return false
    }
    this.cursor = FIRST_SLOT
    this.settleCalm()
    store.settle()
    if (store.dropped.length > 0) return false
    if (store.size === 0) return this.empty(late)
    this.compaction.begin()
    return !this.compaction.isUnderWay || (!late() && this.compaction.run(late))
  }

  /** Begins anew where no entry is left, once the keys that are only remembered were dropped. Whether all is done. */
  private empty(late: () => boolean): boolean {
    const { store } = this
    if (store.slots.used === 0 || store.slots.owners === undefined) {
      store.reset()
      return true
    }
    const now = store.clock.recent()
    this.emptying ??= store.spaces()
    for (let asked = 1; ; asked++) {
      const { value: space, done } = this.emptying.next()
      if (done) break
      store.drop(space, 'expired', now)
      if (asked % BATCH === 0 && late()) return false
    }
    this.emptying = undefined
    return !late() && this.sweep(late)
  }

  /** All entries are gone. */
  reset(): void {
    this.cursor = FIRST_SLOT
    this.endSurvey()
    this.isOver = false
    this.nextDeadline = Infinity
    this.settleCalm()
  }

  /** The store was closed. What a listener has still to be told it is told, also where nobody else holds the store any more. */
  end(): void {
    if (this.store.dropped.length > 0) sweeper.finish(this)
    else sweeper.dismiss(this)
  }

  /**
   * Leaves large tables in which hardly anything lives, and takes the few along. V8 shrinks a Map by copying what is left of it,
   * at once; a Map that is abandoned as a whole never shrinks. The survey of what lives goes in slices, and is told of what is
   * written meanwhile. Whether the sweep can go on in this slice.
   */
  private dropExpired(now: number, late: () => boolean): boolean {
    const { store, large, survey: alive } = this
    const { slots } = store
    if (alive === undefined) return true
    while (this.surveyed < slots.end && alive.size <= this.few) {
      const slot = this.surveyed++
      if (store.isHeld(slot, now) && large.has(store.ownerOf(slot))) alive.add(slot)
      if (slot % SCAN === 0 && late()) return false
    }
    if (alive.size > this.few) {
      this.endSurvey()
      return true
    }
    for (const { space, dropped } of large) if (dropped === undefined) store.drop(space, 'expired', now)
    for (const slot of alive) {
      const table = store.ownerOf(slot)
      if (!large.has(table) || table.dropped !== 'expired' || !store.isHeld(slot, now)) continue
      const fresh = table.space.table
      const weight = slots.weights?.[slot] ?? 0
      fresh.map.set(slots.keys[slot], slot)
      fresh.size++
      fresh.weight += weight
      table.size--
      table.weight -= weight
      slots.owners![slot] = fresh
    }
    this.endSurvey()
    return false
  }

  /** Begins a survey where there are large tables, once all spaces were asked. Whether the sweep can go on in this slice. */
  private findLarge(late: () => boolean): boolean {
    const { store, large } = this
    if (this.survey !== undefined || store.slots.end < LARGE_MAP) return true
    this.unasked ??= store.spaces()
    for (let asked = 1; ; asked++) {
      const { value: space, done } = this.unasked.next()
      if (done) break
      if (space.table.size > LARGE_MAP) large.add(space.table)
      if (asked % BATCH === 0 && late()) return false
    }
    this.unasked = undefined
    if (large.size === 0) return true
    this.survey = new Set()
    let size = 0
    for (const table of large) size += table.size
    this.few = Math.min(FEW, size / 4)
    store.slots.trackOwners(store.root.table)
    return !late()
  }

  private endSurvey(): void {
    this.survey = undefined
    this.unasked = undefined
    this.emptying = undefined
    this.large.clear()
    this.surveyed = FIRST_SLOT
  }
}

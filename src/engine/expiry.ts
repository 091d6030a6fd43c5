import { FIRST_SLOT } from '../core/slots.ts'
import type { Space } from '../core/space.ts'
import { type Sweepable, sweeper } from '../core/sweeper.ts'
import type { Bounded } from './bounds.ts'
import { LiveCensus } from './census.ts'
import { Compaction } from './compaction.ts'

/** Entries are swept out this long after they expired at the latest, in milliseconds; a little later in stores of many millions. */
const GRAIN = 1000
/** Number of entries that are swept out between two looks at the time. */
const BATCH = 64
/** Number of slots that are looked at between two looks at the time. */
const SCAN = 1024

/** Gives the memory back of what has expired in a store, or was cleared. Reads do not wait for it: they compare deadlines themselves. */
export class Expiry implements Sweepable {
  /** The earliest deadline that the coming sweep is meant for; while one is under way, of what it has seen and of what was written since it began. */
  nextDeadline: number = Infinity
  readonly census: LiveCensus
  /** The spaces whose remembered keys have yet to be dropped, while no entry is left. */
  private emptying: Iterator<Space> | undefined
  /** Until when what is held may be given, and what is called once that is over. */
  private trustedUntil = Infinity
  private onDistrust: (() => void) | undefined = undefined
  /** Slot at which the sweep goes on; the first slot between two sweeps. */
  private cursor = FIRST_SLOT
  private readonly store: Bounded
  private readonly compaction: Compaction

  constructor(store: Bounded) {
    this.store = store
    this.census = new LiveCensus(store)
    this.compaction = new Compaction(store)
  }

  /** An entry has a new deadline, after which it is swept out. */
  expect(deadline: number): void {
    if (deadline < this.nextDeadline || sweeper.isStranded) this.expectSooner(deadline)
  }

  /** The coming sweep has to be sooner than it was meant to be, or its timer is lost. */
  private expectSooner(deadline: number): void {
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
  settleCalm(): void {
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
    const { store } = this
    if (store.slots.isBehind || store.hasLeft || store.isOver || this.cursor > FIRST_SLOT) return true
    return this.census.isUnderWay || this.emptying !== undefined || this.compaction.isUnderWay
  }

  /** Reclaims what was cleared, then looks at every slot once and removes what has expired or lost its tag. */
  sweep(late: () => boolean): boolean {
    const { store } = this
    const { slots } = store
    const now = store.clock.recent()
    if (!store.changeMore(late)) return false
    while (store.hasLeft) {
      store.remains?.tell(BATCH)
      store.reclaim(BATCH, BATCH, now)
      store.notify()
      if (late()) return false
    }
    while (store.isOver) {
      store.isOver = !store.shed(BATCH, now)
      store.notify()
      if (late()) return false
    }
    // A listener who was told may have changed whole spaces again; entries and slots are moved when nothing is behind.
    if (slots.isBehind) return false
    if (this.compaction.isUnderWay) return this.compaction.run(late)
    if (store.size === 0) return this.empty(late)
    this.emptying = undefined
    if (this.cursor === FIRST_SLOT) {
      if (!this.census.begin(late) || !this.census.run(now, late)) return false
      this.nextDeadline = Infinity
    }
    for (let removed = 0; this.cursor < slots.end; ) {
      const slot = this.cursor++
      if (slots.deadlines[slot] !== 0) {
        if (store.isHeld(slot, now)) this.nextDeadline = Math.min(this.nextDeadline, store.endOf(slot))
        else {
          store.remove(slot, store.reason(slot, now, 'expired'))
          if (++removed % BATCH === 0) {
            store.notify()
            if (late()) return false
          }
        }
      }
      if (slot % SCAN === 0 && late()) return false
    }
    this.cursor = FIRST_SLOT
    this.settleCalm()
    store.notify()
    if (slots.isBehind || store.dropped.length > 0) return false
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
    this.emptying ??= store.allSpaces()
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
    this.emptying = undefined
    this.census.end()
    this.nextDeadline = Infinity
    this.settleCalm()
  }

  /** The store was closed. What a listener has still to be told it is told, also where nobody else holds the store any more. */
  end(): void {
    if (this.store.hasLeft) sweeper.finish(this)
    else if (!this.store.slots.isBehind) sweeper.dismiss(this)
  }
}

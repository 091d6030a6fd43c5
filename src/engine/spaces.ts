import type { Counters } from '../core/counters.ts'
import type { Slots } from '../core/slots.ts'
import { Names, Space, type Table } from '../core/space.ts'
import { CacheError } from '../errors.ts'
import type { Endings } from './endings.ts'

/** Number of steps that one call takes with what it and those before it have begun; the rest follows when it is next used, or in slices of the sweep. */
export const spacesAtOnce: { most: number } = { most: 256 }
/** Number of spaces that are looked at between two looks at the time. */
const BATCH = 64
/** Number of slots that are looked at in one step, for lifetimes that have ended. */
const LOOKS = 16

/** What can be done to whole spaces: empty them, empty them for good, or end all lifetimes in them. Each keeps out the results of loads under way. */
type Deed = 'clear' | 'close' | 'expire'

/** What is done to a space and those inside it, or to the whole store. It holds for all of them from its beginning, and reaches them one by one. */
interface Change {
  readonly number: number
  readonly deed: Deed
  readonly at: number
}

/** The key spaces of a store, and what is done to them as a whole. */
export abstract class Spaces {
  readonly root: Space = new Space()
  /** Those of all spaces, closed ones included. */
  readonly counters: Counters = this.root.counters
  /** Spaces of applications that share the store, by their prefix. */
  readonly prefixes: Names<string> = new Names()
  abstract readonly slots: Slots
  /** Tables whose entries are gone for every reader and whose slots wait to be reclaimed. */
  readonly dropped: { readonly table: Table; readonly slots: Iterator<number> }[] = []
  /** Changes that have not reached all their spaces, by the space that they were made in, in the order in which these are gone through; undefined stands for the whole store. */
  private readonly changes = new Map<Space | undefined, Change[]>()
  /** The number of the last change. A space that has another is behind, while one is under way. */
  changed = 0
  /** The number of the last change of the whole store, while one is under way: in spaces behind it are no entries, since all slots have begun anew. */
  private begun = 0
  /** The way through the spaces of the first of the changes: where they were made, and the last change when it began. */
  private way: Iterator<Space> | undefined
  private wayIn: Space | undefined
  private wayFrom = 0
  /** What `expireAll` has begun in large spaces; absent while there is nothing. */
  endings: Endings | undefined = undefined

  ownerOf(slot: number): Table {
    return this.slots.owners === undefined ? this.root.table : this.slots.owners[slot]!
  }

  /** All spaces, none of them behind. */
  spaces(): Generator<Space> {
    this.finishChanges()
    return this.allSpaces()
  }

  *allSpaces(): Generator<Space> {
    yield* this.root.all()
    for (const space of this.prefixes) yield* space.all()
  }

  /** Throws a CacheError `CLOSED` once the space is closed. */
  assertOpen(space: Space): void {
    if (this.slots.isBehind) this.catchUp(space)
    if (space.closed) throw new CacheError('CLOSED', 'the cache was closed')
  }

  /** The slot of a key, whatever is in it; undefined where it has none. */
  slotOf(space: Space, key: unknown): number | undefined {
    if (!this.slots.isBehind) return space.map.get(key)
    this.catchUp(space)
    const slot = space.map.get(key)
    if (slot !== undefined) this.settle(slot)
    return slot
  }

  /** Writes the deadline that the endings under way have in store for a slot. To be called before it is looked at, once its space has caught up. */
  abstract settle(slot: number): void

  /** Changes a space and those inside it, or those of the whole store. */
  protected changeSpaces(space: Space | undefined, deed: Deed, at: number): void {
    const { changes, slots } = this
    const outermost = space ?? this.root
    if (slots.isBehind) this.catchUp(outermost)
    // A space that is closed is found by no way from around it any more, so it takes along what has not reached all that is inside it.
    const made = deed === 'close' ? this.dueIn(space, 0) : (changes.get(space) ?? [])
    const last = made.at(-1)
    const isEnding = deed === 'expire'
    if (!isEnding) this.countCleared(outermost, space === undefined)
    // What is behind two that do the same at one time, one after the other, may as well be reached by the second alone.
    if (last?.deed === deed && last.at === at && last.number === this.changed) made.pop()
    made.push({ number: ++this.changed, deed, at })
    changes.set(space, made)
    if (space === undefined) this.begun = this.changed
    slots.isBehind = true
    this.catchUp(outermost)
    // Where all is emptied, the slots are about to begin anew.
    for (let left = spacesAtOnce.most; left > 0 && (isEnding ? slots.isBehind : changes.size > 0); left--)
      this.goOn()
    this.settleCalm()
  }

  /** What a space holds, with those inside it, counts as cleared; spaces of applications beside the root only with the whole store. */
  private countCleared(space: Space, isWhole: boolean): void {
    let { size, weight } = space.counters
    if (space === this.root && !isWhole)
      for (const { counters } of this.prefixes) {
        size -= counters.size
        weight -= counters.weight
      }
    space.counters.leave('cleared', size)
    space.counters.hold(-size, -weight)
  }

  /** Goes on until all changes and endings are done (true), or `late` (false). */
  changeMore(late: () => boolean): boolean {
    for (let reached = 1; this.slots.isBehind; reached++) {
      this.goOn()
      if (reached % BATCH === 0 && late()) return false
    }
    return true
  }

  /** No space is behind any more; entries may have yet to be settled. */
  finishChanges(): void {
    while (this.changes.size > 0) this.goOn()
  }

  /** One more space of the first of the changes; some more slots, once all spaces were reached. */
  protected goOn(): void {
    if (this.changes.size === 0) {
      if (this.endings?.goOn(LOOKS, this)) this.endings = undefined
    } else {
      if (this.way === undefined) {
        this.wayIn = this.changes.keys().next().value
        this.wayFrom = this.changed
        this.way = this.wayIn?.all() ?? this.allSpaces()
      }
      const { value: space, done } = this.way.next()
      if (!done) {
        this.catchUp(space)
        return
      }
      // All that was made there before this way began has reached its spaces.
      const left = this.changes.get(this.wayIn)!.filter((one) => one.number > this.wayFrom)
      this.changes.delete(this.wayIn)
      if (left.length > 0) this.changes.set(this.wayIn, left)
      this.way = undefined
    }
    this.endChanges()
  }

  private endChanges(): void {
    if (this.changes.size > 0) return
    this.begun = 0
    if (this.endings !== undefined) return
    this.slots.isBehind = false
    this.settleCalm()
  }

  /** All slots begin anew. */
  protected forgetEndings(): void {
    this.endings = undefined
    this.endChanges()
  }

  /** Says from when on reads have to look closer. */
  protected abstract settleCalm(): void

  /** Does to a space, and to those around it, what the changes under way have in store for them. To be called before anything in it is looked at. */
  catchUp(space: Space): void {
    for (let one: Space | undefined = space; one !== undefined; one = one.parent) {
      if (one.changed === this.changed) return
      const { changed } = one
      one.changed = this.changed
      this.change(one, this.dueIn(one, changed), changed < this.begun)
    }
  }

  /** Changes under way that concern a space, in their order, after one of this number. */
  private dueIn(space: Space | undefined, after: number): Change[] {
    const due: Change[] = []
    for (let one = space; ; one = one.parent) {
      for (const change of this.changes.get(one) ?? []) if (change.number > after) due.push(change)
      if (one === undefined) return due.sort((a, b) => a.number - b.number)
    }
  }

  /** `isGone` where the slots have gone already with those of the whole store. */
  private change(space: Space, due: readonly Change[], isGone: boolean): void {
    let dropped: 'cleared' | 'expired' = 'cleared'
    for (const { deed, at, number } of due) {
      if (space.closed) return
      space.flights = undefined
      if (deed === 'expire') {
        if (isGone) dropped = 'expired'
        else this.expireSpace(space, at, number)
        continue
      }
      if (space !== this.root) space.counters.clearInside()
      if (isGone) {
        space.tags = undefined
        if (space.map.size > 0) this.detachTable(space, dropped, at)
      } else this.drop(space, 'cleared', at)
      space.closed = deed === 'close'
    }
  }

  /** Ends all lifetimes in a space, not in those inside it. `number` is that of the change. */
  protected abstract expireSpace(space: Space, at: number, number: number): void

  /** Puts an empty table in a space's place and leaves the old one to be reclaimed. */
  drop(space: Space, dropped: 'cleared' | 'expired', now: number): void {
    if (space.map.size === 0) return
    const table = this.detachTable(space, dropped, now)
    if (dropped === 'expired') space.counters.hold(-table.size, -table.weight)
    this.dropped.push({ table, slots: table.map.values() })
  }

  private detachTable(space: Space, dropped: 'cleared' | 'expired', now: number): Table {
    const table = space.renew()
    table.dropped = dropped
    table.droppedAt = now
    return table
  }
}

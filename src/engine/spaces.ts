import type { Counters } from '../core/counters.ts'
import type { Slots } from '../core/slots.ts'
import { Names, Space, type Table } from '../core/space.ts'
import { CacheError } from '../errors.ts'
import type { Ending } from './endings.ts'

/** Number of spaces that one call changes, and of further steps that `expireAll` takes; the rest follows when it is next used, or in slices of the sweep. */
export const spacesAtOnce: { most: number } = { most: 256 }
/** Number of spaces that are looked at between two looks at the time. */
const BATCH = 64
/** Number of slots of an ending that are looked at in one step. */
const LOOKS = 16
/** Number of changes that may be under way; beyond that, all are carried out to their ends. */
const MOST = 16

/** What can be done to whole spaces: empty them, empty them for good, or end all lifetimes in them. Each keeps out the results of loads under way. */
type Deed = 'clear' | 'close' | 'expire'

/** What is done to a space and those inside it. It holds for all of them from its beginning, and reaches them one by one. */
interface Change {
  readonly number: number
  readonly deed: Deed
  /** Undefined for the whole store, whose slots begin anew. */
  readonly space: Space | undefined
  readonly at: number
  /** Spaces behind a change of this number were empty already when this one came, and it leaves them alone. */
  emptied: number
  /** The spaces that it has not come to. */
  readonly rest: Iterator<Space>
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
  /** Changes under way, in their order. */
  private readonly changes: Change[] = []
  /** What `expireAll` has begun in large spaces, in the order of the calls. */
  readonly endings: Ending[] = []
  /** Number of changes that have reached all their spaces. */
  private done = 0
  /** The number of the last change. A space that has another is behind, while one is under way. */
  changed = 0

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
    if (deed !== 'expire') this.countCleared(outermost, space === undefined)
    const older = space === undefined ? changes.findIndex((one) => one.space === undefined) : -1
    if (older !== -1) {
      // What is behind both is emptied by the one as by the other, but lifetimes that ended between them were none of its own.
      const [{ number }] = changes.splice(older, 1) as [Change]
      for (const between of changes.slice(older)) if (between.deed === 'expire') between.emptied = number
      if (older < this.done) this.done--
    }
    const rest = space === undefined ? this.allSpaces() : space.all()
    changes.push({ number: ++this.changed, deed, space, at, emptied: 0, rest })
    slots.isBehind = true
    this.catchUp(outermost)
    let isDone = false
    for (let left = spacesAtOnce.most; left > 0 && !isDone; left--) isDone = this.goOnWith(changes.at(-1)!)
    if (isDone) changes.pop()
    this.endChanges()
    if (changes.length > MOST) this.finishChanges()
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
    while (!this.areAllReached) this.goOn()
  }

  protected get areAllReached(): boolean {
    return this.done === this.changes.length
  }

  /**
   * One more space of the oldest change that is not done; some more slots of the oldest ending, once all spaces were reached.
   * All changes stay in the list until all are done: a space that a later one has closed is found by that one alone, and may yet
   * be behind the earlier ones.
   */
  protected goOn(): void {
    if (this.areAllReached) {
      const { endings } = this
      if (endings[0]?.goOn(LOOKS, (slot) => this.settle(slot))) endings.shift()
    } else {
      if (!this.goOnWith(this.changes[this.done]!)) return
      this.done++
    }
    this.endChanges()
  }

  private endChanges(): void {
    if (!this.areAllReached) return
    this.changes.length = 0
    this.done = 0
    if (this.endings.length > 0) return
    this.slots.isBehind = false
    this.settleCalm()
  }

  /** All slots begin anew. */
  protected forgetEndings(): void {
    this.endings.length = 0
    this.endChanges()
  }

  /** One more space of a change; whether there was none. */
  private goOnWith({ rest }: Change): boolean {
    const { value: space, done } = rest.next()
    if (!done) this.catchUp(space)
    return done === true
  }

  /** Says from when on reads have to look closer. */
  protected abstract settleCalm(): void

  /** Does to a space, and to those around it, what the changes under way have in store for them. To be called before anything in it is looked at. */
  catchUp(space: Space): void {
    for (let one: Space | undefined = space; one !== undefined; one = one.parent) {
      if (one.changed === this.changed) return
      const { changed } = one
      one.changed = this.changed
      this.change(
        one,
        this.changes.filter(
          (due) => due.number > changed && due.emptied <= changed && isInside(one!, due.space),
        ),
      )
    }
  }

  private change(space: Space, due: readonly Change[]): void {
    // The slots have gone already with those of the whole store.
    const isGone = due.some((one) => one.space === undefined)
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
      if (isGone) space.tags = undefined
      if (!isGone) this.drop(space, 'cleared', at)
      else if (space.map.size > 0) this.detachTable(space, dropped, at)
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

function isInside(space: Space, outer: Space | undefined): boolean {
  if (outer === undefined) return true
  let one: Space | undefined = space
  while (one !== undefined && one !== outer) one = one.parent
  return one !== undefined
}

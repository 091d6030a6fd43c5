import { FIRST_SLOT } from '../core/slots.ts'
import type { Table } from '../core/space.ts'
import type { Spaces } from './spaces.ts'

/** The end of all lifetimes in a table, with the number of the change of whole spaces that it belongs to. */
interface Ending {
  readonly number: number
  readonly at: number
}

/** The lifetimes of all entries that large tables held at some time: they are over from then on, and their deadlines are written one by one. */
export class Endings {
  private readonly tables = new Map<Table, Ending[]>()
  /** The last change when each slot was looked at or written anew: what ended by then, its deadline tells. */
  settled: Float64Array
  private cursor = FIRST_SLOT
  /** The last change when the way through the slots began. */
  private from = 0

  constructor(slots: number) {
    this.settled = new Float64Array(slots)
  }

  /** All in this table ends; nothing in it was looked at since. */
  add(table: Table, number: number, at: number): void {
    const endings = this.tables.get(table) ?? []
    // Of two at one time the second ends all that the first does.
    if (endings.at(-1)?.at === at) endings.pop()
    endings.push({ number, at })
    this.tables.set(table, endings)
  }

  /** When the lifetime of what a slot holds has ended, where its deadline does not tell it. */
  endOf(slot: number, owner: Table): number | undefined {
    return this.tables.get(owner)?.find((one) => one.number > this.settled[slot])?.at
  }

  /** There are so many slots now; what the further ones hold was written by this change. */
  grow(slots: number, changed: number): void {
    const { settled } = this
    if (slots <= settled.length) return
    this.settled = new Float64Array(slots).fill(changed, settled.length)
    this.settled.set(settled)
  }

  /** Looks at so many slots of its store at most; whether nothing is left to be written. */
  goOn(looks: number, store: Spaces): boolean {
    if (this.cursor === FIRST_SLOT) this.from = store.changed
    for (let left = looks; left > 0 && this.cursor < store.slots.end; left--) store.settle(this.cursor++)
    if (this.cursor < store.slots.end) return false
    this.cursor = FIRST_SLOT
    for (const [table, endings] of this.tables) {
      const left = endings.filter((one) => one.number > this.from)
      if (left.length > 0) this.tables.set(table, left)
      else this.tables.delete(table)
    }
    return this.tables.size === 0
  }
}

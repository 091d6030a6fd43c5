import { FIRST_SLOT } from '../core/slots.ts'
import type { Table } from '../core/space.ts'

/** The lifetimes of all entries that large tables held at one time: they are over from then on, and their deadlines are written one by one. */
export class Ending {
  /** The number of the change of whole spaces that it belongs to. */
  readonly number: number
  readonly at: number
  private readonly tables = new Set<Table>()
  /** 1 for slots that it is done with: their deadlines were written, or they were looked at before they were written anew. */
  private readonly passed: Uint8Array
  private cursor = FIRST_SLOT

  /** Slots from `end` on have yet to be handed out. */
  constructor(number: number, at: number, end: number) {
    this.number = number
    this.at = at
    this.passed = new Uint8Array(end)
  }

  /** The entries of this table are among them; nothing in it was looked at since. */
  add(table: Table): void {
    this.tables.add(table)
  }

  /** Whether the lifetime of what a slot holds is over by this and its deadline does not tell it. */
  covers(slot: number, owner: Table): boolean {
    return this.passed[slot] === 0 && this.tables.has(owner)
  }

  /** It is done with a slot. */
  pass(slot: number): void {
    this.passed[slot] = 1
  }

  /** Looks at so many slots at most with `settle`; whether it is done with all of them. */
  goOn(looks: number, settle: (slot: number) => void): boolean {
    if (this.tables.size === 0) return true
    for (let left = looks; left > 0 && this.cursor < this.passed.length; left--) {
      const slot = this.cursor++
      if (this.passed[slot] === 0) settle(slot)
    }
    return this.cursor >= this.passed.length
  }
}

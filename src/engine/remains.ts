import { FIRST_SLOT, type Slots } from '../core/slots.ts'
import type { Table } from '../core/space.ts'
import type { Endings } from './endings.ts'
import { NegativeResult } from './negative.ts'
import type { RemovalQueue } from './removal.ts'
import type { Spaces } from './spaces.ts'

/** Number of slots that one call looks at, at most. */
const LOOKS = 4096

/** The arrays of a store as they were when it was emptied. */
interface Emptied extends Pick<Slots, 'keys' | 'values' | 'deadlines' | 'weights' | 'owners' | 'end'> {
  /** The owner of all slots where they do not tell it. */
  readonly table: Table
  readonly at: number
  /** The lifetimes that had ended without their deadlines telling it. */
  readonly endings: Endings | undefined
  cursor: number
}

/** What a store held when it was emptied as a whole, until the listener has been told of it bit by bit. */
export class Remains {
  private readonly removals: RemovalQueue
  private readonly spaces: Spaces
  private readonly emptied: Emptied[] = []

  constructor(removals: RemovalQueue, spaces: Spaces) {
    this.removals = removals
    this.spaces = spaces
  }

  get isEmpty(): boolean {
    return this.emptied.length === 0
  }

  /** Keeps the arrays of slots that are about to begin anew. */
  take({ keys, values, deadlines, weights, owners, end }: Slots, table: Table, at: number): void {
    const { endings } = this.spaces
    this.emptied.push({
      keys,
      values,
      deadlines,
      weights,
      owners,
      end,
      table,
      at,
      endings,
      cursor: FIRST_SLOT,
    })
  }

  /** Has `count` entries told, and more until they weigh so much together, as far as one call can look. */
  tell(count: number, weight = 0): void {
    let [left, heavy] = [count, weight]
    for (let looks = LOOKS; looks > 0 && (left > 0 || heavy > 0) && !this.isEmpty; looks--) {
      const one = this.emptied[0]!
      const slot = one.cursor++
      if (slot >= one.end) this.emptied.shift()
      else if (one.deadlines[slot] !== 0) {
        this.tellOne(one, slot)
        left--
        heavy -= one.weights?.[slot] ?? 0
      }
    }
  }

  /** Lets go of a value. */
  private tellOne({ keys, values, deadlines, owners, table, at, endings }: Emptied, slot: number): void {
    const owner = owners?.[slot] ?? table
    if (this.spaces.slots.isBehind) this.spaces.catchUp(owner.space)
    const { dropped, droppedAt } = owner
    const value = values[slot]
    values[slot] = undefined
    if (value instanceof NegativeResult) return
    const isExpired =
      dropped === 'expired' ||
      Math.abs(deadlines[slot]!) <= Math.min(droppedAt, at) ||
      endings?.endOf(slot, owner) !== undefined
    this.removals.add(keys[slot], value, isExpired ? 'expired' : 'cleared')
  }
}

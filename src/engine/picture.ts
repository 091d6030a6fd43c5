import { NONE } from '../core/slots.ts'
import type { Space, Table } from '../core/space.ts'
import { NegativeResult } from './negative.ts'
import { type PolicyState, type Standings, standingsOf } from './standings.ts'
import type { Store } from './store.ts'

/** A key in its place in the order of a store. */
export interface Placed {
  readonly space: Space
  readonly key: unknown
  readonly standing: number
  /** Remembered only. */
  readonly isGhost: boolean
}

/** An entry as it can be kept outside the process; times in milliseconds from now. */
export interface Portrait {
  readonly value: unknown
  /** Until its lifetime ends, idle time left aside; below zero where it is only kept for loads. */
  readonly left: number
  /** For how long after that it is kept for loads. */
  readonly grace: number
  /** Until reads refresh it; undefined where none does. */
  readonly refresh: number | undefined
  /** Since it was last read, where that counts. */
  readonly idle: number
  readonly tags: readonly string[]
}

/** How many keys are copied at a time. */
const CHUNK_BITS = 15
const CHUNK = 2 ** CHUNK_BITS

/**
 * The order of a store as it was at one moment, so that it can be walked through while the store goes on. The order is copied at once, which
 * takes no time worth speaking of; the keys, which take longer, bit by bit afterwards. One that moved meanwhile is met once nevertheless.
 */
export class Picture {
  readonly state: PolicyState
  private readonly store: Store
  private readonly standings: Standings
  private readonly next: Int32Array
  private readonly marks: Int32Array
  private readonly queues: readonly { readonly oldest: number; readonly size: number }[]
  private readonly standingOf: (mark: number) => number
  private readonly keys: unknown[][] = []
  private readonly tables: (Table | undefined)[][] = []
  /** Slots whose key was met, where they are and where it has moved to. */
  private readonly met: Uint8Array
  private readonly end: number
  /** Chunks of keys that are still to be copied, the last of them first: what is moved to make arrays shorter moves down. */
  private left: number

  constructor(store: Store) {
    const { slots, policy } = store
    this.store = store
    this.standings = standingsOf(policy)
    this.state = this.standings.state()
    this.end = slots.end
    this.next = slots.next.slice(0, slots.end)
    this.marks = slots.marks.slice(0, slots.end)
    this.queues = policy.queues.map(({ oldest, size }) => ({ oldest, size }))
    this.standingOf = this.standings.meaning()
    this.met = new Uint8Array(slots.end)
    this.left = Math.ceil(slots.end / CHUNK)
    // Entries may be on the move: all is copied before another is moved.
    if (slots.used < slots.end / 2) this.copyAll()
  }

  /** Copies some of the keys; whether there are more. */
  copySome(): boolean {
    if (this.store.slots.isShrinking) this.copyAll()
    else if (this.left > 0) this.copyOne()
    return this.left > 0
  }

  private copyAll(): void {
    while (this.left > 0) this.copyOne()
  }

  private copyOne(): void {
    const { slots } = this.store
    const at = --this.left
    const from = at * CHUNK
    this.keys[at] = slots.keys.slice(from, from + CHUNK)
    if (slots.owners !== undefined) this.tables[at] = slots.owners.slice(from, from + CHUNK)
  }

  /** Ghosts, then entries, those before others that would go before them. Once all keys are copied. */
  *placed(): Generator<Placed> {
    const { store, next, marks, met, end } = this
    for (const { oldest, size } of this.queues) {
      for (let slot = oldest, left = size; left > 0; left--, slot = next[slot]) {
        const table = this.tableOf(slot)
        // Nothing was there any more when the keys were copied, or what was there has been met.
        if (table === undefined || met[slot] === 1) continue
        const { space } = table
        const key = this.keyOf(slot)
        const now = store.slotOf(space, key) ?? NONE
        if (now !== slot && now !== NONE && now < end && this.keyOf(now) === key) {
          if (this.tableOf(now)?.space === space) {
            if (met[now] === 1) continue
            met[now] = 1
          }
        }
        met[slot] = 1
        const standing = this.standingOf(marks[slot] ?? 0)
        yield { space, key, standing, isGhost: this.standings.isGhost(standing) }
      }
    }
  }

  private keyOf(slot: number): unknown {
    return this.keys[slot >> CHUNK_BITS]?.[slot & (CHUNK - 1)]
  }

  private tableOf(slot: number): Table | undefined {
    const tables = this.tables[slot >> CHUNK_BITS]
    return tables === undefined ? this.store.root.table : tables[slot & (CHUNK - 1)]
  }
}

/** What a store holds under a key now, live or kept for loads; undefined where that is nothing. */
export function portraitOf(store: Store, space: Space, key: unknown, now: number): Portrait | undefined {
  const { slots } = store
  const slot = store.slotOf(space, key) ?? NONE
  if (slot === NONE || !store.isHeld(slot, now)) return undefined
  const value = slots.values[slot]
  if (value instanceof NegativeResult) return undefined
  const refresh = slots.refreshes?.[slot] ?? 0
  return {
    value,
    left: (slots.ttlDeadlines?.[slot] ?? Math.abs(slots.deadlines[slot])) - now,
    grace: slots.graces?.[slot] ?? 0,
    refresh: refresh === 0 ? undefined : refresh - now,
    idle: slots.lastReads === undefined ? 0 : now - slots.lastReads[slot],
    tags: [...new Set(slots.tags?.[slot]?.map(({ tag }) => tag))],
  }
}

/** Whether a key is remembered without an entry. */
export function isRemembered(store: Store, space: Space, key: unknown): boolean {
  const slot = store.slotOf(space, key)
  return slot !== undefined && store.slots.deadlines[slot] === 0
}

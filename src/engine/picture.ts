import { NONE } from '../core/slots.ts'
import type { Space } from '../core/space.ts'
import type { PolicyState } from '../policies/policy.ts'
import { NegativeResult } from './negative.ts'
import type { Store } from './store.ts'

/** A key in its place in the order of a store. */
export interface Placed {
  readonly space: Space
  readonly key: unknown
  readonly standing: number
  /** Remembered only. */
  readonly isGhost: boolean
}

/** The order of a store as it was at one moment. */
export interface Picture {
  readonly state: PolicyState
  /** Ghosts, then entries, those before others that would go before them. */
  readonly placed: Iterable<Placed>
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

/** Copies the order of a store, so that it can be walked through while the store goes on. */
export function pictureOf(store: Store): Picture {
  const { slots, policy, root } = store
  const next = slots.next.slice()
  const marks = slots.marks.slice()
  const standingOf = policy.standings()
  const keys = slots.keys.slice()
  const owners = slots.owners?.slice()
  const queues = policy.queues.map(({ oldest, size }) => ({ oldest, size }))
  function* walk(): Generator<Placed> {
    for (const { oldest, size } of queues) {
      for (let slot = oldest, left = size; left > 0; left--, slot = next[slot]) {
        const table = owners === undefined ? root.table : owners[slot]!
        const standing = standingOf(marks[slot] ?? 0)
        yield { space: table.space, key: keys[slot], standing, isGhost: policy.isGhost(standing) }
      }
    }
  }
  return { state: policy.state(), placed: walk() }
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

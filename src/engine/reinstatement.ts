import { Flights } from '../core/fence.ts'
import { NONE } from '../core/slots.ts'
import type { Space } from '../core/space.ts'
import type { Portrait } from './picture.ts'
import { type Standings, standingsOf } from './standings.ts'
import type { Store } from './store.ts'

/** How many keys that are written or removed meanwhile are told apart in each key space. */
const MOST_KEYS = 250_000
/** The deadline of an entry whose lifetime was over before the store began. */
const LONG_AGO = 0.5

/**
 * Puts entries back into a store that is in use. What is there already stays, and what is written, removed or cleared from its beginning
 * on wins over what is put back later: it is fenced like the results of a load.
 */
export class Reinstatement {
  readonly standings: Standings
  private readonly store: Store
  private readonly deletions: number
  private readonly fenced: Map<
    Space,
    { readonly flights: Flights<object>; readonly overtaken: Set<unknown> }
  > = new Map()

  constructor(store: Store) {
    this.store = store
    this.standings = standingsOf(store.policy)
    this.deletions = store.tagFence.begin()
    store.reinstatements ??= new Set()
    store.reinstatements.add(this)
    for (const space of store.spaces()) this.fence(space)
  }

  /** From here on what happens in the space is known; to be told of each before anybody can use it. */
  fence(space: Space): void {
    if (this.fenced.has(space) || space.closed) return
    space.flights ??= new Flights()
    this.fenced.set(space, { flights: space.flights, overtaken: space.flights.beginBatch(MOST_KEYS) })
  }

  end(): void {
    const { store } = this
    store.tagFence.end()
    store.reinstatements?.delete(this)
    if (store.reinstatements?.size === 0) store.reinstatements = undefined
    for (const [space, { flights, overtaken }] of this.fenced) {
      flights.endBatch(overtaken)
      if (flights.isIdle && space.flights === flights) space.flights = undefined
    }
  }

  /** Whether the cache may know something newer of the key: what it holds, or that it was removed meanwhile. */
  isOutdone(space: Space, key: unknown, tags: readonly string[]): boolean {
    const { store } = this
    const slot = store.slotOf(space, key)
    if (slot !== undefined && store.slots.deadlines[slot] !== 0) return true
    const fence = this.fenced.get(space)
    if (fence === undefined || space.flights !== fence.flights) return true
    if (fence.flights.wasOvertaken(key, fence.overtaken)) return true
    return tags.length > 0 && store.tagFence.deletionsSince(this.deletions, space, tags).length > 0
  }

  /** Puts an entry in its place. To be notified. */
  put(space: Space, key: unknown, portrait: Portrait, weight: number, standing: number | undefined): void {
    const { store } = this
    const { slots } = store
    const now = store.clock.recent()
    const ghost = store.slotOf(space, key) ?? NONE
    if (ghost !== NONE) store.dropKey(ghost)
    const slot = store.insert(space, key, NONE, portrait.value, weight, now)
    if (standing !== undefined) this.standings.reinstate(slot, standing)
    store.retag(slot, space, portrait.tags.length > 0 ? portrait.tags : undefined)
    if (slots.lastReads !== undefined) slots.lastReads[slot] = now - portrait.idle
    const deadline = now + portrait.left
    store.unusualUntil = Math.max(store.unusualUntil, deadline)
    if (portrait.grace > 0 || portrait.refresh !== undefined) slots.trackLoads()
    if (slots.graces !== undefined) {
      slots.graces[slot] = deadline < LONG_AGO ? portrait.grace + deadline - LONG_AGO : portrait.grace
      slots.retries![slot] = 0
      slots.refreshes![slot] = portrait.refresh === undefined ? 0 : Math.max(LONG_AGO, now + portrait.refresh)
    }
    if (slots.watched !== undefined) slots.watched[slot] = 0
    store.expireAt(slot, Math.max(LONG_AGO, deadline))
    store.reweigh(slot, weight, now)
  }

  /** Has a key remembered that has no entry. */
  recall(space: Space, key: unknown, standing: number): void {
    const { store } = this
    const { slots } = store
    if (slots.isFull || store.slotOf(space, key) !== undefined) return
    const slot = slots.take()
    store.name(slot, space, key)
    if (this.standings.recall(slot, standing)) store.weighGhost(slot)
    else store.freeKey(slot)
  }
}

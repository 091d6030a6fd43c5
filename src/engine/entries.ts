import { type Clock, InjectedClock, systemClock } from '../core/clock.ts'
import { Slots } from '../core/slots.ts'
import type { Space, Table } from '../core/space.ts'
import { anyDead, joinTags, leaveTags, type TagGroup } from '../core/tags.ts'
import type { StoreSettings } from '../options/options.ts'
import { Adaptive } from '../policies/adaptive.ts'
import { Lru } from '../policies/lru.ts'
import type { Policy } from '../policies/policy.ts'
import { Faults } from './faults.ts'
import { type Protection, protections } from './features/protection.ts'
import { NegativeResult } from './negative.ts'
import { Remains } from './remains.ts'
import { RemovalQueue, type RemovalReason } from './removal.ts'
import { Spaces } from './spaces.ts'

/**
 * What a store holds, and one way out of it for all reasons: entries in slots, their keys in the tables of key spaces, an order kept by
 * a policy. The classes that extend it bound it (`Bounded`), end its lifetimes (`Timed`), and are read and written (`Store`).
 */
export abstract class Entries extends Spaces {
  readonly settings: StoreSettings
  /** The name by which it is listed in the process. */
  label: string
  readonly clock: Clock
  /** Errors that no caller waits for. */
  readonly faults: Faults
  readonly slots: Slots
  readonly policy: Policy
  /** Entries held, those of dropped tables included until they are reclaimed. */
  size = 0
  weight = 0
  /** The weight of the keys of ghosts, which counts towards the bound by bytes. */
  ghostWeight = 0
  readonly protection: Protection | undefined
  readonly removals: RemovalQueue | undefined
  /** Entries that the listener has still to be told of, where there is one. */
  readonly remains: Remains | undefined

  /** With a `scale` below 1 it is a model of a store so many times as large. */
  constructor(settings: StoreSettings, label: string, scale = 1) {
    super()
    this.settings = settings
    this.label = label
    this.faults = new Faults(this, settings.onError)
    this.clock =
      settings.clock === undefined
        ? systemClock
        : new InjectedClock(settings.clock, (error) => this.faults.report('clock', error))
    this.removals =
      settings.onRemoval === undefined
        ? undefined
        : new RemovalQueue(settings.onRemoval, (error, key) => this.faults.report('listener', error, key))
    this.remains = this.removals && new Remains(this.removals, this)
    this.protection = protections[settings.protect]
    const { policy, maxEntries, idleTtl } = settings
    this.slots = new Slots({
      weights: settings.maxBytes !== undefined || settings.weigh !== undefined,
      idle: idleTtl !== Infinity,
      guards: idleTtl !== Infinity || this.protection?.copyOut !== undefined,
      marks: policy !== 'lru',
    })
    this.policy =
      policy === 'lru' ? new Lru(this.slots, maxEntries) : new Adaptive(this.slots, maxEntries, scale)
  }

  // What a slot holds

  holds(slot: number): boolean {
    return this.slots.deadlines[slot] !== 0
  }

  isLive(slot: number, now: number): boolean {
    const deadline = this.slots.deadlines[slot]
    return deadline > now || (-deadline > now && !this.isTaggedOut(slot))
  }

  /** Whether there is more in a slot than a ghost, and its time is not over: an entry that lives, or is kept for loads. */
  isHeld(slot: number, now: number): boolean {
    return this.holds(slot) && this.endOf(slot) > now && !this.isTaggedOut(slot)
  }

  /** Time at which an entry leaves for good: at its deadline, or as long after it as it is kept for loads. */
  endOf(slot: number): number {
    const { deadlines, graces } = this.slots
    const deadline = Math.abs(deadlines[slot])
    return graces === undefined ? deadline : deadline + graces[slot]
  }

  isTaggedOut(slot: number): boolean {
    const groups = this.slots.tags?.[slot]
    return groups !== undefined && anyDead(groups)
  }

  /** Why an entry leaves: `reason` if it is live, else what has ended it. */
  reason(slot: number, now: number, reason: RemovalReason): RemovalReason {
    const { slots } = this
    if (slots.isBehind) {
      this.catchUp(this.ownerOf(slot).space)
      this.settle(slot)
    }
    const deadline = Math.abs(slots.deadlines[slot])
    const owner = slots.owners?.[slot]
    if (owner !== undefined && owner.dropped === 'cleared')
      return deadline <= owner.droppedAt ? 'expired' : 'cleared'
    if (deadline <= now) return 'expired'
    return slots.hasExtras && this.isTaggedOut(slot) ? 'invalidated' : reason
  }

  // The way out, one for all reasons

  /** An entry leaves, and its key with it. */
  remove(slot: number, reason: RemovalReason): void {
    this.policy.remove(slot)
    this.release(slot, reason)
    this.freeKey(slot)
  }

  /** A value leaves: counted, told, and off all sums. Its key may stay as a ghost. */
  release(slot: number, reason: RemovalReason): void {
    const { slots } = this
    const owner = this.ownerOf(slot)
    this.tell(slot, owner, reason)
    if (slots.hasExtras) this.strip(slot, owner)
    slots.values[slot] = undefined
    slots.deadlines[slot] = 0
    owner.size--
    this.size--
    if (owner.dropped === undefined) owner.space.counters.exit()
  }

  /** Takes an entry that leaves off the sums and tags. */
  strip(slot: number, owner: Table): void {
    const { weights } = this.slots
    if (weights !== undefined) {
      const weight = weights[slot]
      this.weight -= weight
      owner.weight -= weight
      if (owner.dropped === undefined) owner.space.counters.hold(0, -weight)
      weights[slot] = 0
    }
    this.leaveTags(slot)
  }

  /** Counts a value that leaves, and has it told. */
  tell(slot: number, owner: Table, reason: RemovalReason): void {
    const { keys, values, graces } = this.slots
    if (graces !== undefined && values[slot] instanceof NegativeResult) return
    // What was cleared was counted then. Asked so, since V8 makes a call of comparing what may be undefined with a string.
    if (owner.dropped === undefined || owner.dropped === 'expired') owner.space.counters.leave(reason)
    if (this.removals !== undefined) this.removals.add(keys[slot], values[slot], reason)
  }

  /** An entry goes from one table to another, on the sums of both; off those of a dropped one it is already. */
  transfer(slot: number, from: Table, to: Table): void {
    const { keys, owners, weights } = this.slots
    const weight = weights?.[slot] ?? 0
    // First, since a full Map throws.
    to.space.put(keys[slot], slot)
    from.size--
    from.weight -= weight
    if (from.dropped === undefined) from.space.counters.hold(-1, -weight)
    to.size++
    to.weight += weight
    to.space.counters.hold(1, weight)
    owners![slot] = to
  }

  // Keys and tags

  /** Gives a slot to a key. Throws what the Map throws when it is full, and frees the slot. */
  name(slot: number, space: Space, key: unknown): void {
    const { slots } = this
    try {
      space.put(key, slot)
    } catch (error) {
      slots.free(slot)
      throw error
    }
    slots.keys[slot] = key
    if (slots.owners !== undefined) slots.owners[slot] = space.table
  }

  /** A key leaves. */
  freeKey(slot: number): void {
    this.unweighGhost(slot)
    this.unname(slot)
    this.slots.free(slot)
  }

  dropKey(slot: number): void {
    this.policy.remove(slot)
    this.freeKey(slot)
  }

  unname(slot: number): void {
    const owner = this.ownerOf(slot)
    if (owner.dropped === undefined) owner.map.delete(this.slots.keys[slot])
  }

  /** The key in a slot that holds no entry does not count any more. */
  unweighGhost(slot: number): void {
    const { weights } = this.slots
    if (weights === undefined) return
    this.ghostWeight -= weights[slot]
    weights[slot] = 0
  }

  retag(slot: number, space: Space, tags: Iterable<string> | undefined): void {
    if (tags === undefined && this.slots.tags === undefined) return
    this.slots.trackTags()
    const groups: readonly TagGroup[] | undefined = tags && joinTags(space, tags)
    this.leaveTags(slot)
    this.slots.tags![slot] = groups
  }

  leaveTags(slot: number): void {
    const groups = this.slots.tags?.[slot]
    if (groups === undefined) return
    leaveTags(groups)
    this.slots.tags![slot] = undefined
  }

  // All of a space

  /** Empties all spaces at once and begins anew, whatever features there are; the listener is told later. */
  empty(deed: 'clear' | 'close', now: number): void {
    const { table } = this.root
    this.changeSpaces(undefined, deed, now)
    for (const { table } of this.dropped.splice(0))
      if (table.dropped === 'expired') table.space.counters.leave('expired', table.size)
    if (this.size > 0) this.remains?.take(this.slots, table, now)
    this.reset()
  }

  /** Whether something has left that waits to be reclaimed, or to be told. */
  get hasLeft(): boolean {
    return this.dropped.length > 0 || this.remains?.isEmpty === false
  }

  /** Frees slots of dropped tables until `count` entries have left or so many slots were looked at; how many have left. */
  reclaim(count: number, looks: number, now: number): number {
    let entries = 0
    for (let looked = 0; entries < count && looked < looks && this.dropped.length > 0; looked++) {
      const { table, slots } = this.dropped.at(-1)!
      const { value: slot, done } = slots.next()
      if (done) this.dropped.pop()
      else if (this.slots.owners![slot] === table) {
        if (this.holds(slot)) {
          this.remove(slot, this.reason(slot, now, 'expired'))
          entries++
        } else this.dropKey(slot)
      }
    }
    return entries
  }

  /** All entries are gone and unseen: begins anew with empty structures. */
  reset(): void {
    if (this.root.map.size > 0) this.root.renew()
    this.slots.reset()
    this.forgetEndings()
    this.policy.clear()
    this.size = 0
    this.weight = 0
    this.ghostWeight = 0
  }
}

import { NONE } from '../core/slots.ts'
import type { Space } from '../core/space.ts'
import type { StoreSettings } from '../options/options.ts'
import { Entries } from './entries.ts'
import type { CacheStats } from './stats.ts'
import { type Weighing, weighingOf } from './weighing.ts'

/** Number of entries that a call takes out by itself which makes many superfluous; the sweep does the rest. */
export const AT_ONCE = 1024
/** Number of ghosts that are forgotten for one entry that leaves, at most. */
const BATCH = 64
/** Number of slots that an insertion looks at for one of a dropped table. */
const LOOKS = 4096

/** Entries within bounds: who gives way to whom, by number and by weight. */
export abstract class Bounded extends Entries {
  /** The bound by entries that holds: the user's, or a lower one that a guard holds the store at. */
  maxEntries: number
  /** The bound by entries that the user has set. */
  wantedEntries!: number
  /** Infinity where no guard holds the store. */
  heldAt: number = Infinity
  maxWeight!: number
  /** The weight of one entry at most. */
  maxEntryWeight!: number
  /** What bounds the store besides its entries. */
  readonly unit: CacheStats['unit']
  readonly weighing: Weighing | undefined
  /** A smaller bound has left a surplus of entries or ghosts, which the sweep takes out. */
  isOver = false
  /** Number of insertions left until `onInsertions` is called; Infinity where nobody watches. */
  private insertionsLeft = Infinity
  private insertionsEach = Infinity
  private onInsertions: (() => void) | undefined = undefined

  constructor(settings: StoreSettings, label: string, scale?: number) {
    super(settings, label, scale)
    this.maxEntries = settings.maxEntries
    this.setBounds(settings.maxEntries, settings.maxWeight ?? settings.maxBytes ?? Infinity)
    this.unit =
      settings.maxBytes !== undefined ? 'bytes' : settings.maxWeight !== undefined ? 'weight' : 'entries'
    this.weighing = weighingOf(settings)
  }

  /** The user's bounds from here on. */
  protected setBounds(maxEntries: number, maxWeight: number): void {
    this.wantedEntries = maxEntries
    this.maxWeight = maxWeight
    this.maxEntryWeight = Math.min(this.settings.maxEntryWeight ?? Infinity, maxWeight)
  }

  /** Goes by changed bounds, evicting what the policy would. What is left to do then (`isOver`) the sweep has to be told. */
  applyBounds(now: number): void {
    const maxEntries = Math.min(this.wantedEntries, this.heldAt)
    if (maxEntries !== this.maxEntries) {
      this.maxEntries = maxEntries
      this.policy.resize(maxEntries)
    }
    this.isOver = !this.shed(AT_ONCE, now)
  }

  /** Evicts and forgets what a smaller bound has no room for, so many at most of each; whether all is done. */
  shed(count: number, now: number): boolean {
    let left = count
    while (this.isSurplus && left-- > 0) if (!this.evictOther(NONE, now) && !this.dropGhost()) break
    const isRid = this.dropSurplusGhosts(count)
    return isRid && !this.isSurplus
  }

  /** There is more than a bound allows. */
  get isSurplus(): boolean {
    return this.size > this.maxEntries || this.weight + this.ghostWeight > this.maxWeight
  }

  /** A slot for a key that has none or only a ghost, with room made for it. */
  insert(space: Space, key: unknown, ghost: number, value: unknown, weight: number, now: number): number {
    const { slots, policy } = this
    if (this.remains !== undefined && !this.remains.isEmpty) this.remains.tell(1, weight)
    policy.admit(ghost)
    if (ghost !== NONE) this.unweighGhost(ghost)
    // A surplus after `resize` is left to the sweep: an insertion only does not add to it.
    const freed = this.size < this.maxEntries ? NONE : this.evict(now)
    if (weight > 0) this.makeRoomFor(weight, NONE, now)
    let slot = ghost
    if (ghost === NONE) {
      if (freed === NONE && slots.isFull) this.freeSlot(now)
      slot = freed === NONE ? slots.take() : freed
      this.name(slot, space, key)
    } else if (freed !== NONE) slots.free(freed)
    // What the slot held before may have yet to be settled; what it holds now is none of that.
    if (slots.isBehind) this.settle(slot)
    slots.values[slot] = value
    policy.insert(slot)
    space.table.size++
    space.counters.enter()
    this.size++
    this.insertionsLeft--
    return slot
  }

  /** All slots that there can be are in use: a ghost or an entry gives up its own. */
  freeSlot(now: number): void {
    while (this.slots.isFull) if (!this.dropGhost() && !this.evictOther(NONE, now)) break
  }

  /** Puts a value in the place of another, which is counted and told by what had become of it. */
  overwrite(slot: number, value: unknown, now: number): void {
    const { values, deadlines } = this.slots
    // A deadline above the time is that of a plain live entry.
    if (!(deadlines[slot] > now)) this.tellEnded(slot, value, now)
    else if (!Object.is(values[slot], value)) this.tell(slot, this.ownerOf(slot), 'replaced')
    values[slot] = value
    this.policy.use(slot)
  }

  /** Counts and tells a value that is overwritten and may have ended before, or that is a live one with tags, idle time or the like. */
  private tellEnded(slot: number, value: unknown, now: number): void {
    const reason = this.reason(slot, now, 'replaced')
    if (reason !== 'replaced' || !Object.is(this.slots.values[slot], value))
      this.tell(slot, this.ownerOf(slot), reason)
  }

  /** Sets an entry's weight and makes room for it, at the cost of others. */
  reweigh(slot: number, weight: number, now: number): void {
    const { weights } = this.slots
    if (weights === undefined) return
    const more = weight - weights[slot]
    this.makeRoomFor(more, slot, now)
    const owner = this.ownerOf(slot)
    this.weight += more
    owner.weight += more
    owner.space.counters.hold(0, more)
    weights[slot] = weight
  }

  /** Makes room for a further weight by entries, any but `kept`, or by ghosts where there is no other. */
  makeRoomFor(weight: number, kept: number, now: number): void {
    const most = Math.max(this.weight + this.ghostWeight, this.maxWeight)
    while (this.weight + this.ghostWeight + weight > most)
      if (this.evictOther(kept, now)) this.dropSurplusGhosts(BATCH)
      else if (!this.dropGhost()) break
  }

  /** Gives up one entry. Gives the slot of the key that left with it, if one did, for use at once. */
  evict(now: number): number {
    if (this.hasDropped && this.reclaimOne(now)) return NONE
    const victim = this.policy.victim(now)
    if (victim === NONE) return NONE
    const freed = this.giveWay(victim, now)
    if (this.weighing !== undefined) this.dropSurplusGhosts(BATCH)
    return freed
  }

  private get hasDropped(): boolean {
    return this.dropped.length > 0 || this.slots.isBehind
  }

  /** Makes room by an entry of a dropped table, or of a space that is yet to be emptied; whether one was found. */
  private reclaimOne(now: number): boolean {
    for (let left = BATCH; left > 0; left--) {
      if (this.dropped.length > 0 && this.reclaim(1, LOOKS, now) > 0) return true
      if (!this.slots.isBehind) return false
      this.goOn()
    }
    return false
  }

  /** A victim of the policy leaves; the slot of the key that left with it. */
  giveWay(victim: number, now: number): number {
    const reason = this.reason(victim, now, 'evicted')
    this.release(victim, reason)
    // Only a victim that left for want of room leaves its key behind.
    const forgotten = reason === 'evicted' ? this.policy.addGhost(victim) : victim
    if (forgotten !== victim) this.weighGhost(victim)
    if (forgotten !== NONE) {
      this.unweighGhost(forgotten)
      this.unname(forgotten)
    }
    return forgotten
  }

  /** Gives up one entry, any but `kept`, where entries have weights; whether there was one. */
  evictOther(kept: number, now: number): boolean {
    if (this.hasDropped && this.reclaimOne(now)) return true
    const { policy } = this
    let victim = policy.victim(now)
    if (victim === kept && victim !== NONE) {
      victim = policy.victim(now)
      policy.insert(kept)
    }
    if (victim === NONE) return false
    const freed = this.giveWay(victim, now)
    if (freed !== NONE) this.slots.free(freed)
    return true
  }

  // Ghosts: keys that the policy remembers

  /** The key of a new ghost counts. */
  weighGhost(slot: number): void {
    const { weights, keys } = this.slots
    if (weights === undefined) return
    this.ghostWeight += weights[slot] = this.weighing!.ofGhost(keys[slot])
  }

  /** A ghost leaves though there may be room for it; whether there was one. */
  dropGhost(): boolean {
    const ghost = this.policy.dropGhost()
    if (ghost !== NONE) this.freeKey(ghost)
    return ghost !== NONE
  }

  /** Ghosts leave that are more than the policy remembers, or weigh too much together, so many at most; whether none is left. */
  dropSurplusGhosts(count: number): boolean {
    const { policy, weighing } = this
    for (let left = count; left > 0; left--) {
      let ghost = policy.dropSurplusGhost()
      if (ghost === NONE && weighing !== undefined && this.ghostWeight > weighing.mostGhosts(this.maxWeight))
        ghost = policy.dropGhost()
      if (ghost === NONE) return true
      this.freeKey(ghost)
    }
    return false
  }

  // Those who are told

  /** Calls back after so many insertions of new entries, again and again, each time when the store is consistent; undefined for never. */
  watchInsertions(each: number, callback: (() => void) | undefined): void {
    this.insertionsEach = callback === undefined ? Infinity : each
    this.insertionsLeft = this.insertionsEach
    this.onInsertions = callback
  }

  tellInsertions(): void {
    this.insertionsLeft = this.insertionsEach
    this.onInsertions?.()
  }

  /** Tells the watcher of insertions, and the listener what has left; to be called when an operation is complete. */
  notify(): void {
    if (this.insertionsLeft <= 0) this.tellInsertions()
    if (this.removals !== undefined) this.removals.flush()
  }

  override reset(): void {
    super.reset()
    this.isOver = false
  }
}

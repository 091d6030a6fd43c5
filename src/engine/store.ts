import { TagFence } from '../core/fence.ts'
import { NONE } from '../core/slots.ts'
import { Space } from '../core/space.ts'
import type { ResolvedWrite } from '../options/resolved.ts'
import { AT_ONCE } from './bounds.ts'
import { publish } from './channels.ts'
import { Timed } from './lifetimes.ts'
import { LoaderState } from './loader-state.ts'
import type { Reinstatement } from './reinstatement.ts'
import { type CacheStats, statsOf } from './stats.ts'
import type { ReadListener, Watcher } from './watcher.ts'

/**
 * The engine behind one or more caches: entries in slots, their keys in the tables of key spaces, an order kept by a policy,
 * bounds, and one routine that every value takes on its way out. User code (weigher, value protection, listener) runs before
 * a change or after it, never inside.
 */
export class Store extends Timed {
  readonly tagFence: TagFence = new TagFence()
  /** State of its loads of late. */
  readonly loader: LoaderState = new LoaderState()

  /** Restorations under way; absent while there are none. */
  reinstatements: Set<Reinstatement> | undefined = undefined

  /** Absent while nobody is told of reads. */
  private readListener: ReadListener | undefined = undefined
  /** Somebody watches the keys, or is told of reads. */
  private areMissesTold = false

  // Key spaces

  /** The space of an application that shares this store under a prefix. */
  spaceOf(prefix: string | undefined, version: number): Space {
    if (prefix === undefined) return this.withOwners(this.root.withVersion(version))
    const space =
      this.prefixes.find(prefix) ?? this.prefixes.keep(prefix, new Space(undefined, undefined, this.counters))
    return this.withOwners(space.withVersion(version))
  }

  namespace(space: Space, name: string): Space {
    return this.withOwners(space.namespace(name))
  }

  version(space: Space, version: number): Space {
    return this.withOwners(space.withVersion(version))
  }

  private withOwners(space: Space): Space {
    if (this.slots.isBehind) this.catchUp(space)
    if (this.reinstatements !== undefined) for (const one of this.reinstatements) one.fence(space)
    if (space !== this.root) this.slots.trackOwners(this.root.table)
    return space
  }

  // Reads

  /** The value in the slot that a key has, as its reader gets it; undefined where nothing live is. */
  read(space: Space, slot: number | undefined, key: unknown): unknown {
    const value = slot === undefined ? undefined : this.readSlot(space, slot, key)
    if (value === undefined) this.miss(space, key)
    return value
  }

  /** The live value in the slot that a key has, as its reader gets it. Counts as a hit and a use. */
  private readSlot(space: Space, slot: number, key: unknown): unknown {
    const { slots } = this
    if (slots.isBehind && this.slotOf(space, key) !== slot) return undefined
    const now = this.clock.now()
    const isPlain = slots.deadlines[slot] > now
    if ((!isPlain && !this.isLive(slot, now)) || this.expiry.lapses(now)) return undefined
    space.counters.hit()
    this.policy.use(slot)
    if (slots.watched?.[slot] === 1) this.watcher!.hit(slot)
    if (this.readListener !== undefined) this.readListener(space, slots.keys[slot], true)
    return isPlain ? slots.values[slot] : this.readGuarded(slot, now)
  }

  /** Counts a read that found nothing live. Throws a CacheError `CLOSED` once the key space is closed. */
  private miss(space: Space, key: unknown): void {
    if (space.closed || this.slots.isBehind) this.assertOpen(space)
    space.counters.miss()
    this.clock.missed()
    if (this.areMissesTold) this.tellMiss(space, key)
  }

  private tellMiss(space: Space, key: unknown): void {
    this.watcher?.missed(space, key, space.map.get(key))
    this.readListener?.(space, key, false)
  }

  /** Does what there is to do besides when a guarded entry is read; returns the value. */
  private readGuarded(slot: number, now: number): unknown {
    const { lastReads, ttlDeadlines, values } = this.slots
    if (lastReads !== undefined) {
      lastReads[slot] = now
      this.expireAt(slot, ttlDeadlines![slot])
    }
    return this.copyOut(values[slot])
  }

  /** The value in a slot as it is stored; undefined for NONE. */
  valueAt(slot: number): unknown {
    return this.slots.values[slot]
  }

  /** A value as its readers get it. */
  copyOut(value: unknown): unknown {
    return this.protection?.copyOut === undefined ? value : this.protection.copyOut(value)
  }

  // Writes. `copyIn` and `weigh` run user code and may throw; `commit` changes the store; `notify` tells the listener.

  /** A value as it is stored. Throws a TypeError for `undefined` and for what `protect` refuses. */
  copyIn(value: unknown): unknown {
    if (value === undefined)
      throw new TypeError('value: expected anything but undefined, which means "not here"')
    return this.protection === undefined ? value : this.protection.copyIn(value)
  }

  weigh(value: unknown, key: unknown): number {
    return this.weighing === undefined ? 0 : this.weighing.ofEntry(value, key)
  }

  /**
   * Stores a value, or removes what was there when it cannot be kept. Whether it was stored. In one piece, since V8 then compiles it by
   * itself, with all that an overwrite calls in its place; as a part of its callers it would leave no room for those.
   */
  commit(space: Space, key: unknown, value: unknown, weight: number, resolved: ResolvedWrite): boolean {
    const { slots } = this
    if (space.closed || slots.isBehind) this.assertOpen(space)
    if (space.flights !== undefined) space.flights.overtake(key)
    if (this.keepsNothing) return true
    const { ttl } = resolved
    const now = this.clock.forWrite()
    if (resolved !== this.defaults) this.noteLifetime(ttl, now)
    let slot = this.slotOf(space, key) ?? NONE
    if (!(ttl > 0 && weight <= this.maxEntryWeight)) {
      // It cannot be kept, for want of a lifetime or because of its weight: what is in its place goes.
      if (ttl > 0) this.giveUp(slot, key, value, now)
      else if (this.holds(slot)) this.remove(slot, this.reason(slot, now, 'expired'))
      return false
    }
    if (this.holds(slot)) this.overwrite(slot, value, now)
    else slot = this.insert(space, key, slot, value, weight, now)
    if (slots.hasExtras || resolved.hasExtras) {
      this.retag(slot, space, resolved.tags)
      // A value that comes after a failed load says that the source is back.
      if (slots.retries !== undefined) slots.retries[slot] = 0
      if (slots.lastReads !== undefined) slots.lastReads[slot] = now
      this.live(slot, ttl, now, resolved)
      this.reweigh(slot, weight, now)
    } else {
      slots.deadlines[slot] = now + ttl
      this.expectEnd(slot, now + ttl)
    }
    space.counters.set()
    // An entry that was too heavy beside all others has left already.
    if (this.watcher !== undefined && this.holds(slot)) this.watch(slot, space, key, ttl)
    return true
  }

  private watch(slot: number, space: Space, key: unknown, ttl: number): void {
    this.slots.watched![slot] = this.watcher!.wrote(space, key, slot, ttl) ? 1 : 0
  }

  /** Puts a new value in a live entry, whose lifetime stays. */
  update(slot: number, value: unknown, weight: number): void {
    const now = this.clock.now()
    const { keys, lastReads, ttlDeadlines } = this.slots
    const key = keys[slot]
    const { space } = this.ownerOf(slot)
    space.flights?.overtake(key)
    if (weight > this.maxEntryWeight) {
      this.giveUp(slot, key, value, now)
      return
    }
    this.overwrite(slot, value, now)
    if (lastReads !== undefined) {
      lastReads[slot] = now
      this.expireAt(slot, ttlDeadlines![slot])
    }
    this.reweigh(slot, weight, now)
    space.counters.set()
  }

  /** Removes what is in the place of a value too heavy to be kept, and has that value told; once where it is the one that was there. */
  private giveUp(slot: number, key: unknown, value: unknown, now: number): void {
    const reason = this.holds(slot) ? this.reason(slot, now, 'replaced') : undefined
    const isThere = reason === 'replaced' && Object.is(this.slots.values[slot], value)
    if (reason !== undefined) this.remove(slot, isThere ? 'evicted' : reason)
    if (!isThere) this.removals?.add(key, value, 'evicted')
  }

  /** Removes what is under the key; whether it was live. */
  delete(space: Space, key: unknown, why: 'deleted' | 'invalidated' = 'deleted'): boolean {
    this.assertOpen(space)
    space.flights?.overtake(key)
    this.watcher?.deleted(space, key)
    const slot = this.slotOf(space, key) ?? NONE
    if (!this.holds(slot)) return false
    const now = this.clock.now()
    const wasLive = this.isLive(slot, now)
    this.remove(slot, this.reason(slot, now, why))
    return wasLive
  }

  /** Moves a live entry to another space of this store, with value, lifetime and standing. */
  move(slot: number, to: Space): void {
    const { keys, tags } = this.slots
    const key = keys[slot]
    const from = this.ownerOf(slot).space
    const there = this.slotOf(to, key) ?? NONE
    // What ended there before concerns what arrives now no more.
    if (this.slots.isBehind) this.settle(slot)
    if (this.holds(there)) this.remove(there, this.reason(there, this.clock.now(), 'replaced'))
    else if (there !== NONE) this.dropKey(there)
    this.transfer(slot, from.table, to.table)
    from.map.delete(key)
    this.expiry.census.live?.add(slot)
    from.flights?.overtake(key)
    to.flights?.overtake(key)
    const groups = tags?.[slot]
    if (groups !== undefined) this.retag(slot, to, new Set(groups.map((group) => group.tag)))
    this.watcher?.deleted(from, key)
    if (this.watcher !== undefined) this.watch(slot, to, key, this.timeLeft(to, key) ?? 0)
  }

  /** Empties a space and those inside it, in constant time; their slots are reclaimed later. Of the whole store it leaves nothing to the policy. */
  clear(space: Space): void {
    publish('invalidate', () => ({ cache: this.label, kind: 'clear', size: this.stats(space).size }))
    this.watcher?.cleared(space)
    const now = this.clock.recent()
    if (space === this.root && this.prefixes.size === 0) this.empty('clear', now)
    else this.changeSpaces(space, 'clear', now)
    if (this.slots.isBehind || this.hasLeft) this.expiry.expectWork()
  }

  /** Makes every entry with the tag unreadable, in this space and those inside it. */
  deleteByTag(space: Space, tag: string): void {
    const now = this.clock.now()
    publish('invalidate', () => ({ cache: this.label, kind: 'tag', tag }))
    this.tagFence.note(space, tag)
    if (this.slots.isBehind) this.catchUp(space)
    const group = space.tags?.get(tag)
    if (group === undefined) return
    group.kill()
    this.expiry.expect(now)
  }

  /** Changes the bounds, evicting what the policy would. */
  resize(maxEntries: number, maxWeight: number): void {
    const now = this.clock.now()
    publish('invalidate', () => ({ cache: this.label, kind: 'resize', maxEntries, maxWeight }))
    this.setBounds(maxEntries, maxWeight)
    this.applyBounds(now)
    if (this.isOver) this.expiry.expectWork()
  }

  /** Holds the store below the user's bound by entries; at Infinity no longer. Throws nothing. */
  hold(entries: number): void {
    this.heldAt = entries
    this.applyBounds(this.clock.recent())
    if (this.isOver) this.expiry.expectWork()
    this.notify()
  }

  /** Empties a space and those inside it for good; all of them with the root. */
  close(space: Space): void {
    const now = this.clock.read()
    const isWhole = space === this.root
    if (this.slots.isBehind) this.catchUp(space)
    if (space.closed) return
    if (isWhole) this.empty('close', now)
    else this.changeSpaces(space, 'close', now)
    space.detach()
    if (this.removals !== undefined) {
      this.remains!.tell(AT_ONCE)
      this.reclaim(AT_ONCE, AT_ONCE, now)
    }
    if (this.slots.isBehind || this.hasLeft) this.expiry.expectWork()
    if (isWhole) this.expiry.end()
    this.notify()
    if (isWhole) this.watcher?.closed()
  }

  get isWatched(): boolean {
    return this.watcher !== undefined
  }

  /** From here on a watcher is told of what happens, another than before or none. Which of the entries there are it watches is its to say. */
  watchKeys(watcher: Watcher | undefined): void {
    this.watcher = watcher
    if (watcher === undefined) {
      this.slots.watched = undefined
      this.expiry.settleCalm()
    } else this.slots.trackWatched()
    this.areMissesTold = this.isWatched || this.readListener !== undefined
  }

  /** From here on each read is told, to another than before or to nobody. */
  tellReads(listener: ReadListener | undefined): void {
    this.readListener = listener
    this.slots.areReadsTold = listener !== undefined
    this.areMissesTold = this.isWatched || listener !== undefined
    this.expiry.settleCalm()
  }

  /** A snapshot of the counters and of what is held, in a space and those inside it; in all without one. */
  stats(space: Space = this.root): CacheStats {
    if (this.slots.isBehind) this.catchUp(space)
    return statsOf(space.counters, this.faults.counts, this)
  }
}

import { type Clock, InjectedClock, systemClock } from '../core/clock.ts'
import { Counters } from '../core/counters.ts'
import { TagFence } from '../core/fence.ts'
import { NONE, Slots } from '../core/slots.ts'
import { Names, Space, type Table } from '../core/space.ts'
import { anyDead, joinTags, leaveTags, type TagGroup } from '../core/tags.ts'
import { CacheError } from '../errors.ts'
import type { StoreSettings } from '../options/options.ts'
import type { WriteTerms } from '../options/resolved.ts'
import { Adaptive } from '../policies/adaptive.ts'
import { Lru } from '../policies/lru.ts'
import type { Policy } from '../policies/policy.ts'
import { publish } from './channels.ts'
import { Expiry } from './expiry.ts'
import { Faults } from './faults.ts'
import { type Protection, protections } from './features/protection.ts'
import { LoaderState } from './loader-state.ts'
import { NegativeResult } from './negative.ts'
import { RemovalQueue, type RemovalReason } from './removal.ts'
import { type CacheStats, statsOf } from './stats.ts'
import { type Weighing, weighingOf } from './weighing.ts'

/** The deadline of an entry that was never live; above zero, below every time. */
const LONG_AGO = 0.5

/** How many entries a call that makes many superfluous takes out by itself; the sweep does the rest. */
const AT_ONCE = 1024
/** How many ghosts are forgotten for one entry that leaves, at most. */
const BATCH = 64
/** How many slots an insertion looks at for one of a dropped table. */
const LOOKS = 4096

/**
 * The engine behind one or more caches: entries in slots, their keys in the tables of key spaces, an order kept by a policy,
 * bounds, and one routine that every value takes on its way out. User code (weigher, value protection, listener) runs before
 * a change or after it, never inside.
 */
export class Store {
  readonly settings: StoreSettings
  /** The name by which it is listed in the process. */
  label: string
  readonly clock: Clock
  /** Those of all spaces, closed ones included. */
  readonly counters: Counters = new Counters()
  readonly tagFence: TagFence = new TagFence()
  readonly expiry: Expiry = new Expiry(this)
  readonly slots: Slots
  readonly policy: Policy
  readonly root: Space = new Space(undefined, undefined, this.counters)
  /** The bound by entries that holds: the user's, or a lower one that a guard holds the store at. */
  maxEntries: number
  /** The bound by entries that the user has set. */
  wantedEntries: number
  /** Infinity where no guard holds the store. */
  heldAt: number = Infinity
  maxWeight: number
  /** What bounds the store besides its entries. */
  readonly unit: CacheStats['unit']
  /** Entries held, those of dropped tables included until they are reclaimed. */
  size = 0
  weight = 0
  /** The weight of the keys of ghosts, which counts towards the bound by bytes. */
  ghostWeight = 0
  /** Tables whose entries are gone for every reader and whose slots wait to be reclaimed. */
  readonly dropped: { readonly table: Table; readonly slots: Iterator<number> }[] = []

  private readonly weighing: Weighing | undefined
  private readonly protection: Protection | undefined
  private readonly keepsNothing: boolean
  private readonly idleTtl: number
  /** Every read has more to do than to give the value. */
  private readonly guardsAll: boolean
  private readonly removals: RemovalQueue | undefined
  /** How its loads went of late. */
  readonly loader: LoaderState = new LoaderState()
  /** Errors that no caller waits for. */
  readonly faults: Faults
  /** How many insertions are left until `onInsertions` is called; Infinity where nobody watches. */
  private insertionsLeft = Infinity
  private insertionsEach = Infinity
  private onInsertions: (() => void) | undefined = undefined
  /** Spaces of applications that share the store, by their prefix. */
  private readonly prefixes = new Names<string>()

  constructor(settings: StoreSettings, label: string) {
    this.settings = settings
    this.label = label
    this.maxEntries = settings.maxEntries
    this.wantedEntries = settings.maxEntries
    this.maxWeight = settings.maxWeight ?? settings.maxBytes ?? Infinity
    this.unit =
      settings.maxBytes !== undefined ? 'bytes' : settings.maxWeight !== undefined ? 'weight' : 'entries'
    this.weighing = weighingOf(settings)
    this.protection = protections[settings.protect]
    this.keepsNothing = settings.kind === 'none'
    this.idleTtl = settings.idleTtl
    this.guardsAll = this.idleTtl !== Infinity || this.protection?.reveal !== undefined
    this.faults = new Faults(this, settings.onError)
    this.clock =
      settings.clock === undefined
        ? systemClock
        : new InjectedClock(settings.clock, (error) => this.faults.report('clock', error))
    this.removals =
      settings.onRemoval === undefined
        ? undefined
        : new RemovalQueue(settings.onRemoval, (error, key) => this.faults.report('listener', error, key))
    const isLru = settings.policy === 'lru'
    this.slots = new Slots({
      weights: this.weighing !== undefined,
      idle: this.idleTtl !== Infinity,
      guards: this.guardsAll,
      marks: !isLru,
    })
    if (this.removals !== undefined) this.slots.trackOwners(this.root.table)
    this.policy = isLru ? new Lru(this.slots, this.maxEntries) : new Adaptive(this.slots, this.maxEntries)
  }

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

  // Reads

  /** The slot of a live entry, or NONE. Counts nothing. */
  find(space: Space, key: unknown): number {
    const slot = space.map.get(key)
    if (slot !== undefined && this.isLive(slot, this.clock.now())) return slot
    if (space.closed) throw new CacheError('CLOSED', 'the cache was closed')
    this.clock.missed()
    return NONE
  }

  isLive(slot: number, now: number): boolean {
    const deadline = this.slots.deadlines[slot]
    return deadline > now || (-deadline > now && !this.isTaggedOut(slot))
  }

  /** Whether there is more in a slot than a ghost, and its time is not over: an entry that lives, or is kept for loads. */
  isHeld(slot: number, now: number): boolean {
    return this.holds(slot) && this.endOf(slot) > now && !this.isTaggedOut(slot)
  }

  /** The value in the slot that a key has, as its reader gets it; undefined where nothing live is. */
  read(space: Space, slot: number | undefined): unknown {
    if (slot !== undefined) {
      const { slots } = this
      const now = this.clock.now()
      const isPlain = slots.deadlines[slot] > now
      if ((isPlain || this.isLive(slot, now)) && !this.expiry.lapses(now)) {
        space.counters.hits++
        this.policy.use(slot)
        return isPlain ? slots.values[slot] : this.readGuarded(slot, now)
      }
    }
    if (space.closed) throw new CacheError('CLOSED', 'the cache was closed')
    space.counters.misses++
    this.clock.missed()
    return undefined
  }

  /** What there is to do besides when a guarded entry is read. */
  private readGuarded(slot: number, now: number): unknown {
    const { reads, hards, values } = this.slots
    if (reads !== undefined) {
      reads[slot] = now
      this.expireAt(slot, hards![slot])
    }
    return this.reveal(values[slot])
  }

  /** The value in a slot as it is stored; undefined for NONE. */
  valueAt(slot: number): unknown {
    return this.slots.values[slot]
  }

  /** A value as its readers get it. */
  reveal(value: unknown): unknown {
    return this.protection?.reveal === undefined ? value : this.protection.reveal(value)
  }

  /** Milliseconds that a live entry has left, or undefined where none is. */
  timeLeft(space: Space, key: unknown): number | undefined {
    const slot = space.map.get(key)
    const now = this.clock.now()
    if (slot !== undefined && this.isLive(slot, now)) return Math.abs(this.slots.deadlines[slot]) - now
    if (space.closed) throw new CacheError('CLOSED', 'the cache was closed')
    return undefined
  }

  // Loads: what they find out

  /** Keeps what a load found out for `time` milliseconds, in the place of what was there. */
  remember(
    space: Space,
    key: unknown,
    result: NegativeResult,
    time: number,
    tags: readonly string[] | undefined,
  ): void {
    this.discard(space, key)
    if (space.closed || this.keepsNothing) return
    const now = this.clock.forWrite()
    const weight = this.weighing?.ofNegative(result, key, this.size, this.weight, this.maxWeight) ?? 0
    if (weight > this.maxWeight) return
    this.slots.trackLoads()
    const slot = this.insert(space, key, space.map.get(key) ?? NONE, result, weight, now)
    this.retag(slot, space, tags)
    this.expiry.survey?.add(slot)
    this.slots.deadlines[slot] = LONG_AGO
    this.slots.keeps![slot] = now + time - LONG_AGO
    this.slots.refreshes![slot] = 0
    this.reweigh(slot, weight, now)
    this.expiry.expect(now + time)
  }

  /** Removes what is under the key because its time is over. */
  discard(space: Space, key: unknown): void {
    const slot = space.map.get(key) ?? NONE
    if (this.holds(slot)) this.remove(slot, this.reason(slot, this.clock.now(), 'expired'))
  }

  /** Ends the lifetime of a live entry now, and keeps it for loads as long as it would be kept; whether there was one. */
  expire(space: Space, key: unknown): boolean {
    const slot = this.find(space, key)
    space.flights?.overtake(key)
    if (slot === NONE) return false
    if (this.slots.hards !== undefined) this.slots.hards[slot] = this.clock.now()
    this.slots.deadlines[slot] = this.clock.now()
    this.expiry.expect(this.endOf(slot))
    return true
  }

  /** Ends the lifetime of every entry in a space and those inside it now. Values are kept for loads as long as they would be kept. */
  expireAll(space: Space): void {
    const { deadlines, hards, keeps } = this.slots
    const now = this.clock.now()
    for (const inside of space.all()) {
      inside.flights = undefined
      for (const slot of inside.map.values()) {
        if (!this.isHeld(slot, now)) continue
        if (keeps !== undefined && this.slots.values[slot] instanceof NegativeResult) keeps[slot] = 0
        else if (Math.abs(deadlines[slot]) > now) {
          deadlines[slot] = now
          if (hards !== undefined) hards[slot] = now
        }
        this.expiry.expect(this.endOf(slot))
      }
    }
  }

  // Writes. `admit` and `weigh` run user code and may throw; `commit` changes the store; `settle` tells the listener.

  /** A value as it is stored. Throws a TypeError for `undefined` and for what `protect` refuses. */
  admit(value: unknown): unknown {
    if (value === undefined)
      throw new TypeError('value: expected anything but undefined, which means "not here"')
    return this.protection === undefined ? value : this.protection.admit(value)
  }

  weigh(value: unknown, key: unknown): number {
    return this.weighing === undefined ? 0 : this.weighing.ofEntry(value, key)
  }

  /** Stores a value, or removes what was there when it cannot be kept. Whether it was stored. */
  commit(space: Space, key: unknown, value: unknown, weight: number, terms: WriteTerms): boolean {
    if (space.closed) throw new CacheError('CLOSED', 'the cache was closed')
    if (space.flights !== undefined) space.flights.overtake(key)
    if (this.keepsNothing) return true
    const { ttl } = terms
    const now = this.clock.forWrite()
    const found = space.map.get(key) ?? NONE
    if (!(ttl > 0 && weight <= this.maxWeight)) {
      this.turnAway(found, key, value, ttl, now)
      return false
    }
    let slot = found
    if (this.holds(found)) this.overwrite(found, value, now)
    else slot = this.insert(space, key, found, value, weight, now)
    if (this.slots.hasExtras || !terms.isPlain) this.equip(slot, space, weight, now, terms)
    else {
      this.slots.deadlines[slot] = now + ttl
      this.expectEnd(slot, now + ttl)
    }
    space.counters.sets++
    return true
  }

  /** A value that cannot be kept, for want of a lifetime or because of its weight: removes what is in its place, and has it told. */
  private turnAway(slot: number, key: unknown, value: unknown, ttl: number, now: number): void {
    if (ttl > 0) this.giveUp(slot, key, value, now)
    else if (this.holds(slot)) this.remove(slot, this.reason(slot, now, 'expired'))
  }

  /** Gives an entry that was written all that some entries have beside a value and a deadline. */
  private equip(slot: number, space: Space, weight: number, now: number, terms: WriteTerms): void {
    this.retag(slot, space, terms.tags)
    if (this.slots.reads !== undefined) this.slots.reads[slot] = now
    this.live(slot, terms.ttl, now, terms)
    this.reweigh(slot, weight, now)
  }

  /** Puts a new value in a live entry, whose lifetime stays. */
  update(slot: number, value: unknown, weight: number): void {
    const now = this.clock.now()
    const { keys, reads, hards } = this.slots
    const key = keys[slot]
    const { space } = this.ownerOf(slot)
    space.flights?.overtake(key)
    if (weight > this.maxWeight) {
      this.giveUp(slot, key, value, now)
      return
    }
    this.overwrite(slot, value, now)
    if (reads !== undefined) {
      reads[slot] = now
      this.expireAt(slot, hards![slot])
    }
    this.reweigh(slot, weight, now)
    space.counters.sets++
  }

  /** Removes what is in the place of a value too heavy to be kept, and has that value told; once where it is the one that was there. */
  private giveUp(slot: number, key: unknown, value: unknown, now: number): void {
    const reason = this.holds(slot) ? this.reason(slot, now, 'replaced') : undefined
    const isThere = reason === 'replaced' && Object.is(this.slots.values[slot], value)
    if (reason !== undefined) this.remove(slot, isThere ? 'evicted' : reason)
    if (!isThere) this.removals?.add(key, value, 'evicted')
  }

  /** Gives a live entry a new lifetime; 0 or less removes it. */
  touch(slot: number, ttl: number, terms: WriteTerms): void {
    if (ttl > 0) this.live(slot, ttl, this.clock.forWrite(), terms)
    else this.remove(slot, 'expired')
  }

  /** Removes what is under the key; whether it was live. */
  delete(space: Space, key: unknown): boolean {
    if (space.closed) throw new CacheError('CLOSED', 'the cache was closed')
    space.flights?.overtake(key)
    const slot = space.map.get(key) ?? NONE
    if (!this.holds(slot)) return false
    const reason = this.reason(slot, this.clock.now(), 'deleted')
    this.remove(slot, reason)
    return reason === 'deleted'
  }

  /** Moves a live entry to another space of this store, with value, lifetime and standing. */
  move(slot: number, to: Space): void {
    const { keys, owners, tags } = this.slots
    const key = keys[slot]
    const from = this.ownerOf(slot).space
    const there = to.map.get(key) ?? NONE
    if (this.holds(there)) this.remove(there, this.reason(there, this.clock.now(), 'replaced'))
    else if (there !== NONE) this.forgetGhost(there)
    to.map.set(key, slot)
    from.map.delete(key)
    const weight = this.slots.weights?.[slot] ?? 0
    from.table.size--
    from.table.weight -= weight
    to.table.size++
    to.table.weight += weight
    owners![slot] = to.table
    this.expiry.survey?.add(slot)
    from.flights?.overtake(key)
    to.flights?.overtake(key)
    const groups = tags?.[slot]
    if (groups !== undefined) this.retag(slot, to, new Set(groups.map((group) => group.tag)))
  }

  /** Empties a space and those inside it, in constant time; their slots are reclaimed later. */
  clear(space: Space): void {
    publish('invalidate', () => ({ cache: this.label, kind: 'clear', size: this.stats(space).size }))
    if (space === this.root && this.slots.owners === undefined && this.removals === undefined) {
      this.root.counters.cleared += this.size
      this.reset()
      this.root.tags = undefined
      this.root.flights = undefined
      return
    }
    this.slots.trackOwners(this.root.table)
    const now = this.clock.recent()
    for (const inside of space.all()) {
      inside.flights = undefined
      this.drop(inside, 'cleared', now)
    }
    this.expiry.expectWork()
  }

  /** Makes every entry with the tag unreadable, in this space and those inside it. */
  deleteByTag(space: Space, tag: string): void {
    const now = this.clock.now()
    publish('invalidate', () => ({ cache: this.label, kind: 'tag', tag }))
    this.tagFence.note(space, tag)
    const group = space.tags?.get(tag)
    if (group === undefined) return
    group.kill()
    this.expiry.expect(now)
  }

  /** Changes the bounds, evicting what the policy would. */
  resize(maxEntries: number, maxWeight: number): void {
    const now = this.clock.now()
    publish('invalidate', () => ({ cache: this.label, kind: 'resize', maxEntries, maxWeight }))
    this.maxWeight = maxWeight
    this.wantedEntries = maxEntries
    this.applyBounds(now)
  }

  /** Holds the store below the user's bound by entries; at Infinity no longer. Throws nothing. */
  hold(entries: number): void {
    this.heldAt = entries
    this.applyBounds(this.clock.recent())
    this.settle()
  }

  private applyBounds(now: number): void {
    const maxEntries = Math.min(this.wantedEntries, this.heldAt)
    if (maxEntries !== this.maxEntries) {
      this.maxEntries = maxEntries
      this.policy.resize(maxEntries)
    }
    this.expiry.isOver = !this.shed(AT_ONCE, now)
    if (this.expiry.isOver) this.expiry.expectWork()
  }

  /** Evicts and forgets what a smaller bound has no room for, so many at most of each; whether all is done. */
  shed(count: number, now: number): boolean {
    let left = count
    while (this.isSurplus && left-- > 0) if (!this.makeRoom(now, NONE)) break
    let ghost: number = NONE
    for (let forgotten = 0; forgotten < count; forgotten++) {
      ghost = this.policy.forgotten()
      if (ghost === NONE) break
      this.forget(ghost)
    }
    return !this.isSurplus && ghost === NONE
  }

  /** There is more than a bound allows. */
  private get isSurplus(): boolean {
    return this.size > this.maxEntries || this.weight + this.ghostWeight > this.maxWeight
  }

  /** Empties a space and those inside it for good; all of them with the root. */
  close(space: Space): void {
    const now = this.clock.read()
    const isWhole = space === this.root
    for (const inside of isWhole ? this.spaces() : space.all()) {
      if (inside.closed) continue
      inside.flights = undefined
      if (this.removals === undefined && isWhole) {
        inside.counters.cleared += inside.table.size
        inside.renew()
        inside.tags = undefined
      } else this.drop(inside, 'cleared', now)
      inside.closed = true
      inside.detach()
    }
    if (this.removals !== undefined) this.reclaim(AT_ONCE, AT_ONCE, now)
    else if (isWhole) {
      for (const { table } of this.dropped)
        if (table.dropped === 'expired') table.space.counters.expired += table.size
      this.dropped.length = 0
    }
    if (this.dropped.length > 0) this.expiry.expectWork()
    else if (isWhole) this.reset()
    if (isWhole) this.expiry.end()
    this.settle()
  }

  /** Calls back after so many insertions of new entries, again and again, each time when the store is consistent; undefined for never. */
  watchInsertions(each: number, callback: (() => void) | undefined): void {
    this.insertionsEach = callback === undefined ? Infinity : each
    this.insertionsLeft = this.insertionsEach
    this.onInsertions = callback
  }

  private tellInsertions(): void {
    this.insertionsLeft = this.insertionsEach
    this.onInsertions?.()
  }

  /** Tells the watcher of insertions, and the listener what has left; to be called when an operation is complete. */
  settle(): void {
    if (this.insertionsLeft <= 0) this.tellInsertions()
    if (this.removals !== undefined) this.removals.flush()
  }

  /** A snapshot of the counters and of what is held, in a space and those inside it; in all without one. */
  stats(space?: Space): CacheStats {
    let size = 0
    let weight = 0
    for (const { table } of space?.all() ?? this.spaces()) {
      size += table.size
      weight += table.weight
    }
    size = Math.min(size, this.maxEntries)
    weight = Math.min(weight, this.maxWeight)
    return statsOf((space ?? this).counters.total(), this.faults.counts, size, weight, this)
  }

  // Room

  /** A slot for a key that has none or only a ghost, with room made for it. */
  private insert(
    space: Space,
    key: unknown,
    ghost: number,
    value: unknown,
    weight: number,
    now: number,
  ): number {
    const { slots, policy } = this
    policy.admit(ghost)
    if (ghost !== NONE) this.unweighGhost(ghost)
    // A surplus after `resize` is left to the sweep: an insertion only does not add to it.
    const freed = this.size < this.maxEntries ? NONE : this.evict(now)
    if (weight > 0) this.makeRoomFor(weight, now)
    let slot = ghost
    if (ghost === NONE) {
      if (freed === NONE && slots.isFull) this.freeSlot(now)
      slot = freed === NONE ? slots.take() : freed
      this.name(slot, space, key)
    } else if (freed !== NONE) slots.free(freed)
    slots.values[slot] = value
    policy.insert(slot)
    space.table.size++
    this.size++
    this.insertionsLeft--
    return slot
  }

  /** Makes room for a further weight. */
  private makeRoomFor(weight: number, now: number): void {
    const most = Math.max(this.weight + this.ghostWeight, this.maxWeight)
    while (this.weight + this.ghostWeight + weight > most) if (!this.makeRoom(now, NONE)) break
  }

  /** All slots that there can be are in use: a ghost or an entry gives up its own. */
  private freeSlot(now: number): void {
    while (this.slots.isFull) if (!this.forgetOne() && !this.evictOther(NONE, now)) break
  }

  /** Puts a value in the place of another, which is counted and told by what had become of it. */
  private overwrite(slot: number, value: unknown, now: number): void {
    const { values } = this.slots
    const reason = this.reason(slot, now, 'replaced')
    if (reason !== 'replaced' || !Object.is(values[slot], value)) this.tell(slot, this.ownerOf(slot), reason)
    values[slot] = value
    this.policy.use(slot)
  }

  /** Sets an entry's weight and makes room for it, at the cost of others. */
  private reweigh(slot: number, weight: number, now: number): void {
    const { weights } = this.slots
    if (weights === undefined) return
    const more = weight - weights[slot]
    const most = Math.max(this.weight + this.ghostWeight, this.maxWeight)
    this.weight += more
    this.ownerOf(slot).weight += more
    weights[slot] = weight
    while (this.weight + this.ghostWeight > most) if (!this.makeRoom(now, slot)) break
  }

  /** Gives up an entry, any but `kept`, or a ghost where there is no other; whether there was one. */
  private makeRoom(now: number, kept: number): boolean {
    return this.evictOther(kept, now) || this.forgetOne()
  }

  /** Gives up one entry. Gives the slot of the key that left with it, if one did, for use at once. */
  private evict(now: number): number {
    if (this.dropped.length > 0 && this.reclaim(1, LOOKS, now) > 0) return NONE
    const victim = this.policy.victim(now)
    return victim === NONE ? NONE : this.giveWay(victim, now)
  }

  /** A victim of the policy leaves; the slot of the key that left with it. */
  private giveWay(victim: number, now: number): number {
    const reason = this.reason(victim, now, 'evicted')
    this.release(victim, reason)
    // Only a victim that left for want of room leaves its key behind.
    const forgotten = reason === 'evicted' ? this.policy.remember(victim) : victim
    if (forgotten !== victim) this.weighGhost(victim)
    if (forgotten !== NONE) {
      this.unweighGhost(forgotten)
      this.unname(forgotten)
    }
    return forgotten
  }

  /** Gives up one entry, any but `kept`, where entries have weights; whether there was one. */
  private evictOther(kept: number, now: number): boolean {
    if (this.dropped.length > 0 && this.reclaim(1, LOOKS, now) > 0) return true
    const { policy } = this
    let victim = policy.victim(now)
    if (victim === kept && victim !== NONE) {
      victim = policy.victim(now)
      policy.insert(kept)
    }
    if (victim === NONE) return false
    const freed = this.giveWay(victim, now)
    if (freed !== NONE) this.slots.free(freed)
    this.forgetSome()
    return true
  }

  // The way out, one for all reasons

  /** Why an entry leaves: `reason` if it is live, else what has ended it. */
  reason(slot: number, now: number, reason: RemovalReason): RemovalReason {
    const { slots } = this
    if (slots.owners !== undefined && slots.owners[slot]!.dropped === 'cleared')
      return Math.abs(slots.deadlines[slot]) <= slots.owners[slot]!.droppedAt ? 'expired' : 'cleared'
    if (Math.abs(slots.deadlines[slot]) <= now) return 'expired'
    return slots.hasExtras && this.isTaggedOut(slot) ? 'invalidated' : reason
  }

  /** An entry leaves, and its key with it. */
  remove(slot: number, reason: RemovalReason): void {
    this.policy.remove(slot)
    this.release(slot, reason)
    this.forget(slot)
  }

  /** A value leaves: counted, told, and off all sums. Its key may stay as a ghost. */
  private release(slot: number, reason: RemovalReason): void {
    const { slots } = this
    const owner = this.ownerOf(slot)
    this.tell(slot, owner, reason)
    if (slots.hasExtras) this.strip(slot, owner)
    slots.values[slot] = undefined
    slots.deadlines[slot] = 0
    owner.size--
    this.size--
  }

  /** Takes an entry that leaves off the sums and tags. */
  private strip(slot: number, owner: Table): void {
    const { weights } = this.slots
    if (weights !== undefined) {
      this.weight -= weights[slot]
      owner.weight -= weights[slot]
      weights[slot] = 0
    }
    this.leaveTags(slot)
  }

  /** Counts a value that leaves, and has it told. */
  private tell(slot: number, owner: Table, reason: RemovalReason): void {
    const { keys, values, keeps } = this.slots
    if (keeps !== undefined && values[slot] instanceof NegativeResult) return
    // What was cleared was counted then.
    if (owner.dropped !== 'cleared') count(owner.space.counters, reason)
    if (this.removals !== undefined) this.removals.add(keys[slot], values[slot], reason)
  }

  /** A key leaves. */
  private forget(slot: number): void {
    this.unweighGhost(slot)
    this.unname(slot)
    this.slots.free(slot)
  }

  /** Ghosts leave that the policy does not remember since entries have become heavier, a few at a time. */
  private forgetSome(): void {
    for (let left = BATCH; left > 0; left--) {
      const ghost = this.policy.forgotten()
      if (ghost === NONE) return
      this.forget(ghost)
    }
  }

  /** A ghost leaves though there may be room for it; whether there was one. */
  private forgetOne(): boolean {
    const ghost = this.policy.forget()
    if (ghost !== NONE) this.forget(ghost)
    return ghost !== NONE
  }

  /** The key of a new ghost counts, and others go where all of them count for too much. */
  private weighGhost(slot: number): void {
    const { weighing } = this
    const { weights, keys } = this.slots
    if (weighing === undefined || weights === undefined) return
    weights[slot] = weighing.ofGhost(keys[slot])
    this.ghostWeight += weights[slot]
    const most = weighing.mostGhosts(this.maxWeight)
    while (this.ghostWeight > most) if (!this.forgetOne()) break
  }

  /** The key in a slot that holds no entry does not count any more. */
  private unweighGhost(slot: number): void {
    const { weights } = this.slots
    if (weights === undefined) return
    this.ghostWeight -= weights[slot]
    weights[slot] = 0
  }

  /** Gives a slot to a key. Throws what the Map throws when it is full, and frees the slot. */
  private name(slot: number, space: Space, key: unknown): void {
    const { slots } = this
    try {
      space.map.set(key, slot)
    } catch (error) {
      slots.free(slot)
      throw error
    }
    slots.keys[slot] = key
    if (slots.owners !== undefined) slots.owners[slot] = space.table
  }

  private unname(slot: number): void {
    const owner = this.ownerOf(slot)
    if (owner.dropped === undefined) owner.map.delete(this.slots.keys[slot])
  }

  private forgetGhost(slot: number): void {
    this.policy.remove(slot)
    this.forget(slot)
  }

  /** Puts an empty table in a space's place and leaves the old one to be reclaimed. */
  drop(space: Space, dropped: 'cleared' | 'expired', now: number): void {
    if (space.map.size === 0) return
    const table = space.renew()
    table.dropped = dropped
    table.droppedAt = now
    if (dropped === 'cleared') space.counters.cleared += table.size
    this.dropped.push({ table, slots: table.map.values() })
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
        } else this.forgetGhost(slot)
      }
    }
    return entries
  }

  /** All entries are gone and unseen: begins anew with empty structures. */
  reset(): void {
    if (this.slots.used > 0) for (const space of this.spaces()) if (space.map.size > 0) space.renew()
    this.slots.reset()
    this.policy.clear()
    this.size = 0
    this.weight = 0
    this.ghostWeight = 0
    this.expiry.reset()
  }

  // Small parts

  private holds(slot: number): boolean {
    return this.slots.deadlines[slot] !== 0
  }

  ownerOf(slot: number): Table {
    return this.slots.owners === undefined ? this.root.table : this.slots.owners[slot]!
  }

  /** Begins a lifetime, shortened by jitter, and says how long after it the value is kept. */
  private live(slot: number, ttl: number, now: number, terms: WriteTerms): void {
    const { slots } = this
    const lifetime = terms.ttlJitter === 0 ? ttl : ttl * (1 - terms.ttlJitter * Math.random())
    if (terms.keep > 0 || terms.refreshAhead > 0) slots.trackLoads()
    if (slots.keeps !== undefined) {
      slots.keeps[slot] = terms.keep
      slots.retries![slot] = 0
      slots.refreshes![slot] = terms.refreshAhead > 0 ? now + lifetime * terms.refreshAhead : 0
    }
    this.expireAt(slot, now + lifetime)
  }

  /** Sets the deadline of an entry, with the sign that tells whether its reads have more to do. */
  private expireAt(slot: number, deadline: number): void {
    const { slots } = this
    let effective = deadline
    if (slots.reads !== undefined) {
      slots.hards![slot] = deadline
      effective = Math.min(deadline, slots.reads[slot] + this.idleTtl)
    }
    const guards = this.guardsAll || slots.tags?.[slot] !== undefined || (slots.refreshes?.[slot] ?? 0) !== 0
    slots.deadlines[slot] = guards ? -effective : effective
    this.expectEnd(slot, this.endOf(slot))
  }

  /** An entry was written that leaves for good at that time. */
  private expectEnd(slot: number, end: number): void {
    const { expiry } = this
    if (expiry.survey !== undefined) expiry.survey.add(slot)
    expiry.expect(end)
  }

  /** When an entry leaves for good: at its deadline, or as long after it as it is kept for loads. */
  endOf(slot: number): number {
    const { deadlines, keeps } = this.slots
    const deadline = Math.abs(deadlines[slot])
    return keeps === undefined ? deadline : deadline + keeps[slot]
  }

  isTaggedOut(slot: number): boolean {
    const groups = this.slots.tags?.[slot]
    return groups !== undefined && anyDead(groups)
  }

  private retag(slot: number, space: Space, tags: Iterable<string> | undefined): void {
    if (tags === undefined && this.slots.tags === undefined) return
    this.slots.trackTags()
    const groups: readonly TagGroup[] | undefined = tags && joinTags(space, tags)
    this.leaveTags(slot)
    this.slots.tags![slot] = groups
  }

  private leaveTags(slot: number): void {
    const groups = this.slots.tags?.[slot]
    if (groups === undefined) return
    leaveTags(groups)
    this.slots.tags![slot] = undefined
  }

  private withOwners(space: Space): Space {
    if (space !== this.root) this.slots.trackOwners(this.root.table)
    return space
  }

  private *prefixSpaces(): Generator<Space> {
    for (const space of this.prefixes) yield* space.all()
  }

  *spaces(): Generator<Space> {
    yield* this.root.all()
    yield* this.prefixSpaces()
  }
}

/** Counts an entry that left. By names that stand here, which costs a fraction of looking a name up. */
function count(counters: Counters, reason: RemovalReason): void {
  if (reason === 'evicted') counters.evicted++
  else if (reason === 'expired') counters.expired++
  else if (reason === 'replaced') counters.replaced++
  else counters[reason]++
}

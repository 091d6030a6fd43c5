import { estimateBytes } from './core/bytes.ts'
import { type Clock, InjectedClock, systemClock } from './core/clock.ts'
import { type Protection, protections } from './core/protection.ts'
import { FIRST_SLOT, NONE, Slots } from './core/slots.ts'
import { Space, type Table } from './core/space.ts'
import { type Sweepable, sweeper } from './core/sweeper.ts'
import { anyDead, joinTags, leaveTags, type TagGroup } from './core/tags.ts'
import { CacheError } from './errors.ts'
import type { Settings } from './options.ts'
import { Adaptive } from './policies/adaptive.ts'
import { Lru } from './policies/lru.ts'
import type { Policy } from './policies/policy.ts'
import { RemovalQueue, type RemovalReason } from './removal.ts'
import { type CacheStats, Counters } from './stats.ts'
import { refusal } from './units.ts'

/** What a write brings, once user code has had its say. */
export interface Incoming {
  readonly value: unknown
  readonly weight: number
  /** Milliseconds; 0 or less stores nothing. */
  readonly ttl: number
  readonly tags: readonly string[] | undefined
}

/** Entries are swept out this long after they expired at the latest, in milliseconds; a little later in stores of many millions. */
const GRAIN = 1000
/** How many entries are swept out between two looks at the time. */
const BATCH = 64
/** How many slots are looked at between two looks at the time. */
const SCAN = 16_384
/** A Map larger than this is abandoned as a whole when nearly all in it has expired, since shrinking it takes long. */
const LARGE_MAP = 32_768
/** How many live entries are worth moving out of a Map to abandon it. */
const FEW = 8_192

/**
 * The engine behind one or more caches: entries in slots, their keys in the tables of key spaces, an order kept by a policy,
 * bounds, and one routine that every value takes on its way out. User code (weigher, value protection, listener) runs before
 * a change or after it, never inside.
 */
export class Store implements Sweepable {
  readonly settings: Settings
  readonly clock: Clock
  readonly counters: Counters = new Counters()
  readonly slots: Slots
  readonly policy: Policy
  readonly root: Space = new Space()
  maxEntries: number
  readonly maxWeight: number
  /** Entries held, those of dropped tables included until they are reclaimed. */
  size = 0
  weight = 0
  /** Tables whose entries are gone for every reader and whose slots wait to be reclaimed. */
  readonly dropped: { readonly table: Table; readonly slots: Iterator<number> }[] = []

  readonly #weigh: ((value: never, key: never) => number) | undefined
  readonly #protection: Protection | undefined
  readonly #keepsNothing: boolean
  readonly #idleTtl: number
  /** Every read has more to do than to give the value. */
  readonly #guardsAll: boolean
  readonly #removals: RemovalQueue | undefined
  readonly #onError: (error: unknown) => void
  /** Spaces of applications that share the store, by their prefix. */
  readonly #prefixes = new Map<string, Space>()
  /** The earliest deadline that the coming sweep is meant for. */
  #horizon = Infinity
  /** Where the sweep goes on; the first slot between two sweeps. */
  #cursor = FIRST_SLOT

  constructor(settings: Settings) {
    this.settings = settings
    this.clock = settings.clock === undefined ? systemClock : new InjectedClock(settings.clock)
    this.maxWeight = settings.maxWeight ?? settings.maxBytes ?? Infinity
    this.maxEntries = settings.maxEntries ?? (this.maxWeight === Infinity ? 1000 : Infinity)
    this.#weigh = settings.maxBytes === undefined ? settings.weigh : weighBytes
    this.#protection = protections[settings.protect ?? 'none']
    this.#keepsNothing = settings.kind === 'none'
    this.#idleTtl = settings.idleTtl ?? Infinity
    this.#guardsAll = this.#idleTtl !== Infinity || this.#protection?.reveal !== undefined
    this.#onError = guarded(settings.onError ?? printError)
    this.#removals =
      settings.onRemoval === undefined ? undefined : new RemovalQueue(settings.onRemoval, this.#onError)
    this.slots = new Slots({ weights: this.#weigh !== undefined, idle: this.#idleTtl !== Infinity })
    this.policy = settings.policy === 'lru' ? new Lru(this.slots) : new Adaptive(this.slots, this.maxEntries)
  }

  // Key spaces

  /** The space of an application that shares this store under a prefix. */
  spaceOf(prefix: string | undefined, version: number): Space {
    if (prefix === undefined) return this.#withOwners(this.root.withVersion(version))
    const space = this.#prefixes.get(prefix) ?? new Space()
    this.#prefixes.set(prefix, space)
    return this.#withOwners(space.withVersion(version))
  }

  namespace(space: Space, name: string): Space {
    return this.#withOwners(space.namespace(name))
  }

  version(space: Space, version: number): Space {
    return this.#withOwners(space.withVersion(version))
  }

  // Reads

  /** The slot of a live entry, or NONE. Counts nothing. */
  find(space: Space, key: unknown): number {
    const slot = space.map.get(key)
    if (slot !== undefined && this.isLive(slot, this.clock.now())) return slot
    if (space.closed) throw new CacheError('CLOSED', 'the cache was closed')
    return NONE
  }

  isLive(slot: number, now: number): boolean {
    const deadline = this.slots.deadlines[slot]
    return deadline > now || (-deadline > now && !this.#isTaggedOut(slot))
  }

  /** What a read does that found no plain live entry under its key: the entry may be a guarded one. */
  readGuarded(space: Space, slot: number | undefined): unknown {
    if (slot !== undefined && this.slots.deadlines[slot] < 0) {
      const now = this.clock.now()
      if (this.isLive(slot, now)) {
        this.counters.hits++
        this.policy.use(slot)
        if (this.slots.reads !== undefined) {
          this.slots.reads[slot] = now
          this.#expireAt(slot, this.slots.hards![slot])
        }
        return this.reveal(this.slots.values[slot])
      }
    }
    if (space.closed) throw new CacheError('CLOSED', 'the cache was closed')
    this.counters.misses++
    return undefined
  }

  /** The value in a slot as it is stored; undefined for NONE. */
  valueAt(slot: number): unknown {
    return this.slots.values[slot]
  }

  /** A value as its readers get it. */
  reveal(value: unknown): unknown {
    return this.#protection?.reveal === undefined ? value : this.#protection.reveal(value)
  }

  /** Milliseconds that a live entry has left. */
  timeLeft(slot: number): number {
    return Math.abs(this.slots.deadlines[slot]) - this.clock.now()
  }

  // Writes. `prepare` runs user code and may throw; `commit` changes the store; `settle` tells the listener.

  prepare(key: unknown, value: unknown, ttl: number, tags: readonly string[] | undefined): Incoming {
    if (value === undefined)
      throw new TypeError(`value: expected anything but undefined, which means "not here"`)
    const kept = this.#protection === undefined ? value : this.#protection.admit(value)
    return { value: kept, weight: this.#weigh === undefined ? 0 : this.weigh(kept, key), ttl, tags }
  }

  weigh(value: unknown, key: unknown): number {
    if (this.#weigh === undefined) return 0
    const weight: unknown = this.#weigh(value as never, key as never)
    if (Number.isSafeInteger(weight) && (weight as number) > 0) return weight as number
    throw refusal('weigh', 'a positive integer to be returned', weight)
  }

  /** Stores a value, or removes what was there when it cannot be kept. Whether it was stored. */
  commit(space: Space, key: unknown, incoming: Incoming, jitter: number): boolean {
    if (space.closed) throw new CacheError('CLOSED', 'the cache was closed')
    space.flights?.delete(key)
    if (this.#keepsNothing) return true
    const { value, weight, ttl, tags } = incoming
    const now = this.clock.now()
    const found = space.map.get(key) ?? NONE
    if (!(ttl > 0) || weight > this.maxWeight) {
      if (this.#holds(found)) this.#remove(found, this.#reason(found, now, ttl > 0 ? 'replaced' : 'expired'))
      return false
    }
    const deadline = now + (jitter === 0 ? ttl : ttl * (1 - jitter * Math.random()))
    let slot = found
    if (this.#holds(found)) this.#overwrite(found, value, now)
    else slot = this.#insert(space, key, found, value, weight, now)
    this.#retag(slot, space, tags)
    if (this.slots.reads !== undefined) this.slots.reads[slot] = now
    this.#expireAt(slot, deadline)
    this.#reweigh(slot, weight, now)
    this.counters.sets++
    return true
  }

  /** Puts a new value in a live entry, whose lifetime stays. */
  update(slot: number, value: unknown, weight: number): void {
    const now = this.clock.now()
    const space = this.#ownerOf(slot).space
    space.flights?.delete(this.slots.keys[slot])
    if (weight > this.maxWeight) {
      this.#remove(slot, 'replaced')
      return
    }
    this.#overwrite(slot, value, now)
    this.#reweigh(slot, weight, now)
    this.counters.sets++
  }

  /** Gives a live entry a new lifetime; 0 or less removes it. */
  touch(slot: number, ttl: number, jitter: number): void {
    const now = this.clock.now()
    if (ttl > 0) this.#expireAt(slot, now + (jitter === 0 ? ttl : ttl * (1 - jitter * Math.random())))
    else this.#remove(slot, 'expired')
  }

  /** Removes what is under the key; whether it was live. */
  delete(space: Space, key: unknown): boolean {
    const slot = this.find(space, key)
    space.flights?.delete(key)
    if (slot !== NONE) this.#remove(slot, 'deleted')
    return slot !== NONE
  }

  /** Moves a live entry to another space of this store, with value, lifetime and standing. */
  move(slot: number, to: Space): void {
    const { keys, owners, tags } = this.slots
    const key = keys[slot]
    const from = this.#ownerOf(slot).space
    const there = to.map.get(key) ?? NONE
    if (this.#holds(there)) this.#remove(there, this.#reason(there, this.clock.now(), 'replaced'))
    else if (there !== NONE) this.#forgetGhost(there)
    to.map.set(key, slot)
    from.map.delete(key)
    from.table.size--
    to.table.size++
    owners![slot] = to.table
    from.flights?.delete(key)
    to.flights?.delete(key)
    const groups = tags?.[slot]
    if (groups !== undefined) this.#retag(slot, to, new Set(groups.map((group) => group.tag)))
  }

  /** Empties a space and those inside it, in constant time; their slots are reclaimed later. */
  clear(space: Space): void {
    if (space === this.root && this.slots.owners === undefined && this.#removals === undefined) {
      this.#reset()
      this.root.tags = undefined
      this.root.flights = undefined
      return
    }
    this.slots.trackOwners(this.root.table)
    for (const inside of space.all()) {
      inside.flights = undefined
      this.#drop(inside, 'cleared')
    }
  }

  /** Makes every entry with the tag unreadable, in this space and those inside it. */
  deleteByTag(space: Space, tag: string): void {
    const group = space.tags?.get(tag)
    if (group === undefined) return
    group.kill()
    this.#sweepBy(this.clock.now())
  }

  resize(maxEntries: number): void {
    this.maxEntries = maxEntries
    this.policy.resize(maxEntries)
    const now = this.clock.now()
    while (this.size > maxEntries && this.#evict(now, NONE));
  }

  /** Empties a space and those inside it for good; all of them with the root. */
  close(space: Space): void {
    const spaces = space === this.root ? [...space.all(), ...this.#prefixSpaces()] : [...space.all()]
    for (const inside of spaces) {
      if (inside.closed) continue
      this.clear(inside)
      inside.closed = true
      inside.detach()
    }
    while (this.dropped.length > 0) this.#reclaim(BATCH)
    if (space === this.root) {
      this.#reset()
      sweeper.dismiss(this)
    }
    this.settle()
  }

  /** Tells the listener what has left; to be called when an operation is complete. */
  settle(): void {
    if (this.#removals !== undefined) this.#removals.flush()
  }

  /** A snapshot of the counters and of what is held. */
  stats(): CacheStats {
    const { hits, misses } = this.counters
    const reads = hits + misses
    let { size } = this
    for (const { table } of this.dropped) size -= table.size
    return { ...this.counters, hitRatio: reads === 0 ? 0 : hits / reads, size, weight: this.weight }
  }

  // Expiry

  untilSweep(): number {
    if (this.dropped.length > 0 || this.#cursor > FIRST_SLOT) return 0
    if (this.#horizon === Infinity) return Infinity
    const grain = Math.max(GRAIN, this.slots.end / 1000)
    return Math.max(0, this.#horizon + grain - this.#time())
  }

  /** Reclaims what was cleared, then looks at every slot once and removes what has expired or lost its tag. */
  sweep(late: () => boolean): boolean {
    while (this.dropped.length > 0) {
      this.#reclaim(BATCH)
      this.settle()
      if (late()) return false
    }
    const now = this.#time()
    if (this.#cursor === FIRST_SLOT) {
      this.#horizon = Infinity
      this.#dropExpired(now)
      if (this.dropped.length > 0) return false
    }
    const { slots } = this
    for (let removed = 0; this.#cursor < slots.end; ) {
      const slot = this.#cursor++
      const deadline = slots.deadlines[slot]
      if (deadline !== 0) {
        if (this.isLive(slot, now)) this.#horizon = Math.min(this.#horizon, Math.abs(deadline))
        else {
          this.#remove(slot, this.#reason(slot, now, 'expired'))
          if (++removed % BATCH === 0) {
            this.settle()
            if (late()) return false
          }
        }
      }
      if (slot % SCAN === 0 && late()) return false
    }
    this.#cursor = FIRST_SLOT
    if (this.size === 0 && this.dropped.length === 0) this.#reset()
    this.settle()
    return true
  }

  /** The time for the sweep, which no error of an injected clock may stop. */
  #time(): number {
    try {
      return this.clock.read()
    } catch (error) {
      this.#onError(error)
      return 0
    }
  }

  #sweepBy(deadline: number): void {
    if (deadline >= this.#horizon) return
    this.#horizon = deadline
    sweeper.expect(this)
  }

  /**
   * Leaves a large table in which hardly anything lives, and takes the few along. V8 shrinks a Map by copying what is left of it,
   * at once; a Map that is abandoned as a whole never shrinks.
   */
  #dropExpired(now: number): void {
    if (this.slots.end < LARGE_MAP) return
    const alive = new Map<Table, number[]>()
    for (const space of this.#spaces()) if (space.table.size > LARGE_MAP) alive.set(space.table, [])
    for (let slot = FIRST_SLOT; slot < this.slots.end && alive.size > 0; slot++) {
      if (this.slots.deadlines[slot] === 0 || !this.isLive(slot, now)) continue
      const table = this.#ownerOf(slot)
      const few = alive.get(table)
      if (few !== undefined && few.push(slot) > FEW) alive.delete(table)
    }
    for (const [table, few] of alive) {
      this.slots.trackOwners(this.root.table)
      this.#drop(table.space, 'expired')
      const fresh = table.space.table
      for (const slot of few) {
        fresh.map.set(this.slots.keys[slot], slot)
        this.slots.owners![slot] = fresh
      }
      fresh.size += few.length
      table.size -= few.length
    }
  }

  // Room

  /** A slot for a key that has none or only a ghost, with room made for it. */
  #insert(space: Space, key: unknown, ghost: number, value: unknown, weight: number, now: number): number {
    const { slots, policy } = this
    policy.admit(ghost)
    while (this.size >= this.maxEntries || this.weight + weight > this.maxWeight)
      if (!this.#evict(now, NONE)) break
    let slot = ghost
    if (ghost === NONE) {
      slot = slots.peekFree()
      space.map.set(key, slot)
      slots.take()
      slots.keys[slot] = key
      if (slots.owners !== undefined) slots.owners[slot] = space.table
    }
    slots.values[slot] = value
    policy.insert(slot)
    space.table.size++
    this.size++
    return slot
  }

  #overwrite(slot: number, value: unknown, now: number): void {
    const old = this.slots.values[slot]
    const reason = this.#reason(slot, now, 'replaced')
    if (reason === 'expired') this.counters.expirations++
    if (reason !== 'replaced' || !Object.is(old, value))
      this.#removals?.add(this.slots.keys[slot], old, reason)
    this.slots.values[slot] = value
    this.policy.use(slot)
  }

  /** Sets an entry's weight and makes room for it, at the cost of others. */
  #reweigh(slot: number, weight: number, now: number): void {
    const { weights } = this.slots
    if (weights === undefined) return
    this.weight += weight - weights[slot]
    weights[slot] = weight
    while (this.weight > this.maxWeight) if (!this.#evict(now, slot)) break
  }

  /** Gives up one entry, any but `kept`; whether there was one. */
  #evict(now: number, kept: number): boolean {
    if (this.dropped.length > 0 && this.#reclaim(1) > 0) return true
    const { policy } = this
    let slot = policy.victim(now)
    if (slot === kept && slot !== NONE) {
      slot = policy.victim(now)
      policy.insert(kept)
    }
    if (slot === NONE) return false
    const reason = this.#reason(slot, now, 'evicted')
    this.#release(slot, reason)
    if (reason !== 'evicted' || !policy.remember(slot)) this.#forget(slot)
    for (let ghost = policy.forgotten(); ghost !== NONE; ghost = policy.forgotten()) this.#forget(ghost)
    return true
  }

  // The way out, one for all reasons

  /** Why an entry leaves: `reason` if it is live, else what has ended it. */
  #reason(slot: number, now: number, reason: RemovalReason): RemovalReason {
    const owner = this.slots.owners?.[slot]
    if (owner?.dropped === 'cleared') return 'cleared'
    if (Math.abs(this.slots.deadlines[slot]) <= now) return 'expired'
    return this.#isTaggedOut(slot) ? 'invalidated' : reason
  }

  /** An entry leaves, and its key with it. */
  #remove(slot: number, reason: RemovalReason): void {
    this.policy.remove(slot)
    this.#release(slot, reason)
    this.#forget(slot)
  }

  /** A value leaves: counted, told, and off all sums. Its key may stay as a ghost. */
  #release(slot: number, reason: RemovalReason): void {
    const { slots, counters } = this
    if (reason === 'evicted') counters.evictions++
    else if (reason === 'expired') counters.expirations++
    else if (reason === 'deleted') counters.deletes++
    this.#removals?.add(slots.keys[slot], slots.values[slot], reason)
    if (slots.weights !== undefined) {
      this.weight -= slots.weights[slot]
      slots.weights[slot] = 0
    }
    this.#leaveTags(slot)
    slots.values[slot] = undefined
    slots.deadlines[slot] = 0
    this.#ownerOf(slot).size--
    this.size--
  }

  /** A key leaves. */
  #forget(slot: number): void {
    const owner = this.#ownerOf(slot)
    if (owner.dropped === undefined) owner.map.delete(this.slots.keys[slot])
    this.slots.free(slot)
  }

  #forgetGhost(slot: number): void {
    this.policy.remove(slot)
    this.#forget(slot)
  }

  /** Puts an empty table in a space's place and leaves the old one to be reclaimed. */
  #drop(space: Space, dropped: 'cleared' | 'expired'): void {
    const table = space.renew()
    table.dropped = dropped
    if (table.map.size === 0) return
    this.dropped.push({ table, slots: table.map.values() })
    sweeper.expect(this)
  }

  /** Frees slots of dropped tables until `count` entries have left; how many have. */
  #reclaim(count: number): number {
    let entries = 0
    while (entries < count && this.dropped.length > 0) {
      const { table, slots } = this.dropped.at(-1)!
      const { value: slot, done } = slots.next()
      if (done) this.dropped.pop()
      else if (this.slots.owners![slot] === table) {
        if (this.#holds(slot)) {
          this.#remove(slot, this.#reason(slot, this.clock.now(), 'expired'))
          entries++
        } else this.#forgetGhost(slot)
      }
    }
    return entries
  }

  /** All entries are gone and unseen: begins anew with empty structures. */
  #reset(): void {
    this.slots.reset()
    this.policy.clear()
    for (const space of this.#spaces()) space.renew()
    this.size = 0
    this.weight = 0
    this.#cursor = FIRST_SLOT
    this.#horizon = Infinity
  }

  // Small parts

  #holds(slot: number): boolean {
    return this.slots.deadlines[slot] !== 0
  }

  #ownerOf(slot: number): Table {
    return this.slots.owners === undefined ? this.root.table : this.slots.owners[slot]!
  }

  #expireAt(slot: number, deadline: number): void {
    const { slots } = this
    let effective = deadline
    if (slots.reads !== undefined) {
      slots.hards![slot] = deadline
      effective = Math.min(deadline, slots.reads[slot] + this.#idleTtl)
    }
    const guards = this.#guardsAll || slots.tags?.[slot] !== undefined
    slots.deadlines[slot] = guards ? -effective : effective
    if (effective < this.#horizon) this.#sweepBy(effective)
  }

  #isTaggedOut(slot: number): boolean {
    const groups = this.slots.tags?.[slot]
    return groups !== undefined && anyDead(groups)
  }

  #retag(slot: number, space: Space, tags: Iterable<string> | undefined): void {
    if (tags === undefined && this.slots.tags === undefined) return
    this.slots.trackTags()
    const groups: readonly TagGroup[] | undefined = tags && joinTags(space, tags)
    this.#leaveTags(slot)
    this.slots.tags![slot] = groups
  }

  #leaveTags(slot: number): void {
    const groups = this.slots.tags?.[slot]
    if (groups === undefined) return
    leaveTags(groups)
    this.slots.tags![slot] = undefined
  }

  #withOwners(space: Space): Space {
    if (space !== this.root) this.slots.trackOwners(this.root.table)
    return space
  }

  *#prefixSpaces(): Generator<Space> {
    for (const space of this.#prefixes.values()) yield* space.all()
  }

  *#spaces(): Generator<Space> {
    yield* this.root.all()
    yield* this.#prefixSpaces()
  }
}

function weighBytes(value: unknown, key: unknown): number {
  return estimateBytes(value) + estimateBytes(key)
}

function printError(error: unknown): void {
  console.error('nearcache:', error)
}

/** An error handler that itself fails is passed over. */
function guarded(onError: (error: unknown) => void): (error: unknown) => void {
  return (error) => {
    try {
      onError(error)
    } catch (second) {
      printError(second)
    }
  }
}

import { NONE } from '../core/slots.ts'
import type { Space } from '../core/space.ts'
import type { StoreSettings } from '../options/options.ts'
import { type ResolvedLoad, type ResolvedWrite, resolveDefaults } from '../options/resolved.ts'
import { Bounded } from './bounds.ts'
import { Endings } from './endings.ts'
import { Expiry } from './expiry.ts'
import { NegativeResult } from './negative.ts'
import { spacesAtOnce } from './spaces.ts'
import type { Watcher } from './watcher.ts'

/** The deadline of an entry that was never live; above zero, below every time. */
const LONG_AGO = 0.5

/** A space with so many keys at most has all its deadlines written at once when its lifetimes end. */
const SMALL = 64

/** Entries with lifetimes: when each is readable, and how long after that it is kept for loads. */
export class Timed extends Bounded {
  readonly expiry: Expiry = new Expiry(this)
  readonly idleTtl: number
  readonly keepsNothing: boolean
  /** Every read has more to do than to give the value. */
  readonly guardsAll: boolean
  /** What holds for writes and loads that bring no options. */
  readonly defaults: ResolvedLoad
  /** The last deadline of what was given another lifetime than the default; below zero while nothing was. */
  unusualUntil: number = Number.NEGATIVE_INFINITY
  /** Absent while nobody watches. */
  protected watcher: Watcher | undefined = undefined

  constructor(settings: StoreSettings, label: string, scale?: number) {
    super(settings, label, scale)
    this.idleTtl = settings.idleTtl
    this.defaults = resolveDefaults(settings)
    this.keepsNothing = settings.kind === 'none'
    this.guardsAll = this.idleTtl !== Infinity || this.protection?.copyOut !== undefined
  }

  /** The slot of a live entry, or NONE. Counts nothing. */
  find(space: Space, key: unknown): number {
    const slot = this.slotOf(space, key)
    if (slot !== undefined && this.isLive(slot, this.clock.now())) return slot
    if (space.closed) this.assertOpen(space)
    this.clock.missed()
    return NONE
  }

  /** Milliseconds that a live entry has left, or undefined where none is. */
  timeLeft(space: Space, key: unknown): number | undefined {
    const slot = this.slotOf(space, key)
    const now = this.clock.now()
    if (slot !== undefined && this.isLive(slot, now)) return Math.abs(this.slots.deadlines[slot]) - now
    if (space.closed) this.assertOpen(space)
    return undefined
  }

  /** Begins a lifetime, shortened by jitter, and says how long after it the value is kept. */
  live(slot: number, ttl: number, now: number, resolved: ResolvedWrite): void {
    const { slots } = this
    const lifetime = resolved.ttlJitter === 0 ? ttl : ttl * (1 - resolved.ttlJitter * Math.random())
    if (resolved.grace > 0 || resolved.refreshAhead > 0) slots.trackLoads()
    if (slots.graces !== undefined) {
      slots.graces[slot] = resolved.grace
      const due = Math.max(now + lifetime * resolved.refreshAhead, slots.retries![slot])
      slots.refreshes![slot] = resolved.refreshAhead > 0 ? due : 0
    }
    this.expireAt(slot, now + lifetime)
  }

  /** Sets the deadline of an entry, with the sign that tells whether its reads have more to do. */
  expireAt(slot: number, deadline: number): void {
    const { slots } = this
    let effective = deadline
    if (slots.lastReads !== undefined) {
      slots.ttlDeadlines![slot] = deadline
      effective = Math.min(deadline, slots.lastReads[slot] + this.idleTtl)
    }
    const guards = this.guardsAll || slots.tags?.[slot] !== undefined || (slots.refreshes?.[slot] ?? 0) !== 0
    slots.deadlines[slot] = guards ? -effective : effective
    this.expectEnd(slot, this.endOf(slot))
  }

  /** An entry was written that leaves for good at that time. */
  expectEnd(slot: number, end: number): void {
    const { expiry } = this
    if (expiry.census.live !== undefined) expiry.census.live.add(slot)
    expiry.expect(end)
  }

  /** An entry is given a lifetime that may not be the default one. */
  noteLifetime(ttl: number, now: number): void {
    if (ttl !== this.defaults.ttl) this.unusualUntil = Math.max(this.unusualUntil, now + ttl)
  }

  /** Gives a live entry a new lifetime; 0 or less removes it. */
  touch(slot: number, ttl: number, resolved: ResolvedWrite): void {
    if (this.slots.watched?.[slot] === 1) this.watcher!.touched(slot, ttl)
    const now = this.clock.forWrite()
    this.noteLifetime(ttl, now)
    if (ttl > 0) this.live(slot, ttl, now, resolved)
    else this.remove(slot, 'expired')
  }

  /** Ends the lifetime of a live entry now, and keeps it for loads as long as it would be kept; whether there was one. */
  expire(space: Space, key: unknown): boolean {
    const slot = this.find(space, key)
    space.flights?.overtake(key)
    if (slot === NONE) return false
    this.watcher?.deleted(space, key)
    if (this.slots.ttlDeadlines !== undefined) this.slots.ttlDeadlines[slot] = this.clock.now()
    this.slots.deadlines[slot] = this.clock.now()
    this.expiry.expect(this.endOf(slot))
    return true
  }

  /** Ends the lifetime of every entry in a space and those inside it now. Values are kept for loads as long as they would be kept. */
  expireAll(space: Space): void {
    const at = this.clock.now()
    this.endings?.grow(this.slots.deadlines.length, this.changed)
    this.changeSpaces(space, 'expire', at)
    if (this.slots.isBehind) this.expiry.expectWork()
    this.watcher?.cleared(space)
  }

  protected expireSpace(space: Space, at: number, number: number): void {
    const { map, table } = space
    if (map.size > Math.min(SMALL, spacesAtOnce.most)) {
      this.endings ??= new Endings(this.slots.deadlines.length)
      this.endings.add(table, number, at)
      return
    }
    for (const slot of map.values()) {
      this.settle(slot)
      this.endLifetime(slot, at)
    }
  }

  override settle(slot: number): void {
    const { endings } = this
    if (endings === undefined) return
    const at = endings.endOf(slot, this.ownerOf(slot))
    if (at !== undefined) this.endLifetime(slot, at)
    endings.settled[slot] = this.changed
  }

  private endLifetime(slot: number, at: number): void {
    const { deadlines, ttlDeadlines, graces, values } = this.slots
    const deadline = Math.abs(deadlines[slot])
    if (deadline > at) {
      deadlines[slot] = at
      if (ttlDeadlines !== undefined) ttlDeadlines[slot] = at
    } else if (deadline !== LONG_AGO || !(values[slot] instanceof NegativeResult)) return
    else graces![slot] = 0
    this.expiry.expect(this.endOf(slot))
  }

  // What loads find out

  /** Removes what is under the key because its time is over. */
  discard(space: Space, key: unknown): void {
    const slot = this.slotOf(space, key) ?? NONE
    if (this.holds(slot)) this.remove(slot, this.reason(slot, this.clock.now(), 'expired'))
  }

  /** Keeps what a load found out for `time` milliseconds, in the place of what was there. */
  setNegative(
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
    if (weight > this.maxEntryWeight) return
    this.slots.trackLoads()
    const slot = this.insert(space, key, space.map.get(key) ?? NONE, result, weight, now)
    this.retag(slot, space, tags)
    this.expiry.census.live?.add(slot)
    this.slots.deadlines[slot] = LONG_AGO
    this.slots.graces![slot] = now + time - LONG_AGO
    this.slots.refreshes![slot] = 0
    this.reweigh(slot, weight, now)
    this.expiry.expect(now + time)
  }

  protected override settleCalm(): void {
    this.expiry.settleCalm()
  }

  override reset(): void {
    super.reset()
    this.expiry.reset()
  }
}

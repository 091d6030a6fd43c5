import type { TagGroup } from '../core/tags.ts'
import type { Table } from './space.ts'

/** Slot 0 holds nothing: the answer where no entry is. */
export const NONE = 0

/** The first that is handed out. */
export const FIRST_SLOT = 1

/**
 * How many slots there are at most. V8 keeps up to 2^24 keys in a Map, those deleted since its last copy included, and copies it only when
 * they are half of that; so a Map in which keys come and go has room for 2^23.
 */
export const MOST_SLOTS: number = 2 ** 23

/** The key of a free slot. */
const FREE = Symbol('free')

/** Below every time: no read is calm. */
const ALWAYS_MORE = -1

/** The length that the arrays begin with. */
const LEAST = 16

/** The arrays of numbers that only some features need. */
const NUMBERS = ['weights', 'lastReads', 'ttlDeadlines', 'graces', 'retries', 'refreshes'] as const

/** The arrays that a store is known to need from the start. */
export interface Features {
  readonly weights: boolean
  readonly idle: boolean
  /** Each read has more to do than to give the value. */
  readonly guards: boolean
  readonly marks: boolean
}

/**
 * The entries of a store, as numbered slots in parallel arrays: a few plain numbers and two references each, no object per entry.
 *
 *     slot        0     1     2     3    …
 *     keys        -    'a'   'b'   'c'         the key, kept by ghosts too
 *     values      -     v     v     -          the value
 *     deadlines   0     t    -t     0          when the entry expires
 *     next, prev  -     ↔     ↔     ↔          neighbours in a queue of the policy (next alone in the free list)
 *     marks       -     m     m     m          the policy's own few bits
 *
 * The sign of a deadline tells a read what there is to do, with one comparison against the time:
 * above zero, a plain entry; below zero, an entry whose read has more to do (tags to check, idle time to renew, a clone to make),
 * live until the time without the sign; zero, nothing live: a free slot or a ghost (a key that was evicted and is remembered).
 *
 * Features that few use have their arrays made when first needed.
 */
export class Slots {
  keys!: unknown[]
  values!: unknown[]
  deadlines!: Float64Array
  next!: Int32Array
  prev!: Int32Array
  /** Empty where the policy marks nothing. */
  marks!: Int32Array

  /** The table that holds the slot's key; undefined while there is one table only. */
  owners: (Table | undefined)[] | undefined = undefined
  weights: Float64Array | undefined = undefined
  tags: (readonly TagGroup[] | undefined)[] | undefined = undefined
  /** With an `idleTtl`: when the entry was last read, and its deadline by ttl alone. */
  lastReads: Float64Array | undefined = undefined
  ttlDeadlines: Float64Array | undefined = undefined

  /** Where values are kept past their deadline: for how long, until when the loader is not asked again, and from when a read refreshes. */
  graces: Float64Array | undefined = undefined
  retries: Float64Array | undefined = undefined
  refreshes: Float64Array | undefined = undefined

  /** Whose reads are told to who watches the store: 1, else 0. Absent while nobody does. */
  watched: Uint8Array | undefined = undefined
  /** Each read is told to somebody. */
  areReadsTold = false

  /** Key spaces may lead to slots that are theirs no longer; see engine/spaces.ts. */
  isBehind = false
  /** Some entries have more than a value and a deadline: a weight, tags, an idle time, a time for which they are kept, reads with more to do. */
  hasExtras!: boolean
  /** Before this time every value is that of a plain live entry, so that reads need not look at deadlines; below every time where reads have more to do. */
  calmUntil: number = Infinity
  /** Slots below this one have been handed out. */
  end!: number
  /** The free slot that is handed out next; NONE when there is none below the end. */
  firstFree!: number
  /** Slots that are handed out and not free: entries and ghosts. */
  used!: number
  /** While the arrays are being made shorter: where they are to end; no slot from there on is handed out. Infinity otherwise. */
  ceiling!: number
  /** Number of slots that the bound by entries needs. */
  private limit = Infinity
  private readonly features: Features

  constructor(features: Features) {
    this.features = features
    this.reset()
  }

  /** Begins anew, with small arrays. */
  reset(): void {
    const length = LEAST
    this.keys = new Array(length).fill(undefined)
    this.values = new Array(length).fill(undefined)
    this.deadlines = new Float64Array(length)
    this.next = new Int32Array(length)
    this.prev = new Int32Array(length)
    this.marks = new Int32Array(this.features.marks ? length : 0)
    if (this.features.weights) this.weights = new Float64Array(length)
    if (this.features.idle) {
      this.lastReads = new Float64Array(length)
      this.ttlDeadlines = new Float64Array(length)
    }
    this.hasExtras = this.features.weights || this.features.idle || this.features.guards
    this.tags = undefined
    this.graces = undefined
    this.retries = undefined
    this.refreshes = undefined
    if (this.watched !== undefined) this.watched = new Uint8Array(length)
    this.calmBefore(Infinity)
    if (this.owners !== undefined) this.owners = new Array(length).fill(undefined)
    this.end = FIRST_SLOT
    this.firstFree = NONE
    this.used = 0
    this.ceiling = Infinity
  }

  /** Number of slots that are handed out at most. */
  most: number = MOST_SLOTS

  /** Whether every slot is in use. */
  get isFull(): boolean {
    return this.used >= this.most - FIRST_SLOT
  }

  /** A bound by entries will need so many slots at most; the arrays need not grow beyond. */
  expect(slots: number): void {
    this.limit = FIRST_SLOT + slots
  }

  /** A slot that is not in use. */
  take(): number {
    let slot = this.firstFree
    while (slot >= this.ceiling) slot = this.next[slot]
    this.used++
    if (slot !== NONE) {
      this.firstFree = this.next[slot]
      this.keys[slot] = undefined
      return slot
    }
    if (this.isShrinking) return this.takeAbove()
    if (this.end === this.deadlines.length) this.grow()
    return this.end++
  }

  free(slot: number): void {
    this.used--
    this.keys[slot] = FREE
    this.values[slot] = undefined
    this.deadlines[slot] = 0
    if (this.owners !== undefined) this.owners[slot] = undefined
    if (slot >= this.ceiling) return
    this.next[slot] = this.firstFree
    this.firstFree = slot
  }

  /** Whether a slot was handed out and is free again. */
  isFree(slot: number): boolean {
    return this.keys[slot] === FREE
  }

  get isShrinking(): boolean {
    return this.ceiling !== Infinity
  }

  /** From here on no slot from `ceiling` on is handed out, so that those can be emptied. */
  beginShrinking(ceiling: number): void {
    this.ceiling = ceiling
  }

  /** Moves what a slot holds to another, but for its place in a queue; the first is to be freed. */
  move(from: number, to: number): void {
    const { keys, values, deadlines, marks, owners, tags } = this
    keys[to] = keys[from]
    values[to] = values[from]
    deadlines[to] = deadlines[from]
    if (this.features.marks) marks[to] = marks[from]
    if (owners !== undefined) owners[to] = owners[from]
    if (this.watched !== undefined) this.watched[to] = this.watched[from]
    if (tags !== undefined) {
      tags[to] = tags[from]
      tags[from] = undefined
    }
    for (const name of NUMBERS) {
      const numbers = this[name]
      if (numbers === undefined) continue
      numbers[to] = numbers[from]
      numbers[from] = 0
    }
  }

  /** Cuts the arrays at the ceiling; from there on all slots are free. */
  shrink(): void {
    this.end = this.ceiling
    this.resize(this.end)
    this.linkFree()
  }

  /** More slots are needed than are below the ceiling: the arrays stay as long as they are. */
  private takeAbove(): number {
    this.linkFree()
    this.used--
    return this.take()
  }

  /** Builds the list of free slots anew, in order. */
  private linkFree(): void {
    this.ceiling = Infinity
    this.firstFree = NONE
    for (let slot = this.end - 1; slot >= FIRST_SLOT; slot--) {
      if (!this.isFree(slot)) continue
      this.next[slot] = this.firstFree
      this.firstFree = slot
    }
  }

  /** From here on each slot tells its table; all entries so far belong to `table`. */
  trackOwners(table: Table): void {
    if (this.owners !== undefined) return
    this.owners = new Array<Table | undefined>(this.deadlines.length)
    this.owners.fill(table, FIRST_SLOT, this.end)
    for (let slot = this.firstFree; slot !== NONE; slot = this.next[slot]) this.owners[slot] = undefined
  }

  /** From here on reads look at deadlines where the time is not before this one. */
  calmBefore(time: number): void {
    this.calmUntil = this.hasGuards ? ALWAYS_MORE : time
  }

  trackLoads(): void {
    if (this.graces !== undefined) return
    this.hasExtras = true
    this.calmUntil = ALWAYS_MORE
    this.graces = new Float64Array(this.deadlines.length)
    this.retries = new Float64Array(this.deadlines.length)
    this.refreshes = new Float64Array(this.deadlines.length)
  }

  trackWatched(): void {
    this.calmUntil = ALWAYS_MORE
    this.watched = new Uint8Array(this.deadlines.length)
  }

  /** Reads have more to do than to give the value: of all entries, or of those that bear tags, are kept past their deadlines or are watched, or that spaces lead to wrongly. */
  private get hasGuards(): boolean {
    const { features, areReadsTold, tags, graces, watched, isBehind } = this
    if (isBehind) return true
    return (
      features.guards || areReadsTold || tags !== undefined || graces !== undefined || watched !== undefined
    )
  }

  trackTags(): void {
    this.hasExtras = true
    this.calmUntil = ALWAYS_MORE
    this.tags ??= new Array(this.deadlines.length)
  }

  /** Doubles the arrays, or less where the bound needs less. */
  private grow(): void {
    this.resize(Math.min(this.end * 2, this.end < this.limit ? this.limit : Infinity, MOST_SLOTS))
  }

  private resize(length: number): void {
    this.keys = resized(this.keys, length)
    this.values = resized(this.values, length)
    if (this.owners !== undefined) this.owners = resized(this.owners, length)
    if (this.tags !== undefined) this.tags = resized(this.tags, length)
    this.deadlines = copied(this.deadlines, new Float64Array(length))
    this.next = copied(this.next, new Int32Array(length))
    this.prev = copied(this.prev, new Int32Array(length))
    if (this.features.marks) this.marks = copied(this.marks, new Int32Array(length))
    if (this.watched !== undefined) this.watched = copied(this.watched, new Uint8Array(length))
    for (const name of NUMBERS)
      if (this[name] !== undefined) this[name] = copied(this[name], new Float64Array(length))
  }
}

/** The same array with another length, or the beginning of it, where that is to give back memory. */
function resized<T>(array: T[], length: number): T[] {
  if (length < array.length) return array.slice(0, length)
  array.length = length
  return array
}

function copied<A extends Float64Array | Int32Array | Uint8Array>(from: A, to: A): A {
  to.set(from.length > to.length ? from.subarray(0, to.length) : from)
  return to
}

import type { TagGroup } from '../core/tags.ts'
import { Turn } from './clock.ts'
import type { Table } from './space.ts'

/** Slot 0 holds nothing: the answer where no entry is. */
export const NONE = 0

/** The first that is handed out. */
export const FIRST_SLOT = 1

/** A turn that no clock is in. */
const NEVER = new Turn()

/**
 * How many slots there are at most. V8 keeps up to 2^24 keys in a Map, those deleted since its last copy included, and copies it only when
 * they are half of that; so a Map in which keys come and go has room for 2^23.
 */
export const MOST_SLOTS: number = 2 ** 23

/** The length that the arrays begin with. */
const LEAST = 16

/** The arrays that a store is known to need from the start. */
export interface Features {
  readonly weights: boolean
  readonly idle: boolean
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
  reads: Float64Array | undefined = undefined
  hards: Float64Array | undefined = undefined

  /** Where values are kept past their deadline: for how long, until when the loader is not asked again, and from when a read refreshes. */
  keeps: Float64Array | undefined = undefined
  retries: Float64Array | undefined = undefined
  refreshes: Float64Array | undefined = undefined

  /** Entries have no tags, and none is kept past its deadline. */
  isPlain = true
  /** The turn of the clock in which every value is that of a plain live entry, so that reads need not look at deadlines. */
  calmTurn: Turn = NEVER
  /** Slots below this one have been handed out. */
  end!: number
  /** The free slot that is handed out next; NONE when there is none below the end. */
  firstFree!: number
  /** How many slots the bound by entries needs. */
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
      this.reads = new Float64Array(length)
      this.hards = new Float64Array(length)
    }
    this.isPlain = true
    this.tags = undefined
    this.keeps = undefined
    this.retries = undefined
    this.refreshes = undefined
    if (this.owners !== undefined) this.owners = new Array(length).fill(undefined)
    this.end = FIRST_SLOT
    this.firstFree = NONE
  }

  /** How many slots are handed out at most. */
  most: number = MOST_SLOTS

  /** Whether every slot is in use. */
  get isFull(): boolean {
    return this.firstFree === NONE && this.end >= this.most
  }

  /** A bound by entries will need so many slots at most; the arrays need not grow beyond. */
  expect(slots: number): void {
    this.limit = FIRST_SLOT + slots
  }

  /** A slot that is not in use. */
  take(): number {
    const slot = this.firstFree
    if (slot !== NONE) {
      this.firstFree = this.next[slot]
      return slot
    }
    if (this.end === this.deadlines.length) this.grow()
    return this.end++
  }

  free(slot: number): void {
    this.keys[slot] = undefined
    this.values[slot] = undefined
    this.deadlines[slot] = 0
    if (this.owners !== undefined) this.owners[slot] = undefined
    this.next[slot] = this.firstFree
    this.firstFree = slot
  }

  /** From here on each slot tells its table; all entries so far belong to `table`. */
  trackOwners(table: Table): void {
    if (this.owners !== undefined) return
    this.owners = new Array<Table | undefined>(this.deadlines.length)
    this.owners.fill(table, FIRST_SLOT, this.end)
    for (let slot = this.firstFree; slot !== NONE; slot = this.next[slot]) this.owners[slot] = undefined
  }

  /** From here on reads have to look at deadlines again. */
  disturb(): void {
    this.calmTurn = NEVER
  }

  trackLoads(): void {
    if (this.keeps !== undefined) return
    this.isPlain = false
    this.disturb()
    this.keeps = new Float64Array(this.deadlines.length)
    this.retries = new Float64Array(this.deadlines.length)
    this.refreshes = new Float64Array(this.deadlines.length)
  }

  trackTags(): void {
    this.isPlain = false
    this.disturb()
    this.tags ??= new Array(this.deadlines.length)
  }

  /** Doubles the arrays, or less where the bound needs less. */
  private grow(): void {
    const length = Math.min(this.end * 2, this.end < this.limit ? this.limit : Infinity, MOST_SLOTS)
    this.keys.length = length
    this.values.length = length
    if (this.owners !== undefined) this.owners.length = length
    if (this.tags !== undefined) this.tags.length = length
    const grow = <A extends Float64Array | Int32Array>(array: A, copy: A): A => {
      copy.set(array)
      return copy
    }
    this.deadlines = grow(this.deadlines, new Float64Array(length))
    this.next = grow(this.next, new Int32Array(length))
    this.prev = grow(this.prev, new Int32Array(length))
    if (this.features.marks) this.marks = grow(this.marks, new Int32Array(length))
    if (this.weights !== undefined) this.weights = grow(this.weights, new Float64Array(length))
    if (this.reads !== undefined) this.reads = grow(this.reads, new Float64Array(length))
    if (this.keeps !== undefined) this.keeps = grow(this.keeps, new Float64Array(length))
    if (this.retries !== undefined) this.retries = grow(this.retries, new Float64Array(length))
    if (this.refreshes !== undefined) this.refreshes = grow(this.refreshes, new Float64Array(length))
    if (this.hards !== undefined) this.hards = grow(this.hards, new Float64Array(length))
  }
}

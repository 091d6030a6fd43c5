import { Queue } from '../core/queue.ts'
import { NONE, type Slots } from '../core/slots.ts'
import type { Policy } from './policy.ts'

const RECENT = 1
const FREQUENT = 2
const RECENT_GHOST = 3
const FREQUENT_GHOST = 4

/** Bits of a slot's mark: the queue it is in, and how often it was used since the hand last passed (at most 3). */
const PLACE = 0b111
const USE = 0b1000
const USES = 0b11000

/** Interim: CAR by ghosts. */
export class Adaptive implements Policy {
  readonly #slots: Slots
  #capacity: number
  #target = 1
  #full = false
  #to = FREQUENT
  #queues: readonly Queue[]

  constructor(slots: Slots, capacity: number) {
    this.#slots = slots
    this.#capacity = capacity
    this.#queues = [1, 1, 2, 3, 4].map((head) => new Queue(slots, head))
  }

  use(slot: number): void {
    const { marks } = this.#slots
    const mark = marks[slot]
    if ((mark & USES) !== USES) marks[slot] = mark + USE
  }

  admit(ghost: number): void {
    this.#to = this.#full ? RECENT : FREQUENT
    if (ghost === NONE) return
    const recent = this.#queues[RECENT_GHOST]!.size
    const frequent = this.#queues[FREQUENT_GHOST]!.size
    if ((this.#slots.marks[ghost] & PLACE) === RECENT_GHOST) {
      this.#target = Math.min(this.#room(), this.#target + Math.max(1, frequent / recent))
    } else {
      this.#target = Math.max(1, this.#target - Math.max(1, recent / frequent))
    }
    this.#take(ghost)
    this.#to = FREQUENT
  }

  insert(slot: number): void {
    this.#slots.marks[slot] = 0
    this.#put(slot, this.#to)
  }

  victim(now: number): number {
    this.#full = true
    const { marks, deadlines } = this.#slots
    const recent = this.#queues[RECENT]!
    const frequent = this.#queues[FREQUENT]!
    while (recent.size > 0 && (recent.size >= this.#target || frequent.size === 0)) {
      const slot = recent.oldest
      this.#take(slot)
      if ((marks[slot] & USES) === 0 || Math.abs(deadlines[slot]) <= now) return slot
      marks[slot] &= ~USES
      this.#put(slot, FREQUENT)
    }
    while (frequent.size > 0) {
      const slot = frequent.oldest
      this.#take(slot)
      if ((marks[slot] & USES) === 0 || Math.abs(deadlines[slot]) <= now) return slot
      marks[slot] -= USE
      this.#put(slot, FREQUENT)
    }
    return NONE
  }

  remember(slot: number): boolean {
    this.#put(slot, (this.#slots.marks[slot] & PLACE) === RECENT ? RECENT_GHOST : FREQUENT_GHOST)
    return true
  }

  forgotten(): number {
    for (const place of [RECENT_GHOST, FREQUENT_GHOST]) {
      const ghosts = this.#queues[place]!
      if (ghosts.size <= this.#room() / 2) continue
      const slot = ghosts.oldest
      ghosts.remove(slot)
      return slot
    }
    return NONE
  }

  remove(slot: number): void {
    this.#take(slot)
  }

  resize(capacity: number): void {
    this.#capacity = capacity
  }

  clear(): void {
    this.#queues = [1, 1, 2, 3, 4].map((head) => new Queue(this.#slots, head))
    this.#full = false
    this.#target = 1
  }

  /** The capacity in entries; where another bound holds, as many as there are. */
  #room(): number {
    return Math.min(this.#capacity, this.#queues[RECENT]!.size + this.#queues[FREQUENT]!.size + 1)
  }

  #put(slot: number, place: number): void {
    const { marks } = this.#slots
    marks[slot] = (marks[slot] & ~PLACE) | place
    this.#queues[place]!.push(slot)
  }

  #take(slot: number): void {
    this.#queues[this.#slots.marks[slot] & PLACE]!.remove(slot)
  }
}

import { Queue } from '../core/queue.ts'
import { NONE, type Slots } from '../core/slots.ts'
import type { Policy } from './policy.ts'

/** Least recently used, exact: the entry read or written longest ago goes first. */
export class Lru implements Policy {
  private readonly slots: Slots
  private queue: Queue

  constructor(slots: Slots, capacity: number) {
    this.slots = slots
    this.resize(capacity)
    this.queue = new Queue(slots)
  }

  use(slot: number): void {
    this.queue.renew(slot)
  }

  admit(): void {}

  insert(slot: number): void {
    this.queue.push(slot)
  }

  victim(): number {
    const slot = this.queue.oldest
    if (slot !== NONE) this.queue.remove(slot)
    return slot
  }

  addGhost(slot: number): number {
    return slot
  }

  dropSurplusGhost(): number {
    return NONE
  }

  dropGhost(): number {
    return NONE
  }

  remove(slot: number): void {
    this.queue.remove(slot)
  }

  relocate(from: number, to: number): void {
    this.queue.replace(from, to)
  }

  resize(capacity: number): void {
    this.slots.expect(capacity)
  }

  clear(): void {
    this.queue = new Queue(this.slots)
  }

  get queues(): readonly Queue[] {
    return [this.queue]
  }
}

/** In no queue. */
export const NONE = -1

/** Queues of keys, numbered from 0; a key is in one of them at most. Each is a ring that begins and ends at a node of its own. */
export class Queues {
  readonly sizes: Int32Array
  private readonly newer: Int32Array
  private readonly older: Int32Array
  private readonly queues: Int32Array
  private readonly unique: number

  constructor(unique: number, count: number) {
    this.unique = unique
    this.sizes = new Int32Array(count)
    this.queues = new Int32Array(unique).fill(NONE)
    this.newer = Int32Array.from({ length: unique + count }, (_, node) => node)
    this.older = this.newer.slice()
  }

  /** The queue that a key is in. */
  of(key: number): number {
    return this.queues[key]!
  }

  /** The key that has been in a queue for longest, which must not be empty. */
  oldest(queue: number): number {
    return this.newer[this.unique + queue]!
  }

  /** Makes a key that is in no queue the newest of one. */
  push(queue: number, key: number): void {
    const end = this.unique + queue
    const newest = this.older[end]!
    this.newer[newest] = key
    this.older[key] = newest
    this.newer[key] = end
    this.older[end] = key
    this.queues[key] = queue
    this.sizes[queue]!++
  }

  remove(key: number): void {
    const newer = this.newer[key]!
    const older = this.older[key]!
    this.newer[older] = newer
    this.older[newer] = older
    this.sizes[this.queues[key]!]!--
    this.queues[key] = NONE
  }

  /** Makes a key the newest of a queue, which may be the one that it is in. */
  move(key: number, queue: number): void {
    this.remove(key)
    this.push(queue, key)
  }
}

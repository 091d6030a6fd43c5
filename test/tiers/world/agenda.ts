interface Item {
  readonly time: number
  readonly order: number
  readonly run: () => void
}

/** Virtual time: what is to happen, in the order of time. */
export class Agenda {
  now = 0
  readonly #heap: Item[] = []
  #count = 0

  at(time: number, run: () => void): void {
    const heap = this.#heap
    const item = { time: Math.max(time, this.now), order: this.#count++, run }
    let i = heap.length
    heap.push(item)
    while (i > 0) {
      const up = (i - 1) >> 1
      if (!isBefore(item, heap[up]!)) break
      heap[i] = heap[up]!
      i = up
    }
    heap[i] = item
  }

  after(delay: number, run: () => void): void {
    this.at(this.now + delay, run)
  }

  /** Runs what is due until `end`, and after each event all that its promises do. */
  async runUntil(end: number): Promise<void> {
    for (let next = this.#take(end); next !== undefined; next = this.#take(end)) {
      this.now = next.time
      next.run()
      await settled()
    }
    this.now = end
    // Timers and finalisers of the runtime have their turn between two schedules.
    await new Promise((resolve) => setImmediate(resolve))
  }

  #take(end: number): Item | undefined {
    const heap = this.#heap
    if (heap.length === 0 || heap[0]!.time > end) return undefined
    const top = heap[0]!
    const last = heap.pop()!
    if (heap.length > 0) {
      let i = 0
      for (;;) {
        let down = 2 * i + 1
        if (down >= heap.length) break
        if (down + 1 < heap.length && isBefore(heap[down + 1]!, heap[down]!)) down++
        if (!isBefore(heap[down]!, last)) break
        heap[i] = heap[down]!
        i = down
      }
      heap[i] = last
    }
    return top
  }
}

function isBefore(a: Item, b: Item): boolean {
  return a.time < b.time || (a.time === b.time && a.order < b.order)
}

/** The microtasks are done. Faster than a turn of the event loop, which nothing here needs. */
function settled(): Promise<void> {
  return new Promise((resolve) => process.nextTick(resolve))
}

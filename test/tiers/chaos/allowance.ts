/**
 * How long a call may wait by itself. What tells whether it has waited longer is the order of timers, so that it makes no difference how late
 * a busy machine or a stopped process is: a timer for the limit is set after those of the call, and for later. Where it is due and all that
 * are due have run, the call has ended, unless it waits for something that no timer of its own ends in time.
 */
export class Allowance {
  readonly #onOver: () => void
  #left: number
  #since = 0
  #immediate: NodeJS.Immediate | undefined
  #timer: NodeJS.Timeout | undefined

  /** Calls back once if it has waited longer than `limit` milliseconds. */
  constructor(limit: number, onOver: () => void) {
    this.#left = limit
    this.#onOver = onOver
    this.go()
  }

  /** Counts from here on: after what the call does at once. */
  go(): void {
    this.#immediate = setImmediate(() => {
      this.#since = performance.now()
      this.#timer = setTimeout(
        () => {
          // Timers that are late run by their length, not by when they were due.
          this.#immediate = setImmediate(this.#onOver)
        },
        Math.max(1, this.#left),
      )
    })
  }

  /** What it waits for from here on is the source, or it has ended. */
  stop(): void {
    clearImmediate(this.#immediate)
    if (this.#timer === undefined) return
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#left -= performance.now() - this.#since
  }
}

/** The calls under way by key, and whether the source is asked for it: then they wait for that. */
export class Calls {
  readonly #open = new Map<string, Set<Allowance>>()
  readonly #asked = new Map<string, number>()

  begin(key: string, limit: number, onOver: () => void): Allowance {
    const call = new Allowance(limit, onOver)
    if (this.#isAsked(key)) call.stop()
    const all = this.#open.get(key) ?? new Set()
    this.#open.set(key, all.add(call))
    return call
  }

  end(key: string, call: Allowance): void {
    call.stop()
    this.#open.get(key)?.delete(call)
  }

  /** The source is asked for a key. */
  asks(key: string): void {
    if (!this.#isAsked(key)) for (const call of this.#open.get(key) ?? []) call.stop()
    this.#asked.set(key, (this.#asked.get(key) ?? 0) + 1)
  }

  /** It has answered. */
  answered(key: string): void {
    this.#asked.set(key, this.#asked.get(key)! - 1)
    if (!this.#isAsked(key)) for (const call of this.#open.get(key) ?? []) call.go()
  }

  #isAsked(key: string): boolean {
    return (this.#asked.get(key) ?? 0) > 0
  }
}

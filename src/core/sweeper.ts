import { systemClock } from './clock.ts'

/** A store whose dead entries are to be swept out. */
export interface Sweepable {
  /** Milliseconds until it wants to be swept; Infinity when there is nothing to wait for. */
  untilSweep(): number
  /** Sweeps until done (true) or until `late` says to go on in another slice (false). Throws nothing. */
  sweep(late: () => boolean): boolean
}

/** The longest a slice may hold the event loop, in milliseconds; a single step may overrun it a little. */
const SLICE = 2
/** Number of steps that a slice takes at most, also where the time stands still. */
const STEPS = 256
/** Number of stores that are asked whether they are due between two looks at the time. */
const ASKED = 64
/** A round over many stores begins this long after the one before at the least, in milliseconds for each store. */
const PAUSE = 1 / 1000
/** A timer looks again at least this often, since clocks may jump. */
const LONGEST_WAIT = 60_000

/**
 * One timer for all stores of the process. It does not keep the process alive, nor a store that nobody else holds,
 * and it runs only while some store has something to wait for.
 */
class Sweeper {
  readonly #stores = new Set<WeakRef<Sweepable>>()
  readonly #refs = new WeakMap<Sweepable, WeakRef<Sweepable>>()
  /** Closed stores that are held until they have been swept. */
  readonly #closed = new Set<Sweepable>()
  /** The stores that the round under way has still to ask: each gets its turn before any gets a second one. */
  #round: Iterator<WeakRef<Sweepable>> | undefined
  /** When the next round has to begin, as far as is known. */
  #due = Infinity
  #timer: ReturnType<typeof setTimeout> | undefined
  #firesAt = Infinity
  /** What set the timer: a timer of a test runner's fake time is lost when the real one comes back. */
  #setTimeout: unknown

  /** Whether the timer was set by another `setTimeout` than there is now: it may never fire. */
  get isStranded(): boolean {
    return this.#setTimeout !== setTimeout && this.#timer !== undefined
  }

  /** The store is closed and has still something to sweep: until that is done it is held, and so is the process. */
  finish(store: Sweepable): void {
    this.#closed.add(store)
    this.expect(store)
    ;(this.#timer as { ref?: () => void } | undefined)?.ref?.()
  }

  /** The store has something to sweep, perhaps sooner than it had. */
  expect(store: Sweepable): void {
    const ref = this.#refs.get(store) ?? new WeakRef(store)
    this.#refs.set(store, ref)
    this.#stores.add(ref)
    const wait = store.untilSweep()
    if (wait === Infinity) return
    this.#note(wait)
    this.#arm(wait)
  }

  /** The store has nothing to sweep any more. */
  dismiss(store: Sweepable): void {
    const ref = this.#refs.get(store)
    if (ref === undefined || !this.#stores.delete(ref) || this.#stores.size > 0) return
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#round = undefined
    this.#due = Infinity
  }

  #note(wait: number): void {
    this.#due = Math.min(this.#due, systemClock.now() + wait)
  }

  #arm(wait: number): void {
    if (wait === Infinity) return
    const least = this.#round === undefined ? Math.max(1, this.#stores.size * PAUSE) : 1
    const delay = Math.min(Math.max(wait, least), LONGEST_WAIT)
    const firesAt = systemClock.now() + delay
    if (this.#timer !== undefined) {
      const isOverdue = this.#firesAt < systemClock.now()
      if (firesAt >= this.#firesAt && !isOverdue && !this.isStranded) return
      clearTimeout(this.#timer)
    }
    this.#firesAt = firesAt
    this.#setTimeout = setTimeout
    this.#timer = setTimeout(this.#slice, Math.ceil(delay))
    // A number in browsers and workers, where nothing has to be told not to wait for it.
    if (this.#closed.size === 0) (this.#timer as { unref?: () => void }).unref?.()
  }

  readonly #slice = (): void => {
    this.#timer = undefined
    const end = performance.now() + SLICE
    let steps = 0
    const late = (): boolean => ++steps >= STEPS || performance.now() >= end
    if (this.#round === undefined) {
      this.#round = this.#stores.values()
      this.#due = Infinity
    }
    for (let asked = 1; ; asked++) {
      const { value: ref, done } = this.#round.next()
      if (done) break
      if (this.#turn(ref, late) || asked % ASKED === 0) {
        if (!late()) continue
        this.#arm(1)
        return
      }
    }
    this.#round = undefined
    this.#arm(this.#due - systemClock.now())
  }

  /** Sweeps a store if it is due; whether it was. */
  #turn(ref: WeakRef<Sweepable>, late: () => boolean): boolean {
    const store = ref.deref()
    let wait = store === undefined ? Infinity : store.untilSweep()
    const isDue = wait <= 0
    if (isDue) wait = store!.sweep(late) ? store!.untilSweep() : 1
    if (wait === Infinity) {
      this.#stores.delete(ref)
      this.#closed.delete(store!)
    } else this.#note(wait)
    return isDue
  }
}

export const sweeper: Sweeper = new Sweeper()

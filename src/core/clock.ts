/** Milliseconds that never run backwards, counted from an arbitrary start above zero. */
export interface Clock {
  /** The time now; within one turn of the event loop it may stand still. */
  now(): number
  /** The time now, read afresh: for use after user code that may have taken long. */
  read(): number
}

/**
 * Adds up what a source of time advances. A step back adds nothing, so it neither revives nor prolongs an entry;
 * a step forward counts, so a process that was frozen and thawed finds its entries aged.
 */
class Advance {
  time = 1
  #last: number | undefined

  to(reading: number): number {
    const step = reading - (this.#last ?? reading)
    if (step > 0) this.time += step
    if (!Number.isNaN(reading)) this.#last = reading
    return this.time
  }
}

/** The clock that a user injects, read on every call. */
export class InjectedClock implements Clock {
  readonly #source: () => number
  readonly #advance = new Advance()

  constructor(source: () => number) {
    this.#source = source
  }

  now(): number {
    return this.#advance.to(this.#source())
  }

  read(): number {
    return this.now()
  }
}

/**
 * The wall clock, read once per turn of the event loop and shared by all caches: reading it costs several times what a Map
 * lookup costs. `process.nextTick` ends the turn after all microtasks of it; where there is none, the microtask queue does.
 *
 * As soon as `Date` or `Date.now` is not the runtime's own, as under the fake timers of a test runner, it is read on every call.
 */
class SystemClock implements Clock {
  /** The runtime's own, undefined while only a replacement has been seen. */
  #date: DateConstructor | undefined
  #dateNow: (() => number) | undefined
  #atEndOfTurn: (callback: () => void) => void = queueMicrotask
  readonly #advance = new Advance()
  #time = 1
  #fresh = false
  readonly #endTurn = (): void => {
    this.#fresh = false
  }

  constructor() {
    this.#adopt()
  }

  now(): number {
    if (this.#fresh && Date === this.#date && Date.now === this.#dateNow) return this.#time
    return this.read()
  }

  read(): number {
    const now = Date.now
    this.#time = this.#advance.to(now())
    if (this.#date === undefined) this.#adopt()
    if (!this.#fresh && Date === this.#date && now === this.#dateNow) {
      this.#fresh = true
      this.#atEndOfTurn(this.#endTurn)
    }
    return this.#time
  }

  #adopt(): void {
    if (!isNative(Date) || !isNative(Date.now)) return
    this.#date = Date
    this.#dateNow = Date.now
    this.#atEndOfTurn = globalThis.process?.nextTick ?? queueMicrotask
  }
}

function isNative(callable: () => unknown): boolean {
  return Function.prototype.toString.call(callable).includes('[native code]')
}

export const systemClock: Clock = new SystemClock()

/** Milliseconds that never run backwards, counted from an arbitrary start above zero. */
export interface Clock {
  /** The time now; within one turn of the event loop it may stand still. */
  now(): number
  /** As `now`, for where nobody could be told of an error of an injected clock. Throws nothing. */
  recent(): number
  /** The time now, read afresh: for use after user code that may have taken long. Throws nothing. */
  read(): number
  /** The same for as long as the time stands still, another as soon as it may have moved; MOVING where it may move at any time. */
  readonly turn: Turn
}

/** A stretch of time in which a clock stands still. */
export class Turn {}

/** No turn: the time may move at any time. An object like all turns, so that V8 compares no other type. */
export const MOVING: Turn = new Turn()

/** A fraction, so that V8 keeps the time as a double from the start: a change on the way would slow down what was compiled before it. */
const START = 1.5

/**
 * Adds up what a source of time advances. A step back adds nothing, so it neither revives nor prolongs an entry;
 * a step forward counts, so a process that was frozen and thawed finds its entries aged.
 */
class Advance {
  time = START
  private last: number | undefined = undefined

  to(reading: number): number {
    if (!Number.isFinite(reading)) return this.time
    const step = reading - (this.last ?? reading)
    if (step > 0) this.time += step
    this.last = reading
    return this.time
  }
}

/** The clock that a user injects, read on every call. */
export class InjectedClock implements Clock {
  readonly turn: Turn = MOVING
  private readonly source: () => number
  private readonly onError: (error: unknown) => void
  private readonly advance = new Advance()

  constructor(source: () => number, onError: (error: unknown) => void) {
    this.source = source
    this.onError = onError
  }

  now(): number {
    return this.advance.to(this.source())
  }

  recent(): number {
    return this.read()
  }

  read(): number {
    try {
      return this.now()
    } catch (error) {
      this.onError(error)
      return this.advance.time
    }
  }
}

/** Whether a function is the runtime's own. One that was bound by somebody has no name in its text. */
function isNative(callable: () => unknown, name: string): boolean {
  const text = Function.prototype.toString.call(callable)
  return text.startsWith(`function ${name}(`) && text.includes('[native code]')
}

/** The runtime's own, undefined if it was replaced before this module was loaded. */
const nativeDate: DateConstructor | undefined =
  isNative(Date, 'Date') && isNative(Date.now, 'now') ? Date : undefined
const nativeNow: (() => number) | undefined = nativeDate?.now

/** Calls back when the current turn of the event loop is over: after its microtasks where the runtime can tell. */
const atEndOfTurn: (callback: () => void) => void =
  genuineTick() ?? ((callback) => void settled.then(callback))
const settled = Promise.resolve()

/** The runtime's own `nextTick`. One that was replaced before this module was loaded, as by a test runner, may never call back. */
function genuineTick(): ((callback: () => void) => void) | undefined {
  const tick: unknown = globalThis.process?.nextTick
  const isGenuine =
    typeof tick === 'function' && Function.prototype.toString.call(tick).startsWith('function nextTick(')
  return isGenuine ? (tick as (callback: () => void) => void) : undefined
}

/**
 * The wall clock, read once per turn of the event loop and shared by all caches: reading it costs several times what a Map
 * lookup costs. As soon as `Date` or `Date.now` is not the runtime's own, as under the fake timers of a test runner, it is read
 * on every call.
 */
class SystemClock implements Clock {
  private readonly advance = new Advance()
  private time = START
  /** The turn in which the time was read, until it ends. */
  private fresh = MOVING
  private readonly endTurn = (): void => {
    this.fresh = MOVING
  }

  get turn(): Turn {
    return Date === nativeDate && Date.now === nativeNow ? this.fresh : MOVING
  }

  now(): number {
    // One return, of the field: what may come from either of two places V8 makes an object of.
    if (this.turn === MOVING) this.read()
    return this.time
  }

  recent(): number {
    return this.now()
  }

  read(): number {
    const { now } = Date
    this.time = this.advance.to(now())
    const isNative = Date === nativeDate && now === nativeNow
    if (isNative && this.fresh === MOVING) atEndOfTurn(this.endTurn)
    this.fresh = isNative ? new Turn() : MOVING
    return this.time
  }
}

export const systemClock: Clock = new SystemClock()

/** Milliseconds that never run backwards, counted from an arbitrary start above zero. */
export interface Clock {
  /** The time now; within one turn of the event loop it may stand still. */
  now(): number
  /** The time at which what is written begins to live: now, also late in a long turn, as `SystemClock` tells. */
  forWrite(): number
  /** A read found nothing: what is written next may have taken long. */
  missed(): void
  /** As `now`, for where nobody could be told of an error of an injected clock. Throws nothing. */
  recent(): number
  /** The time now, read afresh: for use after user code that may have taken long. Throws nothing. */
  read(): number
  /** The time as it was read last, for as long as it stands still; Infinity as soon as it may have moved. */
  readonly latest: number
}

const settled = Promise.resolve()

/** So many writes of a turn are each given a fresh reading; of those that follow at least one in MOST, or in MOST_MISSED after misses. */
const FIRST = 8
const MOST = 64
const MOST_MISSED = 8

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
  readonly latest: number = Infinity
  private readonly source: () => number
  private readonly onError: (error: unknown) => void
  private readonly advance = new Advance()
  private isReported = false

  constructor(source: () => number, onError: (error: unknown) => void) {
    this.source = source
    this.onError = onError
  }

  now(): number {
    const reading = this.source()
    if (!Number.isFinite(reading)) this.report(reading)
    return this.advance.to(reading)
  }

  forWrite(): number {
    return this.now()
  }

  missed(): void {}

  recent(): number {
    return this.read()
  }

  /** The first reading that is no finite number is an error, told when the call that met it is over; the time stands still meanwhile. */
  private report(reading: unknown): void {
    if (this.isReported) return
    this.isReported = true
    const got = typeof reading === 'number' ? reading : typeof reading
    const error = new TypeError(`clock: expected a finite number to be returned, got ${got}`)
    void settled.then(() => this.onError(error))
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
 *
 * A write is given a fresh reading where time may have passed unseen: after a miss, and at the first writes of a turn. Where readings one
 * after the other find that it stands still, the next few writes go without: so those of a tight loop share readings, and those of a slow
 * one do not. Misses are counted apart, since what is written after a miss may well have taken long.
 */
class SystemClock implements Clock {
  private readonly advance = new Advance()
  private time = START
  /** The same until the turn of the event loop ends, then Infinity. */
  private fresh = Infinity
  /** Number of writes that take the time as it was read last, and of readings for writes that have found it standing still. */
  private left = 0
  private still = 0
  /** The same of misses. */
  private missesLeft = 0
  private stillMissed = 0
  private readonly endTurn = (): void => {
    this.fresh = Infinity
    this.expectMoving()
  }

  get latest(): number {
    return Date === nativeDate && Date.now === nativeNow ? this.fresh : Infinity
  }

  now(): number {
    // One return, of the field: what may come from either of two places V8 makes an object of.
    if (this.latest === Infinity) this.read()
    return this.time
  }

  forWrite(): number {
    // Not by `latest`, whose end of the turn is that of `left` too: fewer steps, so that V8 has room for what its callers call besides.
    if (--this.left < 0 || Date !== nativeDate || Date.now !== nativeNow) this.readForWrite()
    return this.time
  }

  missed(): void {
    if (this.missesLeft > 0) this.missesLeft--
    else this.left = -1
  }

  recent(): number {
    return this.now()
  }

  read(): number {
    const { now } = Date
    this.time = this.advance.to(now())
    const isNative = Date === nativeDate && now === nativeNow
    if (!isNative) this.expectMoving()
    else if (this.fresh === Infinity) atEndOfTurn(this.endTurn)
    this.fresh = isNative ? this.time : Infinity
    return this.time
  }

  private readForWrite(): void {
    const isAfterMiss = this.left < -1
    const before = this.time
    if (this.read() !== before) this.expectMoving()
    else if (isAfterMiss) this.missesLeft = ++this.stillMissed < FIRST ? 0 : MOST_MISSED - 1
    else this.still++
    this.left = this.still < FIRST ? 0 : MOST - 1
  }

  private expectMoving(): void {
    this.left = 0
    this.still = 0
    this.missesLeft = 0
    this.stillMissed = 0
  }
}

export const systemClock: Clock = new SystemClock()

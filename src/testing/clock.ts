/** A time that stands still until it is moved by hand. */
export interface ManualClock {
  /** The reading in milliseconds; to be passed to caches as the option `clock`. */
  readonly now: () => number
  /** Lets so many milliseconds pass. */
  advance(ms: number): void
  /** Sets the reading to another time, as an operator or a time server sets a wall clock. */
  jump(to: number): void
}

/**
 * A clock for the option `clock`. It moves what caches say: from the deadline on an entry is gone from every call. It moves no
 * timers: the sweep still runs, and loads still time out, in the time of `setTimeout`.
 */
export function manualClock(start = 1_000_000): ManualClock {
  let reading = start
  return {
    now: () => reading,
    advance(ms) {
      reading += ms
    },
    jump(to) {
      reading = to
    },
  }
}

/** A source of time for the option `clock`, moved by hand. */
export interface ManualClock {
  /** The reading; to be given as the option `clock`. */
  readonly now: () => number
  /** Time goes on. */
  advance(ms: number): void
  /** The wall clock is set to another time, as an operator or a time server does. */
  jump(to: number): void
}

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

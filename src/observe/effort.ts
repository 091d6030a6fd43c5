/** One call in so many is timed. */
const SAMPLED = 64
/** Milliseconds that a timed call counts for at most: a longer one was held up by what is not its own, such as a collection of garbage. */
const LONGEST = 0.02

/** The work that an examination takes, in milliseconds. */
export class Effort {
  private readonly stopwatch: () => number
  private readonly started: number
  private work = 0
  private calls = 0

  constructor(stopwatch: () => number) {
    this.stopwatch = stopwatch
    this.started = stopwatch()
  }

  /** Milliseconds of work. */
  get spent(): number {
    return this.work
  }

  /** Milliseconds since the beginning. */
  get elapsed(): number {
    return this.stopwatch() - this.started
  }

  /** Milliseconds to wait until the work is within a share of the time. */
  overdue(share: number): number {
    return this.work / share - this.elapsed
  }

  /** Adds the time that a call takes. */
  measure<T>(call: () => T): T {
    const start = this.stopwatch()
    const result = call()
    this.work += this.stopwatch() - start
    return result
  }

  /** Adds the time of one call in many, for all of them. What is measured within the call counts once. */
  sample<T>(call: () => T): T {
    if (++this.calls % SAMPLED !== 0) return call()
    const start = this.stopwatch()
    const { work } = this
    const result = call()
    const time = Math.min(this.stopwatch() - start, LONGEST)
    if (this.work === work) this.work += SAMPLED * time
    return result
  }
}

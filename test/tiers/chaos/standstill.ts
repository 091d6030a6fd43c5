/** How often it is looked whether the process runs, in milliseconds. */
const STEP = 10
/** For this long the times are remembered. */
const MEMORY = 30_000

interface Stop {
  readonly from: number
  readonly to: number
  /** How much of it the process was kept from running. */
  readonly amount: number
}

/**
 * Times in which this process wanted to run and was not let, on a busy machine or stopped: a timer is late by more than the process itself
 * has computed meanwhile. What it computed counts, so that work of the cache that holds up the event loop is not taken for a standstill.
 */
export class Standstill {
  readonly #now: () => number
  #stops: Stop[] = []
  #last: number
  #cpu = process.cpuUsage()

  constructor(now: () => number) {
    this.#now = now
    this.#last = now()
    setInterval(() => this.#look(), STEP).unref()
  }

  /** How much of the time between two moments, at least `STEP` ago, the process was kept from running. */
  within(start: number, end: number): number {
    let sum = 0
    for (const { from, to, amount } of this.#stops)
      sum += Math.max(0, Math.min(amount, Math.min(to, end) - Math.max(from, start)))
    return sum
  }

  #look(): void {
    const now = this.#now()
    const { user, system } = process.cpuUsage(this.#cpu)
    const amount = now - this.#last - STEP - (user + system) / 1000
    if (amount > 0.5) this.#stops.push({ from: this.#last, to: now, amount })
    if (this.#stops.length > 0 && this.#stops[0]!.to < now - MEMORY)
      this.#stops = this.#stops.filter(({ to }) => to >= now - MEMORY / 2)
    this.#last = now
    this.#cpu = process.cpuUsage()
  }
}

/** How much of a time lies in any of some spans, which are in the order of their beginnings. */
export function overlap(
  spans: readonly (readonly [from: number, to: number])[],
  start: number,
  end: number,
): number {
  let sum = 0
  let until = start
  for (const [from, to] of spans) {
    const begin = Math.max(from, until)
    const stop = Math.min(to, end)
    if (stop > begin) {
      sum += stop - begin
      until = stop
    }
  }
  return sum
}

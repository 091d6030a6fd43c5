/** Upper ends of the classes in which the times of loads are counted, in milliseconds; a load that took longer is in one more. */
export const loadTimeBounds: readonly number[] = [
  1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000,
]

/** Times of loads of one outcome: how many of each class, and their sum. */
class Times {
  misses = 0
  refreshes = 0
  time = 0
  readonly counts: Float64Array = new Float64Array(loadTimeBounds.length + 1)

  add(time: number, isRefresh: boolean): void {
    if (isRefresh) this.refreshes++
    else this.misses++
    this.time += time
    let bucket = 0
    while (time > loadTimeBounds[bucket]) bucket++
    this.counts[bucket]++
  }

  plus(other: Times): void {
    this.misses += other.misses
    this.refreshes += other.refreshes
    this.time += other.time
    for (let i = 0; i < this.counts.length; i++) this.counts[i] += other.counts[i]
  }
}

/** Times of loads by outcome. */
export class LoadTimes {
  readonly success: Times = new Times()
  readonly failure: Times = new Times()
  readonly timeout: Times = new Times()
  readonly discarded: Times = new Times()

  plus(other: LoadTimes): void {
    this.success.plus(other.success)
    this.failure.plus(other.failure)
    this.timeout.plus(other.timeout)
    this.discarded.plus(other.discarded)
  }
}

/**
 * The counters of one key space, plain numbers that only grow. They know those of the spaces inside it, and keep the counts of a space
 * that is gone, so that a sum never falls.
 */
export class Counters {
  hits = 0
  misses = 0
  sets = 0
  loads = 0
  refreshes = 0
  joins = 0
  staleServed = 0
  // Entries that left, by reason.
  evicted = 0
  expired = 0
  replaced = 0
  deleted = 0
  cleared = 0
  invalidated = 0
  /** Loads that have ended; made by the first. */
  loadTimes: LoadTimes | undefined = undefined
  private readonly around: Counters | undefined
  private readonly inside: Set<Counters> = new Set()

  constructor(around?: Counters) {
    this.around = around
    around?.inside.add(this)
  }

  /** A load has ended. */
  addLoad(outcome: Exclude<keyof LoadTimes, 'plus'>, time: number, isRefresh: boolean): void {
    this.loadTimes ??= new LoadTimes()
    this.loadTimes[outcome].add(time, isRefresh)
  }

  /** The sum of these and of all inside. */
  total(): Counters {
    const sum = new Counters()
    const waiting: Counters[] = [this]
    for (let one = waiting.pop(); one !== undefined; one = waiting.pop()) {
      sum.plus(one)
      waiting.push(...one.inside)
    }
    return sum
  }

  /** The space is gone: what was counted in it goes to the space around it. */
  retire(): void {
    if (this.around?.inside.delete(this)) this.around.plus(this.total())
  }

  private plus(other: Counters): void {
    this.hits += other.hits
    this.misses += other.misses
    this.sets += other.sets
    this.loads += other.loads
    this.refreshes += other.refreshes
    this.joins += other.joins
    this.staleServed += other.staleServed
    this.evicted += other.evicted
    this.expired += other.expired
    this.replaced += other.replaced
    this.deleted += other.deleted
    this.cleared += other.cleared
    this.invalidated += other.invalidated
    if (other.loadTimes === undefined) return
    this.loadTimes ??= new LoadTimes()
    this.loadTimes.plus(other.loadTimes)
  }
}

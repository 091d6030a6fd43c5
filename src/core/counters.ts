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
}

/** Times of loads by outcome. */
export class LoadTimes {
  readonly success: Times = new Times()
  readonly failure: Times = new Times()
  readonly timeout: Times = new Times()
  readonly discarded: Times = new Times()
}

/** Why entries leave. */
type Reason = 'evicted' | 'expired' | 'replaced' | 'deleted' | 'cleared' | 'invalidated'

/**
 * What is counted in a key space and in those inside it, plain numbers that only grow, and how much they hold together. What happens in a
 * space is counted in each around it too, at once, so that a sum needs no walk and keeps the counts of spaces that are gone.
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
  /** Entries held, live or not yet swept, and the sum of their weights. */
  size = 0
  weight = 0
  private readonly around: Counters | undefined

  constructor(around?: Counters) {
    this.around = around
  }

  // One method for each that is counted often: by a name that stands here, which costs a fraction of looking a name up. What is counted
  // here stands before the loop, so that a cache without namespaces only asks whether there is anything around it.

  hit(): void {
    this.hits++
    for (let one = this.around; one !== undefined; one = one.around) one.hits++
  }

  miss(): void {
    this.misses++
    for (let one = this.around; one !== undefined; one = one.around) one.misses++
  }

  set(): void {
    this.sets++
    for (let one = this.around; one !== undefined; one = one.around) one.sets++
  }

  count(name: 'loads' | 'refreshes' | 'joins' | 'staleServed'): void {
    for (let one: Counters | undefined = this; one !== undefined; one = one.around) one[name]++
  }

  /** So many entries left. */
  leave(reason: Reason, entries = 1): void {
    if (reason === 'evicted') this.evicted += entries
    else if (reason === 'expired') this.expired += entries
    else if (reason === 'replaced') this.replaced += entries
    else this[reason] += entries
    if (this.around !== undefined) this.around.leave(reason, entries)
  }

  /** One entry more is held. */
  enter(): void {
    this.size++
    for (let one = this.around; one !== undefined; one = one.around) one.size++
  }

  /** One entry less is held. */
  exit(): void {
    this.size--
    for (let one = this.around; one !== undefined; one = one.around) one.size--
  }

  /** So many entries more are held, of that weight; below zero for fewer. */
  hold(entries: number, weight: number): void {
    for (let one: Counters | undefined = this; one !== undefined; one = one.around) {
      one.size += entries
      one.weight += weight
    }
  }

  /** What was held here was cleared, as those around have counted already. */
  clearInside(): void {
    this.cleared += this.size
    this.size = 0
    this.weight = 0
  }

  /** A load has ended. */
  addLoad(outcome: keyof LoadTimes, time: number, isRefresh: boolean): void {
    for (let one: Counters | undefined = this; one !== undefined; one = one.around) {
      one.loadTimes ??= new LoadTimes()
      one.loadTimes[outcome].add(time, isRefresh)
    }
  }
}

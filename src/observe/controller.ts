import { publish } from '../engine/channels.ts'
import type { Store } from '../engine/store.ts'
import { Guarded } from './guarded.ts'

/** What the controller sees of the process. */
export interface Probe {
  /** Bytes in the old generation now, garbage included. */
  used(): number
  /** Bytes of the process, all told. */
  rss(): number
  /** Milliseconds. */
  now(): number
  /** Calls back in another turn of the event loop. */
  later(callback: () => void): void
  /** The stores that are open; those with `guard: false` are left out. */
  stores(): Iterable<Store>
}

/** Bytes that the process is held to. */
export interface Marks {
  /** The limit of the old generation, and the marks below it. */
  readonly limit: number
  readonly high: number
  readonly low: number
  /** What the whole process may take. */
  readonly memory: number
}

/** The longest that giving back may hold the event loop at a time, in milliseconds. */
const SLICE = 2
/** How many entries are given up between two looks at the time. */
const STEP = 32
/** What a cache gets back at a time, as a share of its bound; and how far apart, in milliseconds. */
const GROWTH = 0.02
const PAUSE = 1000
/** After a cut nothing grows for so many pauses. */
const PAUSES_AFTER_CUT = 4
/** A fall of the old generation by so many bytes shows a collection within a turn. */
const FALL = 4 * 1024 ** 2
/** So many bytes of growth tell how much more an entry takes than estimated. */
const TELLING = 8 * 1024 ** 2
const LEAST_SCALE = 0.2
const MOST_SCALE = 4
/** Of the memory of the process: predicted above the lowest share nothing grows; above the highest caches are cut down to the one between. */
const MEMORY_HIGH = 0.95
const MEMORY_CUT = 0.75
const MEMORY_LOW = 0.65
/** Caches may grow by this share of the limit between two checks, in so many insertions at most. */
const CHECK_SHARE = 1 / 256
const MOST_INSERTIONS = 256
/** Each so many checks an entry is looked at. */
const SAMPLED = 8

/**
 * Holds all caches of a process below a mark.
 *
 * - `live`: what the old generation held after the last major collection. Between collections it counts garbage.
 * - predicted: `live` and what the caches have grown by since, which is known without a collection, also inside one long turn.
 *
 * Predicted above `high`: hold, no cache grows. Live above `high`: cut down to `low`. Live below `low`: grow again, a little at a time.
 * Held caches may grow all the same, where larger entries take the place of others: predicted halfway from `high` to the limit they are
 * cut back to `high`, also within a turn.
 */
export class GuardController {
  readonly counts = { collections: 0, holds: 0, cuts: 0, given: 0, grown: 0 }
  holding = false
  live: number
  private readonly probe: Probe
  private readonly marks: Marks
  private readonly parts: Set<Guarded> = new Set()
  private readonly known: WeakSet<Store> = new WeakSet()
  /** The old generation when it was last looked at. */
  private previous: number
  /** What the old generation and the process are reckoned to have taken when the caches began to be counted anew. */
  private base: number
  private baseAll: number
  /** The memory of the process at the last cut that it was the cause of; it need not fall for what is freed. */
  private rssAtCut = 0
  /** How much more an entry takes than estimated, learnt from collections. */
  private scale = 1
  /** Bytes that are still to be given back. */
  private debt = 0
  private isPaying = false
  private growsFrom = -Infinity
  private checks = 0
  private hasStopped = false

  constructor(probe: Probe, marks: Marks) {
    this.probe = probe
    this.marks = marks
    this.previous = probe.used()
    this.live = this.previous
    this.base = this.live
    this.baseAll = probe.rss()
    this.adopt()
  }

  /** All that is guarded. */
  get guarded(): Guarded[] {
    return [...this.parts]
  }

  /** Takes in the caches that were opened since, and leaves out those that are gone. */
  adopt(): void {
    for (const part of this.parts) if (part.store === undefined) this.parts.delete(part)
    for (const store of this.probe.stores()) {
      if (this.known.has(store) || store.settings.guard === false) continue
      const part = new Guarded(store)
      this.known.add(store)
      this.parts.add(part)
      if (this.holding) part.hold(store.size)
      this.watch(store, part)
    }
  }

  /** Gives every cache its own bound back. */
  stop(): void {
    this.hasStopped = true
    for (const { store } of this.parts) {
      store?.watchInsertions(Infinity, undefined)
      store?.hold(Infinity)
    }
    this.parts.clear()
  }

  /** A major collection has ended. */
  collected(): void {
    if (this.hasStopped) return
    this.previous = this.probe.used()
    this.measured(this.previous)
  }

  private watch(store: Store, part: Guarded): void {
    const most = Math.floor((this.marks.limit * CHECK_SHARE) / part.eachAll)
    const interval = Math.min(Math.max(most, 1), MOST_INSERTIONS)
    if (interval === part.interval) return
    part.interval = interval
    store.watchInsertions(part.interval, () => this.check(part))
  }

  /** Entries were inserted; also within a long turn in which no collection is told of. */
  private check(part: Guarded): void {
    const { store } = part
    if (this.hasStopped || store === undefined) return
    part.reckon(part.interval)
    if (++this.checks % SAMPLED === 0) part.sample(1)
    this.watch(store, part)
    if (this.debt > 0) this.pay()
    const used = this.probe.used()
    if (used < this.previous - FALL) this.measured(used)
    this.previous = used
    const { high, limit, memory } = this.marks
    const predicted = this.predicted
    if (!this.holding && (predicted > high || this.predictedAll > MEMORY_LOW * memory)) this.hold()
    else if (predicted > (high + limit) / 2 && this.debt === 0 && this.leastUseful() !== undefined)
      this.cut(predicted - high)
  }

  /** What the old generation will hold after a collection. */
  private get predicted(): number {
    let { base } = this
    for (const part of this.parts) base += part.grown * this.scale
    return base
  }

  /** What the process will take. */
  private get predictedAll(): number {
    let { baseAll } = this
    for (const part of this.parts) baseAll += part.grownAll
    return baseAll
  }

  private measured(used: number): void {
    this.counts.collections++
    this.adopt()
    const rss = this.probe.rss()
    const grown = (this.predicted - this.live) / this.scale
    for (const part of this.parts) {
      part.refresh()
      part.restart()
    }
    if (grown > TELLING) {
      const seen = (used - this.live) / grown
      this.scale = Math.min(MOST_SCALE, Math.max(LEAST_SCALE, (this.scale + seen) / 2))
    }
    this.live = used
    this.base = used
    this.baseAll = rss
    const { high, low, memory } = this.marks
    if (rss <= MEMORY_HIGH * memory) this.rssAtCut = 0
    if (used > high) this.cut(used - low)
    else if (rss > Math.max(MEMORY_HIGH * memory, this.rssAtCut)) {
      this.rssAtCut = rss * 1.02
      this.cut(0, rss - MEMORY_CUT * memory)
    } else {
      this.debt = 0
      const isLow = used < low && rss < MEMORY_LOW * memory
      if (isLow && this.probe.now() > this.growsFrom) this.grow()
    }
  }

  /** No cache grows until a collection has told how things are. A held cache evicts one for one, as a full one does. */
  private hold(): void {
    this.holding = true
    this.counts.holds++
    for (const part of this.parts) part.hold(Math.min(part.heldAt, part.size))
    this.tell('hold')
  }

  /** Gives back so many bytes of the heap, or of the process. */
  private cut(bytes: number, all = 0): void {
    this.counts.cuts++
    this.debt = bytes
    if (all > 0) {
      // A byte of the heap that is given up frees more of the process where entries hold buffers.
      let [inside, outside] = [0, 0]
      for (const part of this.parts) {
        inside += part.bytes
        outside += part.allBytes
      }
      this.debt = outside === 0 ? 0 : (all * inside * this.scale) / outside
    }
    this.tell('cut')
    this.pay()
  }

  /** Gives entries up, for a slice of time, from the cache that earns the fewest hits a byte. */
  private pay(): void {
    const { probe } = this
    this.holding = true
    const start = probe.now()
    this.growsFrom = start + PAUSES_AFTER_CUT * PAUSE
    while (this.debt > 0 && probe.now() - start < SLICE) {
      const part = this.leastUseful()
      if (part === undefined) {
        this.debt = 0
        break
      }
      const { size } = part
      part.hold(Math.max(part.floor, size - STEP))
      const given = size - part.size
      if (given <= 0) {
        this.debt = 0
        break
      }
      this.debt -= given * part.each * this.scale
      this.counts.given += given
    }
    // The others do not take what this one gave.
    for (const part of this.parts) part.hold(Math.min(part.heldAt, part.size))
    if (this.debt > 0 && !this.isPaying) {
      this.isPaying = true
      probe.later(() => {
        this.isPaying = false
        if (!this.hasStopped && this.debt > 0) this.pay()
      })
    }
  }

  private leastUseful(): Guarded | undefined {
    let found: Guarded | undefined
    let least = Infinity
    for (const part of this.parts) {
      if (part.size <= part.floor) continue
      const worth = part.heat / part.allBytes
      if (worth < least) {
        least = worth
        found = part
      }
    }
    return found
  }

  /** A collection has left room: a little of it, and never more than half, for the most useful first. */
  private grow(): void {
    this.holding = false
    this.growsFrom = this.probe.now() + PAUSE
    let room = (this.marks.low - this.live) / 2
    const byWorth = (part: Guarded): number => -part.heat / (part.each * (part.size + 1))
    let grown = 0
    for (const part of this.guarded.sort((a, b) => byWorth(a) - byWorth(b))) {
      if (part.heldAt === Infinity) continue
      const wanted = Math.max(STEP, Math.round(GROWTH * part.reach))
      const entries = Math.min(wanted, Math.floor(room / (part.each * this.scale)))
      if (entries <= 0) continue
      room -= entries * part.each * this.scale
      grown += entries
      part.hold(part.heldAt + entries)
    }
    this.counts.grown += grown
    if (grown > 0) this.tell('grow')
  }

  private tell(kind: 'hold' | 'cut' | 'grow'): void {
    publish('guard', () => ({
      ...{ kind, live: this.live, limit: this.marks.limit },
      entries: this.guarded.reduce((sum, part) => sum + part.size, 0),
    }))
  }
}

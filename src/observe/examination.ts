import { KeyHash } from '../core/key-hash.ts'
import { FIRST_SLOT } from '../core/slots.ts'
import type { Space } from '../core/space.ts'
import type { Store } from '../engine/store.ts'
import type { Watcher } from '../engine/watcher.ts'
import { DELETE, FILL, HIT, MISS, TOUCH, WRITE } from './events.ts'
import { entriesOf, lifetimeIn } from './extent.ts'
import type { Causes, ExaminationSettings, Findings, Surroundings } from './findings.ts'
import type { Scale } from './miniature.ts'
import { Panel } from './panel.ts'
import { Versions } from './versions.ts'
import { WatchedKeys } from './watched.ts'

/** Reads before anything is counted, in bounds of the cache: the miniatures forget how they began. */
const WARM_UP = 10
/** Reads that are counted in one go at least, in bounds of the cache, before it rests. */
const GO = 10
/** How many slots are looked at in one go for keys to begin with. */
const SLICE = 8192
/** One in so many calls is timed. */
const TIMED = 64
/** Milliseconds that a timed call counts for at most: a longer one was held up by what is not its own, such as a collection of garbage. */
const LONGEST = 0.02
/** Lifetimes that are tried besides the present ones. */
const LIFETIMES = [2, 4]

/**
 * Watches a share of the keys of a running store, all reads of a key or none, and plays them to miniatures. (Spatial sampling, SHARDS,
 * Waldspurger et al. 2015.) It works in goes: begin with what the store holds, warm up, count. The work of a go depends on the size of
 * the miniatures alone; after it there is rest until the work is within the budget.
 */
export class Examination implements Watcher {
  readonly store: Store
  readonly rate: number
  /** Entries, or the weight, that its factors refer to. */
  readonly bound: number
  readonly whenOver: Promise<void>
  private readonly settings: ExaminationSettings
  private readonly surroundings: Surroundings
  private readonly below: number
  private readonly reads: number
  private readonly warmUp: number
  private readonly go: number
  private readonly hash = new KeyHash()
  private readonly versions: Versions | undefined
  private readonly panel: Panel
  private readonly keys: WatchedKeys
  private end!: () => void
  private state: Findings['state'] = 'warming up'
  /** The longest time that an entry was seen to have left. */
  private ttl: number
  /** The bounds that hold while it goes on. */
  private readonly bounds: { readonly entries: number; readonly weight: number }
  /** Counters of the store at the beginning of the go, and where counting began. */
  private begun = { hits: 0, reads: 0 }
  private from = { hits: 0, reads: 0, time: 0 }
  private counted = { hits: 0, reads: 0, time: 0 }
  private watched = 0
  private readonly causes: Causes = { first: 0, room: 0, time: 0, other: 0 }
  private work = 0
  private calls = 0
  private readonly started: number
  private cursor = FIRST_SLOT

  constructor(store: Store, settings: ExaminationSettings, surroundings: Surroundings) {
    this.store = store
    this.settings = settings
    this.surroundings = surroundings
    const { smallest, factors, policies, reads } = settings
    const entries = entriesOf(store)
    this.rate = Math.min(1, smallest / (Math.min(...factors) * entries))
    this.below = this.rate * 2 ** 32
    this.bound = store.unit === 'entries' ? entries : store.maxWeight
    this.warmUp = WARM_UP * entries
    this.go = GO * entries
    this.reads = reads ?? 2 * this.go
    this.keys = new WatchedKeys(Math.ceil(2 * Math.max(...factors) * entries * this.rate))
    this.bounds = { entries: store.maxEntries, weight: store.maxWeight }
    this.ttl = lifetimeIn(store)
    const expires = this.ttl !== Infinity
    this.versions = expires ? new Versions() : undefined
    const scales: Scale[] = policies.flatMap((policy) =>
      factors.map((factor) => ({ policy, factor, lifetime: 1 })),
    )
    const { policy } = store.settings
    if (expires) for (const lifetime of LIFETIMES) scales.push({ policy, factor: 1, lifetime })
    const bounds = {
      entries: store.unit === 'entries' ? entries : store.maxEntries,
      weight: store.maxWeight - store.ghostWeight,
    }
    this.panel = new Panel(scales, bounds, this.rate)
    this.whenOver = new Promise((resolve) => {
      this.end = resolve
    })
    this.started = surroundings.stopwatch()
    this.begin()
  }

  findings(): Findings {
    this.drain()
    const { state, counted, from, reads: wanted } = this
    const now = state === 'counting' ? this.counters() : from
    const reads = counted.reads + now.reads - from.reads
    return {
      state,
      progress: state === 'over' ? 1 : Math.min(1, reads / wanted),
      rate: this.rate,
      reads,
      hits: counted.hits + now.hits - from.hits,
      watchedReads: this.watched,
      duration: counted.time + (state === 'counting' ? this.store.clock.recent() - from.time : 0),
      miniatures: this.panel.counted(state === 'counting'),
      causes: { ...this.causes },
      ttl: this.ttl,
      comparable:
        this.versions === undefined || this.versions.all === 0
          ? 1
          : 1 - this.versions.opaque / this.versions.all,
      work: this.work,
      elapsed: this.surroundings.stopwatch() - this.started,
    }
  }

  /** Ends it; what was counted stays. */
  stop(): void {
    if (this.state === 'over') return
    this.play()
    this.finishGo()
    this.state = 'over'
    this.panel.close()
    this.keys.clear()
    this.end()
  }

  // Told by the store

  hit(slot: number): void {
    const { keys } = this.store.slots
    const { space } = this.store.ownerOf(slot)
    this.timed(() => {
      if (this.hashOf(space, keys[slot])) this.note(HIT, slot)
    })
  }

  missed(space: Space, key: unknown, slot: number | undefined): void {
    this.timed(() => {
      if (!this.hashOf(space, key)) return
      const id = this.hash.low
      const known = this.keys.get(id)
      const now = this.store.clock.recent()
      const isInvalid = slot !== undefined && this.store.isTaggedOut(slot)
      if (isInvalid) this.note(DELETE, undefined)
      if (this.state === 'counting') this.causes[causeOf(known, now, isInvalid)]++
      if (known === undefined) this.keep(id, space).isAwaited = true
      else known.isAwaited = true
      this.note(MISS, undefined)
    })
  }

  wrote(space: Space, key: unknown, slot: number, ttl: number): boolean {
    return this.timed(() => {
      if (!this.hashOf(space, key)) return false
      const { slots, clock } = this.store
      const id = this.hash.low
      const known = this.keys.get(id) ?? this.keep(id, space)
      known.version = this.versions?.of(slots.values[slot]) ?? 0
      known.ttl = ttl
      known.weight = slots.weights?.[slot] ?? 0
      known.deadline = clock.recent() + ttl
      if (ttl !== Infinity) this.ttl = Math.max(this.ttl, ttl)
      this.note(known.isAwaited ? FILL : WRITE, undefined)
      known.isAwaited = false
      return true
    })
  }

  touched(slot: number, ttl: number): void {
    this.hashOf(this.store.ownerOf(slot).space, this.store.slots.keys[slot])
    const known = this.keys.get(this.hash.low)
    if (known !== undefined) {
      known.ttl = ttl
      known.deadline = this.store.clock.recent() + ttl
    }
    this.note(ttl > 0 ? TOUCH : DELETE, slot)
  }

  deleted(space: Space, key: unknown): void {
    if (!this.hashOf(space, key)) return
    const known = this.keys.get(this.hash.low)
    if (known !== undefined) known.deadline = Number.NaN
    this.note(DELETE, undefined)
  }

  cleared(space: Space): void {
    this.drain()
    if (space === this.store.root) {
      this.panel.clear()
      for (const [, known] of this.keys) known.deadline = Number.NaN
      return
    }
    const spaces = new Set([...space.all()].map((one) => this.numberOf(one)))
    const now = this.store.clock.recent()
    for (const [id, known] of this.keys) {
      if (!spaces.has(known.space)) continue
      known.deadline = Number.NaN
      this.add(DELETE, id, now, 0, 0, 0)
    }
  }

  closed(): void {
    this.stop()
  }

  // Goes

  /** Watches what the store holds. */
  private begin(): void {
    const { store } = this
    this.state = 'warming up'
    this.panel.clear()
    store.watchKeys(this)
    this.begun = this.counters()
    this.cursor = FIRST_SLOT
    this.fill()
  }

  /** Begins with the entries that the store holds, some at a time, so that no turn takes long. */
  private fill(): void {
    if (this.state === 'over' || this.state === 'resting') return
    const { store } = this
    const { slots } = store
    const start = this.surroundings.stopwatch()
    const now = store.clock.recent()
    this.panel.moment.time = now
    const end = Math.min(slots.end, this.cursor + SLICE)
    for (let slot = this.cursor; slot < end; slot++) {
      if (!store.isLive(slot, now)) {
        this.beginGhost(slot)
        continue
      }
      const { space } = store.ownerOf(slot)
      if (!this.hashOf(space, slots.keys[slot])) continue
      slots.watched![slot] = 1
      const left = Math.abs(slots.deadlines[slot]!) - now
      const weight = slots.weights?.[slot] ?? 0
      const id = this.hash.low
      const known = this.keys.get(id) ?? this.keep(id, space)
      known.version = this.versions?.of(slots.values[slot]) ?? 0
      known.weight = weight
      known.deadline = now + left
      if (left !== Infinity) this.ttl = Math.max(this.ttl, left)
      known.ttl = left === Infinity ? left : Math.max(this.ttl, known.ttl)
      this.panel.begin(id, left, weight, known.version)
    }
    this.cursor = end
    this.work += this.surroundings.stopwatch() - start
    if (end < slots.end) this.surroundings.later(() => this.fill(), 0)
  }

  /** A key that was evicted lately, and is remembered: a larger cache would hold it. */
  private beginGhost(slot: number): void {
    const { store, panel } = this
    const { slots } = store
    if (slots.deadlines[slot] !== 0 || slots.isFree(slot)) return
    const { space } = store.ownerOf(slot)
    if (space === undefined || !this.hashOf(space, slots.keys[slot])) return
    const id = this.hash.low
    const known = this.keys.get(id)
    const weight = known?.weight ?? Math.round(store.weight / Math.max(1, store.size))
    if (known === undefined) this.keep(id, space).deadline = panel.moment.time + this.ttl
    panel.beginLarger(id, this.ttl, weight, known?.version ?? 0)
  }

  private drain(): void {
    this.play()
    this.advance()
  }

  private play(): void {
    const start = this.surroundings.stopwatch()
    const reads = this.panel.play()
    if (this.state === 'counting') this.watched += reads
    this.work += this.surroundings.stopwatch() - start
  }

  private advance(): void {
    const { state, begun, from, counted, store } = this
    if (state === 'resting' || state === 'over') return
    if (store.maxEntries !== this.bounds.entries || store.maxWeight !== this.bounds.weight) {
      this.stop()
      return
    }
    const now = this.counters()
    if (state === 'warming up') {
      if (now.reads - begun.reads < this.warmUp) return
      this.state = 'counting'
      this.from = { ...now, time: this.store.clock.recent() }
      this.panel.count()
      return
    }
    const reads = now.reads - from.reads
    if (counted.reads + reads >= this.reads) this.stop()
    else if (reads >= this.go && this.overdue() > 0) this.rest()
  }

  /** Milliseconds to wait until the work is within the budget. */
  private overdue(): number {
    return this.work / this.settings.budget - (this.surroundings.stopwatch() - this.started)
  }

  private rest(): void {
    this.finishGo()
    this.state = 'resting'
    this.surroundings.later(() => {
      if (this.state === 'resting') this.begin()
    }, this.overdue())
  }

  private finishGo(): void {
    if (this.state === 'counting') {
      const { counted, from } = this
      const now = this.counters()
      counted.reads += now.reads - from.reads
      counted.hits += now.hits - from.hits
      counted.time += this.store.clock.recent() - from.time
      this.from = { ...now, time: this.store.clock.recent() }
      this.panel.addUp()
    }
    this.panel.forget()
    this.store.watchKeys(undefined)
  }

  // Small parts

  private counters(): { hits: number; reads: number } {
    const { hits, misses } = this.store.counters
    return { hits, reads: hits + misses }
  }

  /** Hashes a key; whether it is watched. Its hash is `low`. */
  private hashOf(space: Space, key: unknown): boolean {
    const { hash } = this
    hash.update(key, this.numberOf(space))
    return hash.high >>> 0 < this.below
  }

  private numberOf(space: Space): number {
    return space === this.store.root ? 0 : this.hash.identify(space)
  }

  private keep(id: number, space: Space) {
    const known = {
      ...{ version: 0, ttl: this.ttl, weight: 0, deadline: Number.NaN, isAwaited: false },
      space: this.numberOf(space),
    }
    this.keys.keep(id, known)
    return known
  }

  /** Notes what happened to the key that was hashed last. */
  private note(kind: number, slot: number | undefined): void {
    const id = this.hash.low
    const known = this.keys.get(id)
    const weight = slot === undefined ? known?.weight : this.store.slots.weights?.[slot]
    const now = this.store.clock.recent()
    this.add(kind, id, now, known?.ttl ?? this.ttl, weight ?? 0, known?.version ?? 0)
  }

  private add(kind: number, id: number, time: number, ttl: number, weight: number, version: number): void {
    this.panel.add(kind, id, time, ttl, weight, version)
    if (this.panel.isFull) this.drain()
  }

  /** Adds the time of one call in many to the work, for all of them. Draining, which is measured by itself, is not timed twice. */
  private timed<T>(call: () => T): T {
    if (++this.calls % TIMED !== 0) return call()
    const start = this.surroundings.stopwatch()
    const { work } = this
    const result = call()
    const time = Math.min(this.surroundings.stopwatch() - start, LONGEST)
    if (this.work === work) this.work += TIMED * time
    return result
  }
}

function causeOf(
  known: { readonly deadline: number } | undefined,
  now: number,
  isInvalid: boolean,
): keyof Causes {
  if (known === undefined) return 'first'
  if (isInvalid || Number.isNaN(known.deadline)) return 'other'
  return known.deadline <= now ? 'time' : 'room'
}

import type { Store } from '../engine/store.ts'
import type { PolicyName } from '../policies/policy.ts'
import { Effort } from './effort.ts'
import { entriesOf } from './extent.ts'
import type { ExaminationSettings, Findings, Surroundings } from './findings.ts'
import { KeyWatch } from './key-watch.ts'
import type { Scale } from './miniature.ts'
import { Panel } from './panel.ts'

/** Reads before anything is counted, in bounds of the cache: the miniatures forget how they began. */
const WARM_UP = 10
/** Reads that are counted in one go at least, in bounds of the cache, before it rests. */
const GO = 10
/** Lifetimes that are tried besides the present ones. */
const LIFETIMES = [2, 4]

/**
 * Watches a share of the keys of a running store, all reads of a key or none, and plays them to miniatures. (Spatial sampling, SHARDS,
 * Waldspurger et al. 2015.) It works in goes: begin with what the store holds, warm up, count. The work of a go depends on the size of
 * the miniatures alone; after it there is rest until the work is within the budget.
 */
export class Examination {
  readonly rate: number
  /** Entries, or the weight, that its factors refer to. */
  readonly bound: number
  readonly whenOver: Promise<void>
  readonly panel: Panel
  readonly effort: Effort
  private readonly store: Store
  private readonly surroundings: Surroundings
  private readonly budget: number
  private readonly reads: number
  private readonly warmUp: number
  private readonly go: number
  private readonly watch: KeyWatch
  private end!: () => void
  private state: Findings['state'] = 'warming up'
  /** The bounds that hold while it goes on. */
  private readonly bounds: { readonly entries: number; readonly weight: number }
  /** Counters of the store at the beginning of the go, and where counting began. */
  private begun = { hits: 0, reads: 0 }
  private from = { hits: 0, reads: 0, time: 0 }
  private counted = { hits: 0, reads: 0, time: 0 }
  private watched = 0

  constructor(store: Store, settings: ExaminationSettings, surroundings: Surroundings) {
    this.store = store
    this.surroundings = surroundings
    const { smallest, factors, reads, budget } = settings
    const entries = entriesOf(store)
    this.rate = Math.min(1, smallest / (Math.min(...factors) * entries))
    this.bound = store.unit === 'entries' ? entries : store.maxWeight
    this.budget = budget
    this.warmUp = WARM_UP * entries
    this.go = GO * entries
    this.reads = reads ?? 2 * this.go
    this.bounds = { entries: store.maxEntries, weight: store.maxWeight }
    const most = Math.ceil(2 * Math.max(...factors) * entries * this.rate)
    this.watch = new KeyWatch(store, this.rate, most, this)
    const bounds = {
      entries: store.unit === 'entries' ? entries : store.maxEntries,
      weight: store.maxWeight - store.ghostWeight,
    }
    const scales = scalesOf(settings, store.settings.policy, this.watch.ttl !== Infinity)
    this.panel = new Panel(scales, bounds, this.rate)
    this.whenOver = new Promise((resolve) => {
      this.end = resolve
    })
    this.effort = new Effort(surroundings.stopwatch)
    this.begin()
  }

  get isCounting(): boolean {
    return this.state === 'counting'
  }

  findings(): Findings {
    this.drain()
    const { state, counted, from, reads: wanted, watch, effort } = this
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
      causes: { ...watch.causes },
      ttl: watch.ttl,
      comparable: watch.comparable,
      work: effort.spent,
      elapsed: effort.elapsed,
    }
  }

  /** Ends it; what was counted stays. */
  stop(): void {
    if (this.state === 'over') return
    this.play()
    this.finishGo()
    this.state = 'over'
    this.panel.close()
    this.watch.forget()
    this.end()
  }

  /** Plays what was noted, and goes on to what comes next where it is time. */
  drain(): void {
    this.play()
    this.advance()
  }

  private begin(): void {
    this.state = 'warming up'
    this.panel.clear()
    this.watch.begin()
    this.begun = this.counters()
    this.fill()
  }

  /** Begins with the entries that the store holds, some at a time, so that no turn takes long. */
  private fill(): void {
    if (this.state === 'over' || this.state === 'resting') return
    if (!this.watch.fill()) this.surroundings.later(() => this.fill(), 0)
  }

  private play(): void {
    const reads = this.effort.measure(() => this.panel.play())
    if (this.state === 'counting') this.watched += reads
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
    else if (reads >= this.go && this.effort.overdue(this.budget) > 0) this.rest()
  }

  private rest(): void {
    this.finishGo()
    this.state = 'resting'
    this.surroundings.later(() => {
      if (this.state === 'resting') this.begin()
    }, this.effort.overdue(this.budget))
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
    this.watch.end()
  }

  private counters(): { hits: number; reads: number } {
    const { hits, misses } = this.store.counters
    return { hits, reads: hits + misses }
  }
}

/** What the miniatures are: each policy at each factor, and longer lifetimes at the present size where entries expire. */
function scalesOf({ policies, factors }: ExaminationSettings, own: PolicyName, expires: boolean): Scale[] {
  const scales = policies.flatMap((policy) => factors.map((factor) => ({ policy, factor, lifetime: 1 })))
  const longer = LIFETIMES.map((lifetime) => ({ policy: own, factor: 1, lifetime }))
  return expires ? [...scales, ...longer] : scales
}

import { Events, HIT, MISS } from './events.ts'
import type { Counted } from './findings.ts'
import { Miniature, type Moment, PARTS, type Scale } from './miniature.ts'

/** Counts of one miniature over all goes. */
interface Total {
  readonly misses: Float64Array
  readonly stale: Float64Array
}

/** The miniatures of an examination, what waits to be played to them, and what was counted of them. */
export class Panel {
  readonly moment: Moment = { time: 1 }
  private readonly events = new Events()
  private readonly miniatures: readonly Miniature[]
  private readonly totals: readonly Total[]

  constructor(
    scales: readonly Scale[],
    bounds: { readonly entries: number; readonly weight: number },
    rate: number,
  ) {
    this.miniatures = scales.map((scale) => new Miniature(scale, bounds, rate, this.moment))
    this.totals = scales.map(() => ({ misses: new Float64Array(PARTS), stale: new Float64Array(PARTS) }))
  }

  get isFull(): boolean {
    return this.events.isFull
  }

  /** Notes what happened to a key. */
  add(kind: number, id: number, time: number, ttl: number, weight: number, version: number): void {
    this.events.add(kind, id, time, ttl, weight, version)
  }

  /** Plays what was noted; how many reads were among it. */
  play(): number {
    for (const miniature of this.miniatures) miniature.play(this.events)
    const reads = readsIn(this.events)
    this.forget()
    return reads
  }

  /** What was noted is not played. */
  forget(): void {
    this.events.length = 0
  }

  clear(): void {
    for (const miniature of this.miniatures) miniature.clear()
  }

  /** An entry that the running cache holds. */
  begin(id: number, ttl: number, weight: number, version: number): void {
    for (const miniature of this.miniatures) miniature.begin(id, ttl, weight, version)
  }

  /** An entry that a larger cache would hold. */
  beginLarger(id: number, ttl: number, weight: number, version: number): void {
    for (const miniature of this.miniatures)
      if (miniature.factor > 1) miniature.begin(id, ttl, weight, version)
  }

  /** Begins to count. */
  count(): void {
    for (const miniature of this.miniatures) miniature.count()
  }

  /** Adds what was counted since to what was counted before. */
  addUp(): void {
    for (const [i, { misses, stale }] of this.miniatures.entries()) {
      addTo(this.totals[i]!.misses, misses)
      addTo(this.totals[i]!.stale, stale)
    }
  }

  /** What was counted in all, of late included while it counts. */
  counted(isCounting: boolean): Counted[] {
    return this.miniatures.map(({ policy, factor, lifetime, misses, stale }, i) => ({
      ...{ policy, factor, lifetime },
      misses: sums(this.totals[i]!.misses, misses, isCounting),
      stale: sums(this.totals[i]!.stale, stale, isCounting),
    }))
  }

  close(): void {
    for (const miniature of this.miniatures) miniature.close()
  }
}

function readsIn({ length, kinds }: Events): number {
  let reads = 0
  for (let at = 0; at < length; at++) if (kinds[at] === HIT || kinds[at] === MISS) reads++
  return reads
}

function addTo(sums: Float64Array, more: Float64Array): void {
  for (let part = 0; part < PARTS; part++) sums[part]! += more[part]!
}

function sums(total: Float64Array, current: Float64Array, isCounting: boolean): number[] {
  return [...total].map((sum, part) => sum + (isCounting ? current[part]! : 0))
}

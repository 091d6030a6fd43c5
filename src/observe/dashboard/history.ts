import { allCaches, storeOf } from '../../cache.ts'
import type { Store } from '../../engine/store.ts'
import { diagnostics } from '../sampled.ts'
import { EVERY, Series } from './series.ts'
import { KeySampler } from './top-keys.ts'
import type { FaultState, TopKeys } from './wire.ts'

/** How many faults are remembered. */
const FAULTS = 50

/** A fault that was seen, with its key as it is. */
export interface SeenFault extends Omit<FaultState, 'key'> {
  readonly hasKey: boolean
  readonly key: unknown
}

interface Fault {
  readonly kind: string
  readonly cache: string
  readonly error: unknown
  readonly key?: unknown
  readonly count: number
}

/** The last hour of all caches of the process, and their last faults. Keeps no cache. */
export class History {
  /** How many samples were taken. */
  tick = 0
  private sampledAt: number
  private readonly series = new WeakMap<Store, Series>()
  /** Of the stores that are being shown in full. */
  private readonly samplers = new Map<Store, KeySampler>()
  /** The last faults, the newest first; one that goes on takes one line. */
  faults: readonly SeenFault[] = []
  private readonly now: () => number

  constructor(now: () => number = () => Date.now()) {
    this.now = now
    this.sampledAt = now()
    for (const cache of allCaches().values())
      this.series.set(storeOf(cache), new Series(cache.stats(), this.sampledAt, 0))
    diagnostics()?.subscribe('nearcache:fault', (message) => this.note(message as Fault))
  }

  /** The series of a store. */
  of(store: Store): Series {
    let series = this.series.get(store)
    if (series === undefined) {
      series = new Series(undefined, this.sampledAt, this.tick)
      this.series.set(store, series)
    }
    return series
  }

  /** The keys of a store that are read most, which are looked for from the first call on, as long as there are more. */
  topKeys(store: Store, keys: 'plain' | 'hashed'): TopKeys {
    let sampler = this.samplers.get(store)
    if (sampler === undefined) {
      sampler = new KeySampler(store)
      this.samplers.set(store, sampler)
    }
    return sampler.ask(keys)
  }

  /** Takes a sample of every cache. */
  sample(): void {
    for (const [store, sampler] of this.samplers) if (!sampler.tick()) this.samplers.delete(store)
    const at = this.now()
    for (const cache of allCaches().values()) this.of(storeOf(cache)).add(cache.stats(), at, this.tick)
    this.sampledAt = at
    this.tick++
  }

  private note(fault: Fault): void {
    const { kind, cache, error, key, count } = fault
    const others = this.faults.filter((one) => one.kind !== kind || one.cache !== cache)
    const text = error instanceof Error ? error.message : String(error)
    this.faults = [
      { kind, cache, message: text.slice(0, 500), key, hasKey: 'key' in fault, at: this.now(), count },
      ...others,
    ].slice(0, FAULTS)
  }
}

let shared: History | undefined

/** The history of this process, from the first call on. */
export function processHistory(): History {
  if (shared === undefined) {
    const history = new History()
    shared = history
    const timer: { unref?(): void } = setInterval(() => history.sample(), EVERY) as never
    timer.unref?.()
  }
  return shared
}

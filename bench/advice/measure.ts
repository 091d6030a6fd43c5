import { Cache, storeOf } from '../../src/cache.ts'
import type { Advice } from '../../src/observe/advice.ts'
import { examine } from '../../src/observe/examine.ts'
import { random } from '../keys.ts'

/** What was advised for another cache, beside what such a cache does. Ratios from 0 to 1. */
export interface Advised {
  /** Of the size, or of the ttl. */
  readonly factor: number
  readonly advised: number
  readonly low: number
  readonly high: number
  readonly real: number
}

/** A cache that was examined in mid-flight. */
export interface Case {
  readonly workload: string
  /** What bounds it, or what is changed: its entries, the weight of its entries, or its ttl. */
  readonly of: 'entries' | 'weight' | 'ttl'
  readonly bound: number
  readonly reads: number
  /** The hit ratio of the cache itself. */
  readonly present: number
  readonly curve: readonly Advised[]
  /** With another ttl: the shares of reads that are given what is out of date. */
  readonly stale: readonly Advised[]
  readonly sentence: string
}

/** A machine on which work takes no time, so that no examination rests. */
const machine = { stopwatch: () => 0, later: (callback: () => void) => callback() }
const STEP = 256

/** What is read: keys in order, a millisecond after one another. */
export interface Workload {
  readonly name: string
  readonly keys: ArrayLike<number>
}

interface Setting {
  readonly of: Case['of']
  readonly bound: number
  /** Milliseconds. */
  readonly ttl: number
}

/** Runs a workload through a cache that is examined from a quarter of it on, and through caches as they were advised. */
export function measureCase({ name, keys }: Workload, setting: Setting, smallest?: number): Case {
  const begin = keys.length >> 2
  const running = new Run(keys, setting, 1, 1)
  running.to(begin)
  const examination = examine(
    storeOf(running.cache),
    { reads: Infinity, ...(smallest !== undefined && { smallest }) },
    machine,
  )
  while (examination.advice().state !== 'counting' && running.at < keys.length)
    running.to(Math.min(keys.length, running.at + STEP))
  const from = running.at
  running.to(keys.length)
  const advice = examination.stop()
  const truth = (factor: number, lifetime: number): { hits: number; stale: number } => {
    const run = new Run(keys, setting, factor, lifetime)
    run.to(from)
    const before = { hits: run.hits, stale: run.stale }
    run.to(keys.length)
    const reads = keys.length - from
    return { hits: (run.hits - before.hits) / reads, stale: (run.stale - before.stale) / reads }
  }
  const { sentence, hitRatio: present } = advice
  const about = {
    ...{ workload: name, of: setting.of, bound: setting.bound },
    ...{ reads: keys.length - from, present, sentence },
  }
  if (setting.of === 'ttl') return { ...about, ...ofLifetimes(advice, truth) }
  const curve = advice.curve
    .filter(({ factor }) => factor !== 1)
    .map(({ factor, hitRatio: advised, low, high }) => ({
      ...{ factor, advised, low, high },
      real: truth(factor, 1).hits,
    }))
  return { ...about, curve, stale: [] }
}

function ofLifetimes(
  { lifetimes, hitRatio }: Advice,
  truth: (factor: number, lifetime: number) => { hits: number; stale: number },
): Pick<Case, 'curve' | 'stale'> {
  const real = lifetimes.map(({ factor }) => truth(1, factor))
  const present = truth(1, 1)
  return {
    curve: lifetimes.map(({ factor, gain, low, high }, i) => ({
      ...{ factor, advised: hitRatio + gain, low: hitRatio + low, high: hitRatio + high },
      real: real[i]!.hits,
    })),
    stale: lifetimes.map(({ factor, stale = Number.NaN }, i) => ({
      ...{ factor, advised: stale, low: stale, high: stale },
      real: real[i]!.stale - present.stale,
    })),
  }
}

/** A cache that reads through: what is not there is loaded at once. A value is the number of the time at which it was changed last. */
class Run {
  at = 0
  hits = 0
  /** Hits that gave what a cache with the present ttl would have read anew by then, and found changed. */
  stale = 0
  readonly cache: Cache<number, number>
  private readonly keys: ArrayLike<number>
  private now = 0

  constructor(keys: ArrayLike<number>, { of, bound, ttl }: Setting, factor: number, lifetime: number) {
    this.keys = keys
    const size = Math.max(1, Math.round(bound * factor))
    this.cache = new Cache<number, number>({
      ...(of === 'weight'
        ? { maxWeight: size, weigh: (_value, key) => weightOf(key) }
        : { maxEntries: size }),
      ttl: ttl * lifetime,
      clock: () => this.now,
      onError: () => {},
    })
  }

  to(end: number): void {
    const { cache, keys } = this
    for (; this.at < end; this.at++) {
      this.now = this.at
      const key = keys[this.at]!
      const value = cache.get(key)
      const current = versionOf(key, this.now)
      if (value === undefined) cache.set(key, current)
      else {
        this.hits++
        if (value !== current) this.stale++
      }
    }
  }
}

/** Values of keys change at random times, some often and some never during a run. */
function versionOf(key: number, now: number): number {
  const spread = (Math.imul(key + 1, 0x9e3779b1) >>> 0) / 2 ** 32
  const period = 20_000 * 2 ** (6 * spread)
  return Math.floor(now / period + spread * 1000)
}

/** Weights that vary a hundredfold, most of them light: log-normal. */
function weightOf(key: number): number {
  const draw = random(key + 1)
  const normal = Math.sqrt(-2 * Math.log(1 - draw())) * Math.cos(2 * Math.PI * draw())
  return Math.max(1, Math.round(1000 * Math.exp(normal)))
}

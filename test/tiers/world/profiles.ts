import type * as product from '../../../src/tiers/tiered-cache.ts'
import type { Model } from './model.ts'

/**
 * What goes wrong: nothing; pushes; everything; above all failovers; above all processes that are frozen or cut off; little is
 * invalidated, so that what is old stays long, and the log is so short that a process soon loses its place in it.
 */
export type Profile = 'calm' | 'lossy' | 'storm' | 'split' | 'sleep' | 'quiet'
export type Violation = 'BOUND' | 'OWN' | 'L2' | 'END' | 'TTL' | 'BREAKER' | 'FLIGHT' | 'WAIT' | 'ERROR'
export type Product = Pick<typeof product, 'simulatedCache'>
/** A version of the source, and a number of the load that brought it. */
export interface Value {
  readonly version: number
  readonly load: number
}
export type Tiered = product.TieredCache<string, Value>

export const KEYS = ['k0', 'k1', 'k2'] as const
export const TAGS = [['a'], ['a', 'b'], []] as const
/** Milliseconds. */
export const BEAT = 150
export const MAX_STALE = 900
export const TIMEOUT = 180
export const RING = { time: 1500, most: 12, slack: 400 }
/** Where failovers are frequent, so little is remembered that some lose more than that. */
export const SMALL_RING = { time: 600, most: 3, slack: 400 }
export const PAUSE = 200
export const LEG = 50
export const PUSH = 25
/** A fill that is refused, the lease given up after it, the longest pause before one asks again, and the answer, with some to spare. */
export const HANDOVER = 600
export const LIMITS = { log: 40, keys: 2, tags: 1 }
export const SHORT = { log: 3, keys: 2, tags: 1 }
export const BOUNDS: Record<Profile, number> = {
  calm: PUSH,
  lossy: BEAT + 4 * LEG,
  storm: MAX_STALE,
  split: MAX_STALE,
  sleep: MAX_STALE,
  quiet: MAX_STALE,
}
/** Entries of the log that come by one pull at most. */
export const PULLS: Record<Profile, number> = { calm: 10, lossy: 10, storm: 10, split: 4, sleep: 2, quiet: 2 }
export const DOWN = 'the source is down'

/** What befalls the world, by how often. */
export type Trouble =
  | 'cut'
  | 'deaf'
  | 'freeze'
  | 'crash'
  | 'failover'
  | 'split'
  | 'restore'
  | 'empty'
  | 'state evicted'
  | 'fences evicted'
  | 'log evicted'
  | 'entry evicted'
  | 'clock jumps'
  | 'saved'
export const TROUBLES: Record<Profile, readonly [Trouble, number][]> = {
  calm: [],
  lossy: [],
  storm: [
    ['cut', 22],
    ['deaf', 14],
    ['freeze', 10],
    ['crash', 6],
    ['failover', 7],
    ['split', 3],
    ['restore', 4],
    ['empty', 4],
    ['state evicted', 6],
    ['fences evicted', 8],
    ['log evicted', 4],
    ['entry evicted', 4],
    ['clock jumps', 4],
    ['saved', 4],
  ],
  split: [
    ['split', 40],
    ['failover', 25],
    ['empty', 5],
    ['state evicted', 5],
    ['freeze', 10],
    ['cut', 10],
    ['deaf', 10],
  ],
  sleep: [
    ['freeze', 45],
    ['cut', 25],
    ['deaf', 25],
    ['log evicted', 5],
  ],
  quiet: [
    ['cut', 40],
    ['deaf', 25],
    ['log evicted', 20],
    ['state evicted', 5],
    ['failover', 10],
  ],
}

export interface Process {
  readonly name: number
  cache: Tiered
  isAlive: boolean
  frozenUntil: number
  cutUntil: number
  deafUntil: number
  oldUntil: number
  old: Model | undefined
  listener: ((bytes: Uint8Array) => void) | undefined
  /** By key, the newest version that a call in this process has made known, and the newest that one has removed what was there for. */
  readonly own: [number, number, number]
  readonly removed: [number, number, number]
  /** By key, when a load failed here last. */
  readonly failedAt: [number, number, number]
  /** Requests without an answer in a row, and when the last of them was given up. */
  unanswered: number
  unansweredAt: number
  /** Invalidations that were called here and not yet answered. */
  calls: number
}

/** A load that is or was under way. */
export interface Loading {
  readonly process: Process
  readonly key: number
  readonly from: number
  readonly to: number
  /** It need not have a lease: own invalidations were under way, or what the server has was just about to be over when it was read. */
  readonly isFree: boolean
}

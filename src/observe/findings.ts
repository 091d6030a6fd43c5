import type { PolicyName } from '../policies/policy.ts'
import type { Scale } from './miniature.ts'

export interface ExaminationSettings {
  readonly factors: readonly number[]
  readonly policies: readonly PolicyName[]
  /** Entries of the smallest miniature. */
  readonly smallest: number
  /** Reads to count; undefined for twenty bounds of the cache. */
  readonly reads: number | undefined
  /** The share of one core that it may take. */
  readonly budget: number
}

/** What an examination has of the machine. */
export interface Surroundings {
  /** Milliseconds, for measuring how long something takes. */
  stopwatch(): number
  later(callback: () => void, milliseconds: number): void
}

/** What was counted of a miniature. */
export interface Counted extends Scale {
  /** By part of the keys. */
  readonly misses: readonly number[]
  readonly stale: readonly number[]
}

/** Why reads found nothing, counted of watched keys. */
export interface Causes {
  /** Not met before. */
  first: number
  /** Evicted before. */
  room: number
  /** Expired before. */
  time: number
  /** Deleted or invalidated before, or never stored. */
  other: number
}

/** What an examination has counted so far. */
export interface Findings {
  readonly state: 'warming up' | 'counting' | 'resting' | 'over'
  /** Of the reads to count, from 0 to 1. */
  readonly progress: number
  /** The share of the keys that are watched. */
  readonly rate: number
  /** Reads of the running cache while counting, and those of them that found something. */
  readonly reads: number
  readonly hits: number
  readonly watchedReads: number
  /** Milliseconds that were counted, by the clock of the cache. */
  readonly duration: number
  readonly miniatures: readonly Counted[]
  readonly causes: Readonly<Causes>
  /** The lifetime that most entries have; Infinity where none expires. */
  readonly ttl: number
  /** The share of new values that could be compared with those before them. */
  readonly comparable: number
  /** Milliseconds of work, and of time, since it began. */
  readonly work: number
  readonly elapsed: number
}

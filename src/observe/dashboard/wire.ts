import type { Advice } from '../advised.ts'

/* What the page and its server say to each other, as JSON. A bound that there is not is null. */

/** A name as it stands in an address: as JSON has it, so that halves of surrogate pairs survive. */
export function escaped(text: string): string {
  return JSON.stringify(text).slice(1, -1)
}

/** The name that was escaped; undefined for what was not. */
export function unescaped(text: string): string | undefined {
  try {
    return JSON.parse(`"${text}"`)
  } catch {
    return undefined
  }
}

/** A key by which an entry can be asked for again: as it is in JSON, or told by its type. Undefined for objects and symbols. */
export type KeyRef =
  | string
  | number
  | boolean
  | null
  | { readonly bigint: string }
  | { readonly number: string }

/** A namespace by its name, a version by its number, a prefix of an application by its place among them. */
export type SpacePath = readonly (string | number | { readonly prefix: number })[]

/** What happened in a stretch of time. */
export interface Span {
  readonly seconds: number
  readonly hits: number
  readonly stale: number
  readonly misses: number
  readonly sets: number
  readonly evicted: number
  readonly expired: number
  readonly loads: number
  readonly failed: number
  /** Milliseconds that half of the loads, and nearly all, took at most; null without loads. */
  readonly p50: number | null
  readonly p95: number | null
  /** Milliseconds that a load takes on average; null without loads. */
  readonly mean: number | null
}

export interface CacheState {
  readonly name: string
  readonly size: number
  readonly maxEntries: number | null
  /** The lower bound that the heap guard holds it at. */
  readonly heldAt: number | null
  /** Since when, in Unix time. */
  readonly heldSince: number | null
  readonly weight: number
  readonly maxWeight: number | null
  readonly unit: 'entries' | 'weight' | 'bytes'
  readonly spaces: number
  /** Loads that have failed since one succeeded, the last error, and whether stale values are given meanwhile. */
  readonly failing: { readonly loads: number; readonly error: string; readonly stale: boolean } | null
  readonly faults: number
  readonly tier: TierState | null
  /** The advice on its size in a sentence, where there is one, and whether it says to change it. */
  readonly advice: { readonly sentence: string; readonly factor: number } | null
  readonly minute: Span
  readonly hour: Span
  /** The hit ratio of each of the last sixty minutes, in thousandths; null where nothing was read. Left out while the page has it. */
  readonly trend?: readonly (number | null)[]
}

/** The second tier of a tiered cache, or its bus. */
export interface TierState {
  readonly isBus: boolean
  readonly bus: 'listening' | 'polling'
  readonly breaker: 'closed' | 'open'
  /** Milliseconds since it has been away; null while it is not. */
  readonly awayFor: number | null
  /** Milliseconds since the state of the log was last proven; null before the first time. */
  readonly knownFor: number | null
  /** How long what is held may be served without proof. */
  readonly maxStale: number | null
  readonly queued: number
  readonly hits: number
  readonly misses: number
  readonly openings: number
  readonly distrusts: number
  readonly gaps: number
}

/** Ten seconds of a cache: its number, then `sampleFields` in their order. */
export type SampleRow = readonly (number | null)[]

export const sampleFields = [
  'hits',
  'stale',
  'misses',
  'sets',
  'evicted',
  'expired',
  'loads',
  'failed',
  'size',
  'weight',
  'p50',
  'p95',
] as const

export interface SpaceState {
  readonly path: SpacePath
  readonly entries: number
  readonly weight: number
  readonly hits: number
  readonly misses: number
  readonly sets: number
  readonly evicted: number
}

/** A key that many reads ask for. */
export interface TopKey {
  readonly key: ShownKey
  readonly path: SpacePath
  /** Of all reads, those that asked for it and found something, or nothing; at least so many. */
  readonly share: number
}

/** The keys that were read most in the last minutes. */
export interface TopKeys {
  /** How many reads were looked at. */
  readonly sampled: number
  readonly hits: readonly TopKey[]
  readonly misses: readonly TopKey[]
}

export interface Details {
  readonly name: string
  readonly settings: Readonly<Record<string, string | number | boolean>>
  readonly samples: readonly SampleRow[]
  /** Of the last hour, by class of `loadTimeBounds`. */
  readonly loadTimes: readonly number[]
  readonly removals: Readonly<Record<string, number>>
  readonly spaces: readonly SpaceState[]
  readonly top: TopKeys
  /** What the examination of its size says so far; null where there was none. */
  readonly advice: Advice | null
}

export interface FaultState {
  readonly kind: string
  readonly cache: string
  readonly message: string
  readonly key: string | null
  readonly at: number
  readonly count: number
}

export interface State {
  readonly instance: {
    readonly id: string
    readonly host: string
    readonly pid: number
    readonly started: number
  }
  readonly now: number
  /** How many samples were taken, and milliseconds between them. */
  readonly tick: number
  readonly every: number
  readonly may: {
    readonly actions: readonly string[]
    readonly values: boolean
    readonly keys: 'plain' | 'hashed'
  }
  readonly heap: { readonly used: number; readonly limit: number } | null
  readonly guard: {
    readonly live: number
    readonly limit: number
    readonly holding: boolean
    readonly cuts: number
  } | null
  readonly caches: readonly CacheState[]
  readonly faults: readonly FaultState[]
  /** Reads of all caches in each of the last sixty minutes: answered here, and not. Left out while the page has it. */
  readonly traffic?: readonly (readonly [number, number])[]
  /** Namespaces of the caches whose rows are unfolded. */
  readonly spaces: Readonly<Record<string, readonly SpaceState[]>>
  readonly details?: Details
}

/** How a key is shown, and by what it is asked for again, where it can be. */
export interface ShownKey {
  readonly text: string
  readonly kind: 'string' | 'number' | 'bigint' | 'other' | 'hashed'
  readonly ref?: KeyRef
}

export interface EntryState {
  readonly key: ShownKey
  readonly path: SpacePath
  /** Milliseconds since it was written, or given its lifetime anew; null where that is not known. */
  readonly age: number | null
  /** Milliseconds that it has left; null for ever. */
  readonly left: number | null
  /** Whether it was used again since it came, for policies that tell such entries from others; null for those that do not. */
  readonly standing: 'recent' | 'frequent' | null
  readonly tags: readonly string[]
  /** Its weight, where the user's function weighs. */
  readonly weight: number | null
  /** About how many bytes it takes, key included; null where that cannot be told. */
  readonly bytes: number | null
}

export interface Entries {
  readonly instance: string
  readonly cache: string
  readonly entries: readonly EntryState[]
  /** Where to go on; null at the end. */
  readonly after: number | null
}

/** What an action is asked to do. */
export interface ActionRequest {
  readonly action: 'delete' | 'clear' | 'resize' | 'reveal' | 'examine'
  readonly cache: string
  readonly path?: SpacePath
  readonly key?: KeyRef
  /** The name of the cache, typed by hand, for `clear`. */
  readonly confirm?: string
  readonly bounds?: { readonly maxEntries?: number; readonly maxWeight?: number }
}

/** What has come of it, and in which process. */
export interface ActionResult {
  readonly instance: string
  readonly done: boolean
  readonly text?: string
  /** Of a tiered cache: whether the second tier has acknowledged it, or will be told as soon as it answers. */
  readonly second?: 'told' | 'queued'
}

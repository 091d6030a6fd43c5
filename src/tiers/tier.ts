import type { Serializer } from '../serialize.ts'

/**
 * A place in the log of invalidations: a number one above that of the entry before, `-`, and a random number of the process that
 * wrote it. Two histories that went apart have different positions, so a position tells whether a store has what a process has seen.
 */
export type Position = string

/** What `Tier.read` gives. */
export interface TierRead {
  /** Whether the store has everything that was seen. If not, there are no values. */
  readonly isKnown: boolean
  /** The life of the store's state, and its newest position; undefined where the store has no state yet. */
  readonly epoch: string | undefined
  readonly head: Position | undefined
  /**
   * For each key asked for an entry, which may be over. Where a lease was asked for: when the one ends that this process now has on what
   * is missing, or `'loading'` where another process has it. In an entry that is over the lease stands itself: `leaseIn` of record.ts.
   */
  readonly values: readonly (Uint8Array | number | 'loading' | undefined)[]
}

/** A value to be stored, without what the store itself adds. */
export interface StoredValue {
  /** The position that the value is as new as. */
  readonly token: Position
  /** Milliseconds since its load began. */
  readonly age: number
  /** Milliseconds; 0 for ever. */
  readonly ttl: number
  /** How much longer it is kept for `staleIfError`, in milliseconds. */
  readonly stale: number
  readonly flags: number
  readonly serializer: number
  readonly payload: Uint8Array
  readonly tags: readonly string[]
}

/** The result of a load. */
export interface Fill extends StoredValue {
  readonly key: string
  readonly epoch: string
}

/** Why a fill was refused, or that it was not. */
export type FillResult = 'stored' | 'unknown' | 'old' | 'overtaken' | 'newer' | 'full'

/** An invalidation, perhaps with the value that was written. */
export interface Write {
  /** The position up to which the log was applied here; undefined for none. */
  readonly seen: Position | undefined
  /** What is told to the other processes. */
  readonly body: Uint8Array
  readonly mode: 'delete' | 'expire' | 'clear'
  readonly keys: readonly string[]
  readonly tags: readonly string[]
  /** The value to be stored under the last key, unless something else has invalidated it since. */
  readonly value: StoredValue | undefined
}

/** What `Tier.write` gives. */
export interface TierWrite {
  /** Whether the store had everything that was seen. */
  readonly isKnown: boolean
  readonly epoch: string
  readonly id: Position
  readonly previous: Position
  /** Whether the value was stored. */
  readonly kept: boolean
}

/** An entry of the log. */
export interface LogEntry {
  readonly id: Position
  readonly previous: Position
  /** Empty for the entry that a new state begins with. */
  readonly body: Uint8Array
}

/**
 * What `Tier.pull` gives. `knownFor`, also of an anchor: that the log is complete is known as of so many milliseconds ago, where that is
 * before it was asked for.
 */
export interface TierPull {
  /** Whether the store has everything that was seen. If not, there are no entries. */
  readonly isKnown: boolean
  readonly epoch: string | undefined
  readonly head: Position | undefined
  /** The store's clock. */
  readonly time: number
  readonly entries: readonly LogEntry[]
  readonly knownFor?: number | undefined
}

/** What `Tier.anchor` gives. */
export interface TierAnchor {
  readonly epoch: string
  /** Whether the server process that runs now has made the state. */
  readonly isFresh: boolean
  /** How long ago the state was made, in milliseconds. */
  readonly age: number
  readonly head: Position
  /** The oldest position that the log still has. */
  readonly oldest: Position
  /** The store's clock. */
  readonly time: number
  /** Those of the positions asked for that the store does not have. */
  readonly lost: readonly Position[]
  readonly knownFor?: number | undefined
}

/** Carries bytes to other processes, perhaps. Speed, never proof. */
export interface Push {
  /** Calls back with whatever arrives; resolves, once it listens, to what ends it, which `close` of the cache waits for. */
  listen(onBytes: (bytes: Uint8Array) => void): Promise<() => unknown>
}

/** What one named cache has in a store with a log of invalidations. Each method is one request, and runs at once or not at all. */
export interface Tier {
  /** Entries, from a store that has what was seen. `lease` in milliseconds asks for a lease on what is missing or over; 0 for none. */
  read(keys: readonly string[], seen: Position | undefined, lease: number): Promise<TierRead>
  /** Stores the result of a load, unless it was overtaken. */
  fill(fill: Fill): Promise<FillResult>
  /** Gives up the lease that `read` has given until then, if it still stands. Without it others wait until it ends. */
  release?(key: string, until: number): Promise<unknown>
  /** Invalidates, in the log and in the store. */
  write(write: Write): Promise<TierWrite>
  /** The entries of the log after a position. */
  pull(seen: Position): Promise<TierPull>
  /** Where the log is now, and which of these positions the store lacks. Makes a state where there is none. */
  anchor(positions: readonly Position[]): Promise<TierAnchor>
  /** Asks the store whether it answers. Where there is this, the log is in this process, and reading it tells nothing of the store. */
  probe?(): Promise<unknown>
  readonly push?: Push | undefined
  /** How values become bytes where the cache does not say. Default: the form that keeps Date, Map, Set and the like. */
  readonly serializer?: Serializer | undefined
  /** It only tells of invalidations: values are neither read nor stored. */
  readonly isBus?: boolean | undefined
  /** As many bytes a message has at most. Default 65,536. */
  readonly maxMessageBytes?: number | undefined
}

/** A store with a log, of which each named cache has a part. */
export interface TierStore {
  /** `serializer`: the number of the form in which the cache's values are bytes; 0 where the cache names none. */
  open(name: string, serializer?: number): Tier
}

/**
 * A store without a log: a file, an HTTP service, a Keyv. What is invalidated in one process is deleted there, and other processes
 * learn nothing of it: they serve what they hold until its ttl ends. A load that one process overtakes may be stored by another.
 */
export interface PlainTier {
  get(key: string): PromiseLike<Uint8Array | null | undefined> | Uint8Array | null | undefined
  /** `ttl` in milliseconds; undefined for ever. */
  set(key: string, bytes: Uint8Array, ttl: number | undefined): unknown
  delete(keys: readonly string[]): unknown
  /** The entries of these keys, in their order. Without it `get` is called for each. */
  getMany?(
    keys: readonly string[],
  ): PromiseLike<readonly (Uint8Array | null | undefined)[]> | readonly (Uint8Array | null | undefined)[]
}

/**
 * What processes tell each other of invalidations by, without a store: BroadcastChannel, `node:cluster`, LISTEN/NOTIFY, NATS. It may lose,
 * repeat and reorder what it carries.
 */
export interface Bus {
  /** Sends bytes to all that listen, this process included. Throws or rejects where it could not. */
  send(bytes: Uint8Array): unknown
  /** Calls back with what is sent from here on; resolves, once it listens, to what ends it. Calls `onLost` where it listens no more. */
  listen(onBytes: (bytes: Uint8Array) => void, onLost: () => void): Promise<() => unknown>
  /** As many bytes go in one message at most, at least 1,024. Default 65,536. */
  readonly maxBytes?: number | undefined
}

/** The number of a position. */
export function numberOf(position: Position): number {
  return Number.parseInt(position, 10)
}

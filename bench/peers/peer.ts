/**
 * What is measured. A target is a peer's own object where it has these three methods, so that no adapter stands between it and the
 * loop; the others get a class of a few lines.
 */
export interface Target {
  get(key: unknown): unknown
  set(key: unknown, value: unknown): unknown
  delete?(key: unknown): unknown
  /** Adds one and returns the sum, where a peer has counters. */
  incr?(key: unknown): unknown
  /** A view of a namespace, where a peer has them. */
  namespace?(name: string): Target
  /** Does what the peer has put off until the event loop turns; part of every sample. */
  settle?(): void
}

/** The asynchronous read path: the value under a key, loaded where it is not there. */
export interface AsyncTarget {
  read(key: string): Promise<unknown>
}

/** Loads what the asynchronous peers do not hold. */
export type Loader = (key: string) => Promise<unknown>

interface About {
  readonly name: string
  /** The npm package; none for what is part of JavaScript, or is nearcache itself. */
  readonly package?: string
  /** Whether entries expire: where a peer can, it does. */
  readonly ttl: boolean
  /** What else is not equal. */
  readonly note?: string
}

export interface Peer extends About {
  /** What the peer holds at most, as a multiple of the capacity it is given; 1 unless told otherwise. */
  readonly holds?: number
  /** Writes to more entries than this take so long that they are not measured. */
  readonly writesUpTo?: number
  make(capacity: number): Target
}

export interface AsyncPeer extends About {
  make(capacity: number, loader: Loader): AsyncTarget
}

/** A peer that could not be loaded, and why. */
export interface Absent {
  readonly name: string
  readonly reason: string
}

export const TTL = 300_000

/** Loads a package whose few methods used here are described by the caller, so that types need no installed peers. */
export async function load<T>(specifier: string): Promise<T> {
  return import(specifier)
}

export type New<Arguments extends unknown[], Made = Target> = new (...args: Arguments) => Made

/** Makes all peers; one that cannot be loaded on this Node is reported, not fatal. */
export async function loadAll<P extends About>(
  loaders: Readonly<Record<string, () => Promise<P | P[]>>>,
): Promise<{ peers: P[]; absent: Absent[] }> {
  const peers: P[] = []
  const absent: Absent[] = []
  for (const [name, make] of Object.entries(loaders)) {
    try {
      const made = await make()
      peers.push(...(Array.isArray(made) ? made : [made]))
    } catch (error) {
      absent.push({ name, reason: error instanceof Error ? error.message.split('\n')[0]! : String(error) })
    }
  }
  return { peers, absent }
}

/**
 * What decides which entry goes. A policy orders slots; it knows no key space, clock or listener. The store calls it so:
 *
 * - an insertion: `admit(ghost)`, then `victim` as often as room is needed, then `insert`;
 * - a read or an overwrite: `use`;
 * - a victim that left only for want of room: `addGhost`, which gives what is forgotten for it;
 * - after a change of the room that may leave too many ghosts: `dropSurplusGhost` until it gives NONE;
 * - where ghosts have to give way to what another bound counts: `dropGhost`;
 * - an entry or a ghost that leaves for any other reason: `remove`.
 */
export interface Policy {
  /** A live entry was read or overwritten. */
  use(slot: number): void
  /** A key is about to be inserted; `ghost` is its slot if it is remembered (which ends with this call), else NONE. */
  admit(ghost: number): void
  /** The admitted key has its slot. */
  insert(slot: number): void
  /** Takes the entry that has to go off its queue; one that expired by `now` before others, as far as it is met. NONE when empty. */
  victim(now: number): number
  /** Keeps a victim's key as a ghost, and takes off the one forgotten for it: NONE while there is room, the victim itself where none is kept. */
  addGhost(slot: number): number
  /** Takes off a further ghost beyond what is remembered; NONE when there is none. */
  dropSurplusGhost(): number
  /** Takes off a ghost, though there may be room for it; NONE when there is none. */
  dropGhost(): number
  /** An entry or ghost leaves. */
  remove(slot: number): void
  /** What an entry or ghost is moves from one slot to another, its marks included; the policy puts the new slot in the place of the old. */
  relocate(from: number, to: number): void
  /** Number of entries that the cache may hold; Infinity where another bound holds. */
  resize(capacity: number): void
  /** Everything left. */
  clear(): void

  // What a snapshot keeps

  /** The slots it holds, ghosts too, each queue with what goes first at its beginning. */
  readonly queues: readonly { readonly oldest: number; readonly size: number }[]
  /** Tells what the marks of this moment mean: a number for each, whatever the policy does later. */
  standings(): (mark: number) => number
  state(): PolicyState
  /** Goes on from such a state while nothing is held yet; in a cache that is larger than that one was, as one that has grown. */
  resume(state: PolicyState, isLarger: boolean): void
  /** A slot that was inserted just now has this standing, and is the newest of its queue; it does not count as an insertion. */
  reinstate(slot: number, standing: number): void
  /** The key in a slot that holds no entry is remembered with this standing; false where there is no room for another. */
  recall(slot: number, standing: number): boolean
  /** Whether that standing is one of a key that is only remembered. */
  isGhost(standing: number): boolean
  /** Whether that standing is one of an entry that was used again while it was held; false for all where that makes no difference. */
  isFrequent(standing: number): boolean
}

/** What a policy knows besides the order of slots, in numbers that survive JSON. */
export type PolicyState = Readonly<Record<string, number>>

/** The policies by name. */
export type PolicyName = 'adaptive' | 'lru'

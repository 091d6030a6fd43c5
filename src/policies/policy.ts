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
  /** Takes the entry that has to go off its queue; a policy may prefer one that expired by `now`. NONE when empty. */
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

  /** The slots it holds, ghosts too, each queue with what goes first at its beginning. */
  readonly queues: readonly { readonly oldest: number; readonly size: number }[]
}

/** The policies by name. */
export type PolicyName = 'adaptive' | 'lru'

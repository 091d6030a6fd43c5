import type { Space } from '../core/space.ts'

/** Who is told of each read, and whether it found something. Called when the read is counted; throws nothing and changes nothing. */
export type ReadListener = (space: Space, key: unknown, isHit: boolean) => void

/**
 * Who is told of what happens in a store, whatever the key space, and chooses by `wrote` of which slots reads are told. Called when
 * the change is complete; throws nothing and changes nothing in the store.
 */
export interface Watcher {
  /** A live entry in a watched slot was read. */
  hit(slot: number): void
  /** A read found nothing live in the slot that its key has, if it has one. */
  missed(space: Space, key: unknown, slot: number | undefined): void
  /** A value was stored. Returns whether reads of its slot are to be told. */
  wrote(space: Space, key: unknown, slot: number, ttl: number): boolean
  /** A live entry in a watched slot has another lifetime. */
  touched(slot: number, ttl: number): void
  /** A key was deleted, or its lifetime ended, whether or not there was an entry. */
  deleted(space: Space, key: unknown): void
  /** All keys of a space and those inside it were deleted, or their lifetimes ended. */
  cleared(space: Space): void
  /** The store was closed. */
  closed(): void
}

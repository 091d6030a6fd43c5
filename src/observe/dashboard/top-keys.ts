import type { Space } from '../../core/space.ts'
import type { Store } from '../../engine/store.ts'
import { shownKey } from './keys.ts'
import { SpaceSaving } from './space-saving.ts'
import { pathOf } from './spaces.ts'
import type { TopKey, TopKeys } from './wire.ts'

/** One read in about so many is looked at. */
const GAP = 64
/** How many keys are counted at a time, and how many are told. */
const LENGTH = 128
const TOLD = 10
/** A key is told once so many of the reads that were looked at were for it. */
const LEAST = 4
/** Samples of the history after which nobody looks any more, and after which what was counted counts half. */
const LEASE = 3
const HALF_LIFE = 6

/**
 * The keys of a store that are read most, found and not found apart, by looking at one read in about 64. (Watching a share of the keys, as
 * for advice, would leave out the key that is read most in most cases.) Reads are looked at while somebody asks.
 */
export class KeySampler {
  private readonly store: Store
  private readonly hits = new SpaceSaving<Space, unknown>(LENGTH)
  private readonly misses = new SpaceSaving<Space, unknown>(LENGTH)
  private sampled = 0
  /** Reads until the next one that is looked at. */
  private left = 1
  private lease = LEASE
  private age = 0

  constructor(store: Store) {
    this.store = store
    if (!store.root.closed)
      store.tellReads((space, key, isHit) => {
        if (--this.left <= 0) this.look(space, key, isHit)
      })
  }

  /** What was read most lately; goes on for a while. */
  ask(keys: 'plain' | 'hashed'): TopKeys {
    this.lease = LEASE
    const told = (list: SpaceSaving<Space, unknown>): TopKey[] =>
      list
        .top(TOLD)
        .filter(({ count, excess }) => count - excess >= LEAST)
        .map(({ group, item, count, excess }) => ({
          key: shownKey(item, keys),
          path: pathOf(group, this.store),
          share: Number(((count - excess) / this.sampled).toPrecision(3)),
        }))
    return { sampled: Math.round(this.sampled), hits: told(this.hits), misses: told(this.misses) }
  }

  /** A sample of the history was taken. False once nobody asks any more, and reads are looked at no longer. */
  tick(): boolean {
    if (--this.lease < 0 || this.store.root.closed) {
      this.store.tellReads(undefined)
      return false
    }
    if (++this.age % HALF_LIFE === 0) {
      this.sampled /= 2
      this.hits.halve()
      this.misses.halve()
    }
    return true
  }

  private look(space: Space, key: unknown, isHit: boolean): void {
    // Distances that differ, so that reads in a rhythm are all met.
    this.left = 1 + Math.floor(Math.random() * (2 * GAP - 1))
    this.sampled++
    const list = isHit ? this.hits : this.misses
    list.add(space, key)
  }
}

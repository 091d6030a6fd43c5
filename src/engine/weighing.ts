import { ENTRY_BYTES, estimateBytes } from '../core/bytes.ts'
import type { StoreSettings } from '../options/options.ts'
import { refusal } from '../options/units.ts'
import type { NegativeResult } from './negative.ts'

/** Bytes that the stack of an error keeps in memory until somebody looks at it: the load whose loader threw it, and what that refers to. */
const STACK_BYTES = 2500

/** The share of a bound by bytes that the keys of ghosts may take. */
const GHOST_SHARE = 1 / 8
/** With a weight of the user's, a negative result weighs this share of the bound while nothing else is there to compare it with. */
const NEGATIVE_SHARE = 1 / 1000

/** How entries count towards a bound by weight. */
export interface Weighing {
  /** The weight of an entry, an integer of at least 0. Throws what the user's function throws, and a TypeError for what is none. */
  ofEntry(value: unknown, key: unknown): number
  /** The weight of what a load found out that is no value, in a store that holds so many entries of that weight. */
  ofNegative(result: NegativeResult, key: unknown, size: number, weight: number, most: number): number
  /** The weight of a key that is remembered after its entry was evicted; 0 where such keys do not count. */
  ofGhost(key: unknown): number
  /** The weight that all such keys may have together. */
  mostGhosts(most: number): number
}

/** How the entries of a store are weighed; undefined where they are only counted. */
export function weighingOf({ maxBytes, weigh }: StoreSettings): Weighing | undefined {
  if (maxBytes !== undefined) return bytes
  return weigh === undefined ? undefined : byUser(weigh as (value: unknown, key: unknown) => unknown)
}

const bytes: Weighing = {
  ofEntry: (value, key) => ENTRY_BYTES + estimateBytes(value) + estimateBytes(key),
  ofNegative: (result, key) =>
    ENTRY_BYTES + estimateBytes(result) + estimateBytes(key) + (result.kind === 'failed' ? STACK_BYTES : 0),
  ofGhost: (key) => ENTRY_BYTES + estimateBytes(key),
  mostGhosts: (most) => most * GHOST_SHARE,
}

function byUser(weigh: (value: unknown, key: unknown) => unknown): Weighing {
  return {
    ofEntry(value, key) {
      const weight = weigh(value, key)
      if (Number.isSafeInteger(weight) && (weight as number) >= 0) return weight as number
      throw refusal('weigh', 'an integer of at least 0 to be returned', weight)
    },
    // As much as the entries do on average, so that unknown keys cannot fill the memory, whatever the unit is.
    ofNegative: (_result, _key, size, weight, most) =>
      Math.max(
        1,
        Math.ceil(size === 0 ? Math.min(most, Number.MAX_SAFE_INTEGER) * NEGATIVE_SHARE : weight / size),
      ),
    ofGhost: () => 0,
    mostGhosts: () => Infinity,
  }
}

import type { Cache } from '../cache.ts'
import { keyOf, keyOfOne } from './keys.ts'

/** How many pairs are known at most. */
const MOST = 4096
/** How long a key may be, in characters, that is worth knowing. */
const LONGEST = 256
/** How many others are asked for, to each that is known, until those known are given up for them. */
const PATIENCE = 16

/**
 * Keys of two arguments, many of them known: a pair is found by two Map lookups, and so is its key, a string that was hashed before.
 * To write the string anew and have it hashed takes several times as long. What is known is bounded by what the cache holds.
 */
export class Pairs {
  readonly #cache: Cache<unknown, unknown>
  #known = new Map<unknown, Map<unknown, unknown>>()
  #others = 0
  /** How many are known. */
  size = 0

  constructor(cache: Cache<unknown, unknown>) {
    this.#cache = cache
  }

  keyOf(first: unknown, second: unknown): unknown {
    const one = keyOfOne(first)
    const two = keyOfOne(second)
    return this.#known.get(one)?.get(two) ?? this.#learn(one, two, keyOf([first, second]))
  }

  clear(): void {
    this.#known = new Map()
    this.#others = 0
    this.size = 0
  }

  #learn(one: unknown, two: unknown, key: unknown): unknown {
    if ((key as string).length > LONGEST) return key
    const most = Math.min(2 * this.#cache.size + 16, MOST)
    if (this.size >= most) {
      // Above that, the cache was emptied, or its entries have expired.
      if (this.size === most && ++this.#others < PATIENCE * most) return key
      this.clear()
    }
    this.size++
    const seconds = this.#known.get(one)
    if (seconds === undefined) this.#known.set(one, new Map([[two, key]]))
    else seconds.set(two, key)
    return key
  }
}

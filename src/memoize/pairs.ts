import { keyOf, keyOfOne } from './keys.ts'

/** How many pairs are known at most. */
const MOST = 4096
/** How many others are asked for until those known are given up for them. */
const PATIENCE = 16 * MOST

/**
 * Keys of two arguments, many of them known: a pair is found by two Map lookups, and so is its key, a string that was hashed before.
 * To write the string anew and have it hashed takes several times as long.
 */
export class Pairs {
  #known = new Map<unknown, Map<unknown, unknown>>()
  #count = 0
  #others = 0

  keyOf(first: unknown, second: unknown): unknown {
    const one = keyOfOne(first)
    const two = keyOfOne(second)
    return this.#known.get(one)?.get(two) ?? this.#learn(one, two, keyOf([first, second]))
  }

  #learn(one: unknown, two: unknown, key: unknown): unknown {
    if (this.#count === MOST) {
      if (++this.#others < PATIENCE) return key
      this.#known = new Map()
      this.#count = 0
      this.#others = 0
    }
    this.#count++
    const seconds = this.#known.get(one)
    if (seconds === undefined) this.#known.set(one, new Map([[two, key]]))
    else seconds.set(two, key)
    return key
  }
}

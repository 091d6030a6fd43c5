import { keyOf, keyOfOne } from './keys.ts'

/** How many pairs are known at most. */
const MOST = 4096

/**
 * Keys of two arguments, the recent ones known: a pair is found by two Map lookups, and so is its key, a string that was hashed
 * before. To write the string anew and have it hashed would cost several times as much.
 */
export class Pairs {
  #known: Map<unknown, Map<unknown, unknown>> | undefined
  #count = 0

  keyOf(first: unknown, second: unknown): unknown {
    const one = keyOfOne(first)
    const two = keyOfOne(second)
    return this.#known?.get(one)?.get(two) ?? this.#learn(one, two, keyOf([first, second]))
  }

  #learn(one: unknown, two: unknown, key: unknown): unknown {
    if (this.#known === undefined || this.#count === MOST) {
      this.#known = new Map()
      this.#count = 0
    }
    this.#count++
    const seconds = this.#known.get(one)
    if (seconds === undefined) this.#known.set(one, new Map([[two, key]]))
    else seconds.set(two, key)
    return key
  }
}

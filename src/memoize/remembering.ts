import { keyOfOne } from './keys.ts'
import type { Plan } from './options.ts'
import type { Results } from './results.ts'

/** The function that stands in for the plan's: with its name, length and other properties. */
export function remembering(plan: Plan, resultsFor: (receiver: unknown) => Results | undefined): object {
  const { fn, key, keyThis } = plan
  const isByArguments = key === undefined && !keyThis
  function memoized(this: unknown, first?: unknown, second?: unknown, ...more: unknown[]): unknown {
    // biome-ignore lint/complexity/noArguments: one or two arguments are not made a list, which would cost as much as the lookup.
    const { length } = arguments
    const results = resultsFor(this)
    if (isByArguments && results !== undefined) {
      if (length === 1) {
        const key = keyOfOne(first)
        const found = results.find(key)
        return found === undefined ? results.make(key, this, [first]) : found
      }
      if (length === 2) {
        const key = results.pairs.keyOf(first, second)
        const found = results.find(key)
        return found === undefined ? results.make(key, this, [first, second]) : found
      }
    }
    const args = [first, second, ...more].slice(0, length)
    if (results === undefined) return fn.apply(this, args)
    const key = results.keyOf(this, args)
    const found = results.find(key)
    return found === undefined ? results.make(key, this, args) : found
  }
  return resemble(memoized, fn)
}

/** Properties that belong to the function object itself. */
const ITS_OWN: readonly PropertyKey[] = ['prototype', 'arguments', 'caller']

/** Gives a function the name, length and other properties of the one in whose place it stands. */
export function resemble(fn: object, original: object): object {
  for (const name of Reflect.ownKeys(original)) {
    if (ITS_OWN.includes(name)) continue
    Object.defineProperty(fn, name, Object.getOwnPropertyDescriptor(original, name)!)
  }
  return fn
}

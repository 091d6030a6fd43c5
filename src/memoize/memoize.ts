import type { Cache } from '../cache.ts'
import type { TieredCache } from '../tiers/tiered-cache.ts'
import {
  type AnyFunction,
  type MemoizeOptions,
  plan,
  type Result,
  type TieredMemoizeOptions,
} from './options.ts'
import { remembering } from './remembering.ts'
import { Results } from './results.ts'

/** What can be done with the results of a memoized function. */
export interface Memo<Args extends unknown[] = unknown[], V = unknown> {
  /**
   * Forgets the result for these arguments; whether there was one. A call under way does not store its result. Where `this` is part
   * of the key: `invalidate.call(receiver, ...args)`.
   */
  invalidate(this: unknown, ...args: Args): boolean
  /** Forgets all results. Calls under way do not store theirs. */
  clear(this: unknown): void
  /** The cache that holds the results, and nothing else: for its statistics, tags and size. Its keys are those described in the guide. */
  readonly cache: Cache<unknown, V>
}

/** A memoized function: of the type of the original, with `invalidate`, `clear` and `cache`. */
export type Memoized<F extends AnyFunction> = F & Memo<Parameters<F>, Result<F>>

/** What can be done with the results of a function that is memoized over a tiered cache, in all processes. */
export interface TieredMemo<Args extends unknown[] = unknown[], V = unknown> {
  /** Forgets the result for these arguments, here at once; true when all processes have been told, as `delete` of `TieredCache`. */
  invalidate(this: unknown, ...args: Args): Promise<boolean>
  /** Forgets all results, alike. */
  clear(this: unknown): Promise<boolean>
  /** The namespace that holds the results. */
  readonly cache: TieredCache<unknown, V>
}

/** A function that is memoized over a tiered cache. */
export type TieredMemoized<F extends AnyFunction> = F & TieredMemo<Parameters<F>, Result<F>>

/**
 * A function that remembers its results: for the same arguments it returns the same result without calling `fn` again, as long as the
 * cache keeps it. Arguments are compared by what they contain, class instances and functions by identity. An asynchronous function
 * is called once however many ask meanwhile; failures and `undefined` are not kept.
 *
 * Throws a TypeError or RangeError for a wrong option.
 */
export function memoize<F extends (this: never, ...args: never[]) => PromiseLike<unknown>>(
  fn: F,
  options: TieredMemoizeOptions<F>,
): TieredMemoized<F>
export function memoize<F extends AnyFunction>(fn: F, options?: MemoizeOptions<F>): Memoized<F>
export function memoize<F extends AnyFunction>(
  fn: F,
  options?: MemoizeOptions<F> | TieredMemoizeOptions<F>,
): Memoized<F> {
  const made = plan(fn, options)
  const results = new Results(made, made.open())
  const memoized = remembering(made, () => results)
  const memo: Memo = {
    invalidate(...args) {
      return results.invalidate(this === memoized ? undefined : this, args)
    },
    clear: () => results.clear(),
    cache: results.cache,
  }
  return Object.assign(memoized, memo) as object as Memoized<F>
}

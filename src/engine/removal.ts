/**
 * Why a value left the cache:
 *
 * - `evicted`: a bound was reached and the policy gave it up, or it was heavier than the whole bound.
 * - `expired`: its `ttl` or `idleTtl` ran out, be it before a `clear`.
 * - `replaced`: another value was written under its key.
 * - `deleted`: `delete`, `deleteMany` or `take` removed it.
 * - `cleared`: `clear` or `close` emptied the cache or its namespace.
 * - `invalidated`: one of its tags was deleted, or another process said that it has changed.
 */
export type RemovalReason = 'evicted' | 'expired' | 'replaced' | 'deleted' | 'cleared' | 'invalidated'

/** Whether somebody might have to handle a rejection. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | null | undefined)?.then === 'function'
}

/** A value that left the cache, as the option `onRemoval` is told. */
export interface Removal<K = unknown, V = unknown> {
  readonly key: K
  readonly value: V
  readonly reason: RemovalReason
}

/**
 * Tells a listener of removals, in order, once the cache is consistent. What the listener itself removes by calling back
 * is told after it returns; what it throws goes to `onError`.
 */
export class RemovalQueue {
  readonly #listener: (removal: Removal<never, never>) => void
  readonly #onError: (error: unknown, key: unknown) => void
  #waiting: Removal[] = []
  /** How many of those that wait have been told. */
  #told = 0
  #telling = false

  constructor(
    listener: (removal: Removal<never, never>) => void,
    onError: (error: unknown, key: unknown) => void,
  ) {
    this.#listener = listener
    this.#onError = onError
  }

  add(key: unknown, value: unknown, reason: RemovalReason): void {
    this.#waiting.push({ key, value, reason })
  }

  flush(): void {
    if (this.#telling || this.#waiting.length === 0) return
    this.#telling = true
    try {
      while (this.#told < this.#waiting.length) this.#tell(this.#waiting[this.#told++]!)
      this.#waiting = []
      this.#told = 0
    } finally {
      this.#telling = false
    }
  }

  #tell(removal: Removal): void {
    try {
      const result: unknown = this.#listener(removal as Removal<never, never>)
      if (isThenable(result)) Promise.resolve(result).catch((error) => this.#onError(error, removal.key))
    } catch (error) {
      this.#onError(error, removal.key)
    }
  }
}

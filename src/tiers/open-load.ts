import type { SetOptions } from '../options/options.ts'

/** What an open load does in its cache. */
export interface LoadSteps<V> {
  age(): number
  isOvertaken(tags: readonly string[]): boolean
  finish(value: V, options: SetOptions | undefined): boolean
  end(): void
}

/**
 * A load that its caller runs: `beginLoad` found nothing, the caller gets the value from its source, and brings it by `finish`. Nothing is
 * stored of it that was invalidated since it began, in any process. One that was begun has to be ended.
 */
export class OpenLoad<V = unknown> {
  /** What was found. Undefined: nothing, so the load is open. */
  readonly value: V | undefined
  #steps: LoadSteps<V> | undefined

  constructor(value: V | undefined, steps?: LoadSteps<V>) {
    this.value = value
    this.#steps = steps
  }

  /** Milliseconds since it began; 0 once it has ended. */
  get age(): number {
    return this.#steps?.age() ?? 0
  }

  /** Whether a value with these tags would not be stored any more. */
  isOvertaken(tags: readonly string[] = []): boolean {
    return this.#steps?.isOvertaken(tags) ?? true
  }

  /**
   * Stores the value in both tiers, unless it was overtaken, and tells nobody; whether it is kept here. It stays open: the same load may
   * bring another value. Throws a TypeError or RangeError for a value that cannot be kept, and for wrong options.
   */
  finish(value: V, options?: SetOptions): boolean {
    return this.#steps?.finish(value, options) ?? false
  }

  /** Nothing is stored from here on. */
  end(): void {
    this.#steps?.end()
    this.#steps = undefined
  }
}

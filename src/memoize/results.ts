import { type Cache, storeOf } from '../cache.ts'
import { currentWork, Work } from '../loading/waits.ts'
import type { LoadOptions } from '../options/options.ts'
import { keyOf, keyOfOne, sharedKey } from './keys.ts'
import type { Plan } from './options.ts'
import { Pairs } from './pairs.ts'

/** The results of one memoized function, or of one method for one instance. */
export class Results {
  readonly cache: Cache<unknown, unknown>
  readonly pairs: Pairs
  readonly #plan: Plan

  constructor(plan: Plan, cache: Cache<unknown, unknown>) {
    this.#plan = plan
    this.cache = cache
    this.pairs = new Pairs(cache)
  }

  keyOf(receiver: unknown, args: unknown[]): unknown {
    const { key, keyThis } = this.#plan
    if (key !== undefined) return keyOfOne(key.apply(receiver, args))
    const list = keyThis ? [receiver, ...args] : args
    return list.length === 2 ? this.pairs.keyOf(list[0], list[1]) : keyOf(list)
  }

  invalidate(receiver: unknown, args: unknown[]): boolean {
    const key = this.keyOf(receiver, args)
    return this.cache.delete(this.#plan.isTiered ? sharedKey(key) : key)
  }

  /** Over a tiered cache a promise, as of `invalidate`. */
  clear(): void {
    this.pairs.clear()
    // biome-ignore lint/correctness/noVoidTypeReturn: a tiered cache gives a promise.
    return this.cache.clear()
  }

  /** What is kept under a key, of a function that is known to give its results at once. */
  find(key: unknown): unknown {
    return this.#plan.isAsync === false ? this.cache.get(key) : undefined
  }

  /**
   * What the function gives, where `find` found nothing. Once it has given a promise, its results are loaded. Until its first result
   * that cannot be told, so it is called.
   */
  make(key: unknown, receiver: unknown, args: unknown[]): unknown {
    const { fn, isAsync } = this.#plan
    if (this.#plan.isTiered)
      return this.cache.getOrLoad(sharedKey(key), () => fn.apply(receiver, args), this.#loads(receiver, args))
    if (isAsync) return this.cache.getOrLoad(key, () => fn.apply(receiver, args), this.#loads(receiver, args))
    const work = isAsync === undefined ? new Work() : undefined
    const call = (): unknown => fn.apply(receiver, args)
    const result = work === undefined ? call() : work.run(call)
    return isThenable(result)
      ? this.#load(key, result, work, this.#loads(receiver, args))
      : this.#keep(key, result, receiver, args)
  }

  /** What the load of a call says. */
  #loads(receiver: unknown, args: unknown[]): LoadOptions | undefined {
    const { loads, tagsOf } = this.#plan
    if (tagsOf === undefined) return loads
    return { ...loads, tags: (result) => tagsOf.call(receiver, result, ...args) }
  }

  #load(
    key: unknown,
    promise: PromiseLike<unknown>,
    work: Work | undefined,
    loads: LoadOptions | undefined,
  ): Promise<unknown> {
    this.#plan.isAsync = true
    // Where it is not needed after all, nobody else looks at how it ends.
    if (promise instanceof Promise) promise.catch(() => {})
    const load = (): PromiseLike<unknown> => {
      if (work !== undefined) currentWork()?.comesFrom(work)
      return promise
    }
    return this.cache.getOrLoad(key, load, loads)
  }

  #keep(key: unknown, result: unknown, receiver: unknown, args: unknown[]): unknown {
    const { cache } = this
    const plan = this.#plan
    const { ttlOf, tagsOf } = plan
    plan.isAsync = false
    if (result === undefined) return undefined
    // The call may have taken long; what it has stored itself under the key stands.
    storeOf(cache).clock.read()
    const told = ttlOf !== undefined || tagsOf !== undefined
    const writes = told && {
      ...plan.writes,
      ...(ttlOf && { ttl: ttlOf(result) }),
      ...(tagsOf && { tags: tagsOf.call(receiver, result, ...args) }),
    }
    cache.add(key, result, writes || plan.writes)
    const kept = cache.peek(key)
    return kept === undefined ? result : kept
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | null | undefined)?.then === 'function'
}

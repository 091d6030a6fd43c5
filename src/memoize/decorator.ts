import { refusal } from '../options/units.ts'
import type { Memo } from './memoize.ts'
import { type AnyFunction, type MemoizeOptions, plan, type Result } from './options.ts'
import { byInstance, inCommon, type ResultsFor } from './receivers.ts'
import { remembering } from './remembering.ts'
import type { Results } from './results.ts'

/**
 * The settings of `@memoized`: those of `memoize`, and who shares results. Functions among them say the types of their parameters
 * themselves, as the compiler cannot tell: `key: (id: string) => …`.
 */
export type MemoizedOptions = MemoizeOptions<(this: never, ...args: never[]) => never> & {
  /** Whether each instance has results, and a cache, of its own. Default true; with false all instances share them. */
  readonly perInstance?: boolean | undefined
}

/** What decorates a method or a getter; private and static ones too. */
export interface MemoizedDecorator {
  <F extends AnyFunction>(method: F, context: ClassMethodDecoratorContext): F
  <F extends AnyFunction>(getter: F, context: ClassGetterDecoratorContext): F
  /** With `experimentalDecorators`. */
  <T>(
    target: object,
    member: string | symbol,
    property: TypedPropertyDescriptor<T>,
  ): TypedPropertyDescriptor<T>
}

/**
 * Makes a method or a getter remember its results as `memoize` does for a function: `@memoized`, or `@memoized({ ttl: '10m' })`.
 * Each instance has a cache of its own, which goes with the instance and does not hold it. `memoOf` gives access to it.
 *
 * Works as a standard decorator and with `experimentalDecorators`. Throws a TypeError or RangeError for a wrong option, or in a wrong
 * place.
 */
export function memoized<F extends AnyFunction>(method: F, context: ClassMethodDecoratorContext): F
export function memoized<F extends AnyFunction>(getter: F, context: ClassGetterDecoratorContext): F
export function memoized<T>(
  target: object,
  member: string | symbol,
  property: TypedPropertyDescriptor<T>,
): TypedPropertyDescriptor<T>
export function memoized(options?: MemoizedOptions): MemoizedDecorator
export function memoized(first?: unknown, context?: unknown, property?: unknown): unknown {
  if (context !== undefined) return decorate(first, context, property, {})
  return (member: unknown, itsContext: unknown, property: unknown) =>
    decorate(member, itsContext, property, first)
}

/** The results of each decorated member, by the function that stands in its place. */
const members = new WeakMap<object, ResultsFor>()

/** What takes the place of a member; with `experimentalDecorators`, which tell its name instead of a context, the place with it. */
function decorate(member: unknown, context: unknown, property: unknown, options: unknown): object {
  if (typeof context !== 'string' && typeof context !== 'symbol') {
    const kind: unknown = (context as { kind?: unknown } | undefined)?.kind
    if (kind === 'method' || kind === 'getter') return remembered(member, options)
    throw refusal('@memoized', 'a method or getter', kind)
  }
  const { value, get } = (property ?? {}) as PropertyDescriptor
  const part = typeof get === 'function' ? 'get' : 'value'
  const fn: unknown = get ?? value
  if (typeof fn !== 'function') throw refusal('@memoized', 'a method or getter', fn)
  return { ...(property as PropertyDescriptor), [part]: remembered(fn, options) }
}

function remembered(member: unknown, options: unknown = {}): object {
  const { perInstance = true, ...settings } = options as { perInstance?: unknown }
  if (typeof perInstance !== 'boolean') throw refusal('perInstance', 'true or false', perInstance)
  const made = plan(member, settings)
  if (made.isTiered && perInstance)
    throw refusal('perInstance', 'false over a tiered cache, as no other process knows the instance', true)
  const resultsFor = perInstance ? byInstance(made) : inCommon(made)
  const decorated = remembering(made, resultsFor)
  members.set(decorated, resultsFor)
  return decorated
}

/** What can be done with the results of a member of type `M`: of a method by its arguments, of a getter without. */
export type MemoOf<M> = M extends AnyFunction ? Memo<Parameters<M>, Result<M>> : Memo<[], Awaited<M>>

/**
 * What a method or getter decorated with `@memoized` remembers for an instance (for the class, if it is static):
 * `memoOf(shop, 'price').invalidate('apple')`. A private method is passed itself: `memoOf(this, this.#price)`. Where a class and one
 * that it extends both have a member of that name decorated, `invalidate` and `clear` reach both; `cache` is the nearer one's.
 *
 * Throws a TypeError where there is no such member.
 */
export function memoOf<T extends object, N extends keyof T>(instance: T, member: N): MemoOf<T[N]>
export function memoOf<F extends AnyFunction>(instance: object, member: F): MemoOf<F>
export function memoOf(instance: object, member: unknown): Memo {
  const all = [...functionsOf(instance, member)].map((fn) => members.get(fn)?.(instance))
  const found = all.filter((results): results is Results => results !== undefined)
  if (found.length === 0) throw refusal('member', 'one decorated with @memoized', member)
  return {
    invalidate: (...args) => found.map((results) => results.invalidate(instance, args)).includes(true),
    clear() {
      for (const results of found) results.clear()
    },
    cache: found[0]!.cache,
  }
}

/** The methods and getters of that name, the nearest first. */
function* functionsOf(instance: object, member: unknown): Generator<object> {
  if (typeof member === 'function') {
    yield member
    return
  }
  for (let home: object | null = instance; home !== null; home = Object.getPrototypeOf(home)) {
    const { value, get = value } = Object.getOwnPropertyDescriptor(home, member as PropertyKey) ?? {}
    if (typeof get === 'function') yield get
  }
}

import { Cache } from '../cache.ts'
import { isThenable } from '../engine/removal.ts'
import { memoize } from '../memoize/memoize.ts'
import { plan, type SharedCacheOptions } from '../memoize/options.ts'
import { resemble } from '../memoize/remembering.ts'
import { checkTags, isRecord, unknownOption } from '../options/options.ts'
import { refusal } from '../options/units.ts'
import { copyMetadata, placeOf } from './inject.ts'

/**
 * What the results of a cached method are kept by: as for `memoize`. Functions among them say the types of their parameters themselves, as
 * the compiler cannot tell: `key: (id: number) => id`.
 */
export type CachedOptions = Omit<SharedCacheOptions<(this: never, ...args: never[]) => never>, 'cache'>

/** What a call makes invalid. */
export interface InvalidatesOptions {
  /** Tags of what is removed, or how to tell them from the arguments. Default: everything in the cache is removed. */
  readonly tags?: readonly string[] | ((this: never, ...args: never[]) => readonly string[]) | undefined
}

/** A decorator of a method, with `experimentalDecorators`. */
export type CacheDecorator = <T>(
  target: object,
  member: string | symbol,
  property: TypedPropertyDescriptor<T>,
) => TypedPropertyDescriptor<T>

type Method = (this: unknown, ...args: unknown[]) => unknown

/**
 * Makes a method of a class that Nest makes remember its results in a cache of `NearcacheModule`: `@Cached('users', { ttl: '1m' })`. All
 * instances share them, those of request scope too. For the same arguments it runs once however many call meanwhile; failures and
 * `undefined` are not kept. An instance that Nest did not make has no cache, so there the method runs as it is written.
 *
 * Throws a TypeError or RangeError for a wrong option, or in a wrong place.
 */
export function Cached(cache: string, options: CachedOptions = {}): CacheDecorator {
  if (isRecord(options) && 'cache' in options) throw unknownOption('cache', 'cache', ['key', 'ttl', 'tags'])
  return decorator('@Cached', cache, (method, place) => {
    plan(method, { ...options, cache: unused })
    const memos = new WeakMap<Cache, Method>()
    return function cached(this: unknown, ...args) {
      const found = cacheAt(this, place, '@Cached')
      if (found === undefined) return method.apply(this, args)
      let memo = memos.get(found)
      if (memo === undefined) {
        memo = memoize(method, { ...(options as SharedCacheOptions<Method>), cache: found })
        memos.set(found, memo)
      }
      return memo.apply(this, args)
    }
  })
}

/**
 * Makes a method of a class that Nest makes remove what it changes from a cache of `NearcacheModule`, once it has ended, also by an error:
 * `@Invalidates('users', { tags: (id: number) => [`user:${id}`] })`. What was being loaded meanwhile is not stored.
 *
 * Throws a TypeError or RangeError for a wrong option, or in a wrong place.
 */
export function Invalidates(cache: string, options: InvalidatesOptions = {}): CacheDecorator {
  if (!isRecord(options)) throw refusal('options', "an object such as { tags: ['users'] }", options)
  for (const name in options) if (name !== 'tags') throw unknownOption(name, name, ['tags'])
  const { tags } = options as InvalidatesOptions
  const always = typeof tags === 'function' ? undefined : checkTags(tags)
  return decorator('@Invalidates', cache, (method, place) => {
    return function invalidating(this: unknown, ...args) {
      const found = cacheAt(this, place, '@Invalidates')
      if (found === undefined) return method.apply(this, args)
      const told = typeof tags === 'function' ? checkTags((tags as Method).apply(this, args)) : always
      const invalidate = (): void => {
        if (tags === undefined) found.clear()
        else for (const tag of told ?? []) found.deleteByTag(tag)
      }
      let isAsync = false
      try {
        const result = method.apply(this, args)
        isAsync = isThenable(result)
        return isAsync ? Promise.resolve(result).finally(invalidate) : result
      } finally {
        if (!isAsync) invalidate()
      }
    }
  })
}

/** A cache whose settings are those of no application. */
const unused = new Cache({ kind: 'none' })

/** A decorator that puts another function in the place of a method, which finds the cache in a property of `this`. */
function decorator(
  name: string,
  cache: string,
  replace: (method: Method, place: symbol) => Method,
): CacheDecorator {
  return <T>(target: object, member: string | symbol, property: TypedPropertyDescriptor<T>) => {
    const method: unknown = property?.value
    if (typeof method !== 'function' || typeof target !== 'object')
      throw refusal(name, 'a method of instances, with experimentalDecorators', `${String(member)}`)
    const fn = replace(method as Method, placeOf(target, cache))
    copyMetadata(method, resemble(fn, method))
    return { ...property, value: fn as T }
  }
}

function cacheAt(instance: unknown, place: symbol, name: string): Cache | undefined {
  const found = (instance as Record<symbol, unknown> | undefined)?.[place]
  if (found === undefined || found instanceof Cache) return found
  throw refusal(name, 'the name of a local cache', found)
}

import { afterEach } from 'vitest'
import { Cache, type CacheOptions, type PolicyName } from '../../src/index.ts'
import { checkInvariants } from '../support/invariants.ts'

/** In what surroundings a statement is tried. */
export interface Setting {
  readonly policy: PolicyName
  readonly inNamespace: boolean
  readonly title: string
}

/** Each policy, outside a namespace and in one: statements about entries hold in all four alike. */
export const settings: readonly Setting[] = [
  { policy: 'lru', inNamespace: false, title: 'lru' },
  { policy: 'lru', inNamespace: true, title: 'lru, in a namespace' },
  { policy: 'adaptive', inNamespace: false, title: 'adaptive' },
  { policy: 'adaptive', inNamespace: true, title: 'adaptive, in a namespace' },
]

export const policies: readonly PolicyName[] = ['lru', 'adaptive']

const opened = new Set<Cache<never, never>>()

/** A cache, or a namespace of one, whose structures are checked when the test ends. */
export function open<K = unknown, V = unknown>(
  setting: Setting,
  options: CacheOptions<K, V> = {},
): Cache<K, V> {
  const cache = watch(new Cache<K, V>({ policy: setting.policy, ...options }))
  return setting.inNamespace ? cache.namespace('inside') : cache
}

/** Has a cache's structures checked when the test ends. */
export function watch<K, V>(cache: Cache<K, V>): Cache<K, V> {
  opened.add(cache as object as Cache<never, never>)
  return cache
}

afterEach(() => {
  const caches = [...opened]
  opened.clear()
  for (const cache of caches) checkInvariants(cache)
  for (const cache of caches) cache.close()
})

/** The error that a call throws; fails where it throws none. */
export function thrownBy(call: () => unknown): Error {
  try {
    call()
  } catch (error) {
    return error as Error
  }
  throw new Error('expected an error, none was thrown')
}

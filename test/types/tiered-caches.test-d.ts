import { describe, expectTypeOf, it } from 'vitest'
import type { Cache, CacheOptions } from '../../src/index.ts'
import { type ScopedCache, scoped } from '../../src/scope/index.ts'
import {
  cacheOptions,
  createCaches,
  type NamedTieredOptions,
  type PlainTier,
  TieredCache,
} from '../../src/tiers/tiered.ts'

interface User {
  name: string
}
declare const remote: PlainTier

describe('createCaches of nearcache/tiered', () => {
  it('gives a TieredCache where the settings have `remote`, and a Cache elsewhere', () => {
    const caches = createCaches({
      local: { maxEntries: 100, ttl: '10m' },
      typed: cacheOptions<string, User>({ maxEntries: 5 }),
      shared: { remote, maxStale: '20s' },
      users: cacheOptions<number, User>({ remote, name: 'people' }),
    })
    expectTypeOf(caches.local).toEqualTypeOf<Cache<unknown, unknown>>()
    expectTypeOf(caches.typed).toEqualTypeOf<Cache<string, User>>()
    expectTypeOf(caches.shared).toEqualTypeOf<TieredCache<unknown, unknown>>()
    expectTypeOf(caches.users).toEqualTypeOf<TieredCache<number, User>>()
    expectTypeOf(caches.users.get(1)).toEqualTypeOf<User | undefined>()
    // @ts-expect-error another key
    caches.users.get('1')
    // @ts-expect-error processes do not share counters
    caches.users.incr(1)
  })

  it('refuses wrong options', () => {
    // @ts-expect-error no such option
    createCaches({ users: { remote, maxEntires: 5 } })
    // @ts-expect-error an option of tiered caches
    createCaches({ users: { maxStale: '10s' } })
    // @ts-expect-error a tiered cache has no versions
    createCaches({ users: { remote, version: 2 } })
    // @ts-expect-error no such unit
    createCaches({ users: { remote, beat: '5x' } })
    // @ts-expect-error no second tier
    createCaches({ users: { remote: 5 } })
  })

  it('takes settings that are known at run time alone', () => {
    expectTypeOf(createCaches.from({}).any!).toEqualTypeOf<Cache | TieredCache>()
  })
})

describe('cacheOptions of nearcache/tiered', () => {
  it('gives types to the options of one cache of either kind', () => {
    expectTypeOf(cacheOptions<number, User>({ remote })).toEqualTypeOf<NamedTieredOptions<number, User>>()
    expectTypeOf(cacheOptions<number, User>({ ttl: 5 })).toEqualTypeOf<CacheOptions<number, User>>()
    // @ts-expect-error no such option
    cacheOptions<number, User>({ remote, maxEntires: 5 })
  })
})

it('a scope lies over a tiered cache, with its types', () => {
  const over = new TieredCache<number, User>({ name: 'users', remote })
  expectTypeOf(scoped({ over })).toEqualTypeOf<ScopedCache<number, User>>()
})

it('getOrLoad has the types that it has on a Cache', () => {
  const doors = new TieredCache<number, 'open' | 'shut'>({ name: 'doors', remote })
  expectTypeOf(doors.getOrLoad(1, async () => 'open')).toEqualTypeOf<Promise<'open' | 'shut'>>()
  expectTypeOf(doors.getOrLoad(1, () => undefined)).toEqualTypeOf<Promise<'open' | 'shut' | undefined>>()
})

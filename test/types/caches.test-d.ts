import { describe, expectTypeOf, it } from 'vitest'
import { type Cache, type CacheOptions, cacheOptions, createCaches } from '../../src/index.ts'

interface User {
  name: string
}

describe('createCaches', () => {
  it('gives one cache per property, typed by cacheOptions', () => {
    const caches = createCaches({
      local: { maxEntries: 100, ttl: '10m', name: 'optional-name' },
      users: cacheOptions<number, User>({ maxEntries: 5_000, ttl: '1m' }),
    })
    expectTypeOf(caches.local).toEqualTypeOf<Cache<unknown, unknown>>()
    expectTypeOf(caches.users).toEqualTypeOf<Cache<number, User>>()
    expectTypeOf(caches.users.get(1)).toEqualTypeOf<User | undefined>()
    expectTypeOf<keyof typeof caches>().toEqualTypeOf<'local' | 'users'>()
    // @ts-expect-error another key
    caches.users.get('1')
    // @ts-expect-error another value
    caches.users.set(1, 'a')
    // @ts-expect-error no such cache
    caches.user
    // @ts-expect-error the caches stand
    caches.local = caches.users
  })

  it('infers types from a listener or a weigher', () => {
    const caches = createCaches({
      users: { maxWeight: 5, weigh: (value: User, key: number) => value.name.length + key },
    })
    expectTypeOf(caches.users).toEqualTypeOf<Cache<number, User>>()
  })

  it('refuses wrong options', () => {
    // @ts-expect-error no such option
    createCaches({ local: { maxEntires: 5 } })
    // @ts-expect-error no such option
    createCaches({ good: { maxEntries: 5 }, bad: { maxEntries: 5, timeout: 5 } })
    // @ts-expect-error no such policy
    createCaches({ local: { policy: 'fifo' } })
    // @ts-expect-error no such unit
    createCaches({ local: { ttl: '5x' } })
    // @ts-expect-error a bound is a number
    createCaches({ local: { maxEntries: '5' } })
    // @ts-expect-error options are an object
    createCaches({ local: 5 })
  })

  it('takes settings of which only the general type is known', () => {
    const settings: Record<string, CacheOptions<string, User>> = {}
    const caches = createCaches(settings)
    expectTypeOf(caches.any!).toEqualTypeOf<Cache<string, User>>()
  })
})

describe('createCaches.from', () => {
  it('takes settings that are known at run time alone', () => {
    const file = { local: { maxEntries: 100, ttl: '10m' as string, policy: 'lru' as string } }
    const caches = createCaches.from(file)
    expectTypeOf(caches.local!).toEqualTypeOf<Cache>()
    createCaches.from(JSON.parse('{}') as unknown)
    // @ts-expect-error a string that may have no unit
    createCaches(file)
  })
})

describe('cacheOptions', () => {
  it('gives types to the options of one cache', () => {
    const options = cacheOptions<number, User>({
      onRemoval: ({ key, value }) => {
        expectTypeOf(key).toEqualTypeOf<number>()
        expectTypeOf(value).toEqualTypeOf<User>()
      },
    })
    expectTypeOf(options).toEqualTypeOf<CacheOptions<number, User>>()
    // @ts-expect-error no such option
    cacheOptions<number, User>({ maxEntires: 5 })
    // @ts-expect-error no such unit
    cacheOptions<number, User>({ ttl: '10 parsecs' })
  })
})

import { createCache } from 'cache-manager'
import Keyv from 'keyv'
import { Cache, type CacheOptions } from 'nearcache'
import { keyvOptions } from 'nearcache/keyv'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

/** A cache-manager with one store, and the cache behind it. */
function oneStore(options: CacheOptions<string, unknown> = {}, more: Parameters<typeof createCache>[0] = {}) {
  const cache = new Cache<string, unknown>(options)
  const manager = createCache({ ...more, stores: [new Keyv(keyvOptions(cache))] })
  const timeLeft = (key: string) => cache.namespace('keyv').expiresIn(`keyv:${key}`)
  return { cache, manager, timeLeft }
}

describe('one store', () => {
  test('gives back the value itself', async () => {
    const { manager } = oneStore()
    const user = { id: 42 }
    expect(await manager.set('user', user)).toBe(user)
    expect(await manager.get('user')).toBe(user)
    expect(await manager.mget(['none', 'user'])).toEqual([undefined, user])
    expect(await manager.wrap('user', () => ({ id: 43 }))).toBe(user)
  })

  test('a ttl of an entry, in milliseconds, holds in the cache too', async () => {
    const { manager, timeLeft } = oneStore({ ttl: '1h' })
    await manager.set('key', 'value', 1000)
    expect([await manager.ttl('key'), timeLeft('key')]).toEqual([Date.now() + 1000, 1000])
    vi.advanceTimersByTime(999)
    expect(await manager.get('key')).toBe('value')
    vi.advanceTimersByTime(1)
    expect(await manager.get('key')).toBeUndefined()
  })

  test('ttls of many, of the manager, and of none', async () => {
    const withTtl = oneStore({ ttl: '1h' }, { ttl: 5000 })
    await withTtl.manager.mset([
      { key: 'a', value: 1, ttl: 1000 },
      { key: 'b', value: 2 },
    ])
    expect([withTtl.timeLeft('a'), withTtl.timeLeft('b')]).toEqual([1000, 5000])

    const without = oneStore({ ttl: '1h' })
    await without.manager.set('key', 'value')
    await without.manager.set('zero', 'value', 0)
    expect([without.timeLeft('key'), without.timeLeft('zero')]).toEqual([3600_000, 3600_000])
    expect(await without.manager.ttl('key')).toBeUndefined()
  })

  test('wrap: one call however many ask, a ttl by the value, and a refresh before the end', async () => {
    const { manager, timeLeft } = oneStore()
    const load = vi.fn(async () => ({ calls: load.mock.calls.length }))
    const ask = () =>
      manager.wrap('key', load, { ttl: ({ calls }) => calls * 10_000, refreshThreshold: 2000 })
    expect(await Promise.all([ask(), ask(), ask()])).toEqual([{ calls: 1 }, { calls: 1 }, { calls: 1 }])
    expect(timeLeft('key')).toBe(10_000)

    vi.advanceTimersByTime(8001)
    const refreshed = new Promise((resolve) => manager.on('refresh', resolve))
    expect(await ask()).toEqual({ calls: 1 })
    await refreshed
    expect(await ask()).toEqual({ calls: 2 })
    expect(timeLeft('key')).toBe(20_000)
  })

  test('wrap keeps null, and asks again for undefined', async () => {
    const { manager } = oneStore()
    const load = vi.fn(() => null as null | undefined)
    expect([await manager.wrap('null', load), await manager.wrap('null', load)]).toEqual([null, null])
    load.mockReturnValue(undefined)
    await manager.wrap('undefined', load)
    await manager.wrap('undefined', load)
    expect(load).toHaveBeenCalledTimes(3)
  })

  test('del, mdel and clear', async () => {
    const { manager, cache } = oneStore()
    for (const key of ['a', 'b', 'c', 'd']) await manager.set(key, key)
    await manager.del('a')
    await manager.mdel(['b', 'none'])
    expect(await manager.mget(['a', 'b', 'c'])).toEqual([undefined, undefined, 'c'])
    await manager.clear()
    expect(cache.stats().size).toBe(0)
  })

  test('tells of what happens', async () => {
    const { manager } = oneStore()
    const events: unknown[] = []
    for (const event of ['set', 'get', 'mget', 'del', 'clear'] as const)
      manager.on(event, (data?: unknown) => events.push([event, data]))
    await manager.set('key', 1)
    await manager.get('key')
    await manager.get('none')
    await manager.mget(['key'])
    await manager.del('key')
    await manager.clear()
    expect(events).toEqual([
      ['set', { key: 'key', value: 1, store: 'primary' }],
      ['set', { key: 'key', value: 1 }],
      ['get', { key: 'key', value: 1, store: 'primary' }],
      ['mget', { keys: ['key'], values: [1] }],
      ['del', { key: 'key' }],
      ['clear', undefined],
    ])
  })
})

test('its own store has no bound and keeps what has expired, which a cache has and does not', async () => {
  const own = createCache()
  const { manager, cache } = oneStore()
  for (const one of [own, manager]) for (let i = 0; i < 2000; i++) await one.set(`key ${i}`, i, 1000)
  expect([own.stores[0]!.store.size, cache.stats().size]).toEqual([2000, 1000])
  vi.advanceTimersByTime(24 * 3600_000)
  expect([own.stores[0]!.store.size, cache.stats().size]).toEqual([2000, 0])
})

describe('several stores', () => {
  test('a small one in front: what it evicts is found behind, and comes forward by wrap', async () => {
    const near = new Cache<string, unknown>({ maxEntries: 10, policy: 'lru' })
    const manager = createCache({ stores: [new Keyv(keyvOptions(near)), new Keyv()], ttl: 60_000 })
    const stores: unknown[] = []
    manager.on('get', (data) => stores.push((data as { store?: string }).store))

    for (let i = 0; i < 20; i++) await manager.set(`key ${i}`, i)
    expect(near.stats().size).toBe(10)
    expect([await manager.get('key 19'), await manager.get('key 0')]).toEqual([19, 0])
    expect(await manager.mget(['key 0', 'key 19', 'none'])).toEqual([0, 19, undefined])
    expect(await manager.wrap('key 0', () => 'not asked')).toBe(0)
    await manager.get('key 0')
    expect(stores).toEqual(['primary', 'secondary:0', 'primary'])
  })

  test('a ttl and a deletion reach both', async () => {
    const [near, far] = [new Cache<string, unknown>(), new Cache<string, unknown>()]
    const manager = createCache({ stores: [near, far].map((cache) => new Keyv(keyvOptions(cache))) })
    await manager.set('key', 1, 1000)
    await manager.set('other', 2)
    vi.advanceTimersByTime(1000)
    expect(await manager.get('key')).toBeUndefined()
    await manager.del('other')
    expect([...near.namespace('keyv').keys(), ...far.namespace('keyv').keys()]).toEqual([])
  })

  test('without waiting for the slower one', async () => {
    const manager = createCache({
      stores: [new Keyv(keyvOptions()), new Keyv(keyvOptions())],
      nonBlocking: true,
    })
    await manager.set('key', 1)
    expect([await manager.get('key'), await manager.mget(['key'])]).toEqual([1, [1]])
  })

  test('one that fails does not keep the others from answering', async () => {
    const broken = new Cache<string, unknown>()
    const manager = createCache({ stores: [new Keyv(keyvOptions(broken)), new Keyv(keyvOptions())] })
    broken.close()
    await manager.set('key', 1)
    expect(await manager.get('key')).toBe(1)
    await manager.disconnect()
  })
})

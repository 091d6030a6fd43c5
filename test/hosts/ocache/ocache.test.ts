import { Cache } from 'nearcache'
import { ocacheStorage } from 'nearcache/ocache'
import { composeStorage, createMemoryStorage, defineCachedFunction, defineCachedHandler } from 'ocache'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

/** A user as the database gives it, not to be made of JSON. */
class User {
  readonly id: number
  readonly since: Date = new Date(0)

  constructor(id: number) {
    this.id = id
  }
}

function cachedUser(options: Parameters<typeof defineCachedFunction<User, [number]>>[1] = {}) {
  const load = vi.fn(async (id: number) => new User(id))
  const storage = ocacheStorage()
  return { load, user: defineCachedFunction(load, { name: 'user', maxAge: 60, storage, ...options }) }
}

describe('a cached function', () => {
  test('gives the value itself, after one load', async () => {
    const { load, user } = cachedUser()
    const first = await user(42)
    expect(first.since).toEqual(new Date(0))
    expect(await user(42)).toBe(first)
    expect(await user(7)).not.toBe(first)
    expect(load).toHaveBeenCalledTimes(2)
  })

  test('loads once for all who ask meanwhile', async () => {
    const { load, user } = cachedUser()
    await Promise.all([user(42), user(42), user(42)])
    expect(load).toHaveBeenCalledTimes(1)
  })

  test('loads again when its maxAge, in seconds, is over', async () => {
    const { load, user } = cachedUser()
    await user(42)
    vi.advanceTimersByTime(59_999)
    await user(42)
    expect(load).toHaveBeenCalledTimes(1)
    vi.advanceTimersByTime(1)
    await user(42)
    expect(load).toHaveBeenCalledTimes(2)
  })

  test('gives a stale value while it loads a new one', async () => {
    const { load, user } = cachedUser({ swr: true, staleMaxAge: 60 })
    const first = await user(42)
    vi.advanceTimersByTime(90_000)
    expect(await user(42)).toBe(first)
    await vi.advanceTimersByTimeAsync(0)
    expect(load).toHaveBeenCalledTimes(2)
    expect(await user(42)).not.toBe(first)
  })

  test('loads again after invalidate, and after expire', async () => {
    const { load, user } = cachedUser()
    await user(42)
    await user.invalidate(42)
    await user(42)
    await user.expire(42)
    await user(42)
    expect(load).toHaveBeenCalledTimes(3)
  })

  test('keeps null, and bytes as bytes', async () => {
    const storage = ocacheStorage()
    const load = vi.fn((name: string) => (name === 'none' ? null : new Uint8Array([1, 2, 3])))
    const file = defineCachedFunction(load, { name: 'file', maxAge: 60, storage })
    for (let i = 0; i < 2; i++) {
      expect(await file('none')).toBe(null)
      expect(await file('some')).toEqual(new Uint8Array([1, 2, 3]))
    }
    expect(load).toHaveBeenCalledTimes(2)
  })

  test('tells its onError of what the storage refuses, and gives the value all the same', async () => {
    const cache = new Cache<string>()
    const onError = vi.fn()
    const { user } = cachedUser({ storage: ocacheStorage(cache), onError })
    cache.close()
    expect(await user(42)).toBeInstanceOf(User)
    expect(onError).toHaveBeenCalledWith(expect.objectContaining({ code: 'CLOSED' }))
  })
})

test('a cached handler answers from the cache', async () => {
  const handle = vi.fn(() => new Response('<p>hello</p>', { headers: { 'content-type': 'text/html' } }))
  const handler = defineCachedHandler(handle, { maxAge: 60, storage: ocacheStorage() })
  for (let i = 0; i < 2; i++) {
    const response = (await handler({ req: new Request('http://localhost/a') })) as Response
    expect(await response.text()).toBe('<p>hello</p>')
  }
  expect(handle).toHaveBeenCalledTimes(1)
})

describe('the storage', () => {
  test.each([
    ['a number of seconds', { ttl: 2 }, 2000],
    ['a fraction', { ttl: 0.01 }, 10],
    ['none: that of the cache', undefined, 5000],
    ['none among the options', {}, 5000],
  ])('honours a ttl at both ends: %s', (_, options, lifetime) => {
    const storage = ocacheStorage({ ttl: '5s' })
    storage.set('a', 'x', options)
    vi.advanceTimersByTime(lifetime - 1)
    expect(storage.get('a')).toBe('x')
    vi.advanceTimersByTime(1)
    expect(storage.get('a')).toBe(null)
  })

  test('keeps for ever what has a ttl of 0', () => {
    const storage = ocacheStorage({ ttl: '5s' })
    storage.set('a', 'x', { ttl: 0 })
    vi.advanceTimersByTime(365 * 86_400_000)
    expect(storage.get('a')).toBe('x')
  })

  test('removes with null and undefined', () => {
    const cache = new Cache<string>()
    const storage = ocacheStorage(cache)
    for (const nothing of [null, undefined]) {
      storage.set('a', 'x')
      storage.set('a', nothing)
      expect(cache.has('a')).toBe(false)
    }
  })

  test('refuses wrong options and ttls', () => {
    expect(() => ocacheStorage({ maxEntires: 1 } as object)).toThrow("did you mean 'maxEntries'?")
    expect(() => ocacheStorage().set('a', 'x', { ttl: '1m' as never })).toThrow(
      "ttl: expected a number of seconds, got '1m'",
    )
  })

  test('is a layer of a composed storage', async () => {
    const [near, far] = [ocacheStorage(), createMemoryStorage()]
    await far.set('a', { value: 1 })
    const storage = composeStorage([{ storage: near, ttl: 60 }, far])
    expect(await storage.get('a')).toEqual({ value: 1 })
    expect(near.get('a')).toEqual({ value: 1 })
  })
})

describe('beside the memory storage of ocache', () => {
  test('one bound holds for all functions, where each would have its own', async () => {
    const cache = new Cache<string>({ maxEntries: 10 })
    const storage = ocacheStorage(cache)
    for (let i = 0; i < 5; i++) {
      const double = defineCachedFunction((n: number) => 2 * n, { name: `f${i}`, maxAge: 60, storage })
      for (let n = 0; n < 10; n++) await double(n)
    }
    expect(cache.size).toBe(10)
  })

  test('entries share one timer, where each has its own', () => {
    const storage = ocacheStorage()
    for (let i = 0; i < 100; i++) storage.set(`k${i}`, i, { ttl: 60 })
    expect(vi.getTimerCount()).toBe(1)
    const own = createMemoryStorage()
    for (let i = 0; i < 100; i++) void own.set(`k${i}`, i, { ttl: 60 })
    expect(vi.getTimerCount()).toBe(101)
  })

  test('what is used often stays through a scan, where all of it goes', () => {
    const scan = (storage: ReturnType<typeof createMemoryStorage>): number => {
      const get = (key: string) => storage.get(key) ?? void storage.set(key, key)
      for (let round = 0; round < 20; round++) for (let i = 0; i < 50; i++) void get(`hot${i}`)
      for (let i = 0; i < 1000; i++) void get(`once${i}`)
      return Array.from({ length: 50 }, (_, i) => storage.get(`hot${i}`)).filter((value) => value !== null)
        .length
    }
    expect(scan(createMemoryStorage({ maxSize: 100 }))).toBe(0)
    expect(scan(ocacheStorage({ maxEntries: 100 }))).toBeGreaterThan(40)
  })
})

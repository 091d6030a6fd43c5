import nearcacheDriver from 'nearcache/unstorage'
import { createStorage } from 'unstorage'
import lruCacheDriver from 'unstorage/drivers/lru-cache'
import memoryDriver from 'unstorage/drivers/memory'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

const storageOf = (backing?: Parameters<typeof nearcacheDriver>[0]) =>
  createStorage({ driver: nearcacheDriver(backing) })

describe("an item's ttl, in seconds", () => {
  test.each([
    ['setItem', (storage, ttl) => storage.setItem('a', 'x', { ttl })],
    ['setItemRaw', (storage, ttl) => storage.setItemRaw('a', 'x', { ttl })],
    ['setItems, for all', (storage, ttl) => storage.setItems([{ key: 'a', value: 'x' }], { ttl })],
    ['setItems, for one', (storage, ttl) => storage.setItems([{ key: 'a', value: 'x', options: { ttl } }])],
  ] as [string, (storage: ReturnType<typeof storageOf>, ttl: number) => Promise<void>][])(
    'holds with %s, at both ends',
    async (_, set) => {
      const storage = storageOf()
      await set(storage, 2)
      vi.advanceTimersByTime(1999)
      expect(await storage.getItem('a')).toBe('x')
      vi.advanceTimersByTime(1)
      expect(await storage.getItem('a')).toBe(null)
      expect(await storage.hasItem('a')).toBe(false)
      expect(await storage.getKeys()).toEqual([])
    },
  )

  test('may be a fraction', async () => {
    const storage = storageOf()
    await storage.setItem('a', 'x', { ttl: 0.01 })
    vi.advanceTimersByTime(9)
    expect(await storage.hasItem('a')).toBe(true)
    vi.advanceTimersByTime(1)
    expect(await storage.hasItem('a')).toBe(false)
  })

  test('without one the ttl of the cache holds, which counts in milliseconds', async () => {
    const storage = storageOf({ ttl: 2000 })
    await storage.setItem('a', 'x')
    await storage.setItem('b', 'x', { ttl: undefined })
    vi.advanceTimersByTime(1999)
    expect(await storage.getKeys()).toEqual(['a', 'b'])
    vi.advanceTimersByTime(1)
    expect(await storage.getKeys()).toEqual([])
  })

  test('0 is for ever, also over a shorter ttl of the cache', async () => {
    const storage = storageOf({ ttl: '1s' })
    await storage.setItem('a', 'x', { ttl: 0 })
    vi.advanceTimersByTime(365 * 86_400_000)
    expect(await storage.getItem('a')).toBe('x')
  })

  test('below 0 nothing is stored, and what was there goes', async () => {
    const storage = storageOf()
    await storage.setItem('a', 'x')
    await storage.setItem('a', 'y', { ttl: -1 })
    expect(await storage.getItem('a')).toBe(null)
  })

  test('that is no number is refused, and nothing changes', async () => {
    const storage = storageOf()
    await storage.setItem('a', 'x')
    for (const ttl of ['10m', Number.NaN, {}])
      await expect(storage.setItem('a', 'y', { ttl })).rejects.toThrow(
        'ttl: expected a number of seconds, got',
      )
    expect(await storage.getItem('a')).toBe('x')
  })

  test('is part of what getMeta tells', async () => {
    const storage = storageOf()
    await storage.setItem('a', 'x', { ttl: 10 })
    await storage.setItem('b', 'x', { ttl: 0 })
    await storage.setMeta('a', { owner: 'Ada' })
    vi.advanceTimersByTime(2500)
    expect(await storage.getMeta('a')).toEqual({ ttl: 7.5, owner: 'Ada' })
    expect(await storage.getMeta('a', { nativeOnly: true })).toEqual({ ttl: 7.5 })
    expect(await storage.getMeta('b')).toEqual({})
    expect(await storage.getMeta('c')).toEqual({})
  })

  test.each([
    ['memory', memoryDriver],
    ['lru-cache', () => lruCacheDriver({})],
  ])('is ignored by the %s driver', async (_, driver) => {
    const storage = createStorage({ driver: driver() })
    await storage.setItem('a', 'x', { ttl: 1 })
    vi.advanceTimersByTime(86_400_000)
    expect(await storage.getItem('a')).toBe('x')
  })
})

test('what has expired leaves the memory, though nobody asks for it', async () => {
  const driver = nearcacheDriver()
  const storage = createStorage({ driver })
  for (let i = 0; i < 100; i++) await storage.setItem(`page:${i}`, 'x', { ttl: 1 })
  expect(driver.getInstance().size).toBe(100)
  expect(vi.getTimerCount()).toBe(1)
  await vi.advanceTimersByTimeAsync(5000)
  expect(driver.getInstance().size).toBe(0)
})

import {
  ErrorsAreMissesCache,
  InMemoryLRUCache,
  type KeyValueCache,
  PrefixingKeyValueCache,
} from '@apollo/utils.keyvaluecache'
import { Cache } from 'nearcache'
import { keyValueCache } from 'nearcache/apollo'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { isCollected } from '../../support/collection.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

describe('ttl', () => {
  test('is in seconds, whole or not, at both ends', async () => {
    const cache = new Cache<string, string>({ ttl: '1h' })
    const store = new PrefixingKeyValueCache(keyValueCache(cache), 'fqc:')
    await store.set('key', 'value', { ttl: 1.5 })
    expect(cache.expiresIn('fqc:key')).toBe(1500)
    vi.advanceTimersByTime(1499)
    expect(await store.get('key')).toBe('value')
    vi.advanceTimersByTime(1)
    expect(await store.get('key')).toBe(undefined)
  })

  test('longer than that of the cache holds all the same', async () => {
    const store = keyValueCache({ ttl: '10s' })
    await store.set('key', 'value', { ttl: 60 })
    vi.advanceTimersByTime(59_999)
    expect(await store.get('key')).toBe('value')
  })

  test.each([null, 0])('%s is for ever', async (ttl) => {
    const cache = new Cache<string, string>({ ttl: '10s' })
    await keyValueCache(cache).set('key', 'value', { ttl })
    expect(cache.expiresIn('key')).toBe(Infinity)
  })

  test.each([undefined, {}, { ttl: undefined }])('left out (%o) is that of the cache', async (options) => {
    const store = keyValueCache({ ttl: '10s' })
    await store.set('key', 'value', options)
    vi.advanceTimersByTime(9_999)
    expect(await store.get('key')).toBe('value')
    vi.advanceTimersByTime(1)
    expect(await store.get('key')).toBe(undefined)
  })

  test('below 0 stores nothing and removes what was there', async () => {
    const store = keyValueCache()
    await store.set('key', 'value')
    await store.set('key', 'other', { ttl: -1 })
    expect(await store.get('key')).toBe(undefined)
  })

  test.each([Number.NaN, '10', 10n])('%s is refused', async (ttl) => {
    const set = keyValueCache().set('key', 'value', { ttl: ttl as number })
    await expect(set).rejects.toThrow(/^ttl: expected a number of seconds, got /)
  })
})

test('values are kept as they are', async () => {
  const store = keyValueCache<unknown>()
  const values = [{ a: 1 }, '', 0, false, null]
  for (const [i, value] of values.entries()) await store.set(`${i}`, value)
  for (const [i, value] of values.entries()) expect(await store.get(`${i}`)).toBe(value)
})

test('delete tells whether something was there', async () => {
  const store = keyValueCache()
  await store.set('key', 'value')
  expect(await store.delete('key')).toBe(true)
  expect(await store.delete('key')).toBe(false)
})

test('a wrong option is refused at once', () => {
  expect(() => keyValueCache({ max: 10 } as object)).toThrow(TypeError)
})

test('a closed cache rejects, which can be made a miss', async () => {
  const cache = new Cache<string, string>()
  cache.close()
  const store = keyValueCache(cache)
  await expect(store.get('key')).rejects.toThrow('the cache was closed')
  await expect(store.set('key', 'value')).rejects.toThrow('the cache was closed')
  await expect(store.delete('key')).rejects.toThrow('the cache was closed')
  expect(await new ErrorsAreMissesCache(store).get('key')).toBe(undefined)
})

describe("beside Apollo Server's own store", () => {
  test('queries that come once do not drive out those that come all the time', async () => {
    const own = new InMemoryLRUCache({ maxSize: 100, sizeCalculation: () => 1 })
    const ours = keyValueCache({ maxEntries: 100 })
    expect(await hitsThroughScans(own)).toBe(0)
    expect(await hitsThroughScans(ours)).toBeGreaterThan(900)
  })

  test('responses give their memory back when they have expired', async () => {
    const filled = async (store: KeyValueCache<object>): Promise<WeakRef<object>> => {
      const value = { response: 'large' }
      await store.set('key', value, { ttl: 1 })
      return new WeakRef(value)
    }
    const own = new InMemoryLRUCache<object>({ maxSize: 1000, perf: Date })
    const ours = keyValueCache<object>()
    const [inOwn, inOurs] = [await filled(own), await filled(ours)]
    vi.advanceTimersByTime(3_600_000)
    expect(await isCollected(inOurs)).toBe(true)
    expect(await isCollected(inOwn)).toBe(false)
    expect(await own.get('key')).toBe(undefined)
  })

  test('a bound in bytes counts bytes, not characters', async () => {
    const own = new InMemoryLRUCache({ maxSize: 1000 })
    const ours = keyValueCache({ maxBytes: 1000 })
    const twoBytesEach = '漢'.repeat(900)
    for (const store of [own, ours]) await store.set('key', twoBytesEach)
    expect(await own.get('key')).toBe(twoBytesEach)
    expect(await ours.get('key')).toBe(undefined)
  })

  test('an empty string is a value', async () => {
    const own = new InMemoryLRUCache()
    const ours = keyValueCache()
    await expect(own.set('key', '')).rejects.toThrow('sizeCalculation')
    await ours.set('key', '')
    expect(await ours.get('key')).toBe('')
  })
})

/** How often 50 keys are found that are read 20 times each, with 100 keys in between that are read once. */
async function hitsThroughScans(store: KeyValueCache): Promise<number> {
  let hits = 0
  const read = async (key: string): Promise<boolean> => {
    if ((await store.get(key)) !== undefined) return true
    await store.set(key, 'value')
    return false
  }
  for (let round = 0; round < 20; round++) {
    for (let i = 0; i < 50; i++) if (await read(`daily ${i}`)) hits++
    for (let i = 0; i < 100; i++) await read(`once ${round} ${i}`)
  }
  return hits
}

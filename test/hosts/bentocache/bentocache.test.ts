import { BentoCache, bentostore } from 'bentocache'
import { memoryDriver } from 'bentocache/drivers/memory'
import { Cache } from 'nearcache'
import { nearcacheDriver } from 'nearcache/bentocache'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { isCollected } from '../../support/collection.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

type L1 = Parameters<ReturnType<typeof bentostore>['useL1Layer']>[0]

function bentoOf(driver: L1, options: object = {}) {
  return new BentoCache({ default: 'near', ...options, stores: { near: bentostore().useL1Layer(driver) } })
}

/** A BentoCache and the part of the cache in which its entries are. */
function scene(options: object = {}, serialize?: boolean) {
  const cache = new Cache<string>()
  const bento = bentoOf(nearcacheDriver(cache, { serialize }), options)
  return { bento, cache, entries: cache.namespace<string>('bentocache') }
}

/** Whole numbers from 0 on, the same for a seed each time. */
function randomOf(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

describe('values', () => {
  test.each([['text'], [''], [0], [false], [null], [{ a: [1] }]])('%j reads as it was set', async (value) => {
    const { bento } = scene()
    await bento.set({ key: 'a', value })
    expect(await bento.get({ key: 'a' })).toStrictEqual(value)
    expect(await bento.has({ key: 'a' })).toBe(true)
  })

  test('what is missing is undefined', async () => {
    const { bento } = scene()
    expect(await bento.get({ key: 'a' })).toBe(undefined)
    expect(await bento.missing({ key: 'a' })).toBe(true)
  })

  test('are strings in the cache, as with the memory driver, and each reader gets a copy', async () => {
    const { bento, entries } = scene()
    const value = { at: new Date(0) }
    await bento.set({ key: 'a', value })
    expect(entries.get('a')).toContain('"value":{"at":"1970-')
    expect(await bento.get({ key: 'a' })).toEqual({ at: '1970-01-01T00:00:00.000Z' })
    expect(await bento.get({ key: 'a' })).not.toBe(await bento.get({ key: 'a' }))
  })

  test('are kept by reference with serialize: false', async () => {
    const { bento } = scene({}, false)
    const value = { at: new Date(0), self: new Map() }
    await bento.set({ key: 'a', value })
    expect(await bento.get({ key: 'a' })).toBe(value)
    expect(await bento.getOrSet({ key: 'a', factory: () => 'another' })).toBe(value)
  })

  test.each([
    ['memory', memoryDriver({ serialize: false })],
    ['nearcache', nearcacheDriver({}, { serialize: false })],
  ])('by reference, BentoCache itself cannot read what came from a second layer (%s)', async (_, driver) => {
    const key = 'a'
    const stored = JSON.stringify({ value: 1, createdAt: 0, logicalExpiration: Date.now() + 60_000 })
    const far: any = { options: {}, factory: () => ({ type: 'l2', get: async () => stored }) }
    const store = bentostore().useL1Layer(driver).useL2Layer(far)
    const bento = new BentoCache({ default: 'both', stores: { both: store } })
    expect(await bento.get({ key })).toBe(1)
    await expect(bento.get({ key })).rejects.toThrow('deserialize')
  })
})

describe("an entry's ttl", () => {
  test.each([
    [1000, 1000],
    ['1m', 60_000],
  ])('%j holds at both ends', async (ttl, lifetime) => {
    const { bento, entries } = scene()
    await bento.set({ key: 'a', value: 1, ttl })
    vi.advanceTimersByTime(lifetime - 1)
    expect(await bento.get({ key: 'a' })).toBe(1)
    expect(entries.has('a')).toBe(true)
    vi.advanceTimersByTime(1)
    expect(await bento.get({ key: 'a' })).toBe(undefined)
    expect(entries.has('a')).toBe(false)
  })

  test('without one that of the BentoCache holds, not that of the cache', async () => {
    const bento = bentoOf(nearcacheDriver({ ttl: '1s' }), { ttl: '1h' })
    await bento.set({ key: 'a', value: 1 })
    vi.advanceTimersByTime(3_599_999)
    expect(await bento.get({ key: 'a' })).toBe(1)
    vi.advanceTimersByTime(1)
    expect(await bento.get({ key: 'a' })).toBe(undefined)
  })

  test('may be for ever: setForever, null, and 0 as in BentoCache', async () => {
    const { bento, entries } = scene()
    await bento.setForever({ key: 'a', value: 1 })
    await bento.set({ key: 'b', value: 1, ttl: null })
    await bento.set({ key: 'c', value: 1, ttl: 0 })
    vi.advanceTimersByTime(365 * 86_400_000)
    for (const key of ['a', 'b', 'c'])
      expect([await bento.get({ key }), entries.expiresIn(key)]).toEqual([1, Infinity])
  })

  test('that a factory sets holds', async () => {
    const { bento } = scene()
    const factory = ({ setTtl }: { setTtl(ttl: string): void }): number => {
      setTtl('1s')
      return 1
    }
    await bento.getOrSet({ key: 'a', ttl: '1h', factory })
    vi.advanceTimersByTime(999)
    expect(await bento.get({ key: 'a' })).toBe(1)
    vi.advanceTimersByTime(1)
    expect(await bento.get({ key: 'a' })).toBe(undefined)
  })
})

describe('grace', () => {
  test('keeps the entry until it is over, for when the factory fails', async () => {
    const { bento, entries } = scene({ ttl: '1m', grace: '1h' })
    await bento.set({ key: 'a', value: 'old' })
    expect(entries.expiresIn('a')).toBe(3_600_000)
    vi.advanceTimersByTime(3_599_999)
    const factory = vi.fn(() => Promise.reject(new Error('down')))
    expect(await bento.getOrSet({ key: 'a', factory, timeout: null as never })).toBe('old')
    expect(factory).toHaveBeenCalledTimes(1)
  })

  test('ends for good', async () => {
    const { bento } = scene({ ttl: '1m', grace: '1h' })
    await bento.set({ key: 'a', value: 'old' })
    vi.advanceTimersByTime(3_600_000)
    expect(await bento.getOrSet({ key: 'a', factory: () => 'new' })).toBe('new')
  })

  test('expire leaves the value to it, and what was left of the lifetime', async () => {
    const { bento, entries } = scene({ ttl: '1m', grace: '1h' })
    await bento.set({ key: 'a', value: 'old' })
    await bento.set({ key: 'b', value: 'old', ttl: null, grace: false })
    vi.advanceTimersByTime(1000)
    await bento.expire({ key: 'a' })
    await bento.expire({ key: 'b' })
    expect(await bento.get({ key: 'a', grace: false })).toBe(undefined)
    expect(await bento.get({ key: 'a' })).toBe('old')
    expect([entries.expiresIn('a'), entries.expiresIn('b')]).toEqual([3_599_000, Infinity])
  })
})

describe('namespaces', () => {
  test('are parts of the store, cleared on their own and with it', async () => {
    const { bento, entries } = scene()
    const users = bento.namespace('users')
    const posts = users.namespace('posts')
    await bento.set({ key: 'a', value: 0 })
    await users.set({ key: 'a', value: 1 })
    await posts.set({ key: 'a', value: 2 })
    expect([...entries.keys()]).toEqual(['a', 'users:a', 'users:posts:a'])
    await posts.clear()
    expect([...entries.keys()]).toEqual(['a', 'users:a'])
    await bento.clear()
    expect(entries.size).toBe(0)
  })

  test('however many colons a name or the prefix ends in', async () => {
    const cache = new Cache<string>()
    const bento = bentoOf(nearcacheDriver(cache), { prefix: 'app::' })
    await bento.namespace('users:').set({ key: 'a', value: 1 })
    expect(await bento.get({ key: 'users:a' })).toBe(1)
    expect([...cache.namespace<string>('app').keys()]).toEqual(['users:a'])
  })

  test('without a prefix clear empties the store, which it does not with the memory driver', async () => {
    const near = bentoOf(nearcacheDriver(), { prefix: '' })
    const own = bentoOf(memoryDriver(), { prefix: '' })
    for (const bento of [near, own]) {
      await bento.set({ key: 'a', value: 1 })
      await bento.clear()
    }
    expect(await near.get({ key: 'a' })).toBe(undefined)
    expect(await own.get({ key: 'a' })).toBe(1)
  })
})

describe('removal', () => {
  test('delete, deleteMany, pull', async () => {
    const { bento, entries } = scene()
    for (const key of ['a', 'b', 'c', 'd']) await bento.set({ key, value: key })
    await bento.delete({ key: 'a' })
    await bento.deleteMany({ keys: ['b', 'c'] })
    expect(await bento.pull('d')).toBe('d')
    expect(entries.size).toBe(0)
  })

  test('what was deleted by its tag does not come back, whatever is evicted meanwhile', async () => {
    let hits = 0
    for (let seed = 1; seed <= 30; seed++) {
      const bento = bentoOf(nearcacheDriver({ maxEntries: 50, policy: undefined }))
      const deletedAt = new Map<number, number>()
      const random = randomOf(seed)
      for (let step = 0; step < 1000; step++) {
        vi.advanceTimersByTime(1)
        const action = random(100)
        const number = random(random(60) + 1)
        const [key, tag] = [`k${number}`, number % 10]
        if (action < 35) {
          const writtenAt: number | undefined = await bento.get({ key })
          if (writtenAt === undefined) continue
          hits++
          expect(writtenAt).toBeGreaterThan(deletedAt.get(tag) ?? 0)
        } else if (action < 50) await bento.set({ key, value: Date.now(), tags: [`t${tag}`] })
        else if (action < 52) {
          await bento.deleteByTag({ tags: [`t${tag}`] })
          deletedAt.set(tag, Date.now())
        } else await bento.set({ key: `once${step}`, value: step })
      }
    }
    expect(hits).toBeGreaterThan(1000)
  })
})

describe('the cache beneath', () => {
  test('is bounded, for all stores that stand on it', async () => {
    const cache = new Cache<string>({ maxEntries: 10, policy: 'lru' })
    const driver = nearcacheDriver(cache)
    const [a, b] = [bentostore(), bentostore({ prefix: 'b' })].map((store) => store.useL1Layer(driver))
    const bento = new BentoCache({ default: 'a', stores: { a: a!, b: b! } })
    for (let i = 0; i < 10; i++) {
      await bento.use('a').set({ key: `k${i}`, value: i })
      await bento.use('b').set({ key: `k${i}`, value: -i })
    }
    expect(cache.stats().size).toBe(10)
    expect(await bento.use('a').get({ key: 'k9' })).toBe(9)
    expect(await bento.use('b').get({ key: 'k9' })).toBe(-9)
  })

  test('is one for each store where options are given, though the driver is the same', async () => {
    const driver = nearcacheDriver({ maxEntries: 10 })
    const near = () => bentostore().useL1Layer(driver)
    const bento = new BentoCache({ default: 'a', stores: { a: near(), b: near() } })
    await bento.use('a').set({ key: 'k', value: 1 })
    expect(await bento.use('b').get({ key: 'k' })).toBe(undefined)
  })

  test('outlives disconnect', async () => {
    const { bento, cache } = scene()
    await bento.set({ key: 'a', value: 1 })
    await bento.disconnectAll()
    expect(cache.stats().size).toBe(1)
  })

  test('refuses wrong options when the driver is made', () => {
    expect(() => nearcacheDriver({ maxEntires: 1 } as object)).toThrow("did you mean 'maxEntries'?")
  })

  test('rejects what comes after it was closed', async () => {
    const { bento, cache } = scene()
    cache.close()
    await expect(bento.get({ key: 'a' })).rejects.toMatchObject({ code: 'CLOSED' })
    await expect(bento.set({ key: 'a', value: 1 })).rejects.toMatchObject({ code: 'CLOSED' })
  })
})

test('what has expired leaves the memory, though nobody asks for it; the memory driver holds on to it', async () => {
  const near = bentoOf(nearcacheDriver({}, { serialize: false }))
  const own = bentoOf(memoryDriver({ serialize: false }))
  const keep = async (bento: typeof near): Promise<WeakRef<object>> => {
    const value = { large: true }
    await bento.set({ key: 'a', value, ttl: '1s' })
    return new WeakRef(value)
  }
  const [inNear, inOwn] = [await keep(near), await keep(own)]
  await vi.advanceTimersByTimeAsync(60_000)
  vi.useRealTimers()
  expect(await isCollected(inNear)).toBe(true)
  expect(await isCollected(inOwn)).toBe(false)
  expect([await near.get({ key: 'b' }), await own.get({ key: 'b' })]).toEqual([undefined, undefined])
})

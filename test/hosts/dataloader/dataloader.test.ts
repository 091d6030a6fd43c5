import { setImmediate } from 'node:timers/promises'
import DataLoader from 'dataloader'
import { Cache } from 'nearcache'
import { type CacheMap, cacheMap } from 'nearcache/dataloader'
import { scoped, withScope } from 'nearcache/scope'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { isCollected } from '../../support/collection.ts'
import { type Deferred, deferred } from '../../support/deferred.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['Date', 'setTimeout', 'clearTimeout'] }))
afterEach(() => void vi.useRealTimers())

/** A loader that gives each key back, with the batches it was asked for. */
function echo<K, C = K>(options: DataLoader.Options<K, K, C>) {
  const batches: K[][] = []
  const loader = new DataLoader<K, K, C>(async (keys) => {
    batches.push([...keys])
    return keys
  }, options)
  return { loader, batches }
}

/** Loaders over one map whose loads a test ends by itself. */
function gated(map: CacheMap<number, string>) {
  const loads: Deferred<string>[] = []
  const load = (): Promise<string> => {
    const gate = deferred<string>()
    loads.push(gate)
    return gate.promise
  }
  const loader = (): DataLoader<number, string> =>
    new DataLoader((keys) => Promise.all(keys.map(load)), { cacheMap: map })
  return { loads, loader }
}

describe.each([
  ['a Map', <K, V>(): CacheMap<K, V> => new Map<K, Promise<V>>()],
  ['nearcache', <K, V>(): CacheMap<K, V> => cacheMap<K, V>()],
])('DataLoader with %s', (_, create) => {
  test('loads a key once, and several in one batch', async () => {
    const { loader, batches } = echo<string>({ cacheMap: create() })
    expect(await Promise.all(['A', 'B', 'A'].map((key) => loader.load(key)))).toEqual(['A', 'B', 'A'])
    expect(await loader.loadMany(['A', 'C', 'B'])).toEqual(['A', 'C', 'B'])
    expect(batches).toEqual([['A', 'B'], ['C']])
  })

  test('fills each batch up to its size with what is not known', async () => {
    const { loader, batches } = echo<number>({ cacheMap: create(), maxBatchSize: 2 })
    await loader.loadMany([1, 2, 1, 3])
    await loader.loadMany([1, 4, 3, 5])
    expect(batches).toEqual([[1, 2], [3], [4, 5]])
  })

  test('clear forgets one key, clearAll all', async () => {
    const { loader, batches } = echo<string>({ cacheMap: create() })
    await loader.loadMany(['A', 'B'])
    await loader.clear('A').loadMany(['A', 'B'])
    await loader.clearAll().loadMany(['A', 'B'])
    expect(batches).toEqual([['A', 'B'], ['A'], ['A', 'B']])
  })

  test('clearAll during the load', async () => {
    const batches: string[][] = []
    const loader: DataLoader<string, string> = new DataLoader(
      async (keys) => {
        loader.clearAll()
        batches.push([...keys])
        return keys
      },
      { cacheMap: create() },
    )
    for (let i = 0; i < 2; i++) expect(await loader.loadMany(['A', 'B', 'A'])).toEqual(['A', 'B', 'A'])
    expect(batches).toEqual([
      ['A', 'B'],
      ['A', 'B'],
    ])
  })

  test('prime stores where nothing is, also a promise', async () => {
    const { loader, batches } = echo<string>({ cacheMap: create() })
    loader.prime('A', 'X').prime('A', 'Y').prime('B', Promise.resolve('Z'))
    expect(await loader.loadMany(['A', 'B', 'C'])).toEqual(['X', 'Z', 'C'])
    expect(await loader.clear('A').prime('A', 'Y').load('A')).toBe('Y')
    expect(batches).toEqual([['C']])
  })

  test('keys are objects, by identity', async () => {
    const [a, b] = [{ id: 1 }, { id: 1 }]
    const { loader, batches } = echo<object>({ cacheMap: create() })
    expect((await loader.loadMany([a, b])).map((one) => one === a)).toEqual([true, false])
    await loader.clear(a).loadMany([a, b])
    expect(batches.map((keys) => keys.length)).toEqual([2, 1])
    expect(batches[1]![0]).toBe(a)
  })

  test('keys are objects, by what cacheKeyFn makes of them', async () => {
    type Key = { id: number }
    const { loader, batches } = echo<Key, number>({ cacheMap: create(), cacheKeyFn: ({ id }) => id })
    const first = { id: 1 }
    expect(await loader.loadMany([first, { id: 1 }])).toEqual([first, first])
    await loader.clear({ id: 1 }).load({ id: 1 })
    loader.prime({ id: 2 }, { id: 3 })
    expect(await loader.load({ id: 2 })).toEqual({ id: 3 })
    expect(batches).toEqual([[{ id: 1 }], [{ id: 1 }]])
  })

  test.each([undefined, null, 0, '', false])('%o is a result like another', async (result) => {
    const load = vi.fn(async (keys: readonly string[]) => keys.map(() => result))
    const loader = new DataLoader(load, { cacheMap: create<string, typeof result>() })
    for (let i = 0; i < 2; i++) expect(await loader.load('A')).toBe(result)
    expect(load).toHaveBeenCalledTimes(1)
  })

  test('a batch that fails reaches all who wait, and is not kept', async () => {
    const load = vi.fn(async (): Promise<string[]> => Promise.reject(new Error('down')))
    const loader = new DataLoader<number, string>(load, { cacheMap: create() })
    const failed = await Promise.allSettled([loader.load(1), loader.load(2), loader.load(1)])
    expect(failed.map((one) => one.status)).toEqual(['rejected', 'rejected', 'rejected'])
    await expect(loader.load(1)).rejects.toThrow('down')
    expect(load).toHaveBeenCalledTimes(2)
  })

  test('an error is given for its key alone', async () => {
    const load = async (keys: readonly number[]) => keys.map((key) => (key === 1 ? new Error('odd') : key))
    const loader = new DataLoader<number, number>(load, { cacheMap: create() })
    expect(await loader.loadMany([1, 2])).toEqual([new Error('odd'), 2])
  })
})

describe('shared by loaders', () => {
  test('a load of one is a hit of the other, also while it runs', async () => {
    const { loads, loader } = gated(cacheMap())
    const [one, other] = [loader().load(1), loader().load(1)]
    await setImmediate()
    expect(loads.length).toBe(1)
    loads[0]!.resolve('Ann')
    expect(await Promise.all([one, other, loader().load(1)])).toEqual(['Ann', 'Ann', 'Ann'])
    expect(loads.length).toBe(1)
  })

  test('what was cleared during a load does not come back', async () => {
    const { loads, loader } = gated(cacheMap())
    const old = loader().load(1)
    await setImmediate()
    loader().clear(1)
    const fresh = loader().load(1)
    await setImmediate()
    loads[1]!.resolve('new')
    loads[0]!.resolve('old')
    expect(await Promise.all([old, fresh, loader().load(1)])).toEqual(['old', 'new', 'new'])
    expect(loads.length).toBe(2)
  })

  test.each([
    ['delete', (cache: Cache<number, Promise<string>>) => cache.delete(1)],
    ['clear', (cache: Cache<number, Promise<string>>) => cache.clear()],
  ])('nor what was dropped by %s of the cache', async (_, drop) => {
    const cache = new Cache<number, Promise<string>>()
    const { loads, loader } = gated(cacheMap(cache))
    const old = loader().load(1)
    await setImmediate()
    drop(cache)
    loads[0]!.resolve('old')
    await old
    expect(cache.size).toBe(0)
  })

  test('a failed load is not kept, and does not take a newer one with it', async () => {
    const cache = new Cache<number, Promise<string>>()
    const { loads, loader } = gated(cacheMap(cache))
    const failing = loader().load(1)
    await setImmediate()
    const map = cacheMap(cache)
    map.delete(1)
    const newer = Promise.resolve('new')
    map.set(1, newer)
    map.set(2, Promise.reject(new Error('down')))
    loads[0]!.reject(new Error('down'))
    await expect(failing).rejects.toThrow('down')
    await setImmediate()
    expect([...cache.keys()]).not.toContain(2)
  })

  test('namespaces keep the keys of several loaders apart', async () => {
    const cache = new Cache<number, Promise<unknown>>()
    const users = echo<number>({ cacheMap: cacheMap(cache.namespace<number, Promise<number>>('users')) })
    const posts = echo<number>({ cacheMap: cacheMap(cache.namespace<number, Promise<number>>('posts')) })
    await Promise.all([users.loader.load(1), posts.loader.load(1)])
    users.loader.clearAll()
    await Promise.all([users.loader.load(1), posts.loader.load(1)])
    expect([users.batches.length, posts.batches.length]).toEqual([2, 1])
  })
})

describe('ttl', () => {
  test('begins with the load, and ends at its time', async () => {
    const map = cacheMap<number, string>({ ttl: '10s' })
    const { loads, loader } = gated(map)
    const first = loader().load(1)
    await setImmediate()
    vi.advanceTimersByTime(4_000)
    loads[0]!.resolve('Ann')
    await first
    vi.advanceTimersByTime(5_999)
    expect(await loader().load(1)).toBe('Ann')
    vi.advanceTimersByTime(1)
    expect(map.get(1)).toBe(undefined)
  })

  test('Infinity is for ever', async () => {
    const { loader, batches } = echo<number>({ cacheMap: cacheMap({ ttl: Infinity }) })
    await loader.load(1)
    vi.advanceTimersByTime(1e12)
    await loader.load(1)
    expect(batches).toEqual([[1]])
  })
})

describe('beside the Map of DataLoader', () => {
  test('a loader of a long life stays within its bound', async () => {
    const [own, cache] = [new Map<number, Promise<number>>(), new Cache<number, Promise<number>>()]
    const keys = Array.from({ length: 5_000 }, (_, i) => i)
    for (const map of [own, cacheMap(cache)]) await echo<number>({ cacheMap: map }).loader.loadMany(keys)
    expect(own.size).toBe(5_000)
    expect(cache.size).toBe(1_000)
  })

  test('an error is not kept', async () => {
    const answers = async (map: CacheMap<number, string>): Promise<unknown[]> => {
      const load = vi.fn<() => Promise<(string | Error)[]>>()
      load.mockResolvedValueOnce([new Error('busy')]).mockResolvedValueOnce(['Ann'])
      const loader = new DataLoader<number, string>(load, { cacheMap: map })
      return [...(await loader.loadMany([1])), ...(await loader.loadMany([1]))]
    }
    expect(await answers(new Map())).toEqual([new Error('busy'), new Error('busy')])
    expect(await answers(cacheMap())).toEqual([new Error('busy'), 'Ann'])
  })

  test('neither is one that is primed', async () => {
    const answer = async (map: CacheMap<number, number>): Promise<unknown> => {
      const { loader } = echo<number>({ cacheMap: map })
      loader.prime(1, new Error('known'))
      await setImmediate()
      return (await loader.loadMany([1]))[0]
    }
    expect(await answer(new Map())).toEqual(new Error('known'))
    expect(await answer(cacheMap())).toBe(1)
  })

  test('what has expired gives its memory back', async () => {
    const filled = async (map: CacheMap<number, object>): Promise<WeakRef<object>> => {
      const loader = new DataLoader<number, object>(async (keys) => keys.map(() => ({})), { cacheMap: map })
      return new WeakRef(await loader.load(1))
    }
    const [own, ours] = [new Map<number, Promise<object>>(), cacheMap<number, object>({ ttl: '1m' })]
    const [inOwn, inOurs] = [await filled(own), await filled(ours)]
    vi.advanceTimersByTime(3_600_000)
    expect(await isCollected(inOurs)).toBe(true)
    expect(await isCollected(inOwn)).toBe(false)
    expect(own.size).toBe(1)
  })
})

describe('nothing is left unhandled', () => {
  const unhandled = vi.fn()
  beforeEach(() => void process.on('unhandledRejection', unhandled))
  afterEach(() => void process.off('unhandledRejection', unhandled))

  test('when the cache is closed during a load that fails', async () => {
    const cache = new Cache<number, Promise<string>>()
    const { loads, loader } = gated(cacheMap(cache))
    const failing = loader().load(1)
    await setImmediate()
    cache.close()
    loads[0]!.reject(new Error('down'))
    await expect(failing).rejects.toThrow('down')
    await setImmediate()
    expect(unhandled).not.toHaveBeenCalled()
    await expect(async () => loader().load(1)).rejects.toThrow('the cache was closed')
  })

  test('when the cache refuses a promise whose load fails', async () => {
    const load = async (): Promise<string[]> => Promise.reject(new Error('down'))
    const loader = new DataLoader<number, string>(load, { cacheMap: cacheMap({ protect: 'clone' }) })
    await expect(async () => loader.load(1)).rejects.toThrow("protect: 'clone' takes values that")
    await setImmediate()
    expect(unhandled).not.toHaveBeenCalled()
  })
})

test('a scoped cache is a cache map for each request', async () => {
  const users = scoped<number, Promise<number>>()
  const { loader, batches } = echo<number>({ cacheMap: users })
  const request = (): Promise<unknown> =>
    withScope(async () => {
      await loader.load(1)
      await loader.load(1)
    })
  await request()
  await request()
  expect(batches).toEqual([[1], [1]])
})

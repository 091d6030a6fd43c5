import Keyv5 from 'keyv'
import Keyv4 from 'keyv-4'
import Keyv6, { type Keyv as AnyKeyv6 } from 'keyv-6'
import { Cache, CacheError } from 'nearcache'
import { keyvOptions } from 'nearcache/keyv'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

/** What both versions can do, with the types of neither. */
interface AnyKeyv {
  namespace: string | undefined
  get(key: string): Promise<any>
  getMany(keys: string[]): Promise<any[]>
  set(key: string, value: unknown, ttl?: number): Promise<boolean>
  setMany(entries: { key: string; value: unknown; ttl?: number }[]): Promise<boolean[]>
  has(key: string): Promise<boolean>
  hasMany(keys: string[]): Promise<boolean[]>
  delete(key: string): Promise<boolean>
  clear(): Promise<void>
  iterator(): AsyncIterable<[string, unknown]>
  disconnect(): Promise<void>
  on(event: 'error', listener: (error: unknown) => void): unknown
}

const versions: [string, new (options?: object) => AnyKeyv][] = [
  ['5', Keyv5 as any],
  ['6', Keyv6 as any],
]

/** Milliseconds left to the entry `key`. Keyv 5 has a namespace without being asked. */
function timeLeft(cache: Cache<string, any>): number | undefined {
  return cache.expiresIn('key') ?? cache.namespace('keyv').expiresIn('keyv:key')
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const collected: T[] = []
  for await (const item of items) collected.push(item)
  return collected
}

describe.each(versions)('Keyv %s', (_version, Keyv) => {
  test('gives back the value itself; with its defaults it gives a copy, of which some is lost', async () => {
    const value = { at: new Date(0), tags: new Set(['a']) }
    const keyv = new Keyv(keyvOptions())
    await keyv.set('key', value)
    expect(await keyv.get('key')).toBe(value)
    expect(await keyv.getMany(['key', 'none'])).toEqual([value, undefined])

    const own = new Keyv()
    await own.set('key', value)
    expect(await own.get('key')).toEqual({ at: '1970-01-01T00:00:00.000Z', tags: {} })
  })

  test('the store alone can be used with serialization', async () => {
    const keyv = new Keyv({ store: keyvOptions().store })
    const value = { id: 42 }
    await keyv.set('key', value)
    expect(await keyv.get('key')).toEqual(value)
    expect(await keyv.get('key')).not.toBe(value)
  })

  test('values stay as distinct as Keyv keeps them', async () => {
    const keyv = new Keyv(keyvOptions())
    for (const value of [null, 0, '', false, Number.NaN, undefined]) {
      await keyv.set('key', value)
      expect(await keyv.get('key')).toBe(value)
      expect(await keyv.has('key')).toBe(true)
    }
    expect(await keyv.has('none')).toBe(false)
  })

  test('many keys at once: in the order asked, and each on its own', async () => {
    const keyv = new Keyv(keyvOptions())
    expect(
      await keyv.setMany([
        { key: 'a', value: 1 },
        { key: 'b', value: 2, ttl: 1000 },
      ]),
    ).toEqual([true, true])
    expect(await keyv.getMany(['b', 'none', 'a'])).toEqual([2, undefined, 1])
    expect(await keyv.hasMany(['b', 'none', 'a'])).toEqual([true, false, true])
    vi.advanceTimersByTime(1000)
    expect(await keyv.getMany(['b', 'a'])).toEqual([undefined, 1])
    expect(await keyv.delete('b')).toBe(false)
    expect(await keyv.delete('a')).toBe(true)
  })

  describe('ttl', () => {
    test('of an entry: in milliseconds, known to the cache, which gives the memory back', async () => {
      const cache = new Cache<string, any>({ ttl: '1h' })
      const keyv = new Keyv(keyvOptions(cache))
      await keyv.set('key', 'value', 1500)
      expect(timeLeft(cache)).toBe(1500)
      vi.advanceTimersByTime(1499)
      expect(await keyv.get('key')).toBe('value')
      vi.advanceTimersByTime(1)
      expect(await keyv.get('key')).toBeUndefined()
      expect(await keyv.has('key')).toBe(false)
      vi.advanceTimersByTime(60_000)
      expect(cache.stats().size).toBe(0)
    })

    test("an entry nobody asks for stays in Keyv's Map for ever", async () => {
      const map = new Map()
      const cache = new Cache<string, any>()
      for (const keyv of [new Keyv({ store: map }), new Keyv(keyvOptions(cache))]) {
        for (let i = 0; i < 100; i++) await keyv.set(`session ${i}`, {}, 1000)
      }
      vi.advanceTimersByTime(24 * 3600_000)
      expect([map.size, cache.stats().size]).toEqual([100, 0])
    })

    test('of the Keyv', async () => {
      const cache = new Cache<string, any>({ ttl: '1h' })
      const keyv = new Keyv({ ...keyvOptions(cache), ttl: 2000 })
      await keyv.set('key', 'value')
      expect(timeLeft(cache)).toBe(2000)
      await keyv.set('key', 'value', 3000)
      expect(timeLeft(cache)).toBe(3000)
    })

    test('of an entry may be longer than that of the cache', async () => {
      const cache = new Cache<string, any>({ ttl: '1s' })
      const keyv = new Keyv(keyvOptions(cache))
      await keyv.set('key', 'value', 3000)
      vi.advanceTimersByTime(2999)
      expect(await keyv.get('key')).toBe('value')
    })

    test.each([
      ['none', undefined],
      ['0, by which Keyv means none', 0],
    ])('%s: that of the cache holds', async (_, ttl) => {
      const cache = new Cache<string, any>({ ttl: '2s' })
      const keyv = new Keyv(keyvOptions(cache))
      await keyv.set('key', 'value', ttl)
      expect(timeLeft(cache)).toBe(2000)
      vi.advanceTimersByTime(1999)
      expect(await keyv.get('key')).toBe('value')
      vi.advanceTimersByTime(1)
      expect(await keyv.get('key')).toBeUndefined()
    })

    test('none, in a cache whose entries do not expire', async () => {
      const keyv = new Keyv(keyvOptions({ ttl: Infinity }))
      await keyv.set('key', 'value')
      vi.advanceTimersByTime(365 * 24 * 3600_000)
      expect(await keyv.get('key')).toBe('value')
    })

    test('a later set without one does not inherit it', async () => {
      const keyv = new Keyv(keyvOptions({ ttl: '1h' }))
      await keyv.set('key', 1, 1000)
      await keyv.set('key', 2)
      vi.advanceTimersByTime(2000)
      expect(await keyv.get('key')).toBe(2)
    })
  })

  test('is bounded, which its Map is not', async () => {
    const [map, cache] = [new Map(), new Cache<string, any>()]
    for (const keyv of [new Keyv({ store: map }), new Keyv(keyvOptions(cache))]) {
      for (let i = 0; i < 2000; i++) await keyv.set(`key ${i}`, i)
    }
    expect([map.size, cache.stats().size]).toEqual([2000, 1000])
  })

  test('several on one cache, by namespace: nothing is shared but the bound', async () => {
    const cache = new Cache<string, any>({ maxEntries: 3 })
    const a = new Keyv({ ...keyvOptions(cache), namespace: 'a' })
    const b = new Keyv({ ...keyvOptions(cache), namespace: 'b' })
    await a.set('key', 1)
    await b.set('key', 2)
    await b.set('other', 3)
    expect([await a.get('key'), await b.get('key')]).toEqual([1, 2])
    expect(await collect(a.iterator())).toEqual([['key', 1]])

    await a.clear()
    expect([await a.get('key'), await b.get('key'), await b.get('other')]).toEqual([undefined, 2, 3])
    for (let i = 0; i < 100; i++) await b.set(`key ${i}`, i)
    expect(cache.stats().size).toBe(3)
  })

  test('several that share one store by mistake do not mix values, and a clear leaves none of its own', async () => {
    const options = keyvOptions()
    const a = new Keyv({ ...options, namespace: 'a' })
    const b = new Keyv({ ...options, namespace: 'b' })
    await a.set('key', 1)
    await b.set('key', 2)
    expect([await a.get('key'), await b.get('key')]).toEqual([1, 2])
    await a.clear()
    expect(await a.get('key')).toBeUndefined()
  })

  test('iterates over what is live', async () => {
    const keyv = new Keyv({ ...keyvOptions(), namespace: 'a' })
    await keyv.set('x:y', 1)
    await keyv.set('gone', 2, 1000)
    await keyv.set('null', null)
    vi.advanceTimersByTime(1000)
    expect(await collect(keyv.iterator())).toEqual([
      ['x:y', 1],
      ['null', null],
    ])
  })

  test('a disconnected Keyv leaves the cache to others', async () => {
    const cache = new Cache<string, any>()
    const [one, other] = [new Keyv(keyvOptions(cache)), new Keyv(keyvOptions(cache))]
    await one.set('key', 'value')
    await one.disconnect()
    expect(await other.get('key')).toBe('value')
  })

  test('a closed cache fails as a store does: told to listeners, and never unhandled', async () => {
    const cache = new Cache<string, any>()
    const keyv = new Keyv(keyvOptions(cache))
    const errors: unknown[] = []
    keyv.on('error', (error) => errors.push(error))
    cache.close()
    expect(await keyv.set('key', 'value')).toBe(false)
    expect(await keyv.get('key')).toBeUndefined()
    expect(await keyv.delete('key')).toBe(false)
    expect(errors.length).toBeGreaterThanOrEqual(2)
    for (const error of errors) expect(error).toBeInstanceOf(CacheError)
  })

  test('a value that the cache refuses is told to listeners', async () => {
    const keyv = new Keyv(keyvOptions({ protect: 'clone' }))
    const errors: unknown[] = []
    keyv.on('error', (error) => errors.push(error))
    expect(await keyv.set('key', () => {})).toBe(false)
    expect(errors).toHaveLength(1)
  })

  test('protect: a reader cannot change what others get', async () => {
    const keyv = new Keyv(keyvOptions({ protect: 'clone' }))
    await keyv.set('key', { roles: ['admin'] })
    const found = await keyv.get('key')
    found.roles.push('owner')
    expect(await keyv.get('key')).toEqual({ roles: ['admin'] })
  })

  test('a cache of the kind none keeps nothing', async () => {
    const keyv = new Keyv(keyvOptions({ kind: 'none' }))
    expect(await keyv.set('key', 'value')).toBe(true)
    expect(await keyv.get('key')).toBeUndefined()
  })

  test('the cache counts the hits of a Keyv', async () => {
    const cache = new Cache<string, any>()
    const keyv = new Keyv(keyvOptions(cache))
    await keyv.set('key', 'value')
    await keyv.get('key')
    await keyv.get('none')
    expect(cache.stats()).toMatchObject({ hits: 1, misses: 1 })
  })
})

test('wrong options are refused by name', () => {
  // @ts-expect-error
  expect(() => keyvOptions({ maxEntrys: 5 })).toThrow(
    "maxEntrys: there is no such option; did you mean 'maxEntries'?",
  )
})

describe('Keyv 5 alone', () => {
  test('a namespace of its own is cleared at once, and alone; in a shared Map, clear empties the others too', async () => {
    const cache = new Cache<string, any>()
    const shared = new Map()
    for (const options of [() => keyvOptions(cache), () => ({ store: shared })]) {
      const [a, b] = ['a', 'b'].map((namespace) => new Keyv5({ ...options(), namespace }))
      await a!.set('key', 1)
      await b!.set('key', 2)
      await a!.clear()
      expect(await b!.get('key')).toBe(options().store === shared ? undefined : 2)
    }
  })

  test('a Keyv can change its namespace, and find there what it left', async () => {
    const keyv = new Keyv5(keyvOptions())
    for (const namespace of ['a', 'b', undefined]) {
      keyv.namespace = namespace
      await keyv.set('key', namespace)
    }
    keyv.namespace = 'a'
    expect(await keyv.get('key')).toBe('a')
    await keyv.clear()
    expect(await keyv.get('key')).toBeUndefined()
    keyv.namespace = 'b'
    expect(await keyv.get('key')).toBe('b')
    keyv.namespace = undefined
    await keyv.clear()
    keyv.namespace = 'b'
    expect(await keyv.get('key')).toBeUndefined()
  })

  test('a ttl below 0 removes what was there', async () => {
    const keyv = new Keyv5(keyvOptions())
    await keyv.set('key', 1)
    expect(await keyv.set('key', 2, -1)).toBe(true)
    expect(await keyv.get('key')).toBeUndefined()
  })

  test('a ttl that is no number of milliseconds is an error, and nothing changes', async () => {
    const keyv = new Keyv5(keyvOptions())
    const errors: unknown[] = []
    keyv.on('error', (error) => errors.push(error.message))
    await keyv.set('key', 1)
    expect(await keyv.set('key', 2, Number.NaN)).toBe(false)
    expect(errors[0]).toMatch(/^ttl: expected a number of milliseconds/)
    expect(await keyv.get('key')).toBe(1)
  })

  test('throwOnErrors: what the cache throws reaches the caller', async () => {
    const cache = new Cache<string, any>()
    const keyv = new Keyv5({ ...keyvOptions(cache), throwOnErrors: true })
    cache.close()
    await expect(keyv.get('key')).rejects.toMatchObject({ code: 'CLOSED' })
    await expect(keyv.set('key', 1)).rejects.toMatchObject({ code: 'CLOSED' })
  })

  test('keys without a prefix of Keyv stay in their namespaces', async () => {
    const cache = new Cache<string, any>()
    const [a, b] = ['a', 'b'].map(
      (namespace) => new Keyv5({ ...keyvOptions(cache), namespace, useKeyPrefix: false }),
    )
    await a!.set('key', 1)
    await b!.set('key', 2)
    expect(await a!.get('key')).toBe(1)
  })
})

describe('Keyv 4', () => {
  const open = (backing?: Parameters<typeof keyvOptions>[0], namespace?: string): Keyv4 => {
    const byReference = { serialize: (value: any) => value, deserialize: (value: any) => value }
    const options: Record<string, unknown> = { ...keyvOptions(backing), ...byReference }
    const keyv = new Keyv4(namespace === undefined ? options : { ...options, namespace })
    keyv.on('error', (error) => {
      throw error
    })
    return keyv
  }

  test('gives back the value itself; with its defaults it gives a copy', async () => {
    const value = { at: new Date(0) }
    const [keyv, own] = [open(), new Keyv4()]
    for (const one of [keyv, own]) expect(await one.set('key', value)).toBe(true)
    expect(await keyv.get('key')).toBe(value)
    expect(await keyv.get(['key', 'none'])).toEqual([value, undefined])
    expect(await own.get('key')).toEqual({ at: '1970-01-01T00:00:00.000Z' })
  })

  test('text stays text, null is not undefined', async () => {
    const keyv = open()
    for (const value of ['"text"', '', null, 0, false]) {
      await keyv.set('key', value)
      expect(await keyv.get('key')).toBe(value)
    }
  })

  test('a ttl is in milliseconds, and known to the cache', async () => {
    const cache = new Cache<string, any>({ ttl: '1h' })
    const keyv = open(cache)
    await keyv.set('key', 'value', 1500)
    expect(timeLeft(cache)).toBe(1500)
    vi.advanceTimersByTime(1500)
    expect(await keyv.get('key')).toBeUndefined()
    expect(await keyv.has('key')).toBe(false)
  })

  test('without that it refuses to store, which is told', async () => {
    const keyv = new Keyv4(keyvOptions() as object)
    await expect(keyv.set('key', 1)).rejects.toThrow('serialize is not a function')
  })

  test('namespaces of one cache are told apart, cleared alone and iterated', async () => {
    const cache = new Cache<string, any>()
    const [a, b] = [open(cache, 'a'), open(cache, 'b')]
    await a.set('key', 1)
    await b.set('key', 2)
    expect(await collect(a.iterator(undefined))).toEqual([['key', 1]])
    await a.clear()
    expect([await a.get('key'), await b.get('key')]).toEqual([undefined, 2])
    expect([await b.delete('key'), await b.delete('key')]).toEqual([true, false])
  })
})

describe('Keyv 6 alone', () => {
  /** The storage adapter that Keyv makes of the store; its `set` takes a point in time. */
  const storage = (): AnyKeyv6['store'] => new Keyv6(keyvOptions({ ttl: '1h' })).store

  test('as storage: expires at a point in time', async () => {
    const store = storage()
    await store.set('key', 'value', Date.now() + 500)
    await store.setMany([
      { key: 'other', value: 1, expires: Date.now() + 500 },
      { key: 'lasting', value: 2 },
    ])
    vi.advanceTimersByTime(499)
    expect(await store.getMany!(['key', 'other', 'lasting'])).toEqual(['value', 1, 2])
    vi.advanceTimersByTime(1)
    expect(await store.getMany!(['key', 'other', 'lasting'])).toEqual([undefined, undefined, 2])
    expect(await store.hasMany(['key', 'other', 'lasting'])).toEqual([false, false, true])
  })

  test('as storage: a point in time that is over', async () => {
    const store = storage()
    await store.set('key', 'value', Date.now() - 500)
    expect(await store.get('key')).toBeUndefined()
    expect(await store.has('key')).toBe(false)
  })

  test('as storage: what there was of many keys', async () => {
    const store = storage()
    expect(await store.setMany([])).toEqual([])
    expect(await store.getMany!([])).toEqual([])
    await store.set('a', 1)
    expect(await store.deleteMany(['a', 'none'])).toEqual([true, false])
    expect(await store.deleteMany([])).toEqual([])
    expect(await store.delete('a')).toBe(false)
  })

  test('as storage: clear and iterate within a namespace, or over all', async () => {
    const store = storage()
    await store.set('key', 0)
    store.namespace = 'a'
    await store.set('key', 1)
    expect(await collect(store.iterator!() as AsyncIterable<unknown>)).toEqual([['key', 1]])
    await store.clear()
    store.namespace = undefined
    expect(await store.get('key')).toBe(0)
    await store.clear()
    expect(await collect(store.iterator!() as AsyncIterable<unknown>)).toEqual([])
    await store.disconnect!()
  })

  test('setRaw and getRaw', async () => {
    const cache = new Cache<string, any>()
    const keyv = new Keyv6(keyvOptions(cache))
    const expires = Date.now() + 1000
    await keyv.setRaw('key', { value: 'value', expires })
    expect(timeLeft(cache)).toBe(1000)
    expect(await keyv.getRaw('key')).toEqual({ value: 'value', expires })
    await keyv.setRaw('key', { value: 'value', expires: Date.now() - 1 })
    expect(await keyv.getRaw('key')).toBeUndefined()
  })
})

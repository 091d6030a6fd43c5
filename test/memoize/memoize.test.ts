import { Cache, CacheError } from 'nearcache'
import { memoize } from 'nearcache/memoize'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { storeOf } from '../../src/cache.ts'
import { checkInvariants } from '../support/invariants.ts'

beforeEach(() => {
  vi.useFakeTimers()
})

afterEach(() => {
  vi.useRealTimers()
})

/** A promise with its ends. */
function deferred<T>(): { promise: Promise<T>; resolve: (value: T) => void; reject: (error: Error) => void } {
  let resolve!: (value: T) => void
  let reject!: (error: Error) => void
  const promise = new Promise<T>((yes, no) => {
    resolve = yes
    reject = no
  })
  return { promise, resolve, reject }
}

describe('a synchronous function', () => {
  test('is called once for the same arguments', () => {
    const fn = vi.fn((a: string, b: { c?: number }) => ({ a, b }))
    const memoized = memoize(fn)
    const first = memoized('x', { c: 1 })
    expect(first).toEqual({ a: 'x', b: { c: 1 } })
    expect(memoized('x', { c: 1 })).toBe(first)
    expect(memoized('x', {})).not.toBe(first)
    expect(fn).toHaveBeenCalledTimes(2)
    expect(memoized.cache.stats()).toMatchObject({ sets: 2, size: 2, hits: 1, misses: 1 })
    checkInvariants(memoized.cache)
  })

  test.each<[string, unknown[][]]>([
    ['no argument', [[], [undefined]]],
    ['zeros', [[0], [-0], ['0'], [0n]]],
    ['undefined after another', [['a'], ['a', undefined]]],
    [
      'three',
      [
        ['a', 'b', 'c'],
        ['a', 'bc'],
        ['a', 'b', 'c', undefined],
      ],
    ],
    [
      'pairs',
      [
        [1, 2],
        [2, 1],
        ['1', 2],
        [0, 1],
        [-0, 1],
      ],
    ],
  ])('tells apart: %s', (_, lists) => {
    const fn = vi.fn((...args: unknown[]) => args)
    const memoized = memoize(fn)
    for (let times = 0; times < 3; times++)
      for (const list of lists) {
        const got = memoized(...list)
        expect(got.length).toBe(list.length)
        for (const [i, item] of list.entries()) expect(Object.is(got[i], item)).toBe(true)
      }
    expect(fn).toHaveBeenCalledTimes(lists.length)
  })

  test('keeps null, false, 0 and NaN, and not undefined', () => {
    for (const value of [null, false, 0, NaN, '']) {
      const fn = vi.fn((_: number) => value)
      const memoized = memoize(fn)
      for (let i = 0; i < 3; i++) expect(memoized(1)).toBe(value)
      expect(fn).toHaveBeenCalledTimes(1)
    }
    const fn = vi.fn((_: number) => undefined)
    const memoized = memoize(fn)
    memoized(1)
    memoized(1)
    expect(fn).toHaveBeenCalledTimes(2)
    expect(memoized.cache.size).toBe(0)
  })

  test('passes errors on and keeps nothing', () => {
    const fn = vi.fn((n: number) => {
      if (fn.mock.calls.length < 3) throw new Error(`no ${n}`)
      return n
    })
    const memoized = memoize(fn)
    expect(() => memoized(1)).toThrow('no 1')
    expect(() => memoized(1)).toThrow('no 1')
    expect(memoized(1)).toBe(1)
    expect(memoized(1)).toBe(1)
    expect(fn).toHaveBeenCalledTimes(3)
  })

  test('may call itself', () => {
    let calls = 0
    const fibonacci = memoize((n: number): number => {
      calls++
      return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2)
    })
    expect(fibonacci(60)).toBe(1548008755920)
    expect(calls).toBeLessThan(65)
  })

  test('what it stores itself stands', () => {
    const memoized = memoize((key: string): string => {
      memoized.cache.set(key, 'mine')
      return 'returned'
    })
    expect(memoized('a')).toBe('mine')
    expect(memoized('a')).toBe('mine')
  })

  test('lives for its ttl, counted from when it returned', () => {
    const fn = vi.fn((_: string) => {
      vi.setSystemTime(Date.now() + 5000)
      return {}
    })
    const memoized = memoize(fn, { ttl: '10s' })
    const first = memoized('a')
    vi.advanceTimersByTime(9999)
    expect(memoized('a')).toBe(first)
    vi.advanceTimersByTime(1)
    expect(memoized('a')).not.toBe(first)
  })

  test('its ttl can be told from the result; with 0 it is not kept', () => {
    const fn = vi.fn((n: number) => n)
    const memoized = memoize(fn, { ttl: (n) => n, tags: ['t'] })
    memoized(0)
    memoized(0)
    expect(fn).toHaveBeenCalledTimes(2)
    memoized(10)
    expect(memoized.cache.expiresIn(10)).toBe(10)
    memoized.cache.deleteByTag('t')
    memoized(10)
    expect(fn).toHaveBeenCalledTimes(4)
  })

  test('in a cache that clones, each caller gets a copy', () => {
    const memoized = memoize((id: number) => ({ id }), { protect: 'clone' })
    const [a, b] = [memoized(1), memoized(1)]
    expect(a).toEqual(b)
    expect(a).not.toBe(b)
  })

  test("in a cache of the kind 'none' is called each time", () => {
    const fn = vi.fn((id: number) => ({ id }))
    const memoized = memoize(fn, { kind: 'none' })
    memoized(1)
    memoized(1)
    expect(fn).toHaveBeenCalledTimes(2)
  })
})

describe('an asynchronous function', () => {
  const kinds: [string, (work: () => Promise<unknown>) => (id: number) => Promise<unknown>][] = [
    ['declared async', (work) => async (_: number) => work()],
    ['giving promises', (work) => (_: number) => work()],
  ]

  test.each(kinds)('%s: runs once however many ask, and no promise is stored', async (_, kind) => {
    const work = vi.fn(async () => ({}))
    const memoized = memoize(kind(work))
    const [a, b] = await Promise.all([memoized(1), memoized(1)])
    expect(a).toBe(b)
    expect(await memoized(1)).toBe(a)
    expect(work).toHaveBeenCalledTimes(1)
    expect(memoized.cache.get(1)).toBe(a)
    expect(memoized.cache.stats().loads).toBe(1)
    checkInvariants(memoized.cache)
  })

  test.each(kinds)('%s: a failure reaches all and is not kept', async (_, kind) => {
    let fails = true
    const work = vi.fn(async () => {
      if (fails) throw new Error('down')
      return 1
    })
    const memoized = memoize(kind(work))
    const both = await Promise.allSettled([memoized(1), memoized(1)])
    expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    expect(work).toHaveBeenCalledTimes(1)
    fails = false
    expect(await memoized(1)).toBe(1)
    expect(work).toHaveBeenCalledTimes(2)
  })

  test('gives a Promise from the first call on, also where its cache was filled before', async () => {
    const memoized = memoize(async (id: number) => id)
    memoized.cache.set(1, 10)
    expect(memoized(1)).toBeInstanceOf(Promise)
    expect(await memoized(1)).toBe(10)
    const later = memoize((id: number) => Promise.resolve(id))
    later.cache.set(1, 10)
    expect(later(1)).toBeInstanceOf(Promise)
    expect(await later(1)).toBe(10)
  })

  test('a failure that nobody needs is not unhandled', async () => {
    const unhandled = vi.fn()
    process.on('unhandledRejection', unhandled)
    const later = memoize((_: number): Promise<number> => Promise.reject(new Error('down')))
    later.cache.set(1, 10)
    expect(await later(1)).toBe(10)
    vi.useRealTimers()
    await new Promise((resolve) => setImmediate(resolve))
    process.off('unhandledRejection', unhandled)
    expect(unhandled).not.toHaveBeenCalled()
  })

  test('that gives promises for some arguments only gives them for all once it did', async () => {
    const memoized = memoize((id: number): number | Promise<number> => (id < 0 ? id : Promise.resolve(id)))
    expect(memoized(-1)).toBe(-1)
    expect(memoized(1)).toBeInstanceOf(Promise)
    expect(await memoized(1)).toBe(1)
    expect(await memoized(-1)).toBe(-1)
    expect(await memoized(-2)).toBe(-2)
  })

  test('invalidated during a call does not store its result, and the next call starts another', async () => {
    const ends = [deferred<string>(), deferred<string>()]
    let call = 0
    const memoized = memoize((_: string): Promise<string> => ends[call++]!.promise)
    const first = memoized('a')
    expect(memoized.invalidate('a')).toBe(false)
    const second = memoized('a')
    ends[1]!.resolve('new')
    expect(await second).toBe('new')
    ends[0]!.resolve('old')
    expect(await first).toBe('old')
    expect(await memoized('a')).toBe('new')
    expect(call).toBe(2)
  })

  test('keeps that nothing was found for its negativeTtl', async () => {
    const fn = vi.fn(async (_: number) => undefined)
    const memoized = memoize(fn, { negativeTtl: '1s' })
    await memoized(1)
    await memoized(1)
    expect(fn).toHaveBeenCalledTimes(1)
    vi.advanceTimersByTime(1001)
    await memoized(1)
    expect(fn).toHaveBeenCalledTimes(2)
  })

  test.each(['own', 'given'])(
    'serves stale values while it refreshes, in a cache of its %s',
    async (which) => {
      let n = 0
      const fn = async (_: string): Promise<number> => ++n
      const settings = { ttl: '1s', staleWhileRevalidate: '1m' } as const
      const memoized = memoize(fn, which === 'own' ? settings : { ...settings, cache: new Cache() })
      expect(await memoized('a')).toBe(1)
      vi.advanceTimersByTime(2000)
      expect(await memoized('a')).toBe(1)
      await vi.advanceTimersByTimeAsync(0)
      expect(await memoized('a')).toBe(2)
    },
  )

  test('fails at its hardTimeout', async () => {
    const memoized = memoize((_: number) => new Promise<never>(() => {}), { hardTimeout: '1s' })
    const result = memoized(1).catch((error: unknown) => error)
    await vi.advanceTimersByTimeAsync(1000)
    expect(await result).toMatchObject({ code: 'TIMEOUT' })
  })

  test('its ttl can be told from the result', async () => {
    const memoized = memoize(async (n: number) => n, { ttl: (n) => n * 1000, tags: ['t'] })
    await memoized(7)
    expect(memoized.cache.expiresIn(7)).toBe(7000)
    memoized.cache.deleteByTag('t')
    expect(memoized.cache.has(7)).toBe(false)
  })
})

describe('key', () => {
  test('picks what tells calls apart', () => {
    const fn = vi.fn((user: { id: number; name: string }, _now: number) => user.name)
    const memoized = memoize(fn, { key: (user) => user.id })
    expect(memoized({ id: 1, name: 'Ada' }, 1)).toBe('Ada')
    expect(memoized({ id: 1, name: 'Grace' }, 2)).toBe('Ada')
    expect([...memoized.cache.keys()]).toEqual([1])
    expect(memoized.invalidate({ id: 1, name: '' }, 3)).toBe(true)
  })

  test('may be several values, compared by what they are', () => {
    const fn = vi.fn((a: string, b: string, _: number) => a + b)
    const memoized = memoize(fn, { key: (a, b) => [a, b] })
    memoized('x', 'y', 1)
    memoized('x', 'y', 2)
    memoized('xy', '', 3)
    expect(fn).toHaveBeenCalledTimes(2)
  })

  test('is called with this', () => {
    let calls = 0
    function multiply(this: { id: number }, n: number): number {
      calls++
      return this.id * n
    }
    const memoized = memoize(multiply, {
      key(n) {
        return [this.id, n]
      },
    })
    expect(memoized.call({ id: 2 }, 3)).toBe(6)
    expect(memoized.call({ id: 2 }, 3)).toBe(6)
    expect(memoized.call({ id: 3 }, 3)).toBe(9)
    expect(calls).toBe(2)
    expect(memoized.invalidate.call({ id: 2 }, 3)).toBe(true)
  })
})

describe('this', () => {
  class Shop {
    readonly rate: number
    constructor(rate: number) {
      this.rate = rate
    }
    price(n: number): number {
      return n * this.rate
    }
    none(): number {
      return this.rate
    }
  }
  const shops = [new Shop(2), new Shop(3)] as const

  test('is passed on, and is no part of the key', () => {
    const price = memoize(Shop.prototype.price)
    expect(price.call(shops[0], 1)).toBe(2)
    expect(price.call(shops[1], 1)).toBe(2)
    expect(price.call(shops[1], 2)).toBe(6)
  })

  test('is part of the key with keyThis', () => {
    const price = memoize(Shop.prototype.price, { keyThis: true })
    const none = memoize(Shop.prototype.none, { keyThis: true })
    for (let times = 0; times < 2; times++) {
      expect(shops.map((shop) => price.call(shop, 1))).toEqual([2, 3])
      expect(shops.map((shop) => none.call(shop))).toEqual([2, 3])
    }
    expect(price.cache.stats().sets).toBe(2)
    expect(price.invalidate(1)).toBe(false)
    expect(price.invalidate.call(shops[0], 1)).toBe(true)
    expect(price.cache.size).toBe(1)
  })
})

describe('the memoized function', () => {
  test('has the name, length and properties of the original', () => {
    const fn = Object.assign(
      function add(a: number, b: number) {
        return a + b
      },
      { unit: 'm' },
    )
    const memoized = memoize(fn)
    expect(memoized.name).toBe('add')
    expect(memoized.length).toBe(2)
    expect(memoized.unit).toBe('m')
    expect(memoize(async (_: number, __ = 1) => 1).length).toBe(1)
  })

  test('can be memoized again', () => {
    const inner = memoize((n: number) => ({ n }))
    const outer = memoize(inner)
    const first = outer(1)
    outer.clear()
    expect(outer(1)).toBe(first)
    inner.clear()
    outer.clear()
    expect(outer(1)).not.toBe(first)
  })

  test('invalidate and clear work apart from it', () => {
    const fn = vi.fn((a: string, b: string) => a + b)
    const { invalidate, clear, cache } = memoize(fn)
    const memoized = memoize(fn)
    expect(invalidate('a', 'b')).toBe(false)
    clear()
    expect(cache.size).toBe(0)
    memoized('a', 'b')
    expect(memoized.invalidate('a', 'b')).toBe(true)
    expect(memoized.invalidate('a', 'b')).toBe(false)
    memoized('a', 'b')
    memoized.clear()
    memoized('a', 'b')
    expect(fn).toHaveBeenCalledTimes(3)
  })
})

describe('tags told from result and arguments', () => {
  const tags = (result: { sum: number }, a: number, b: number): string[] => [
    `sum-${result.sum}`,
    `of-${a}-${b}`,
  ]

  test('of a function', () => {
    const add = memoize((a: number, b: number) => ({ sum: a + b }), { tags })
    const [one, two] = [add(1, 2), add(2, 1)]
    add.cache.deleteByTag('of-1-2')
    expect([add(1, 2) === one, add(2, 1) === two]).toEqual([false, true])
    add.cache.deleteByTag('sum-3')
    expect(add(2, 1)).not.toBe(two)
  })

  test('of an asynchronous function, from its first call on', async () => {
    for (const fn of [
      async (a: number, b: number) => ({ sum: a + b }),
      (a: number, b: number) => Promise.resolve({ sum: a + b }),
    ]) {
      const add = memoize(fn, { tags })
      for (let i = 0; i < 2; i++) {
        const one = await add(1, 2)
        expect(await add(1, 2)).toBe(one)
        add.cache.deleteByTag('of-1-2')
        expect(await add(1, 2)).not.toBe(one)
        add.cache.deleteByTag('sum-3')
        expect(add.cache.has(add.cache.keys().next().value)).toBe(false)
      }
    }
  })

  test('with this', () => {
    const shop = {
      name: 'x',
      price: memoize(
        function (this: { name: string }, n: number) {
          return n
        },
        {
          tags: function () {
            return [this.name]
          },
        },
      ),
    }
    shop.price(1)
    shop.price.cache.deleteByTag('x')
    expect(shop.price.cache.size === 0 || [...shop.price.cache.keys()].length === 0).toBe(true)
  })
})

describe('cache', () => {
  test('two functions never share entries', () => {
    const cache = new Cache({ maxEntries: 10 })
    const fn = (n: number): object => ({ n })
    const [a, b] = [memoize(fn, { cache }), memoize(fn, { cache })]
    expect(a(1)).not.toBe(b(1))
    expect(a(1)).toBe(a(1))
    expect(cache.size).toBe(0)
    expect(cache.stats().size).toBe(2)
    a.clear()
    expect(a.cache.size).toBe(0)
    expect(b.cache.size).toBe(1)
    cache.clear()
    expect(b.cache.size).toBe(0)
    checkInvariants(cache)
  })

  test('nor where they name the same store', () => {
    const fn = (n: number): object => ({ n })
    const options = { name: 'memoize.test', maxEntries: 10 }
    const [a, b] = [memoize(fn, options), memoize(fn, options)]
    expect(a(1)).not.toBe(b(1))
    expect([a, b].map(({ cache }) => cache.stats().size)).toEqual([1, 1])
    expect(storeOf(a.cache)).toBe(storeOf(b.cache))
  })

  test("holds the cache's bounds", () => {
    const cache = new Cache({ maxEntries: 10, policy: 'lru' })
    const memoized = memoize((n: number) => n, { cache, ttl: '1h' })
    for (let i = 0; i < 100; i++) memoized(i)
    expect(memoized.cache.size).toBe(10)
    expect(memoized.cache.expiresIn(99)).toBe(3_600_000)
  })

  test('closed is closed for the function too', () => {
    const cache = new Cache()
    const memoized = memoize((n: number) => n, { cache })
    memoized(1)
    cache.close()
    expect(() => memoized(1)).toThrow(CacheError)
  })
})

test.each<[string, () => unknown, string]>([
  ['no function', () => memoize(1 as never), 'fn: expected a function, got 1'],
  [
    'no options',
    () => memoize(() => 1, 1 as never),
    "options: expected an object such as { ttl: '10m' }, got 1",
  ],
  [
    'no option',
    () => memoize(() => 1, { tll: 1 } as never),
    "tll: there is no such option; did you mean 'ttl'?",
  ],
  [
    "a cache's option beside a cache",
    () => memoize(() => 1, { cache: new Cache(), maxEntries: 1 } as never),
    'maxEntries: there is no such option',
  ],
  [
    'no cache',
    () => memoize(() => 1, { cache: new Map() as never }),
    'cache: expected a Cache or a TieredCache, got an object',
  ],
  ['no key function', () => memoize(() => 1, { key: 'a' as never }), "key: expected a function, got 'a'"],
  ['no keyThis', () => memoize(() => 1, { keyThis: 1 as never }), 'keyThis: expected true or false, got 1'],
  ['no ttl', () => memoize(() => 1, { ttl: '1 year' as never }), 'ttl: expected a number of milliseconds'],
  ['a ttl of 0', () => memoize(() => 1, { ttl: 0 }), 'ttl: expected a time above 0, got 0'],
  ['no tags', () => memoize(() => 1, { tags: 'a' as never }), "tags: expected an array of strings, got 'a'"],
])('refuses at once: %s', (_, run, message) => {
  expect(run).toThrow(message)
})

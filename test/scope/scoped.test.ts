import { AsyncResource } from 'node:async_hooks'
import { setImmediate } from 'node:timers/promises'
import { Cache } from 'nearcache'
import { inScope, openScope, scoped, withScope } from 'nearcache/scope'
import { describe, expect, test, vi } from 'vitest'
import { isCollected } from '../support/collection.ts'
import { deferred } from '../support/deferred.ts'

describe('a scope', () => {
  test('remembers until its function has returned, failed, or its promise has settled', async () => {
    const cache = scoped<string, number>()
    const outside = withScope(() => {
      cache.set('a', 1)
      expect(cache.get('a')).toBe(1)
      return AsyncResource.bind(() => cache.get('a'))
    })
    expect(outside()).toBeUndefined()
    let late = outside
    expect(() =>
      withScope(() => {
        cache.set('a', 1)
        late = AsyncResource.bind(() => cache.get('a'))
        throw new Error('as asked')
      }),
    ).toThrow('as asked')
    expect(late()).toBeUndefined()
    const gate = deferred<number>()
    const result = withScope(async () => {
      cache.set('a', 1)
      late = AsyncResource.bind(() => cache.get('a'))
      return gate.promise
    })
    expect(late()).toBe(1)
    gate.resolve(7)
    expect(await result).toBe(7)
    expect(late()).toBeUndefined()
  })

  test('is none of the outer one inside another, which comes back after it', () => {
    const cache = scoped<string, number>()
    withScope(() => {
      cache.set('a', 1)
      withScope(() => {
        expect(cache.get('a')).toBeUndefined()
        cache.set('a', 2)
      })
      expect(cache.get('a')).toBe(1)
    })
  })

  test('lasts for a promise of any make, which is asked for its result inside', async () => {
    const cache = scoped<string, number>()
    const query = {
      // biome-ignore lint/suspicious/noThenProperty: query builders are such.
      then(resolve: (value: number) => void) {
        resolve(cache.getOrSet('a', () => 3))
      },
    }
    const asked = withScope(() => {
      cache.set('a', 4)
      return query as PromiseLike<number>
    })
    expect(await asked).toBe(4)
  })

  test('can be opened and ended by hand; the end comes once', async () => {
    const cache = scoped<string, number>()
    const scope = openScope()
    const signal = await scope.run(
      () =>
        new Promise<AbortSignal>((resolve) => {
          void cache.getOrLoad('a', async (_, context) => {
            resolve(context.signal)
            return new Promise<never>(() => {})
          })
        }),
    )
    expect(signal.aborted).toBe(false)
    scope.end()
    scope.end()
    expect(signal.aborted).toBe(true)
    expect(scope.hasEnded).toBe(true)
    expect(scope.run(() => cache.getOrSet('b', () => 1))).toBe(1)
    expect(scope.run(() => cache.size)).toBe(0)
  })

  test('inScope gives each call of a handler its own, and keeps this, arguments and result', async () => {
    const cache = scoped<string, number>()
    const worker = {
      base: 10,
      run: inScope(async function (this: { base: number }, job: { id: number }) {
        cache.getOrSet('id', () => job.id)
        await undefined
        return this.base + cache.get('id', 0)
      }),
    }
    expect(await Promise.all([worker.run({ id: 1 }), worker.run({ id: 2 })])).toEqual([11, 12])
    const failing = inScope(async () => {
      throw new Error('as asked')
    })
    await expect(failing()).rejects.toThrow('as asked')
  })

  test('holds nothing after its end, though a load and a timer of it go on', async () => {
    const cache = scoped<string, object>()
    const gate = deferred<object>()
    let timer: NodeJS.Timeout | undefined
    const ref = withScope(() => {
      const value = {}
      cache.set('a', value)
      void cache.getOrLoad('b', () => gate.promise)
      timer = setInterval(() => {}, 1e6)
      return new WeakRef(value)
    })
    expect(await isCollected(ref)).toBe(true)
    clearInterval(timer)
    gate.resolve({})
  })
})

describe('a scoped cache', () => {
  const inside = <T>(fn: () => T): T => withScope(fn)

  test('keeps any key and value but undefined', () =>
    inside(() => {
      const cache = scoped()
      for (const value of [null, 0, '', false, Number.NaN]) {
        cache.set(value, value)
        expect(cache.get(value, 'fallback')).toBe(value)
        expect(cache.has(value)).toBe(true)
        expect(cache.getOrSet(value, () => 'other')).toBe(value)
      }
      expect(cache.size).toBe(5)
      expect(() => cache.set('a', undefined)).toThrow(TypeError)
      expect(cache.get('a', 'fallback')).toBe('fallback')
      expect(cache.delete(null)).toBe(true)
      expect(cache.delete(null)).toBe(false)
      cache.clear()
      expect(cache.size).toBe(0)
    }))

  test('is bounded: the entry written longest ago goes', () =>
    inside(() => {
      const cache = scoped<number, number>({ maxEntries: 2 })
      for (const key of [1, 2, 1, 3]) cache.set(key, key)
      expect([cache.has(1), cache.has(2), cache.has(3), cache.size]).toEqual([true, false, true, 2])
    }))

  test('getOrSet: a Promise is refused, an error passes, undefined is not kept, what compute sets stands', () =>
    inside(() => {
      const cache = scoped<string, unknown>()
      expect(() => cache.getOrSet('a', async () => 1)).toThrow('use getOrLoad for a Promise')
      expect(() =>
        cache.getOrSet('a', () => {
          throw new Error('as asked')
        }),
      ).toThrow('as asked')
      expect(cache.getOrSet('a', () => undefined)).toBeUndefined()
      expect(cache.size).toBe(0)
      const computing = (): number => {
        cache.set('a', 1)
        return 2
      }
      expect(cache.getOrSet('a', computing)).toBe(1)
    }))

  test('getOrLoad: one load however many ask; a failure reaches all and is not kept', () =>
    inside(async () => {
      const cache = scoped<string, number>()
      const load = vi.fn(async () => 1)
      expect(await Promise.all([cache.getOrLoad('a', load), cache.getOrLoad('a', load)])).toEqual([1, 1])
      expect(load).toHaveBeenCalledTimes(1)
      const fails = vi.fn((): number => {
        throw new Error('as asked')
      })
      const asked = [cache.getOrLoad('b', fails), cache.getOrLoad('b', fails)]
      for (const one of asked) await expect(one).rejects.toThrow('as asked')
      expect(fails).toHaveBeenCalledTimes(1)
      expect(await cache.getOrLoad('b', load)).toBe(1)
    }))

  test.each([
    ['set', (cache: ReturnType<typeof scoped>) => cache.set('a', 2), 2],
    ['delete', (cache: ReturnType<typeof scoped>) => void cache.delete('a'), undefined],
    ['clear', (cache: ReturnType<typeof scoped>) => cache.clear(), undefined],
  ])('a %s during the load wins over its result, which is still given', (_, act, after) =>
    inside(async () => {
      const cache = scoped()
      const gate = deferred<number>()
      const result = cache.getOrLoad('a', () => gate.promise)
      act(cache)
      gate.resolve(1)
      expect(await result).toBe(1)
      expect(cache.get('a')).toBe(after)
    }),
  )

  test('a load that was begun ahead of need may fail before anyone waits for it', async () => {
    const unhandled = vi.fn()
    process.on('unhandledRejection', unhandled)
    await inside(async () => {
      const cache = scoped<string, number>()
      void cache.getOrLoad('a', async () => {
        throw new Error('as asked')
      })
      await setImmediate()
      expect(await cache.getOrLoad('a', () => 1)).toBe(1)
    })
    process.off('unhandledRejection', unhandled)
    expect(unhandled).not.toHaveBeenCalled()
  })

  test('a loader can say that its result is not to be kept', () =>
    inside(async () => {
      const cache = scoped<string, number>()
      await cache.getOrLoad('a', (_, context) => {
        context.keep = false
        return 1
      })
      expect(cache.size).toBe(0)
    }))

  test('outside of a scope nothing is remembered, and nothing shared', async () => {
    const cache = scoped<string, number>()
    const load = vi.fn(async () => 1)
    await Promise.all([cache.getOrLoad('a', load), cache.getOrLoad('a', load)])
    expect(load).toHaveBeenCalledTimes(2)
    cache.set('a', 1)
    expect([cache.get('a'), cache.has('a'), cache.delete('a'), cache.size]).toEqual([
      undefined,
      false,
      false,
      0,
    ])
    expect(cache.getOrSet('a', () => 3)).toBe(3)
    cache.clear()
  })

  test('outside of a scope it refuses if asked', async () => {
    const cache = scoped<string, number>({ outside: 'refuse' })
    expect(() => cache.get('a')).toThrow(TypeError)
    expect(() => cache.set('a', 1)).toThrow('expected to be used in a scope')
    expect(() => cache.getOrSet('a', () => 1)).toThrow(TypeError)
    await expect(cache.getOrLoad('a', () => 1)).rejects.toThrow(TypeError)
    expect(withScope(() => cache.getOrSet('a', () => 1))).toBe(1)
  })

  test('refuses wrong options', () => {
    expect(() => scoped({ ttl: 1 } as object)).toThrow(
      "ttl: there is no such option, only 'over', 'outside', 'maxEntries'",
    )
    expect(() => scoped({ over: new Map() } as object)).toThrow(
      'over: expected a Cache or a TieredCache, got an object',
    )
    expect(() => scoped({ outside: 'throw' } as object)).toThrow(
      "outside: expected 'plain' or 'refuse', got 'throw'",
    )
    expect(() => scoped({ maxEntries: 0 })).toThrow(RangeError)
    expect(() => scoped(null as never)).toThrow(TypeError)
    withScope(() => expect(() => scoped().set('a', 1, { ttl: '1s' })).toThrow('options: expected none'))
  })
})

describe('over a process-wide cache', () => {
  test('what the scope has read stays the same in it, whatever happens beneath', async () => {
    const over = new Cache<string, number>()
    const cache = scoped({ over })
    const load = vi.fn(async () => 1)
    await withScope(async () => {
      expect(await cache.getOrLoad('a', load, { ttl: '1h' })).toBe(1)
      expect(over.expiresIn('a')).toBeGreaterThan(3_500_000)
      over.set('a', 2)
      expect(cache.get('a')).toBe(1)
      expect(await withScope(() => cache.getOrLoad('a', load))).toBe(2)
    })
    expect(cache.get('a')).toBe(2)
    expect(load).toHaveBeenCalledTimes(1)
  })

  test('get remembers, set and delete reach both, clear only the scope', () => {
    const over = new Cache<string, number>()
    const cache = scoped({ over })
    withScope(() => {
      over.set('a', 1)
      expect([cache.has('a'), cache.get('a'), cache.size]).toEqual([true, 1, 1])
      cache.set('b', 2, { tags: ['t'] })
      expect(over.get('b')).toBe(2)
      expect(cache.getOrSet('c', () => 3)).toBe(3)
      expect(over.get('c')).toBe(3)
      cache.clear()
      expect([cache.size, over.size]).toEqual([0, 3])
      expect([cache.delete('a'), cache.delete('a'), over.has('a')]).toEqual([true, false, false])
    })
  })

  test('scopes share one load, which goes on and is kept beneath though its scope has ended', async () => {
    const over = new Cache<string, number>()
    const cache = scoped({ over, outside: 'plain' })
    const gate = deferred<number>()
    const load = vi.fn(() => gate.promise)
    withScope(() => void cache.getOrLoad('a', load))
    const other = withScope(() => cache.getOrLoad('a', load))
    gate.resolve(5)
    expect(await other).toBe(5)
    expect(load).toHaveBeenCalledTimes(1)
    expect(over.get('a')).toBe(5)
  })
})

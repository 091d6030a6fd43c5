import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Cache } from '../../src/index.ts'
import { open, settings } from '../contract/support.ts'
import { deferred } from '../support/deferred.ts'
import { checkInvariants } from '../support/invariants.ts'

const rejections: unknown[] = []
const note = (error: unknown) => rejections.push(error)

/** Until promises have settled and rejections that nobody handles were reported. */
const settled = () => new Promise((resolve) => setImmediate(resolve))

beforeEach(() => {
  rejections.length = 0
  process.on('unhandledRejection', note)
})

afterEach(async () => {
  await settled()
  process.off('unhandledRejection', note)
  expect(rejections).toEqual([])
})

const failingThenable: unknown = Object.defineProperty({}, 'then', {
  value: (_: unknown, fail: (error: Error) => void) => fail(new Error('no')),
})

type Strings = Cache<string, string>

describe.each(settings)('loads: $title', (setting) => {
  it('one load runs however many ask', async () => {
    const cache = open<string, string>(setting)
    const { promise, resolve } = deferred<string>()
    const load = vi.fn(() => promise)
    const waiting = Array.from({ length: 50 }, () => cache.getOrLoad('k', load))
    resolve('loaded')
    expect(new Set(await Promise.all(waiting))).toEqual(new Set(['loaded']))
    expect(load).toHaveBeenCalledOnce()
    expect(load.mock.calls[0]).toHaveLength(2)
    expect(cache.get('k')).toBe('loaded')
    expect(cache.stats()).toMatchObject({ loads: 1, misses: 50, sets: 1 })
  })

  it('loads of different keys do not wait for each other', async () => {
    const cache = open<string, string>(setting)
    const slow = deferred<string>()
    const first = cache.getOrLoad('slow', () => slow.promise)
    expect(await cache.getOrLoad('quick', async () => 'quick')).toBe('quick')
    slow.resolve('slow')
    expect(await first).toBe('slow')
  })

  it('the same key in two namespaces is loaded for each', async () => {
    const cache = open<string, string>(setting)
    const [a, b] = await Promise.all([
      cache.namespace('a').getOrLoad('k', async () => 'a'),
      cache.namespace('b').getOrLoad('k', async () => 'b'),
    ])
    expect([a, b]).toEqual(['a', 'b'])
  })

  describe('what happens during a load wins over its result', () => {
    /** What happens, and what stands under the key when the load is over. */
    const events: readonly (readonly [string, (cache: Strings) => unknown, string | undefined])[] = [
      ['set', (cache) => cache.set('k', 'set'), 'set'],
      ['add', (cache) => cache.add('k', 'add'), 'add'],
      ['setMany', (cache) => cache.setMany([['k', 'setMany']]), 'setMany'],
      ['getOrSet', (cache) => cache.getOrSet('k', () => 'computed'), 'computed'],
      ['set with a ttl of 0', (cache) => cache.set('k', 'gone', { ttl: 0 }), undefined],
      ['delete', (cache) => cache.delete('k'), undefined],
      ['deleteMany', (cache) => cache.deleteMany(['k']), undefined],
      ['take', (cache) => cache.take('k'), undefined],
      ['set and delete', (cache) => [cache.set('k', 'set'), cache.delete('k')], undefined],
      ['clear', (cache) => cache.clear(), undefined],
      ['clear twice', (cache) => [cache.clear(), cache.clear()], undefined],
      ['clear and set', (cache) => [cache.clear(), cache.set('k', 'set')], 'set'],
      ['deleteByTag', (cache) => cache.deleteByTag('t'), undefined],
      ['deleteByTag of its second tag', (cache) => cache.deleteByTag('u'), undefined],
      ['incrVersion', (cache) => [cache.set('k', 'moved'), cache.incrVersion('k')], undefined],
      [
        'a move of another version here',
        (cache) => [cache.version(2).set('k', 'moved'), cache.version(2).decrVersion('k')],
        'moved',
      ],
    ]

    it.each(events)('%s', async (_, happen, standing) => {
      const cache = open<string, string>(setting)
      const { promise, resolve } = deferred<string>()
      const waiting = [0, 1].map(() => cache.getOrLoad('k', () => promise, { tags: ['t', 'u'] }))
      await settled()
      happen(cache)
      expect(cache.get('k')).toBe(standing)
      resolve('loaded')
      expect(await Promise.all(waiting)).toEqual(['loaded', 'loaded'])
      expect(cache.get('k')).toBe(standing)
      checkInvariants(cache)
    })

    it.each(events.filter(([, , standing]) => standing === undefined))(
      '%s: who asks after it starts a new load, whose result stands whichever ends first',
      async (_, happen) => {
        for (const order of ['old first', 'new first']) {
          const cache = open<string, string>(setting)
          const [old, fresh] = [deferred<string>(), deferred<string>()]
          const options = { tags: ['t', 'u'] }
          const before = cache.getOrLoad('k', () => old.promise, options)
          await settled()
          happen(cache)
          const after = cache.getOrLoad('k', () => fresh.promise, options)
          if (order === 'new first') {
            fresh.resolve('new')
            expect(await after).toBe('new')
          }
          old.resolve('old')
          expect(await before).toBe('old')
          fresh.resolve('new')
          expect(await after).toBe('new')
          expect(cache.get('k')).toBe('new')
          checkInvariants(cache)
        }
      },
    )

    it('clear and deleteByTag of the parent reach loads in namespaces and versions', async () => {
      const cache = open<string, string>(setting)
      const parts = [cache.namespace('a'), cache.namespace('a').namespace('b'), cache.version(2)]
      for (const happen of [() => cache.clear(), () => cache.deleteByTag('t')]) {
        const { promise, resolve } = deferred<string>()
        const waiting = parts.map((part) => part.getOrLoad('k', () => promise, { tags: ['t'] }))
        await settled()
        happen()
        resolve('loaded')
        await Promise.all(waiting)
        for (const part of parts) expect(part.has('k')).toBe(false)
      }
    })

    it('a clear of a namespace, or of its tag, leaves loads outside alone', async () => {
      const cache = open<string, string>(setting)
      const { promise, resolve } = deferred<string>()
      const waiting = cache.getOrLoad('k', () => promise, { tags: ['t'] })
      cache.namespace('a').clear()
      cache.namespace('a').deleteByTag('t')
      cache.deleteByTag('another')
      cache.delete('another')
      cache.set('another', 'v')
      resolve('loaded')
      await waiting
      expect(cache.get('k')).toBe('loaded')
    })

    it('reads and failing writes do not', async () => {
      const cache = open<string, string>(setting)
      const { promise, resolve } = deferred<string>()
      const waiting = cache.getOrLoad('k', () => promise)
      cache.get('k')
      cache.has('k')
      cache.touch('k')
      expect(() => cache.set('k', undefined as never)).toThrow(TypeError)
      expect(() => cache.incr('k')).toThrow(/k/)
      resolve('loaded')
      await waiting
      expect(cache.get('k')).toBe('loaded')
    })

    it('close: those who wait get the value, nothing is stored, and a new load is refused', async () => {
      const cache = open<string, string>(setting)
      const { promise, resolve } = deferred<string>()
      const waiting = cache.getOrLoad('k', () => promise)
      await settled()
      cache.close()
      await expect(cache.getOrLoad('k', () => 'new')).rejects.toMatchObject({ code: 'CLOSED' })
      resolve('loaded')
      expect(await waiting).toBe('loaded')
      expect(cache.stats().size).toBe(0)
    })
  })

  it.each<[string, () => Promise<string>]>([
    [
      'throws at once',
      () => {
        throw new Error('no')
      },
    ],
    ['rejects', () => Promise.reject(new Error('no'))],
    [
      'rejects later',
      async () => {
        await settled()
        throw new Error('no')
      },
    ],
    ['gives a thenable that fails', () => failingThenable as Promise<string>],
  ])('an error of a loader that %s reaches everyone who waits, and nothing is stored', async (_, loader) => {
    const cache = open<string, string>(setting)
    const load = vi.fn(loader)
    const waiting = Array.from({ length: 3 }, () => cache.getOrLoad('k', load))
    const results = await Promise.allSettled(waiting)
    for (const result of results)
      expect(result).toMatchObject({ status: 'rejected', reason: expect.objectContaining({ message: 'no' }) })
    expect(cache.has('k')).toBe(false)
    expect(cache.size).toBe(0)
    expect(await cache.getOrLoad('k', async () => 'later')).toBe('later')
  })

  it('one load runs however many ask, also of a loader that throws at once', async () => {
    const cache = open<string, string>(setting, { onError() {} })
    const load = vi.fn(() => {
      throw new Error('no')
    })
    await Promise.allSettled(Array.from({ length: 3 }, () => cache.getOrLoad('k', load)))
    expect(load).toHaveBeenCalledOnce()
    expect(cache.stats()).toMatchObject({ loads: 1, loadFailures: 1 })
  })

  it('an error that a caller gets is not given to onError too, also of a loader that throws at once', async () => {
    const onError = vi.fn()
    const cache = open<string, string>(setting, { onError })
    const fail = () => {
      throw new Error('no')
    }
    await expect(cache.getOrLoad('a', fail)).rejects.toThrow('no')
    await expect(cache.getOrLoad('b', async () => fail())).rejects.toThrow('no')
    expect(onError).not.toHaveBeenCalled()
  })

  it.each([undefined, null, 0, 'a string'])('a loader may reject with %o', async (reason) => {
    const cache = open<string, string>(setting)
    const seen = await cache.getOrLoad('k', () => Promise.reject(reason)).catch((error) => [error])
    expect(seen).toEqual([reason])
  })

  it('undefined is passed on to everyone and not stored', async () => {
    const cache = open<string, unknown>(setting)
    const load = vi.fn(async () => undefined)
    expect(await Promise.all([cache.getOrLoad('k', load), cache.getOrLoad('k', load)])).toEqual([
      undefined,
      undefined,
    ])
    expect(load).toHaveBeenCalledOnce()
    expect(cache.has('k')).toBe(false)
    await cache.getOrLoad('k', load)
    expect(load).toHaveBeenCalledTimes(2)
  })

  it('a loader may load another key, and use the cache', async () => {
    const cache = open<string, string>(setting)
    const value = await cache.getOrLoad('outer', async () => {
      const inner = await cache.getOrLoad('inner', async () => {
        cache.set('side', 'effect')
        return 'inner'
      })
      cache.clear()
      return `outer of ${inner}`
    })
    expect(value).toBe('outer of inner')
    expect([...cache]).toEqual([])
  })

  it('what a loader itself sets under the key stands, before its first wait and after', async () => {
    const cache = open<string, string>(setting)
    await cache.getOrLoad('a', () => {
      cache.set('a', 'set')
      return 'returned'
    })
    await cache.getOrLoad('b', async () => {
      await settled()
      cache.set('b', 'set')
      return 'returned'
    })
    expect([cache.get('a'), cache.get('b')]).toEqual(['set', 'set'])
  })

  it('a loader may ask for its own key without waiting for it', async () => {
    const cache = open<string, string>(setting)
    let joined: Promise<string> | undefined
    const load = vi.fn(async () => {
      joined ??= cache.getOrLoad('k', load)
      return 'loaded'
    })
    expect(await cache.getOrLoad('k', load)).toBe('loaded')
    expect(await joined).toBe('loaded')
    expect(load).toHaveBeenCalledOnce()
  })

  it('a load whose result nobody takes makes no noise but its own rejection', async () => {
    const cache = open<string, string>(setting)
    const promise = cache.getOrLoad('k', async () => {
      throw new Error('no')
    })
    await expect(promise).rejects.toThrow('no')
    void cache.getOrLoad('fine', async () => 'v')
    await settled()
    expect(cache.get('fine')).toBe('v')
  })

  it('an error of the weigher or of protect rejects for everyone, and the next load works', async () => {
    let broken = true
    const cache = open<string, string>(setting, {
      maxWeight: 10,
      weigh: () => {
        if (broken) throw new Error('weigh')
        return 1
      },
    })
    const waiting = [0, 1].map(() => cache.getOrLoad('k', async () => 'v'))
    for (const result of await Promise.allSettled(waiting))
      expect(result).toMatchObject({
        status: 'rejected',
        reason: expect.objectContaining({ message: 'weigh' }),
      })
    broken = false
    expect(await cache.getOrLoad('k', async () => 'v')).toBe('v')
    expect(cache.get('k')).toBe('v')
  })

  it('a ttl told from the value that throws or is wrong rejects, and nothing is stored', async () => {
    const cache = open<string, string>(setting)
    const fail = () => {
      throw new Error('ttl')
    }
    await expect(cache.getOrLoad('k', async () => 'v', { ttl: fail })).rejects.toThrow('ttl')
    await expect(cache.getOrLoad('k', async () => 'v', { ttl: () => 'x' as '5s' })).rejects.toThrow(/ttl/)
    expect(cache.size).toBe(0)
    expect(await cache.getOrLoad('k', async () => 'v', { ttl: () => '1m' })).toBe('v')
  })

  it('an error of a listener or of onError during a load does not reach those who wait', async () => {
    const print = vi.spyOn(console, 'error').mockImplementation(() => {})
    let quiet = false
    const fail = () => {
      if (!quiet) throw new Error('listener')
    }
    const cache = open<string, string>(setting, { maxEntries: 1, onRemoval: fail, onError: fail })
    expect(await cache.getOrLoad('a', async () => 'a')).toBe('a')
    expect(await cache.getOrLoad('b', async () => 'b')).toBe('b')
    expect(print).toHaveBeenCalledOnce()
    print.mockRestore()
    quiet = true
  })

  it('a loader that throws a closed cache at those who wait leaves it sound', async () => {
    const cache = open<string, string>(setting)
    const value = cache.getOrLoad('k', async () => {
      cache.close()
      return 'loaded'
    })
    expect(await value).toBe('loaded')
    checkInvariants(cache)
  })

  it('a thousand loads leave nothing behind', async () => {
    const cache = open<number, number>(setting, { maxEntries: 10 })
    const results = await Promise.allSettled(
      Array.from({ length: 1000 }, (_, i) =>
        cache.getOrLoad(i % 100, async (key) => {
          if (key % 3 === 0) throw new Error('no')
          return key
        }),
      ),
    )
    expect(results.filter(({ status }) => status === 'rejected').length).toBe(340)
    expect(cache.size).toBe(10)
    checkInvariants(cache)
  })
})

it('getOrSet that is given an asynchronous compute refuses it without leaving its rejection to the process', async () => {
  const cache = open<string, unknown>(settings[0]!)
  const compute = async () => {
    throw new Error('no')
  }
  expect(() => cache.getOrSet('k', compute)).toThrow(TypeError)
  await settled()
  expect(rejections.splice(0)).toEqual([])
})

it('an asynchronous listener that rejects does not leave its rejection to the process', async () => {
  const errors: unknown[] = []
  const cache = open<string, number>(settings[0]!, {
    onRemoval: async () => {
      throw new Error('no')
    },
    onError: (error) => errors.push(error),
  })
  cache.set('k', 1)
  cache.delete('k')
  await settled()
  expect(rejections.splice(0)).toEqual([])
  expect(errors.length).toBe(1)
})

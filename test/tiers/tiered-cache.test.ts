import { beforeEach, describe, expect, test, vi } from 'vitest'
import { Cache } from '../../src/cache.ts'
import { CacheError } from '../../src/errors.ts'
import { TieredCache, type TieredOptions } from '../../src/tiers/tiered.ts'
import { deferred } from '../support/deferred.ts'
import { Fleet } from './support/fleet.ts'

let fleet: Fleet
beforeEach(() => {
  fleet = new Fleet()
})
const never = (): never => expect.unreachable()

describe('reading', () => {
  test('48. a value comes from here, else from the second tier, else from the loader; one load runs however many ask', async () => {
    const [one, other] = [await fleet.process(), await fleet.process()]
    const loader = vi.fn(async (key: string) => `loaded ${key}`)
    expect(await Promise.all([one.getOrLoad('a', loader), one.getOrLoad('a', loader)])).toEqual([
      'loaded a',
      'loaded a',
    ])
    await fleet.settle()
    expect(loader).toHaveBeenCalledTimes(1)
    expect(await other.getOrLoad('a', never)).toBe('loaded a')
    const before = fleet.requests.length
    expect([other.get('a'), other.peek('a'), other.has('a'), await other.getOrLoad('a', never)]).toEqual([
      'loaded a',
      'loaded a',
      true,
      'loaded a',
    ])
    expect(fleet.requests.length).toBe(before)
    expect(other.get('b', 'fallback')).toBe('fallback')
    expect([...other]).toEqual([['a', 'loaded a']])
    expect(other.size).toBe(1)
  })

  test('47. `get` and `getMany` are the methods of `Cache`, so that a hit costs what it costs there, whatever the key', async () => {
    expect(TieredCache.prototype.get).toBe(Cache.prototype.get)
    expect(TieredCache.prototype.getMany).toBe(Cache.prototype.getMany)
    const cache = await fleet.process<unknown, number>()
    const keys = ['a', 1, 1n, true, null, ['a', 1], ['a', ['1']]]
    for (const [i, key] of keys.entries()) await cache.set(key, i)
    expect([...cache.getMany(keys)]).toEqual(keys.map((key, i) => [key, i]))
    expect(cache.get(['a', 1])).toBe(5)
    expect(cache.get(['a', 2], 'fallback')).toBe('fallback')
  })

  test('a listener is told whether a key was deleted here or invalidated by another process', async () => {
    const told: string[] = []
    const listen = (name: string): Partial<TieredOptions> => ({
      onRemoval: ({ key, reason }: { key: unknown; reason: string }) => told.push(`${name} ${key} ${reason}`),
    })
    const [one, other] = [await fleet.process(listen('one')), await fleet.process(listen('other'))]
    await one.getOrLoad('a', () => 1)
    await fleet.settle()
    await other.getOrLoad('a', never)
    await one.delete('a')
    await fleet.settle()
    expect(told).toEqual(['one a deleted', 'other a invalidated'])
    expect([one, other].map((cache) => cache.stats().removals.invalidated)).toEqual([0, 1])
  })

  test('48. many keys take one read and one load; what the loader does not answer is not found', async () => {
    const cache = await fleet.process<string, number>()
    await cache.getOrLoad('a', () => 1)
    fleet.requests.length = 0
    const loadMany = vi.fn(async (keys: readonly string[]) =>
      keys.filter((key) => key !== 'c').map((key) => [key, 2] as const),
    )
    expect(await cache.getOrLoadMany(['a', 'b', 'c', 'd', 'b'], loadMany)).toEqual(
      new Map([
        ['a', 1],
        ['b', 2],
        ['d', 2],
      ]),
    )
    expect(loadMany.mock.calls.map(([keys]) => keys)).toEqual([['b', 'c', 'd']])
    expect(fleet.requests.filter((one) => one.startsWith('read'))).toEqual(['read 3'])
    const other = await fleet.process<string, number>()
    expect(await other.lookupMany(['a', 'd', 'e'])).toEqual(
      new Map([
        ['a', 1],
        ['d', 2],
      ]),
    )
    expect(await other.lookup('e')).toBeUndefined()
    expect(other.get('d')).toBe(2)
  })

  test('a failure of the loader of many reaches those who asked, and nothing is stored', async () => {
    const cache = await fleet.process<string, number>()
    const failing = cache.getOrLoadMany(['a', 'b'], async () => {
      throw new Error('down')
    })
    await expect(failing).rejects.toThrow('down')
    await fleet.settle()
    expect(fleet.model.entries.size).toBe(0)
  })

  test('54. a value from the second tier lives no longer here than it has left there, nor than nearTtl', async () => {
    const one = await fleet.process({ ttl: '10s', maxStale: '60s' })
    await one.getOrLoad('a', () => 1)
    await fleet.pass(4000)
    const other = await fleet.process({ ttl: '10s', maxStale: '60s' })
    const brief = await fleet.process({ ttl: '10s', nearTtl: '2s' })
    expect([await other.getOrLoad('a', never), await brief.getOrLoad('a', never)]).toEqual([1, 1])
    expect(other.expiresIn('a')).toBeLessThanOrEqual(6000)
    expect(other.expiresIn('a')).toBeGreaterThan(5900)
    expect(brief.expiresIn('a')).toBe(2000)
    await fleet.pass(6001)
    expect(await other.getOrLoad('a', () => 2)).toBe(2)
  })

  test('55. that nothing was found is remembered in both tiers for negativeTtl', async () => {
    const [one, other] = [
      await fleet.process({ negativeTtl: '5s' }),
      await fleet.process({ negativeTtl: '5s' }),
    ]
    expect(await one.getOrLoad('a', () => undefined)).toBeUndefined()
    await fleet.settle()
    expect(await other.getOrLoad('a', never)).toBeUndefined()
    expect([one.get('a'), other.get('a')]).toEqual([undefined, undefined])
    await one.update('a', () => 1)
    expect(await other.getOrLoad('a', never)).toBe(1)
    const plain = await fleet.process()
    expect(await plain.getOrLoad('b', () => undefined)).toBeUndefined()
    await fleet.settle()
    expect(await plain.getOrLoad('b', () => 2)).toBe(2)
  })

  test('null, 0, an empty string and false are values', async () => {
    const [one, other] = [await fleet.process(), await fleet.process()]
    for (const [i, value] of [null, 0, '', false].entries()) {
      await one.set(`${i}`, value)
      expect(await other.getOrLoad(`${i}`, never)).toBe(value)
    }
  })

  test('a loader tells lifetime and tags by its context, and that nothing is to be kept', async () => {
    const [one, other] = [await fleet.process(), await fleet.process()]
    await one.getOrLoad('a', (_, context) => {
      context.ttl = '3s'
      context.tags = ['t']
      return 1
    })
    await one.getOrLoad('b', (_, context) => {
      context.keep = false
      return 1
    })
    await one.getOrLoad('c', () => 1, { ttl: (value) => (value as number) * 2000 })
    await fleet.settle()
    expect(one.expiresIn('a')).toBe(3000)
    expect([one.get('b'), await other.lookup('b')]).toEqual([undefined, undefined])
    expect(await other.lookup('a')).toBe(1)
    await one.deleteByTag('t')
    expect([one.get('a'), other.get('a'), await other.lookup('a')]).toEqual([undefined, undefined, undefined])
    expect(one.expiresIn('c')).toBe(2000)
  })

  test('tags may be told from the value', async () => {
    const [one, other] = [await fleet.process<string, number>(), await fleet.process<string, number>()]
    await one.getOrLoad('a', () => 7, { tags: (value, key) => [`${key} ${value}`] })
    await fleet.settle()
    expect(await other.lookup('a')).toBe(7)
    await other.deleteByTag('a 7')
    expect([one.get('a'), other.get('a'), await one.lookup('a')]).toEqual([undefined, undefined, undefined])
  })

  test('a forced refresh asks the loader, whatever the tiers hold, and all get what it brought', async () => {
    const [one, other] = [await fleet.process(), await fleet.process()]
    await one.set('a', 1)
    expect(await one.getOrLoad('a', () => 2, { forceRefresh: true })).toBe(2)
    await fleet.settle()
    expect([one.get('a'), await other.lookup('a')]).toEqual([2, 2])
  })

  test('70. a value that is not data is refused with the way to it, and nothing is kept', async () => {
    const cache = await fleet.process()
    await expect(cache.getOrLoad('a', () => ({ save: () => 1 }))).rejects.toThrow(
      /^value.save: expected data/,
    )
    expect(() => cache.set('a', () => 1)).toThrow(/^value: expected data/)
    await expect(cache.update('a', () => Symbol('x'))).rejects.toThrow(/^value: expected data/)
    expect([cache.get('a'), fleet.model.entries.size]).toEqual([undefined, 0])
  })
})

describe('keys', () => {
  test('69. arrays are compared by their content in both tiers, and meet no string', async () => {
    const [one, other] = [await fleet.process<unknown, unknown>(), await fleet.process<unknown, unknown>()]
    await one.set(['a', 1], 'array')
    await one.set('a2:sa2:n1', 'string')
    await one.set(1, 'number')
    await one.set('1', 'digit')
    for (const cache of [one, other]) {
      expect(await cache.lookup(['a', 1])).toBe('array')
      expect(cache.get(['a', 1])).toBe('array')
      expect(await cache.lookup('a2:sa2:n1')).toBe('string')
      expect([await cache.lookup(1), await cache.lookup('1'), await cache.lookup(['a', '1'])]).toEqual([
        'number',
        'digit',
        undefined,
      ])
      expect(new Set([...cache.keys()].map((key) => JSON.stringify(key)))).toEqual(
        new Set(['["a",1]', '"a2:sa2:n1"', '1', '"1"']),
      )
    }
    await one.delete(['a', 1])
    expect([one.get(['a', 1]), other.get(['a', 1]), one.get('a2:sa2:n1')]).toEqual([
      undefined,
      undefined,
      'string',
    ])
  })

  test('long keys are invalidated in other processes too', async () => {
    const [one, other] = [await fleet.process<unknown, unknown>(), await fleet.process<unknown, unknown>()]
    const long = 'x'.repeat(1000)
    for (const key of [long, [long, 1]]) {
      await one.set(key, 1)
      expect(await other.lookup(key)).toBe(1)
      await one.delete(key)
      expect(other.get(key)).toBeUndefined()
    }
  })

  test('69. objects need encodeKey', async () => {
    type Key = { id: number }
    const [one, other] = [0, 1].map(() => fleet.start<Key, number>({ encodeKey: ({ id }) => `${id}` })) as [
      TieredCache<Key, number>,
      TieredCache<Key, number>,
    ]
    await fleet.settle()
    await one.set({ id: 1 }, 1)
    expect(await other.lookup({ id: 1 })).toBe(1)
    expect(other.get({ id: 1 })).toBe(1)
    expect([...other.keys()]).toEqual([{ id: 1 }])
    const plain = await fleet.process<unknown, unknown>()
    expect(() => plain.delete({ id: 1 })).toThrow(/encodeKey/)
    await expect(plain.getOrLoad({ id: 1 }, never)).rejects.toThrow(/encodeKey/)
  })

  test('72. a namespace is one inside the other in both tiers; clear and tags reach those inside', async () => {
    const [one, other] = [await fleet.process(), await fleet.process()]
    const spaces = (cache: TieredCache<string, unknown>) => {
      const a = cache.namespace('a')
      return [cache, a, a.namespace('b'), cache.namespace('b')] as const
    }
    const [mine, its] = [spaces(one), spaces(other)]
    const fill = async (): Promise<void> => {
      for (const [i, cache] of mine.entries()) await cache.set('k', i, { tags: ['t'] })
      for (const [i, cache] of its.entries()) expect(await cache.lookup('k')).toBe(i)
    }
    const found = async (): Promise<unknown[]> => {
      const here = its.map((cache) => cache.get('k'))
      expect(await Promise.all(its.map((cache) => cache.lookup('k')))).toEqual(here)
      return here
    }
    await fill()
    await mine[1].clear()
    expect(await found()).toEqual([0, undefined, undefined, 3])
    await fill()
    await mine[1].deleteByTag('t')
    expect(await found()).toEqual([0, undefined, undefined, 3])
    await fill()
    await mine[2].delete('k')
    expect(await found()).toEqual([0, 1, undefined, 3])
    await fill()
    await one.deleteByTag('t')
    expect(await found()).toEqual([undefined, undefined, undefined, undefined])
    await fill()
    await one.clear()
    expect(await found()).toEqual([undefined, undefined, undefined, undefined])
    expect(its[1].stats().hits).toBeLessThan(other.stats().hits)
  })
})

describe('invalidating', () => {
  test('50, 56. acts here before it returns, and everywhere when the promise is true', async () => {
    const [one, other] = [await fleet.process(), await fleet.process()]
    await one.set('a', 1)
    await other.lookup('a')
    fleet.server = 'is silent'
    const told = one.delete('a')
    expect(one.get('a')).toBeUndefined()
    await fleet.pass(999)
    expect(other.get('a')).toBe(1)
    await fleet.pass(1)
    expect(await told).toBe(false)
    let isSettled = false
    void one.settled().then(() => {
      isSettled = true
    })
    await fleet.pass(1000)
    expect(isSettled).toBe(false)
    fleet.server = 'answers'
    await fleet.pass(2000)
    expect([isSettled, other.get('a'), one.stats().remote.queued]).toEqual([true, undefined, 0])
  })

  test('51, 59. a load in flight in another process is not kept, and not stored for all', async () => {
    const [one, other] = [await fleet.process(), await fleet.process()]
    const source = deferred<number>()
    const load = other.getOrLoad('a', () => source.promise)
    await fleet.settle()
    await one.delete('a')
    source.resolve(1)
    expect(await load).toBe(1)
    await fleet.settle()
    expect([other.get('a'), fleet.model.entries.size]).toEqual([undefined, 0])
  })

  test('60. of two updates that race the later one only invalidates', async () => {
    const [one, other] = [await fleet.process(), await fleet.process()]
    const [first, second] = [deferred<number>(), deferred<number>()]
    const updates = [one.update('a', () => first.promise), other.update('a', () => second.promise)]
    await fleet.settle()
    second.resolve(2)
    await fleet.settle()
    first.resolve(1)
    expect(await Promise.all(updates)).toEqual([1, 2])
    expect([one.get('a'), other.get('a'), await one.lookup('a')]).toEqual([undefined, undefined, undefined])
  })

  test('61. of two values set at once the second only invalidates', async () => {
    const [one, other] = [await fleet.process(), await fleet.process()]
    fleet.pushes = false
    await Promise.all([one.set('a', 1), other.set('a', 2)])
    await fleet.settle()
    expect([other.get('a'), await one.lookup('b'), fleet.model.entries.size]).toEqual([
      undefined,
      undefined,
      0,
    ])
    await fleet.pass(1000)
    expect([one.get('a'), await other.lookup('a')]).toEqual([undefined, undefined])
  })

  test('60. a write that fails invalidates, and its error passes through', async () => {
    const [one, other] = [await fleet.process(), await fleet.process()]
    await one.set('a', 1)
    await other.lookup('a')
    const failing = one.update('a', () => {
      throw new Error('the transaction failed')
    })
    await expect(failing).rejects.toThrow('the transaction failed')
    expect([one.get('a'), other.get('a'), await other.lookup('a')]).toEqual([undefined, undefined, undefined])
  })

  test('what is expired is served no more, and stands in where a load fails, in each process', async () => {
    const options = { staleIfError: '1m' } as const
    const [one, other] = [await fleet.process(options), await fleet.process(options)]
    await one.set('a', 1)
    await other.lookup('a')
    expect(await one.expire('a')).toBe(true)
    const failing = (): never => {
      throw new Error('down')
    }
    expect([one.get('a'), other.get('a')]).toEqual([undefined, undefined])
    expect([await one.getOrLoad('a', failing), await other.getOrLoad('a', failing)]).toEqual([1, 1])
    const third = await fleet.process(options)
    expect(await third.getOrLoad('a', failing)).toBe(1)
    expect(third.get('a')).toBeUndefined()
    expect(await third.getOrLoad('a', () => 2)).toBe(2)
  })

  test('what is expired stays so where the clock of the server jumps back', async () => {
    const one = await fleet.process()
    await one.getOrLoad('a', () => 'old')
    await fleet.settle()
    expect(await one.expire('a')).toBe(true)
    fleet.skew = -5000
    const other = await fleet.process()
    expect(await other.lookup('a')).toBeUndefined()
    expect(await other.getOrLoad('a', () => 'new')).toBe('new')
  })

  test('a value of the second tier stands in for a load that fails no longer than staleIfError, however long that took', async () => {
    const one = await fleet.process({ ttl: '10s', staleIfError: '10s' })
    await one.getOrLoad('a', () => 'old')
    await fleet.settle()
    await fleet.pass(15_000)
    const other = await fleet.process({ ttl: '10s', staleIfError: '10s' })
    const slow = deferred<string>()
    const answer = other.getOrLoad('a', () => slow.promise)
    await fleet.pass(6000)
    slow.reject(new Error('down'))
    await expect(answer).rejects.toThrow('down')
  })

  test('57. more invalidations than may wait become one clear, and onError is told', async () => {
    const [one, other] = [await fleet.process({ maxQueued: 10 }), await fleet.process()]
    await other.set('z', 1)
    await fleet.pass(0)
    fleet.server = 'refuses'
    for (let i = 0; i < 40; i++) {
      void one.delete(`k${i}`)
      await fleet.settle()
    }
    expect(one.stats().remote.queued).toBeLessThanOrEqual(10)
    expect(
      fleet.errors.map(String).filter((one) => /more than 10 invalidations wait/.test(one)).length,
    ).toBeGreaterThan(0)
    fleet.server = 'answers'
    await fleet.pass(5000)
    expect([one.stats().remote.queued, other.get('z')]).toEqual([0, undefined])
  })

  test('57. the same key waits once however often it was deleted', async () => {
    const cache = await fleet.process()
    fleet.server = 'refuses'
    for (let i = 0; i < 20; i++) void cache.delete('a')
    await fleet.settle()
    fleet.server = 'answers'
    fleet.requests.length = 0
    await fleet.pass(5000)
    expect(fleet.requests.filter((one) => one === 'delete')).toEqual(['delete'])
    expect(cache.stats().remote.queued).toBe(0)
  })

  test('an empty list of keys asks nobody; a long one goes in parts', async () => {
    const [one, other] = [await fleet.process<number, number>(), await fleet.process<number, number>()]
    fleet.requests.length = 0
    expect(await one.deleteMany([])).toBe(true)
    expect(fleet.requests).toEqual([])
    await other.set(1499, 1)
    fleet.requests.length = 0
    expect(await one.deleteMany(Array.from({ length: 1500 }, (_, i) => i))).toBe(true)
    expect(fleet.requests.filter((one) => one === 'delete').length).toBe(3)
    expect(other.get(1499)).toBeUndefined()
  })
})

describe('when the second tier fails', () => {
  test('63, 64. nothing waits longer than its limit, and after five failures nothing waits at all', async () => {
    const cache = await fleet.process()
    fleet.server = 'is silent'
    const first = cache.getOrLoad('k', () => 'loaded')
    await fleet.pass(249)
    expect(cache.get('k')).toBeUndefined()
    await fleet.pass(1)
    expect(await first).toBe('loaded')
    await fleet.pass(5000)
    fleet.requests.length = 0
    expect(await cache.getOrLoad('other', () => 1)).toBe(1)
    expect(fleet.requests).toEqual([])
    expect(cache.stats().remote.breakerOpenings).toBe(1)
    const told = fleet.errors.filter((error) => error instanceof CacheError && error.code === 'UNREACHABLE')
    expect(told.map(String)).toEqual([
      expect.stringMatching(
        /^CacheError: users: the second tier has failed 5 times in a row \(last: no answer within \d+ ms\)/,
      ),
    ])
    fleet.server = 'answers'
    await fleet.pass(1000)
    fleet.requests.length = 0
    await cache.getOrLoad('third', () => 1)
    await fleet.settle()
    expect(fleet.requests).toEqual(['read 1', 'fill'])
  })

  test('a load that began before one of the tags was deleted is not joined, so nobody waits for two reads', async () => {
    const cache = await fleet.process()
    fleet.server = 'is silent'
    const tags = ['a']
    void cache.getOrLoad('k', () => 'old', { tags })
    await fleet.pass(100)
    void cache.deleteByTag('a')
    const told = cache.getOrLoad('k', () => 'new', { tags })
    await fleet.settle()
    expect(fleet.requests.filter((one) => one.startsWith('read'))).toEqual(['read 1', 'read 1'])
    await fleet.pass(250)
    expect(await Promise.race([told, 'waits'])).toBe('new')
  })

  test('where the tags are known only at the end, the second load has the rest of the time', async () => {
    const cache = await fleet.process()
    fleet.server = 'is silent'
    const load = (value: string) =>
      cache.getOrLoad('k', (_, context) => {
        context.tags = ['a']
        return value
      })
    void load('old')
    await fleet.pass(10)
    void cache.deleteByTag('a')
    const told = load('new')
    await fleet.pass(250)
    expect(await Promise.race([told, 'waits'])).toBe('new')
  })

  test('where the tags are known only at the end, a call that joined waits for no load that another one has begun since', async () => {
    const cache = await fleet.process()
    fleet.server = 'is silent'
    const load = (value: string, tags?: string[]) =>
      cache.getOrLoad(
        'k',
        (_, context) => {
          context.tags = ['a']
          return value
        },
        { tags },
      )
    void load('old')
    await fleet.pass(10)
    void cache.deleteByTag('a')
    const told = load('joined')
    await fleet.pass(230)
    void load('new', ['a'])
    await fleet.pass(20)
    expect(await Promise.race([told, 'waits'])).toBe('joined')
  })

  test.each<[name: string, limit: number, call: (cache: TieredCache) => Promise<unknown>]>([
    ['getOrLoad', 250, (cache) => cache.getOrLoad('k', () => 1)],
    ['getOrLoadMany', 250, (cache) => cache.getOrLoadMany(['k'], () => [['k', 1]])],
    ['lookup', 250, (cache) => cache.lookup('k')],
    ['lookupMany', 250, (cache) => cache.lookupMany(['k'])],
    ['beginLoad', 250, (cache) => cache.beginLoad('k').then((open) => open.end())],
    ['update', 1000, (cache) => cache.update('k', () => 1)],
    ['set', 1000, (cache) => cache.set('k', 1)],
    ['delete', 1000, (cache) => cache.delete('k')],
  ])(
    '63. %s waits %i ms at most before the store has answered for the first time',
    async (_, limit, call) => {
      fleet.server = 'is silent'
      const cache = fleet.start<string, unknown>()
      const ended = call(cache).then(() => 'ended')
      await fleet.pass(limit - 1)
      expect(await Promise.race([ended, 'waits'])).toBe('waits')
      await fleet.pass(1)
      expect(await Promise.race([ended, 'waits'])).toBe('ended')
    },
  )

  test('65. what is held is served for maxStale and no longer; then values come from the source and are kept for maxStale', async () => {
    const cache = await fleet.process({ maxStale: '10s', ttl: '1h' })
    await cache.getOrLoad('a', () => 1)
    fleet.server = 'refuses'
    await fleet.pass(9000)
    expect(cache.get('a')).toBe(1)
    await fleet.pass(1001)
    expect([
      cache.get('a'),
      cache.has('a'),
      cache.peek('a'),
      cache.expiresIn('a'),
      [...cache].length,
    ]).toEqual([undefined, false, undefined, undefined, 0])
    expect(await cache.getOrLoad('a', () => 2)).toBe(2)
    expect(cache.expiresIn('a')).toBe(10_000)
    await fleet.pass(9999)
    expect(cache.get('a')).toBe(2)
    await fleet.pass(1)
    expect(cache.get('a')).toBeUndefined()
    fleet.server = 'answers'
    await fleet.pass(2000)
    await cache.getOrLoad('b', () => 3)
    expect(cache.expiresIn('b')).toBe(3_600_000)
  })

  test('53. a process that was frozen serves nothing old at its first read', async () => {
    const [one, frozen] = [await fleet.process(), await fleet.process()]
    await one.set('a', 1)
    await frozen.lookup('a')
    fleet.now += 11_000
    expect(frozen.get('a')).toBeUndefined()
  })

  test('49. a push that was lost is made up for at the next beat', async () => {
    const [one, other] = [await fleet.process(), await fleet.process()]
    await one.set('a', 1)
    await other.lookup('a')
    fleet.pushes = false
    await one.delete('a')
    expect(other.get('a')).toBe(1)
    await fleet.pass(1000)
    expect(other.get('a')).toBeUndefined()
  })

  test('66. a server that comes back empty makes all distrust what they hold', async () => {
    const [one, other] = [await fleet.process(), await fleet.process({ staleIfError: '1m' })]
    await one.set('a', 1)
    await other.lookup('a')
    fleet.model = fleet.empty()
    await fleet.pass(1000)
    expect([one.get('a'), other.get('a')]).toEqual([undefined, undefined])
    expect(await other.getOrLoad('a', () => Promise.reject(new Error('down')))).toBe(1)
    expect(await one.getOrLoad('a', () => 2)).toBe(2)
    expect(one.stats().remote.anchorings).toBe(2)
  })

  test('66. a server that comes back empty overtakes what hosts load meanwhile', async () => {
    const cache = await fleet.process()
    const open = await cache.beginLoad('a')
    fleet.model = fleet.empty()
    await fleet.pass(1000)
    expect([open.isOvertaken(), open.finish('old')]).toEqual([true, false])
    open.end()
    expect(cache.has('a')).toBe(false)
  })

  test('53. while the log cannot be read, a load that began longer ago than maxStale is not joined', async () => {
    const cache = await fleet.process({ maxStale: 3000 })
    fleet.server = 'is silent'
    await fleet.pass(5000)
    void cache.getOrLoad('a', () => new Promise<never>(() => {}))
    await fleet.pass(2000)
    const joined = cache.getOrLoad('a', () => 'joined')
    await fleet.pass(2000)
    const own = cache.getOrLoad('a', () => 'own')
    await fleet.pass(1000)
    expect(await own).toBe('own')
    expect(await Promise.race([joined, 'waits'])).toBe('waits')
  })

  test('what was found absent is distrusted like what is held', async () => {
    const cache = await fleet.process({ staleIfError: '1m', negativeTtl: '1h' })
    expect(await cache.getOrLoad('a', () => undefined)).toBeUndefined()
    await fleet.settle()
    expect(await cache.getOrLoad('a', never)).toBeUndefined()
    fleet.model = fleet.empty()
    await fleet.pass(1000)
    expect(await cache.getOrLoad('a', () => 1)).toBe(1)
  })

  test('66. an acknowledged invalidation that the server lost is sent again by who knows of it', async () => {
    const [one, other] = [await fleet.process(), await fleet.process()]
    await one.set('a', 1)
    const replica = fleet.model.copy()
    fleet.pushes = false
    expect(await one.delete('a')).toBe(true)
    fleet.model = replica
    fleet.pushes = true
    expect(await other.lookup('a')).toBe(1)
    await fleet.pass(2500)
    expect([other.get('a'), await other.lookup('a'), one.stats().remote.repairs]).toEqual([
      undefined,
      undefined,
      1,
    ])
  })

  test('68. a push that cannot be read, or one of a later version, is distrust of everything, and onError is told', async () => {
    const cache = await fleet.process()
    for (const bytes of [Buffer.from('nonsense'), Buffer.from(`1 2-3 4-5 ${'\x02'.repeat(20)}`)]) {
      await cache.set('a', 1)
      for (const listener of fleet.listeners) listener(bytes)
      expect(cache.get('a')).toBeUndefined()
      await fleet.settle()
    }
    expect(fleet.errors.map(String)).toEqual([
      'TypeError: a push cannot be read: everything held is distrusted',
      'TypeError: a message in the log cannot be read: everything held is distrusted',
    ])
    expect(cache.stats().remote.malformed).toBe(2)
    await cache.set('a', 2)
    expect(cache.get('a')).toBe(2)
  })

  test('71. a value that is too large stays here, and onError is told once a minute', async () => {
    const [one, other] = [await fleet.process({ maxValueBytes: 100 }), await fleet.process()]
    for (let i = 0; i < 3; i++) await one.set('a', 'x'.repeat(200))
    expect([one.get('a'), await other.lookup('a')]).toEqual(['x'.repeat(200), undefined])
    expect(fleet.errors.map(String)).toEqual([
      'RangeError: users: a value of 203 bytes is kept in this process only (maxValueBytes is 100)',
    ])
    await fleet.pass(60_000)
    await one.set('a', 'x'.repeat(200))
    expect(fleet.errors.length).toBe(2)
  })

  test('values are compressed from a size on, and read by who compresses otherwise or not at all', async () => {
    const [one, other] = [
      await fleet.process({ compress: { over: 100 } }),
      await fleet.process({ compress: { over: 1, method: 'brotli' } }),
    ]
    await one.set('a', 'x'.repeat(5000))
    await other.set('b', 'y'.repeat(5000))
    expect([await other.lookup('a'), await one.lookup('b')]).toEqual(['x'.repeat(5000), 'y'.repeat(5000)])
    for (const entry of fleet.model.entries.values()) expect(entry.value.payload.length).toBeLessThan(200)
  })

  test('67. what another serializer has stored is a miss', async () => {
    const serializer = {
      id: 3,
      encode: (value: unknown) => Buffer.from(String(value)),
      decode: (bytes: Uint8Array): unknown => Buffer.from(bytes).toString(),
    }
    const [one, other] = [await fleet.process({ serializer }), await fleet.process()]
    await one.set('a', 'text')
    expect(await other.lookup('a')).toBeUndefined()
    expect(await (await fleet.process({ serializer })).lookup('a')).toBe('text')
  })
})

describe('the end', () => {
  test('56. close waits for what is not acknowledged, closeTimeout at most, and then nothing is asked any more', async () => {
    const [one, other] = [await fleet.process(), await fleet.process()]
    await one.set('a', 1)
    await other.lookup('a')
    fleet.server = 'is silent'
    void one.delete('a')
    const closed = one.close()
    await fleet.pass(1999)
    let isClosed = false
    void closed.then(() => {
      isClosed = true
    })
    await fleet.settle()
    expect(isClosed).toBe(false)
    fleet.server = 'answers'
    await fleet.pass(1000)
    expect(isClosed).toBe(true)
    expect(() => one.get('a')).toThrow(expect.objectContaining({ code: 'CLOSED' }))
    await other.close()
    await other.close()
    fleet.requests.length = 0
    await fleet.pass(60_000)
    expect(fleet.requests).toEqual([])
  })
})

describe('options', () => {
  const good: TieredOptions = { name: 'x', remote: { open: () => never() } }
  test.each<[Record<string, unknown>, string]>([
    [
      { name: 'a b' },
      'name: expected 1 to 64 of the characters A–Z, a–z, 0–9, ".", "_" and "-", got \'a b\'',
    ],
    [{ name: undefined }, 'name: expected 1 to 64'],
    [
      { remote: undefined },
      'remote: expected a second tier such as redisTier(client), a bus with send and listen, or an object with get, set and delete, got undefined',
    ],
    [{ remote: { get() {} } }, 'remote: expected a second tier'],
    [{ beat: '5s' }, 'beat: expected at most a third of maxStale (3333.3333333333335 ms), got 5000 ms'],
    [{ maxStale: 0 }, 'maxStale: expected a time above 0 that ends, got 0'],
    [{ maxStale: Infinity }, 'maxStale: expected a time above 0 that ends, got Infinity'],
    [{ readTimeout: 'soon' }, 'readTimeout: expected a number of milliseconds or a string'],
    [{ breaker: { failure: 1 } }, "breaker.failure: there is no such option; did you mean 'failures'?"],
    [
      { serializer: { id: 0, encode() {}, decode() {} } },
      'serializer.id: expected an integer from 1 to 255, got 0',
    ],
    [
      { compress: { over: 1, method: 'lz4' } },
      "compress.method: expected 'gzip', 'brotli' or 'zstd', got 'lz4'",
    ],
    [{ maxstale: 1 }, "maxstale: there is no such option; did you mean 'maxStale'?"],
    [{ keyPrefix: 'x' }, 'keyPrefix: there is no such option'],
    [{ maxEntries: 0 }, 'maxEntries: expected a positive integer or Infinity, got 0'],
    [{ push: {} }, 'push: expected an object with a method `listen`, or false, got an object'],
  ])('%j is refused', (wrong, message) => {
    expect(() => new TieredCache({ ...good, ...wrong } as TieredOptions)).toThrow(message)
  })

  test('73. two caches of one name in a process are one; with other options the second is refused', async () => {
    const options: TieredOptions<string, number> = { name: 'shared', remote: fleet.store, maxEntries: 10 }
    const [one, other] = [new TieredCache(options), new TieredCache(options)]
    await one.set('a', 1)
    expect(other.get('a')).toBe(1)
    for (const wrong of [
      { maxStale: '20s' },
      { serializer: { id: 9, encode: () => new Uint8Array(), decode: () => 1 } },
      { maxEntries: 20 },
    ] as const)
      expect(() => new TieredCache({ ...options, ...wrong })).toThrow(
        expect.objectContaining({ code: 'NAME_CONFLICT' }),
      )
    await one.close()
    const again = new TieredCache({ ...options, maxStale: '20s' })
    expect(again.get('a')).toBeUndefined()
    await again.close()
  })
})

import { describe, expect, it, vi } from 'vitest'
import { CacheError, type Removal } from '../../src/index.ts'
import { manualClock } from '../support/clock.ts'
import { open, settings, thrownBy } from './support.ts'
import { countWork } from './work.ts'

describe.each(settings)('operations: $title', (setting) => {
  it('16. add stores only where nothing live is', () => {
    const clock = manualClock()
    const cache = open<string, number>(setting, { clock: clock.now, ttl: 100 })
    expect(cache.add('k', 1)).toBe(true)
    expect(cache.add('k', 2)).toBe(false)
    expect(cache.get('k')).toBe(1)
    clock.advance(100)
    expect(cache.add('k', 3)).toBe(true)
    expect(cache.get('k')).toBe(3)
  })

  it('16. a failing add changes neither value nor deadline nor tags', () => {
    const clock = manualClock()
    const cache = open<string, number>(setting, { clock: clock.now, ttl: 100 })
    cache.set('k', 1, { tags: ['old'] })
    clock.advance(40)
    const before = cache.stats()
    expect(cache.add('k', 2, { ttl: 5000, tags: ['new'] })).toBe(false)
    expect(cache.stats()).toEqual(before)
    expect(cache.expiresIn('k')).toBe(60)
    cache.deleteByTag('new')
    expect(cache.get('k')).toBe(1)
    cache.deleteByTag('old')
    expect(cache.get('k')).toBeUndefined()
  })

  it('17. touch gives a live entry a new deadline', () => {
    const clock = manualClock()
    const cache = open<string, number>(setting, { clock: clock.now, ttl: 100 })
    cache.set('k', 1)
    clock.advance(60)
    expect(cache.touch('k')).toBe(true)
    expect(cache.expiresIn('k')).toBe(100)
    expect(cache.touch('k', '1s')).toBe(true)
    expect(cache.expiresIn('k')).toBe(1000)
    expect(cache.touch('k', 10)).toBe(true)
    expect(cache.expiresIn('k')).toBe(10)
    expect(cache.touch('k', Infinity)).toBe(true)
    expect(cache.expiresIn('k')).toBe(Infinity)
    expect(cache.get('k')).toBe(1)
  })

  it('17. touch is false where nothing live is', () => {
    const clock = manualClock()
    const cache = open<string, number>(setting, { clock: clock.now, ttl: 100 })
    expect(cache.touch('k')).toBe(false)
    cache.set('k', 1)
    clock.advance(100)
    expect(cache.touch('k')).toBe(false)
    expect(cache.has('k')).toBe(false)
  })

  it('17. touch keeps the tags and counts nothing', () => {
    const cache = open<string, number>(setting)
    cache.set('k', 1, { tags: ['t'] })
    const before = cache.stats()
    cache.touch('k', '1h')
    expect(cache.stats()).toEqual(before)
    cache.deleteByTag('t')
    expect(cache.has('k')).toBe(false)
  })

  it('17. touch with a lifetime of 0 or less removes the entry as expired', () => {
    const removals: Removal[] = []
    const cache = open<string, number>(setting, { onRemoval: (removal) => removals.push(removal as Removal) })
    cache.set('k', 1)
    cache.touch('k', 0)
    expect(cache.has('k')).toBe(false)
    expect(removals).toEqual([{ key: 'k', value: 1, reason: 'expired' }])
  })

  it('18. delete is true if a live entry went', () => {
    const clock = manualClock()
    const cache = open<string, number>(setting, { clock: clock.now, ttl: 100 })
    cache.set('k', 1)
    expect(cache.delete('k')).toBe(true)
    expect(cache.delete('k')).toBe(false)
    cache.set('k', 1)
    clock.advance(100)
    expect(cache.delete('k')).toBe(false)
    cache.set('k', 1, { tags: ['t'] })
    cache.deleteByTag('t')
    expect(cache.delete('k')).toBe(false)
  })

  it('19. has and peek see without using', () => {
    const cache = open<string, number>(setting)
    cache.set('k', 1)
    const before = cache.stats()
    expect(cache.has('k')).toBe(true)
    expect(cache.peek('k')).toBe(1)
    expect(cache.has('missing')).toBe(false)
    expect(cache.peek('missing')).toBeUndefined()
    expect(cache.expiresIn('k')).toBeGreaterThan(0)
    expect([...cache]).toEqual([['k', 1]])
    expect(cache.stats()).toEqual(before)
  })

  it('20. getMany gives a Map of what was found, in the order asked', () => {
    const cache = open<string, number | null>(setting)
    cache.set('a', 1)
    cache.set('b', null)
    cache.set('c', 3)
    const found = cache.getMany(['c', 'missing', 'b', 'a'])
    expect(found).toBeInstanceOf(Map)
    expect([...found]).toEqual([
      ['c', 3],
      ['b', null],
      ['a', 1],
    ])
    expect(cache.getMany([]).size).toBe(0)
    expect(cache.stats()).toMatchObject({ hits: 3, misses: 1 })
  })

  it('20. getMany, setMany and deleteMany take any iterable, once', () => {
    const cache = open<string, number>(setting)
    let starts = 0
    const once = <T>(...items: T[]): Iterable<T> => ({
      *[Symbol.iterator]() {
        starts++
        yield* items
      },
    })
    cache.setMany(once<[string, number]>(['a', 1], ['b', 2], ['c', 3]))
    expect([...cache.getMany(once('a', 'b'))]).toEqual([
      ['a', 1],
      ['b', 2],
    ])
    expect(cache.deleteMany(once('a', 'missing', 'c', 'a'))).toBe(2)
    expect(starts).toBe(3)
    expect([...cache]).toEqual([['b', 2]])
  })

  it('20. setMany takes a Map, a generator or pairs, with options for all', () => {
    const cache = open<string, number>(setting, { clock: manualClock().now })
    cache.setMany(new Map([['map', 1]]), { ttl: 10 })
    cache.setMany([['pair', 2]], { ttl: 10, tags: ['t'] })
    cache.setMany(new Map([['entries', 3]]).entries(), { ttl: 10 })
    expect([...cache.values()]).toEqual([1, 2, 3])
    for (const key of cache.keys()) expect(cache.expiresIn(key)).toBe(10)
    cache.deleteByTag('t')
    expect([...cache.values()]).toEqual([1, 3])
  })

  it('20. setMany stores all pairs or none', () => {
    const cache = open<string, unknown>(setting)
    cache.set('a', 'old')
    const refused: unknown[] = [
      [['a', 1], ['b']],
      [['a', 1], 'bc'],
      [['a', 1], null],
      [
        ['a', 1],
        ['b', undefined],
      ],
      [
        ['a', 1],
        ['b', 2, 3],
      ],
    ]
    for (const entries of refused)
      expect(() => cache.setMany(entries as [string, unknown][])).toThrow(TypeError)
    expect([...cache]).toEqual([['a', 'old']])
  })

  it.each([undefined, null, 5, {}, 'a string'])(
    '20. refuses %o where an iterable of keys or pairs is expected',
    (wrong) => {
      const cache = open<string, number>(setting)
      for (const call of [
        () => cache.getMany(wrong as never),
        () => cache.setMany(wrong as never),
        () => cache.deleteMany(wrong as never),
      ]) {
        const error = thrownBy(call)
        expect(error).toBeInstanceOf(TypeError)
        expect(error.message).toMatch(/(keys|entries): expected an iterable/)
      }
    },
  )

  it('21. incr and decr give the new number and keep the deadline', () => {
    const clock = manualClock()
    const cache = open<string, number>(setting, { clock: clock.now, ttl: 100 })
    cache.set('k', 10)
    clock.advance(40)
    expect(cache.incr('k')).toBe(11)
    expect(cache.incr('k', 5)).toBe(16)
    expect(cache.incr('k', -0.5)).toBe(15.5)
    expect(cache.decr('k')).toBe(14.5)
    expect(cache.decr('k', 4)).toBe(10.5)
    expect(cache.get('k')).toBe(10.5)
    expect(cache.expiresIn('k')).toBe(60)
  })

  it('21. incr counts bigints too', () => {
    const cache = open<string, bigint>(setting)
    cache.set('k', 2n ** 64n)
    expect(cache.incr('k')).toBe(2n ** 64n + 1n)
    expect(cache.incr('k', 9n)).toBe(2n ** 64n + 10n)
    expect(cache.decr('k', 10n)).toBe(2n ** 64n)
    expect(cache.get('k')).toBe(2n ** 64n)
  })

  it('21. incr of nothing is KEY_NOT_FOUND, and makes nothing', () => {
    const cache = open<string, number>(setting)
    for (const call of [() => cache.incr('k'), () => cache.decr('k')]) {
      const error = thrownBy(call)
      expect(error).toBeInstanceOf(CacheError)
      expect((error as CacheError).code).toBe('KEY_NOT_FOUND')
    }
    expect(cache.size).toBe(0)
  })

  it.each([['a string'], [null], [Number.NaN], [Infinity], [true], [{}], ['5']])(
    '21. incr of %o is a TypeError, and leaves it',
    (value) => {
      const clock = manualClock()
      const cache = open<string, unknown>(setting, { clock: clock.now, ttl: 100 })
      cache.set('k', value)
      clock.advance(40)
      expect(() => cache.incr('k')).toThrow(TypeError)
      expect(() => cache.decr('k', 1, { initial: 5 })).toThrow(TypeError)
      expect(cache.get('k')).toBe(value)
      expect(cache.expiresIn('k')).toBe(60)
    },
  )

  it.each([['1'], [null], [Number.NaN], [Infinity], [{}]])('21. a delta of %o is a TypeError', (delta) => {
    const cache = open<string, number>(setting)
    cache.set('k', 1)
    for (const call of [() => cache.incr('k', delta as number), () => cache.decr('k', delta as number)]) {
      const error = thrownBy(call)
      expect(error).toBeInstanceOf(TypeError)
      expect(error.message).toContain('delta: expected a finite number or a bigint')
    }
    expect(cache.get('k')).toBe(1)
  })

  it('21. a sum that is no finite number is refused, and the value stays', () => {
    const cache = open<string, number | bigint>(setting)
    cache.set('k', Number.MAX_VALUE)
    expect(() => cache.incr('k', Number.MAX_VALUE)).toThrow(RangeError)
    expect(cache.get('k')).toBe(Number.MAX_VALUE)
    cache.set('big', 1n)
    expect(() => cache.incr('big', 0.5)).toThrow(/./)
    expect(cache.get('big')).toBe(1n)
  })

  it('21. incr with an initial value creates it instead', () => {
    const cache = open<string, number>(setting, { clock: manualClock().now, ttl: 100 })
    expect(cache.incr('k', 1, { initial: 5, ttl: 20 })).toBe(5)
    expect(cache.expiresIn('k')).toBe(20)
    expect(cache.incr('k', 1, { initial: 5, ttl: 50 })).toBe(6)
    expect(cache.expiresIn('k')).toBe(20)
    expect(cache.decr('other', 1, { initial: 5 })).toBe(5)
    expect(cache.expiresIn('other')).toBe(100)
  })

  it('21. wrong options of incr are refused whether or not the key is there', () => {
    const cache = open<string, number>(setting)
    cache.set('there', 1)
    for (const key of ['there', 'missing']) {
      expect(() => cache.incr(key, 1, { initial: Number.NaN })).toThrow(/initial/)
      expect(() => cache.incr(key, 1, { initial: 1, ttl: '5x' as '5s' })).toThrow(/ttl/)
      expect(() => cache.incr(key, 1, { initail: 1 } as object)).toThrow(/did you mean 'initial'/)
    }
    expect([...cache]).toEqual([['there', 1]])
  })

  it('22. getOrSet computes on a miss, once, and stores', () => {
    const cache = open<string, string>(setting, { clock: manualClock().now })
    const compute = vi.fn((key: string) => `${key}!`)
    expect(cache.getOrSet('k', compute, { ttl: 70, tags: ['t'] })).toBe('k!')
    expect(cache.getOrSet('k', compute)).toBe('k!')
    expect(compute).toHaveBeenCalledExactlyOnceWith('k')
    expect(cache.expiresIn('k')).toBe(70)
    expect(cache.stats()).toMatchObject({ hits: 1, misses: 1, sets: 1 })
    cache.deleteByTag('t')
    expect(cache.has('k')).toBe(false)
  })

  it('22. an error of getOrSet passes through and nothing is stored', () => {
    const cache = open<string, number>(setting)
    const error = new Error('no')
    const fail = () => {
      throw error
    }
    expect(thrownBy(() => cache.getOrSet('k', fail))).toBe(error)
    expect(cache.has('k')).toBe(false)
    expect(cache.getOrSet('k', () => 1)).toBe(1)
  })

  it('22. getOrSet returns undefined without storing it', () => {
    const cache = open<string, unknown>(setting)
    const compute = vi.fn(() => undefined)
    expect(cache.getOrSet('k', compute)).toBeUndefined()
    expect(cache.getOrSet('k', compute)).toBeUndefined()
    expect(compute).toHaveBeenCalledTimes(2)
    expect(cache.size).toBe(0)
  })

  it.each([
    ['a Promise', () => Promise.resolve(1)],
    ['another thenable', () => Object.defineProperty({}, 'then', { value: () => {} })],
  ])('22. getOrSet refuses %s and names getOrLoad', (_, compute) => {
    const cache = open<string, unknown>(setting)
    const error = thrownBy(() => cache.getOrSet('k', compute))
    expect(error).toBeInstanceOf(TypeError)
    expect(error.message).toContain('getOrLoad')
    expect(cache.size).toBe(0)
  })

  it('23. what compute itself sets under the key stands and is returned', () => {
    const cache = open<string, string>(setting, { clock: manualClock().now })
    const value = cache.getOrSet('k', () => {
      cache.set('k', 'set inside', { ttl: 33 })
      return 'returned'
    })
    expect(value).toBe('set inside')
    expect(cache.get('k')).toBe('set inside')
    expect(cache.expiresIn('k')).toBe(33)
  })

  it('24. take returns the live value and removes it', () => {
    const clock = manualClock()
    const removals: Removal[] = []
    const cache = open<string, number>(setting, {
      clock: clock.now,
      ttl: 100,
      onRemoval: (removal) => removals.push(removal as Removal),
    })
    cache.set('k', 1)
    expect(cache.take('k')).toBe(1)
    expect(cache.take('k')).toBeUndefined()
    expect(cache.has('k')).toBe(false)
    expect(removals).toEqual([{ key: 'k', value: 1, reason: 'deleted' }])
    expect(cache.stats()).toMatchObject({ hits: 1, misses: 1, deletes: 1 })
    cache.set('k', 1)
    clock.advance(100)
    expect(cache.take('k')).toBeUndefined()
  })

  it('25. clear empties the cache, which can be filled again', () => {
    const cache = open<number, number>(setting, { maxEntries: 10 })
    for (let round = 0; round < 5; round++) {
      for (let i = 0; i < 25; i++) cache.set(i, i)
      expect(cache.size).toBe(10)
      cache.clear()
      expect(cache.size).toBe(0)
      expect(cache.stats().size).toBe(0)
      expect([...cache]).toEqual([])
      for (let i = 0; i < 25; i++) expect(cache.has(i)).toBe(false)
    }
  })

  it('25. after a clear the whole bound is there at once', () => {
    const cache = open<number, number>(setting, { maxEntries: 10 })
    for (let i = 0; i < 10; i++) cache.set(i, i)
    cache.clear()
    for (let i = 100; i < 110; i++) cache.set(i, i)
    expect([...cache.keys()].length).toBe(10)
    expect(cache.stats().evictions).toBe(0)
  })

  it.each([false, true])(
    '25. clear takes as many steps with many entries as with few (listener: %s)',
    (told) => {
      const stepsToClear = (count: number) => {
        const cache = open<number, number>(setting, {
          maxEntries: Infinity,
          ...(told ? { onRemoval() {} } : {}),
        })
        for (let i = 0; i < count; i++) cache.set(i, i)
        return countWork(() => cache.clear())
      }
      stepsToClear(1)
      expect(stepsToClear(3_000)).toBeLessThanOrEqual(stepsToClear(10) + 20)
    },
  )

  it('26. size counts what is held, never above maxEntries', () => {
    const clock = manualClock()
    const cache = open<number, number>(setting, { maxEntries: 5, clock: clock.now, ttl: 100 })
    for (let i = 0; i < 20; i++) {
      cache.set(i, i)
      expect(cache.size).toBe(Math.min(i + 1, 5))
    }
    clock.advance(100)
    expect(cache.size).toBe(5)
    expect([...cache].length).toBe(0)
  })

  it('26. keys, values, entries and iteration give the live entries', () => {
    const cache = open<string, number>(setting)
    cache.setMany([
      ['a', 1],
      ['b', 2],
      ['c', 3],
    ])
    cache.delete('b')
    expect([...cache.keys()]).toEqual(['a', 'c'])
    expect([...cache.values()]).toEqual([1, 3])
    expect([...cache.entries()]).toEqual([...cache])
    expect(new Map(cache)).toEqual(
      new Map([
        ['a', 1],
        ['c', 3],
      ]),
    )
  })

  it('26. iteration ends though each step writes', () => {
    const cache = open<number, number>(setting, { maxEntries: 50 })
    for (let i = 0; i < 20; i++) cache.set(i, i)
    let steps = 0
    for (const [key] of cache) {
      cache.set(1000 + steps, 1)
      cache.delete(key)
      cache.set(key, 2)
      if (++steps > 1000) break
    }
    expect(steps).toBeLessThanOrEqual(70)
  })

  it('26. iteration passes over what is deleted meanwhile and gives all that stays', () => {
    const cache = open<number, number>(setting)
    for (let i = 0; i < 10; i++) cache.set(i, i)
    const seen: number[] = []
    for (const key of cache.keys()) {
      seen.push(key)
      cache.delete(key + 1)
    }
    expect(seen).toEqual([0, 2, 4, 6, 8])
  })

  it('26. iteration may clear the cache', () => {
    const cache = open<number, number>(setting)
    for (let i = 0; i < 10; i++) cache.set(i, i)
    const seen: number[] = []
    for (const [key] of cache) {
      seen.push(key)
      cache.clear()
      cache.set(99, 99)
    }
    expect(seen).toEqual([0])
    expect([...cache.keys()]).toEqual([99])
  })

  it('26. iteration survives evictions and gives each key at most once', () => {
    const cache = open<number, number>(setting, { maxEntries: 30 })
    for (let i = 0; i < 90; i++) cache.set(i % 45, i)
    const seen: number[] = []
    let fresh = 1000
    for (const key of cache.keys()) {
      seen.push(key)
      cache.set(fresh++, 1)
    }
    expect(new Set(seen).size).toBe(seen.length)
  })

  it('27. expiresIn gives milliseconds, Infinity or undefined', () => {
    const clock = manualClock()
    const cache = open<string, number>(setting, { clock: clock.now })
    cache.set('k', 1, { ttl: 100 })
    cache.set('ever', 1, { ttl: Infinity })
    clock.advance(30)
    expect(cache.expiresIn('k')).toBe(70)
    expect(cache.expiresIn('ever')).toBe(Infinity)
    expect(cache.expiresIn('missing')).toBeUndefined()
  })
})

it.each(settings.filter(({ inNamespace }) => !inNamespace))(
  '26. iteration gives every live entry though a sweep gives back most of a large cache meanwhile: $title',
  (setting) => {
    vi.useFakeTimers()
    try {
      const cache = open<number, number>(setting, { maxEntries: Infinity, ttl: 1000 })
      const iterator = cache.keys()
      for (let i = 0; i < 5; i++) cache.set(i, i, { ttl: '1h' })
      for (let i = 5; i < 40_000; i++) cache.set(i, i)
      for (let i = 40_000; i < 40_005; i++) cache.set(i, i, { ttl: '1h' })
      const seen = [iterator.next().value]
      vi.advanceTimersByTime(5000)
      expect(cache.size).toBe(10)
      seen.push(...iterator)
      expect(seen.length).toBe(10)
    } finally {
      vi.useRealTimers()
    }
  },
)

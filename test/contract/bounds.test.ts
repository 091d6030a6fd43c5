import { describe, expect, it, vi } from 'vitest'
import { Cache, type CacheOptions, type Removal } from '../../src/index.ts'
import { manualClock } from '../support/clock.ts'
import { open, policies, type Setting, settings, thrownBy, watch } from './support.ts'
import { countWork } from './work.ts'

/** A cache bounded by the weight of its values: a number weighs itself. */
function weighted(setting: Setting, maxWeight: number, options: CacheOptions<string, number> = {}) {
  return open<string, number>(setting, { maxWeight, weigh: (value) => value, ...options })
}

describe.each(settings)('bounds: $title', (setting) => {
  it('28. maxEntries defaults to 1000', () => {
    const cache = open<number, number>(setting)
    for (let i = 0; i < 1500; i++) cache.set(i, i)
    expect(cache.size).toBe(1000)
    expect(cache.stats().evictions).toBe(500)
  })

  it('28. Infinity may be asked for', () => {
    const cache = open<number, number>(setting, { maxEntries: Infinity })
    for (let i = 0; i < 1500; i++) cache.set(i, i)
    expect(cache.size).toBe(1500)
  })

  it.each([1, 2, 3, 10, 100])('29. a bound of %s holds after every call', (maxEntries) => {
    const cache = open<number, number>(setting, { maxEntries })
    for (let i = 0; i < 5 * maxEntries + 20; i++) {
      const key = (i * 7919) % (3 * maxEntries)
      if (i % 5 === 0) cache.get(key)
      else if (i % 7 === 0) cache.add(key, i)
      else cache.set(key, i)
      expect(cache.size).toBeLessThanOrEqual(maxEntries)
      if (i % 5 !== 0) expect(cache.has(key)).toBe(true)
    }
    cache.setMany(Array.from({ length: 3 * maxEntries }, (_, i) => [i, i]))
    expect(cache.size).toBe(maxEntries)
  })

  it('29. overwriting at capacity evicts nothing', () => {
    const cache = open<number, number>(setting, { maxEntries: 5 })
    for (let i = 0; i < 5; i++) cache.set(i, i)
    for (let i = 0; i < 50; i++) {
      cache.set(i % 5, i)
      cache.incr(i % 5)
      cache.setMany([[i % 5, i]])
    }
    expect(cache.size).toBe(5)
    expect(cache.stats().evictions).toBe(0)
  })

  it('29. a failing get or add evicts nothing', () => {
    const cache = open<number, number>(setting, { maxEntries: 5 })
    for (let i = 0; i < 5; i++) cache.set(i, i)
    for (let i = 0; i < 50; i++) {
      expect(cache.get(100 + i)).toBeUndefined()
      expect(cache.add(i % 5, 1)).toBe(false)
    }
    expect(cache.size).toBe(5)
    expect(cache.stats().evictions).toBe(0)
  })

  it('29. the bound holds across namespaces and versions together', () => {
    const cache = open<number, number>(setting, { maxEntries: 10 })
    const parts = [cache, cache.namespace('a'), cache.namespace('b').namespace('c'), cache.version(2)]
    for (let i = 0; i < 100; i++) {
      parts[i % 4]!.set(i, i)
      expect(cache.stats().size).toBe(Math.min(i + 1, 10))
    }
  })

  it.each([10, 1000])('30. one insertion at a capacity of %s evicts one entry', (maxEntries) => {
    const removals: Removal[] = []
    const cache = open<number, number>(setting, {
      maxEntries,
      onRemoval: (removal) => removals.push(removal as Removal),
    })
    for (let i = 0; i < 3 * maxEntries; i++) {
      cache.set(i, i)
      expect(removals.length).toBe(Math.max(0, i + 1 - maxEntries))
    }
    expect(new Set(removals.map(({ reason }) => reason))).toEqual(new Set(['evicted']))
  })

  it.each([false, true])('30. insertions take as many steps at any size (all were used: %s)', (used) => {
    const stepsToInsert = (maxEntries: number) => {
      const cache = open<number, number>(setting, { maxEntries })
      for (let i = 0; i < maxEntries; i++) cache.set(i, i)
      if (used) for (let round = 0; round < 3; round++) for (let i = 0; i < maxEntries; i++) cache.get(i)
      const steps = countWork(() => {
        for (let i = 0; i < maxEntries; i++) cache.set(maxEntries + i, i)
      })
      return steps / maxEntries
    }
    expect(stepsToInsert(5_000)).toBeLessThanOrEqual(1.5 * stepsToInsert(500) + 1)
  })

  it('31. maxWeight bounds the sum of the weights', () => {
    const cache = weighted(setting, 100)
    for (let i = 1; i <= 200; i++) {
      cache.set(`k${i}`, (i * 13) % 40 || 1)
      const { weight } = cache.stats()
      expect(weight).toBeLessThanOrEqual(100)
      expect(weight).toBe([...cache.values()].reduce((sum, value) => sum + value, 0))
      expect(cache.has(`k${i}`)).toBe(true)
    }
  })

  it('31. weigh is given the value and the key', () => {
    const weigh = vi.fn(() => 1)
    const cache = open<string, string>(setting, { maxWeight: 10, weigh })
    cache.set('k', 'v')
    expect(weigh).toHaveBeenCalledExactlyOnceWith('v', 'k')
  })

  it('31. a heavier value evicts others to make room for itself', () => {
    const cache = weighted(setting, 10)
    cache.set('a', 3)
    cache.set('b', 3)
    cache.set('c', 3)
    cache.set('a', 10)
    expect([...cache]).toEqual([['a', 10]])
    expect(cache.stats().weight).toBe(10)
    cache.set('a', 1)
    expect(cache.stats().weight).toBe(1)
    cache.set('b', 8)
    expect(cache.incr('a')).toBe(2)
    expect(cache.stats().weight).toBe(10)
    expect(cache.incr('a')).toBe(3)
    expect([...cache]).toEqual([['a', 3]])
  })

  it('31. an entry heavier than the whole bound is not kept and removes what stood there', () => {
    const removals: Removal[] = []
    const cache = weighted(setting, 10, { onRemoval: (removal) => removals.push(removal as Removal) })
    cache.set('other', 5)
    cache.set('k', 5)
    cache.set('k', 11)
    expect([...cache]).toEqual([['other', 5]])
    expect(removals).toEqual([{ key: 'k', value: 5, reason: 'replaced' }])
    expect(cache.add('k', 11)).toBe(false)
    expect(cache.getOrSet('k', () => 11)).toBe(11)
    expect(cache.incr('k', 1, { initial: 11 })).toBe(11)
    expect([...cache]).toEqual([['other', 5]])
    expect(cache.incr('other', 20)).toBe(25)
    expect(cache.size).toBe(0)
    expect(cache.stats()).toMatchObject({ weight: 0, evictions: 0 })
  })

  it('31. a loaded value heavier than the whole bound is given and not kept', async () => {
    const cache = weighted(setting, 10)
    expect(await cache.getOrLoad('k', async () => 11)).toBe(11)
    expect(cache.size).toBe(0)
  })

  it.each([[0], [-1], [1.5], [Number.NaN], [Infinity], ['5'], [undefined], [null], [5n]])(
    '31. a weight of %o is a TypeError and the old value stays',
    async (weight) => {
      let wrong = false
      const cache = open<string, number>(setting, {
        maxWeight: 10,
        weigh: () => (wrong ? (weight as number) : 2),
      })
      cache.set('k', 1)
      wrong = true
      for (const write of [
        () => cache.set('k', 2),
        () => cache.add('new', 2),
        () => cache.setMany([['k', 2]]),
        () => cache.incr('k'),
        () => cache.getOrSet('new', () => 2),
      ]) {
        const error = thrownBy(write)
        expect(error, String(write)).toBeInstanceOf(TypeError)
        expect(error.message).toContain('weigh: expected a positive integer')
      }
      await expect(cache.getOrLoad('new', () => 2)).rejects.toThrow(TypeError)
      expect([...cache]).toEqual([['k', 1]])
      expect(cache.stats()).toMatchObject({ size: 1, weight: 2 })
    },
  )

  it('31. maxEntries and maxWeight hold together', () => {
    const cache = weighted(setting, 100, { maxEntries: 3 })
    for (let i = 0; i < 10; i++) cache.set(`k${i}`, 1)
    expect(cache.size).toBe(3)
    cache.set('heavy', 99)
    expect(cache.size).toBe(2)
  })

  it('31. without maxEntries only the weight bounds', () => {
    const cache = weighted(setting, 5000)
    for (let i = 0; i < 5000; i++) cache.set(`k${i}`, 1)
    expect(cache.size).toBe(5000)
  })

  it('31. cleared and expired entries weigh nothing any more', () => {
    const cache = weighted(setting, 10, { onRemoval() {} })
    cache.set('a', 5)
    cache.set('b', 5)
    cache.clear()
    expect(cache.stats()).toMatchObject({ size: 0, weight: 0 })
    cache.set('c', 10)
    expect([...cache]).toEqual([['c', 10]])
    expect(cache.stats()).toMatchObject({ weight: 10, evictions: 0 })
  })

  it('31. maxBytes bounds by a built-in estimate', () => {
    const cache = open<number, string>(setting, { maxBytes: '64kb' })
    for (let i = 0; i < 500; i++) cache.set(i, 'x'.repeat(1000))
    expect(cache.size).toBeGreaterThan(30)
    expect(cache.size).toBeLessThanOrEqual(65)
    expect(cache.stats().weight).toBeLessThanOrEqual(65_536)
    cache.set(1000, 'x'.repeat(100_000))
    expect(cache.has(1000)).toBe(false)
  })

  it('31. maxBytes takes any value', () => {
    const cache = open<string, unknown>(setting, { maxBytes: '1mb' })
    const circle: { self?: unknown } = {}
    circle.self = circle
    const values = [circle, () => 1, Symbol('s'), 1n, null, new Map([[{}, circle]]), new Set([1]), new Date()]
    for (const [i, value] of values.entries()) cache.set(`k${i}`, value)
    for (const [i, value] of values.entries()) expect(cache.get(`k${i}`)).toBe(value)
    cache.set('buffer', new Uint8Array(2 ** 21))
    expect(cache.has('buffer')).toBe(false)
  })

  it('32. resize works live', () => {
    const cache = open<number, number>(setting, { maxEntries: 10 })
    for (let i = 0; i < 10; i++) cache.set(i, i)
    cache.resize(4)
    expect(cache.size).toBe(4)
    expect(cache.stats().evictions).toBe(6)
    for (let i = 10; i < 20; i++) cache.set(i, i)
    expect(cache.size).toBe(4)
    cache.resize(8)
    for (let i = 20; i < 40; i++) cache.set(i, i)
    expect(cache.size).toBe(8)
    cache.resize(Infinity)
    for (let i = 40; i < 140; i++) cache.set(i, i)
    expect(cache.size).toBeGreaterThanOrEqual(107)
  })

  it.each([[0], [-1], [1.5], [Number.NaN], ['5'], [undefined], [null]])('32. resize refuses %o', (wrong) => {
    const cache = open<number, number>(setting, { maxEntries: 10 })
    for (let i = 0; i < 10; i++) cache.set(i, i)
    const error = thrownBy(() => cache.resize(wrong as number))
    expect(error instanceof TypeError || error instanceof RangeError).toBe(true)
    expect(error.message).toContain('maxEntries: expected a positive integer or Infinity, got')
    cache.set(10, 10)
    expect(cache.size).toBe(10)
  })

  it('34. what was just set can be read at once', () => {
    const cache = open<number, number>(setting, { maxEntries: 20 })
    let state = 1
    for (let i = 0; i < 2000; i++) {
      state = (state * 48_271) % 2_147_483_647
      const key = state % 100
      cache.set(key, i)
      expect(cache.get(key)).toBe(i)
      for (let j = 0; j < 3; j++) cache.get((state >> j) % 100)
    }
  })
})

describe('28. maxEntries at construction', () => {
  it.each([[0], [-1], [1.5], [Number.NaN], [-Infinity], ['100'], [null], [10n]])(
    '28. refuses %o',
    (wrong) => {
      const error = thrownBy(() => new Cache({ maxEntries: wrong as number }))
      expect(error instanceof TypeError || error instanceof RangeError).toBe(true)
      expect(error.message).toContain('maxEntries: expected a positive integer or Infinity, got')
    },
  )
})

describe.each(settings.filter(({ policy }) => policy === 'lru'))('33. the order of $title', (setting) => {
  const full = (options: CacheOptions<string, number> = {}) => {
    const cache = open<string, number>(setting, { maxEntries: 3, ...options })
    for (const key of ['a', 'b', 'c']) cache.set(key, 1)
    return cache
  }

  it('33. a set at capacity evicts the least recently used', () => {
    const cache = full()
    cache.set('d', 1)
    expect([...cache.keys()]).toEqual(['b', 'c', 'd'])
    cache.set('e', 1)
    expect([...cache.keys()]).toEqual(['c', 'd', 'e'])
  })

  it('33. an add at capacity evicts the least recently used', () => {
    const cache = full()
    expect(cache.add('d', 1)).toBe(true)
    expect([...cache.keys()]).toEqual(['b', 'c', 'd'])
  })

  it.each<[string, (cache: Cache<string, number>) => unknown]>([
    ['get', (cache) => cache.get('a')],
    ['getMany', (cache) => cache.getMany(['a'])],
    ['set', (cache) => cache.set('a', 2)],
    ['setting the same value again', (cache) => cache.set('a', 1)],
    ['setMany', (cache) => cache.setMany([['a', 2]])],
    ['incr', (cache) => cache.incr('a')],
    ['decr', (cache) => cache.decr('a')],
    ['a hit of getOrSet', (cache) => cache.getOrSet('a', () => 2)],
    ['a hit of getOrLoad', (cache) => cache.getOrLoad('a', () => 2)],
  ])('33. counts as a use: %s', (_, use) => {
    const cache = full()
    use(cache)
    cache.set('d', 1)
    expect([...cache.keys()].sort()).toEqual(['a', 'c', 'd'])
  })

  it.each<[string, (cache: Cache<string, number>) => unknown]>([
    ['has', (cache) => cache.has('a')],
    ['peek', (cache) => cache.peek('a')],
    ['touch', (cache) => cache.touch('a', '1h')],
    ['a failing add', (cache) => cache.add('a', 2)],
    ['expiresIn', (cache) => cache.expiresIn('a')],
    ['iteration', (cache) => [...cache]],
    ['keys', (cache) => [...cache.keys()]],
    ['a failing get', (cache) => cache.get('missing')],
    ['a failing incr', (cache) => thrownBy(() => cache.incr('missing'))],
  ])('33. does not count as a use: %s', (_, look) => {
    const cache = full()
    look(cache)
    cache.set('d', 1)
    expect([...cache.keys()].sort()).toEqual(['b', 'c', 'd'])
  })

  it('33. uses of guarded entries count alike', () => {
    const cache = full({ idleTtl: '1h' })
    cache.set('a', 1, { tags: ['t'] })
    cache.set('b', 1)
    cache.set('c', 1)
    cache.get('a')
    cache.set('d', 1)
    expect([...cache.keys()].sort()).toEqual(['a', 'c', 'd'])
  })

  it('33. agrees with a Map whose order is that of use', () => {
    const cache = open<number, number>(setting, { maxEntries: 16 })
    const model = new Map<number, number>()
    let state = 7
    for (let i = 0; i < 2000; i++) {
      state = (state * 48_271) % 2_147_483_647
      const key = state % 40
      const known = model.get(key)
      if (state % 3 === 0) {
        expect(cache.get(key)).toBe(known)
        if (known !== undefined) {
          model.delete(key)
          model.set(key, known)
        }
      } else {
        cache.set(key, i)
        model.delete(key)
        model.set(key, i)
        if (model.size > 16) model.delete(model.keys().next().value!)
      }
    }
    expect(new Map(cache)).toEqual(model)
  })

  it('32. resize evicts the least recently used', () => {
    const cache = full()
    cache.get('a')
    cache.resize(2)
    expect([...cache.keys()].sort()).toEqual(['a', 'c'])
    cache.resize(1)
    expect([...cache.keys()]).toEqual(['a'])
  })
})

describe.each(settings.filter(({ policy }) => policy === 'adaptive'))('34. $title', (setting) => {
  it('34. keeps what is used often through scans of one-off keys', () => {
    const cache = open<string, number>(setting, { maxEntries: 100 })
    const hot = Array.from({ length: 50 }, (_, i) => `hot${i}`)
    for (let round = 0; round < 10; round++) for (const key of hot) cache.getOrSet(key, () => 1)
    for (let i = 0; i < 2000; i++) {
      cache.set(`scan${i}`, i)
      if (i % 10 === 0) for (const key of hot.slice(i % 50, (i % 50) + 10)) cache.get(key)
    }
    const kept = hot.filter((key) => cache.has(key)).length
    expect(kept).toBeGreaterThanOrEqual(45)
  })

  it('34. keeps part of a loop larger than the cache, of which lru keeps nothing', () => {
    const hits = (policy: 'lru' | 'adaptive') => {
      const cache = open<number, number>({ ...setting, policy }, { maxEntries: 100 })
      for (let i = 0; i < 3000; i++) cache.getOrSet(i % 150, () => i)
      return cache.stats().hitRatio
    }
    expect(hits('lru')).toBe(0)
    expect(hits('adaptive')).toBeGreaterThan(0.2)
  })

  it('34. follows a workload that changes', () => {
    const cache = open<string, number>(setting, { maxEntries: 100 })
    for (let round = 0; round < 20; round++) for (let i = 0; i < 80; i++) cache.getOrSet(`old${i}`, () => 1)
    for (let round = 0; round < 20; round++) for (let i = 0; i < 80; i++) cache.getOrSet(`new${i}`, () => 1)
    expect([...cache.keys()].filter((key) => key.startsWith('new')).length).toBeGreaterThanOrEqual(70)
  })

  it('34. does not count has, peek and touch as uses', () => {
    const clock = manualClock()
    const run = (look: (cache: Cache<string, number>) => void) => {
      const cache = open<string, number>(setting, { maxEntries: 10, clock: clock.now })
      for (let i = 0; i < 10; i++) cache.set(`k${i}`, i)
      for (let i = 0; i < 20; i++) look(cache)
      for (let i = 0; i < 30; i++) cache.set(`new${i}`, i)
      return [...cache.keys()]
    }
    const plain = run(() => {})
    expect(run((cache) => cache.has('k0'))).toEqual(plain)
    expect(run((cache) => cache.peek('k0'))).toEqual(plain)
    expect(run((cache) => cache.touch('k0'))).toEqual(plain)
    expect(run((cache) => cache.add('k0', 1))).toEqual(plain)
    expect(run((cache) => [...cache])).toEqual(plain)
  })
})

describe.each(policies)('30. a single step at capacity: %s', (policy) => {
  it.each([false, true])('30. is as short in a large cache as in a small one (all were used: %s)', (used) => {
    const longest = (maxEntries: number) => {
      const cache = watch(new Cache<number, number>({ policy, maxEntries }))
      let most = 0
      for (let i = 0; i < 3 * maxEntries; i++) {
        const steps = countWork(() => cache.set(i, i))
        most = Math.max(most, steps)
        if (used && i === maxEntries - 1)
          for (let read = 0; read < 4 * maxEntries; read++) cache.get(read % maxEntries)
      }
      return most
    }
    expect(longest(2000)).toBeLessThanOrEqual(2 * longest(200))
  })
})

import { afterEach, describe, expect, it, vi } from 'vitest'
import { Cache, type Duration, type Removal } from '../../src/index.ts'
import { manualClock } from '../support/clock.ts'
import { open, policies, settings, thrownBy, watch } from './support.ts'

const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE

afterEach(() => {
  vi.restoreAllMocks()
})

describe.each(settings)('time: $title', (setting) => {
  it('6. lets an entry live five minutes by default', () => {
    const clock = manualClock()
    const cache = open(setting, { clock: clock.now })
    cache.set('k', 1)
    expect(cache.expiresIn('k')).toBe(5 * MINUTE)
    clock.advance(5 * MINUTE - 1)
    expect(cache.get('k')).toBe(1)
    clock.advance(1)
    expect(cache.get('k')).toBeUndefined()
  })

  it('6. lets an entry live for ever when asked to', () => {
    const clock = manualClock()
    const cache = open(setting, { clock: clock.now, ttl: Infinity })
    cache.set('k', 1)
    expect(cache.expiresIn('k')).toBe(Infinity)
    clock.advance(1000 * 365 * DAY)
    expect(cache.get('k')).toBe(1)
    cache.set('short', 1, { ttl: 5 })
    clock.advance(5)
    expect(cache.get('short')).toBeUndefined()
  })

  it.each<[Duration | '-5m', number]>([
    [250, 250],
    ['500ms', 500],
    ['90s', 90_000],
    ['10m', 10 * MINUTE],
    ['1h', 60 * MINUTE],
    ['1.5h', 90 * MINUTE],
    ['30d', 30 * DAY],
    ['2w', 14 * DAY],
    [Infinity, Infinity],
  ])('7. a ttl of %s overrides the default', (ttl, time) => {
    const clock = manualClock()
    const cache = open(setting, { clock: clock.now, ttl: 1234 })
    cache.set('set', 1, { ttl })
    cache.add('add', 1, { ttl })
    cache.setMany([['setMany', 1]], { ttl })
    cache.getOrSet('getOrSet', () => 1, { ttl })
    cache.incr('incr', 1, { initial: 1, ttl })
    cache.set('touch', 1)
    cache.touch('touch', ttl)
    for (const key of cache.keys()) expect(cache.expiresIn(key), String(key)).toBe(time)
    expect(cache.size).toBe(6)
  })

  it('7. an undefined ttl means the default', () => {
    const cache = open(setting, { clock: manualClock().now, ttl: 1234 })
    cache.set('k', 1, { ttl: undefined })
    expect(cache.expiresIn('k')).toBe(1234)
  })

  it.each([
    ['', "''"],
    [' ', "' '"],
    ['10', "'10'"],
    ['ten minutes', "'ten minutes'"],
    ['5x', "'5x'"],
    ['10 parsecs', "'10 parsecs'"],
    ['m', "'m'"],
    ['1h30m', "'1h30m'"],
    ['10m ', "'10m '"],
    ['Infinity', "'Infinity'"],
    ['NaNms', "'NaNms'"],
    ['1__proto__', "'1__proto__'"],
    [Number.NaN, 'NaN'],
    [null, 'null'],
    [true, 'true'],
    [10n, '10n'],
    [{}, 'an object'],
  ])('7. refuses the ttl %o by name, with what was expected and what came', (wrong, shown) => {
    const cache = open(setting)
    const ttl = wrong as number
    cache.set('k', 1)
    const writes = [
      () => cache.set('k', 2, { ttl }),
      () => cache.add('new', 2, { ttl }),
      () => cache.setMany([['k', 2]], { ttl }),
      () => cache.touch('k', ttl),
      () => cache.getOrSet('new', () => 2, { ttl }),
      () => cache.incr('new', 1, { initial: 1, ttl }),
      () => new Cache({ ttl }),
    ]
    for (const write of writes) {
      const error = thrownBy(write)
      expect(error, String(write)).toBeInstanceOf(TypeError)
      expect(error.message).toBe(
        `ttl: expected a number of milliseconds or a string such as '500ms', '10m', '1h' or '30d', got ${shown}`,
      )
    }
    expect([...cache]).toEqual([['k', 1]])
  })

  it('7. parses a string once', () => {
    const cache = open(setting)
    const exec = vi.spyOn(RegExp.prototype, 'exec')
    for (let i = 0; i < 100; i++) cache.set(i, i, { ttl: '123.5s' })
    expect(exec.mock.calls.filter(([text]) => text === '123.5s').length).toBeLessThanOrEqual(1)
  })

  it.each<Duration>([0, -0, -1, -Infinity, '0ms', '-5m'])(
    '8. a per-entry ttl of %s stores nothing and removes what was there',
    (ttl) => {
      const removals: Removal[] = []
      const cache = open<unknown, unknown>(setting, { onRemoval: (removal) => removals.push(removal) })
      cache.set('k', 'old')
      cache.set('k', 'new', { ttl })
      expect(cache.has('k')).toBe(false)
      expect(cache.size).toBe(0)
      expect(removals).toEqual([{ key: 'k', value: 'old', reason: 'expired' }])
      expect(cache.add('k', 'new', { ttl })).toBe(false)
      expect(cache.getOrSet('k', () => 'computed', { ttl })).toBe('computed')
      expect(cache.incr('k', 1, { initial: 5, ttl })).toBe(5)
      cache.setMany([['k', 'new']], { ttl })
      expect(cache.size).toBe(0)
      expect(removals.length).toBe(1)
    },
  )

  it('8. a loaded value with a ttl of 0 is given and not stored', async () => {
    const cache = open<string, number>(setting)
    expect(await cache.getOrLoad('k', async () => 1, { ttl: 0 })).toBe(1)
    expect(cache.has('k')).toBe(false)
  })

  it('9. lives for fractions of a millisecond', () => {
    const clock = manualClock(0)
    const cache = open(setting, { clock: clock.now })
    cache.set('k', 1, { ttl: 0.5 })
    clock.advance(0.25)
    expect(cache.get('k')).toBe(1)
    clock.advance(0.25)
    expect(cache.get('k')).toBeUndefined()
    cache.set('s', 1, { ttl: '0.5s' })
    expect(cache.expiresIn('s')).toBe(500)
  })

  it('9. lives longer than a timer can wait', () => {
    const clock = manualClock()
    const cache = open(setting, { clock: clock.now, ttl: '400d' })
    cache.set('k', 1)
    clock.advance(399 * DAY)
    expect(cache.get('k')).toBe(1)
    clock.advance(DAY)
    expect(cache.get('k')).toBeUndefined()
  })

  describe('10. never serves an expired entry, from exactly its deadline on', () => {
    const clock = manualClock()
    const expired = () => {
      const cache = open<string, number>(setting, { clock: clock.now, ttl: 1000 })
      cache.set('k', 1, { ttl: 100 })
      cache.set('tagged', 1, { ttl: 100, tags: ['tag'] })
      clock.advance(99.5)
      expect([...cache.keys()]).toEqual(['k', 'tagged'])
      clock.advance(0.5)
      return cache
    }

    it.each(['k', 'tagged'])('10. by any read of %s', (key) => {
      const cache = expired()
      expect(cache.get(key)).toBeUndefined()
      expect(cache.get(key, 'fallback')).toBe('fallback')
      expect(cache.has(key)).toBe(false)
      expect(cache.peek(key)).toBeUndefined()
      expect(cache.expiresIn(key)).toBeUndefined()
      expect(cache.getMany(['k', 'tagged']).size).toBe(0)
      expect(cache.take(key)).toBeUndefined()
    })

    it('10. by iteration', () => {
      const cache = expired()
      expect([...cache]).toEqual([])
      expect([...cache.keys()]).toEqual([])
      expect([...cache.values()]).toEqual([])
      expect([...cache.entries()]).toEqual([])
    })

    it.each(['k', 'tagged'])('10. by any write to %s', async (key) => {
      const cache = expired()
      expect(() => cache.incr(key)).toThrow(expect.objectContaining({ code: 'KEY_NOT_FOUND' }))
      expect(() => cache.incrVersion(key)).toThrow(expect.objectContaining({ code: 'KEY_NOT_FOUND' }))
      expect(cache.touch(key)).toBe(false)
      expect(cache.delete(key)).toBe(false)
      expect(cache.deleteMany(['k', 'tagged'])).toBe(0)
      expect(cache.add(key, 2)).toBe(true)
      expect(cache.get(key)).toBe(2)
      expect(cache.expiresIn(key)).toBe(1000)
    })

    it('10. by computing or loading', async () => {
      const cache = expired()
      expect(cache.getOrSet('k', () => 2)).toBe(2)
      expect(await cache.getOrLoad('tagged', async () => 3)).toBe(3)
      expect([...cache.values()].sort()).toEqual([2, 3])
    })
  })

  it('14. ttlJitter shortens each lifetime by a random share', () => {
    const random = vi.spyOn(Math, 'random')
    const cache = open(setting, { clock: manualClock().now, ttl: 1000, ttlJitter: 0.1 })
    random.mockReturnValue(0)
    cache.set('whole', 1)
    expect(cache.expiresIn('whole')).toBe(1000)
    random.mockReturnValue(0.5)
    cache.set('set', 1)
    cache.add('add', 1)
    cache.setMany([['setMany', 1]])
    cache.getOrSet('getOrSet', () => 1)
    cache.incr('incr', 1, { initial: 1 })
    cache.touch('whole')
    for (const key of cache.keys()) expect(cache.expiresIn(key), String(key)).toBe(950)
    cache.set('own', 1, { ttl: 500 })
    expect(cache.expiresIn('own')).toBe(475)
  })

  it('14. ttlJitter spreads lifetimes over its whole share and no further', () => {
    const cache = open(setting, { clock: manualClock().now, ttl: 1000, ttlJitter: 0.1 })
    for (let i = 0; i < 500; i++) cache.set(i, i)
    const lifetimes = [...cache.keys()].map((key) => cache.expiresIn(key)!)
    expect(Math.min(...lifetimes)).toBeGreaterThanOrEqual(900)
    expect(Math.min(...lifetimes)).toBeLessThan(920)
    expect(Math.max(...lifetimes)).toBeLessThanOrEqual(1000)
    expect(Math.max(...lifetimes)).toBeGreaterThan(980)
  })

  it('14. ttlJitter leaves for ever what lives for ever', () => {
    const cache = open(setting, { ttl: Infinity, ttlJitter: 1 })
    cache.set('k', 1)
    expect(cache.expiresIn('k')).toBe(Infinity)
  })

  describe('15. idleTtl', () => {
    const clock = manualClock()
    const idle = (ttl: Duration = '1h') =>
      open<string, number>(setting, { clock: clock.now, ttl, idleTtl: 100 })

    it('15. expires an entry that has not been read for that long', () => {
      const cache = idle()
      cache.set('k', 1)
      clock.advance(99)
      expect(cache.get('k')).toBe(1)
      clock.advance(100)
      expect(cache.get('k')).toBeUndefined()
    })

    it.each<[string, (cache: Cache<string, number>) => unknown]>([
      ['get', (cache) => cache.get('k')],
      ['getMany', (cache) => cache.getMany(['k'])],
      ['getOrSet', (cache) => cache.getOrSet('k', () => 2)],
      ['getOrLoad', (cache) => cache.getOrLoad('k', () => 2)],
      ['incr', (cache) => cache.incr('k')],
      ['set', (cache) => cache.set('k', 2)],
    ])('15. is renewed by %s', (_, use) => {
      const cache = idle()
      cache.set('k', 1)
      for (let i = 0; i < 5; i++) {
        clock.advance(60)
        use(cache)
      }
      expect(cache.expiresIn('k')).toBe(100)
    })

    it.each<[string, (cache: Cache<string, number>) => unknown]>([
      ['has', (cache) => cache.has('k')],
      ['peek', (cache) => cache.peek('k')],
      ['iteration', (cache) => [...cache]],
      ['expiresIn', (cache) => cache.expiresIn('k')],
      ['touch', (cache) => cache.touch('k')],
      ['a failing add', (cache) => cache.add('k', 2)],
    ])('15. is not renewed by %s', (_, look) => {
      const cache = idle()
      cache.set('k', 1)
      clock.advance(60)
      look(cache)
      expect(cache.expiresIn('k')).toBe(40)
    })

    it('15. does not prolong the ttl', () => {
      const cache = idle(150)
      cache.set('k', 1)
      clock.advance(90)
      expect(cache.get('k')).toBe(1)
      expect(cache.expiresIn('k')).toBe(60)
      clock.advance(60)
      expect(cache.get('k')).toBeUndefined()
    })

    it('15. holds for entries that would live for ever', () => {
      const cache = idle(Infinity)
      cache.set('k', 1)
      expect(cache.expiresIn('k')).toBe(100)
      clock.advance(100)
      expect(cache.has('k')).toBe(false)
    })
  })
})

it.each([0, -1, '0ms', '-5m', -Infinity])('8. a default ttl of %s is refused at construction', (ttl) => {
  for (const option of ['ttl', 'idleTtl']) {
    const error = thrownBy(() => new Cache({ [option]: ttl }))
    expect(error).toBeInstanceOf(RangeError)
    expect(error.message).toContain(`${option}: expected a time above 0, got`)
  }
})

describe.each(policies)('12. under eviction (%s)', (policy) => {
  it('12. an expired entry goes before any live one, and counts as expired', () => {
    const clock = manualClock()
    const removals: Removal[] = []
    const cache = watch(
      new Cache<string, number>({
        policy,
        maxEntries: 3,
        clock: clock.now,
        onRemoval: (removal) => removals.push(removal),
      }),
    )
    cache.set('expired', 1, { ttl: 10 })
    if (policy === 'adaptive') for (let i = 0; i < 5; i++) cache.get('expired')
    cache.set('b', 2)
    cache.set('c', 3)
    clock.advance(10)
    cache.set('d', 4)
    expect([...cache.keys()].sort()).toEqual(['b', 'c', 'd'])
    expect(removals).toEqual([{ key: 'expired', value: 1, reason: 'expired' }])
    expect(cache.stats()).toMatchObject({ evictions: 0, expirations: 1 })
  })

  it('12. so does one whose tag was deleted', () => {
    const removals: Removal[] = []
    const cache = watch(
      new Cache<string, number>({ policy, maxEntries: 3, onRemoval: (removal) => removals.push(removal) }),
    )
    cache.set('tagged', 1, { tags: ['t'] })
    cache.set('b', 2)
    cache.set('c', 3)
    cache.deleteByTag('t')
    cache.set('d', 4)
    expect([...cache.keys()].sort()).toEqual(['b', 'c', 'd'])
    expect(removals).toEqual([{ key: 'tagged', value: 1, reason: 'invalidated' }])
    expect(cache.stats().evictions).toBe(0)
  })
})

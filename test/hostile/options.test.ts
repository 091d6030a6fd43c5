import { describe, expect, it } from 'vitest'
import { Cache, type CacheOptions, createCaches } from '../../src/index.ts'
import { thrownBy } from '../contract/support.ts'

const symbol = Symbol('s')
const anyFunction = (): number => 1

/** One of each kind of value, and how a message names it. */
const anything: readonly (readonly [value: unknown, shown: string])[] = [
  [null, 'null'],
  [true, 'true'],
  ['text', "'text'"],
  ['', "''"],
  [5, '5'],
  [0, '0'],
  [-1, '-1'],
  [1.5, '1.5'],
  [Number.NaN, 'NaN'],
  [Infinity, 'Infinity'],
  [-Infinity, '-Infinity'],
  [2 ** 53, '9007199254740992'],
  [5n, '5n'],
  [symbol, 'Symbol(s)'],
  [anyFunction, 'a function'],
  [{}, 'an object'],
  [[], 'an array'],
  [new Map(), 'an object'],
]

const counts = [5, Infinity]
const times = [5, 1.5, Infinity, 2 ** 53]
const spans = [...times, 0]
const functions = [anyFunction]

/** Which of them each option takes; all others are to be refused. */
const taken: { readonly [Option in keyof Required<CacheOptions>]: readonly unknown[] } = {
  maxEntries: counts,
  maxWeight: counts,
  weigh: functions,
  maxBytes: counts,
  maxEntryWeight: [5],
  ttl: times,
  ttlJitter: [0],
  idleTtl: times,
  policy: [],
  protect: [],
  onRemoval: functions,
  onError: functions,
  guard: [false, { weight: 3 }],
  clock: functions,
  name: ['text'],
  keyPrefix: ['text'],
  version: [5, 0, -1],
  kind: [],
  staleWhileRevalidate: spans,
  staleIfError: spans,
  errorBackoff: spans,
  refreshAhead: [0, -0],
  softTimeout: times,
  hardTimeout: times,
  negativeTtl: spans,
  errorTtl: spans,
}

/** What has to stand beside an option for it to make sense. */
const beside: { readonly [option: string]: CacheOptions } = {
  maxWeight: { weigh: () => 1 },
  weigh: { maxWeight: 5 },
  maxEntryWeight: { maxWeight: 5, weigh: () => 1 },
}

describe.each(Object.entries(taken))('the option %s', (option, right) => {
  const name = `hostile options: ${option}`
  const withValue = (value: unknown): CacheOptions => ({ name, ...beside[option], [option]: value })

  it('refuses every other kind of value, and says which option, what was expected and what came', () => {
    for (const [value, shown] of anything) {
      if (right.includes(value)) continue
      for (const [prefix, make] of [
        ['', () => new Cache(withValue(value))],
        ['local.', () => createCaches({ local: withValue(value) as object })],
      ] as const) {
        const error = thrownBy(make)
        expect(error instanceof TypeError || error instanceof RangeError, shown).toBe(true)
        expect(error.message.startsWith(`${prefix}${option}: expected `), error.message).toBe(true)
        expect(error.message.endsWith(`, got ${shown}`), error.message).toBe(true)
      }
    }
  })

  it('refused, leaves nothing behind', () => {
    thrownBy(() => new Cache(withValue([])))
    const cache = new Cache({ maxEntries: 7, policy: 'lru', name })
    expect(cache.stats().size).toBe(0)
    cache.close()
  })

  it('takes what is right, and undefined for its default', () => {
    for (const value of right) {
      const cache = new Cache(withValue(value))
      cache.close()
    }
    const cache = new Cache({ [option]: undefined })
    cache.set('k', 1)
    expect(cache.get('k')).toBe(1)
    cache.close()
  })
})

describe('options as a whole', () => {
  it.each([null, 5, 'text', true, [], () => {}, symbol])('refuses %o', (wrong) => {
    const error = thrownBy(() => new Cache(wrong as object))
    expect(error).toBeInstanceOf(TypeError)
    expect(error.message).toMatch(/^options: expected an object of settings, got/)
  })

  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty', ''])(
    'refuses %o, which every object seems to have',
    (name) => {
      const options = Object.defineProperty({}, name, { value: 5, enumerable: true })
      const error = thrownBy(() => new Cache(options))
      expect(error).toBeInstanceOf(TypeError)
      expect(error.message).toContain('there is no such option')
    },
  )

  it('refuses maxWeight without weigh, weigh without maxWeight, and maxWeight with maxBytes', () => {
    expect(() => new Cache({ maxWeight: 5 })).toThrow(/maxWeight and weigh together/)
    expect(() => new Cache({ weigh: () => 1 })).toThrow(/maxWeight and weigh together/)
    expect(() => new Cache({ maxWeight: 5, weigh: () => 1, maxBytes: 5 })).toThrow(
      /either maxWeight or maxBytes/,
    )
    expect(() => new Cache({ maxBytes: 5, weigh: () => 1 })).toThrow(TypeError)
  })

  it('takes options that are frozen or have no prototype', () => {
    expect(new Cache(Object.freeze({ maxEntries: 5 })).size).toBe(0)
    expect(new Cache(Object.assign(Object.create(null), { maxEntries: 5 })).size).toBe(0)
  })

  it('looks at options once: changing them later changes nothing', () => {
    const options = { maxEntries: 2, ttl: 1000 }
    const cache = new Cache<number, number>(options)
    options.maxEntries = 100
    options.ttl = 1
    for (let i = 0; i < 5; i++) cache.set(i, i)
    expect(cache.size).toBe(2)
    expect(cache.expiresIn(4)).toBeGreaterThan(900)
  })

  it('passes on the error of a getter', () => {
    const error = new Error('getter')
    const options = {
      get maxEntries(): number {
        throw error
      },
    }
    expect(thrownBy(() => new Cache(options))).toBe(error)
  })
})

describe('the options of a write', () => {
  const writes: readonly (readonly [string, (cache: Cache, options: object) => unknown])[] = [
    ['set', (cache, options) => cache.set('k', 2, options)],
    ['add', (cache, options) => cache.add('new', 2, options)],
    ['setMany', (cache, options) => cache.setMany([['k', 2]], options)],
    ['getOrSet', (cache, options) => cache.getOrSet('new', () => 2, options)],
    ['incr', (cache, options) => cache.incr('new', 1, { initial: 1, ...options })],
  ]

  it.each(writes)('%s refuses an option that does not exist and names the nearest', (_, write) => {
    const cache = new Cache<unknown, unknown>()
    cache.set('k', 1)
    for (const options of [{ tll: 5 }, { TTL: 5 }, { ttl: 5, tl: 5 }]) {
      const error = thrownBy(() => write(cache, options))
      expect(error).toBeInstanceOf(TypeError)
      expect(error.message).toContain("did you mean 'ttl'")
    }
    expect([...cache]).toEqual([['k', 1]])
  })

  it.each(writes.filter(([name]) => name !== 'incr'))('%s refuses options that are no object', (_, write) => {
    const cache = new Cache<unknown, unknown>()
    cache.set('k', 1)
    for (const options of [null, 5, '10m', [], true]) {
      const error = thrownBy(() => write(cache, options as object))
      expect(error).toBeInstanceOf(TypeError)
      expect(error.message).toContain('options: expected an object')
    }
    expect([...cache]).toEqual([['k', 1]])
  })
})

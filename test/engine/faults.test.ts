import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Faults } from '../../src/engine/faults.ts'
import { CacheError } from '../../src/errors.ts'
import { Cache, type CacheOptions, type Fault } from '../../src/index.ts'
import { manualClock } from '../support/clock.ts'
import { checkInvariants } from '../support/invariants.ts'

const published: Fault[] = []
const note = (message: unknown): void => void published.push(message as Fault)

beforeEach(() => subscribe('nearcache:fault', note))
afterEach(() => {
  unsubscribe('nearcache:fault', note)
  published.length = 0
  vi.restoreAllMocks()
  vi.useRealTimers()
})

const boom = (message: string) => (): never => {
  throw new Error(message)
}

let names = 0
const freshName = (): string => `faults ${++names}`

/** Each kind of fault of the core: the options that it needs, and what brings it about. */
const kinds: readonly [
  kind: string,
  key: unknown,
  options: CacheOptions<string, number>,
  provoke: (cache: Cache<string, number>) => unknown,
][] = [
  ['listener', 'k', { onRemoval: boom('listener') }, (cache) => [cache.set('k', 1), cache.delete('k')]],
  [
    'listener',
    'k',
    { onRemoval: async () => boom('listener')() },
    (cache) => [cache.set('k', 1), cache.delete('k')],
  ],
  [
    'loader',
    'k',
    { staleWhileRevalidate: '1h' },
    (cache) => {
      cache.set('k', 1)
      cache.expire('k')
      return cache.getOrLoad('k', boom('loader'))
    },
  ],
  [
    'timeout',
    'k',
    { staleIfError: '1h', hardTimeout: 5 },
    (cache) => {
      cache.set('k', 1)
      cache.expire('k')
      return cache.getOrLoad('k', () => new Promise(() => {}))
    },
  ],
  [
    'weigher',
    'extra',
    {
      maxWeight: 100,
      weigh: (_value, key) => (key === 'extra' ? boom('weigher')() : 1),
    },
    (cache) =>
      cache.getOrLoadMany(
        ['k'],
        async () =>
          new Map([
            ['k', 1],
            ['extra', 2],
          ]),
      ),
  ],
]

describe('faults', () => {
  it.each(kinds)(
    '80. %s: given to onError, published and counted, with the cache and the key',
    async (kind, key, options, provoke) => {
      const told: [unknown, Fault][] = []
      const cache = new Cache<string, number>({
        name: freshName(),
        onError: (error, fault) => told.push([error, fault]),
        ...options,
      })
      const before = Date.now()
      await provoke(cache)
      await vi.waitFor(() => expect(told).toHaveLength(1))
      const [[error, fault]] = told as [[unknown, Fault]]
      expect(fault).toMatchObject({ kind, key, cache: cache.name, error, count: 1, muted: 0 })
      expect(fault.since).toBeGreaterThanOrEqual(before)
      expect(published).toEqual([fault])
      expect(cache.stats().faults).toEqual({ [kind]: 1 })
      checkInvariants(cache, { loading: kind === 'timeout' })
    },
  )

  it('80. clock: a clock that throws where nobody can be told', () => {
    const told: Fault[] = []
    let isBroken = false
    const clock = (): number => (isBroken ? boom('clock')() : 1000)
    const cache = new Cache<string, number>({ clock, onError: (_error, fault) => told.push(fault) })
    cache.set('k', 1)
    isBroken = true
    cache.close()
    expect(told.map(({ kind }) => kind)).toContain('clock')
    expect(cache.stats().faults.clock).toBe(told.length)
  })

  it('81. without onError the console has the first of a kind at once, and then a line a minute with what was left out', () => {
    vi.useFakeTimers()
    const print = vi.spyOn(console, 'error').mockImplementation(() => {})
    const name = freshName()
    const cache = new Cache<string, number>({ name, onRemoval: boom('listener') })
    const fail = (): void => {
      cache.set('k', 1)
      cache.delete('k')
    }
    for (let i = 0; i < 1000; i++) fail()
    expect(print.mock.calls).toEqual([[`nearcache: ${name} (listener):`, new Error('listener')]])
    vi.advanceTimersByTime(60_000)
    fail()
    fail()
    expect(print.mock.calls.slice(1)).toEqual([
      [`nearcache: ${name} (listener, 999 more since the last line):`, new Error('listener')],
    ])
    expect(cache.stats().faults).toEqual({ listener: 1002 })
    expect(published.at(-1)).toMatchObject({ count: 1002, muted: 0 })
    expect(published.at(998)).toMatchObject({ count: 999, muted: 997 })
  })

  it('84. the console has the end of what it has the beginning of, and no more of a tier that comes and goes', () => {
    vi.useFakeTimers()
    const print = vi.spyOn(console, 'error').mockImplementation(() => {})
    const faults = new Faults({ label: 'tiered' }, undefined)
    const change = (): void => {
      faults.report('tier', new CacheError('UNREACHABLE', 'away'))
      vi.advanceTimersByTime(1000)
      faults.report('tier', new CacheError('REACHABLE', 'back'))
    }
    change()
    expect(print.mock.calls.map(([text]) => text)).toEqual(Array(2).fill('nearcache: tiered (tier):'))
    for (let i = 0; i < 20; i++) change()
    expect(print).toHaveBeenCalledTimes(2)
    vi.advanceTimersByTime(60_000)
    change()
    expect(print.mock.calls.slice(2).map(([text]) => text)).toEqual([
      'nearcache: tiered (tier, 40 more since the last line):',
      'nearcache: tiered (tier):',
    ])
    expect(faults.counts).toEqual({ tier: 44 })
  })

  it('81. another cache, and another kind, has a line of its own', async () => {
    const print = vi.spyOn(console, 'error').mockImplementation(() => {})
    const { now } = manualClock()
    for (let i = 0; i < 2; i++) {
      const cache = new Cache<string, number>({ clock: now, staleIfError: '1h', onRemoval: boom('listener') })
      cache.set('a', 1)
      cache.delete('a')
      cache.set('k', 1)
      cache.expire('k')
      await cache.getOrLoad('k', boom('loader'))
    }
    expect(print).toHaveBeenCalledTimes(4)
  })

  it('85. an onError that throws or rejects harms nothing, and its own error is printed', async () => {
    const print = vi.spyOn(console, 'error').mockImplementation(() => {})
    for (const onError of [boom('onError'), async () => boom('onError')()]) {
      const cache = new Cache<string, number>({ onRemoval: boom('listener'), onError })
      cache.set('k', 1)
      expect(cache.delete('k')).toBe(true)
      await vi.waitFor(() => expect(print.mock.lastCall?.[0]).toContain(`${cache.name} (onError)`))
      expect(cache.stats().faults).toEqual({ listener: 1 })
      checkInvariants(cache)
    }
  })
})

/** Every method that can make an entry leave, by its name, and how it does. */
const removing: Record<
  string,
  (cache: Cache<string, number>, clock: ReturnType<typeof manualClock>) => unknown
> = {
  get: (cache, clock) => [clock.advance(1000), cache.get('short')],
  getMany: (cache, clock) => [clock.advance(1000), cache.getMany(['short', 'a'])],
  has: (cache, clock) => [clock.advance(1000), cache.has('short')],
  peek: (cache, clock) => [clock.advance(1000), cache.peek('short')],
  set: (cache) => [cache.set('a', 2), cache.set('new', 1), cache.set('b', 1, { ttl: 0 })],
  add: (cache) => cache.add('new', 1),
  setMany: (cache) =>
    cache.setMany([
      ['a', 2],
      ['new', 1],
      ['newer', 1],
    ]),
  touch: (cache) => cache.touch('a', 0),
  delete: (cache) => cache.delete('a'),
  deleteMany: (cache) => cache.deleteMany(['a', 'b', 'none']),
  take: (cache) => cache.take('a'),
  expire: (cache) => cache.expire('a'),
  expireAll: (cache) => [cache.expireAll(), cache.set('a', 1)],
  deleteByTag: (cache) => [cache.deleteByTag('t'), cache.set('tagged', 1)],
  clear: (cache) => [cache.clear(), cache.set('a', 1)],
  incr: (cache) => cache.incr('a'),
  decr: (cache) => cache.decr('a'),
  getOrSet: (cache) => cache.getOrSet('new', () => 1),
  getOrLoad: (cache) => cache.getOrLoad('new', async () => 1),
  getOrLoadMany: (cache) =>
    cache.getOrLoadMany(['new', 'newer'], (keys) => keys.map((key) => [key, 1] as const)),
  incrVersion: (cache) => [cache.version(1).set('a', 1), cache.incrVersion('a')],
  decrVersion: (cache) => [
    cache.version(2).set('a', 1),
    cache.version(1).set('a', 1),
    cache.version(2).decrVersion('a'),
  ],
  namespace: (cache) => cache.namespace('n').clear(),
  version: (cache) => [cache.version(3).set('a', 1), cache.version(3).close()],
  resize: (cache) => cache.resize(2),
  close: (cache) => cache.close(),
}

/** Those that look, and remove nothing. */
const looking = ['constructor', 'expiresIn', 'size', 'keys', 'values', 'entries', 'name', 'stats', 'toJSON']
const helping = ['readClosely', 'readCalm', 'loadOne', 'loadMany']

describe('85. a listener that throws', () => {
  const methods = new Set<string>()
  for (let part = Cache.prototype; part !== Object.prototype; part = Object.getPrototypeOf(part))
    for (const name of Object.getOwnPropertyNames(part)) methods.add(name)

  it('is tried in each operation of a cache', () => {
    expect([...methods].sort()).toEqual([...Object.keys(removing), ...looking, ...helping].sort())
  })

  it.each(Object.entries(removing))(
    'in %s reaches no caller, is a fault for each entry that left, and leaves the cache consistent',
    async (name, operate) => {
      for (const policy of ['adaptive', 'lru'] as const) {
        const left: unknown[] = []
        const faults: Fault[] = []
        const clock = manualClock()
        const cache = new Cache<string, number>({
          ...{ maxEntries: 6, policy, clock: clock.now },
          onRemoval({ key }) {
            left.push(key)
            throw new Error(`of ${left.length}`)
          },
          onError: (_error, fault) => faults.push(fault),
        })
        cache.set('short', 1, { ttl: 500 })
        cache.set('tagged', 1, { tags: ['t'] })
        cache.namespace<string, number>('n').set('inside', 1)
        for (const key of ['a', 'b', 'c']) cache.set(key, 1)
        await operate(cache, clock)
        checkInvariants(cache)
        clock.advance(1000)
        for (let i = 0; name !== 'close' && i < 10; i++) cache.set(`later ${i}`, i)
        checkInvariants(cache)
        cache.close()
        checkInvariants(cache)
        expect(left.length).toBeGreaterThan(5)
        expect(faults.map(({ kind, key, error }) => [kind, key, (error as Error).message])).toEqual(
          left.map((key, i) => ['listener', key, `of ${i + 1}`]),
        )
        expect(cache.stats().faults).toEqual({ listener: left.length })
      }
    },
  )
})

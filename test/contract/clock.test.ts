import { mock } from 'node:test'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { Cache } from '../../src/index.ts'
import { manualClock } from '../support/clock.ts'
import { open, settings } from './support.ts'

afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
  vi.unstubAllGlobals()
  mock.timers.reset()
})

/** Ways to replace time; each gives the function that moves it on. */
const replacements: readonly (readonly [string, () => (ms: number) => void])[] = [
  [
    'all timers',
    () => {
      vi.useFakeTimers()
      return (ms) => vi.advanceTimersByTime(ms)
    },
  ],
  [
    'Date alone',
    () => {
      vi.useFakeTimers({ toFake: ['Date'] })
      return (ms) => vi.advanceTimersByTime(ms)
    },
  ],
  [
    'Date alone, set by hand',
    () => {
      let time = Date.UTC(2030, 0)
      vi.setSystemTime(time)
      return (ms) => {
        time += ms
        vi.setSystemTime(time)
      }
    },
  ],
  [
    'all timers, at a time long ago',
    () => {
      vi.useFakeTimers({ now: 0 })
      return (ms) => vi.advanceTimersByTime(ms)
    },
  ],
  [
    'Date.now, by a spy',
    () => {
      let time = Date.now()
      vi.spyOn(Date, 'now').mockImplementation(() => time)
      return (ms) => {
        time += ms
      }
    },
  ],
  [
    'Date.now, by a bound function',
    () => {
      const source = { time: Date.now(), read: (): number => source.time }
      vi.spyOn(Date, 'now')
      Date.now = function (this: typeof source) {
        return this.time
      }.bind(source)
      return (ms) => {
        source.time += ms
      }
    },
  ],
  [
    'Date, by a class',
    () => {
      let time = Date.now()
      vi.stubGlobal(
        'Date',
        class extends Date {
          static override now() {
            return time
          }
        },
      )
      return (ms) => {
        time += ms
      }
    },
  ],
  [
    "Date, by Node's own test runner",
    () => {
      mock.timers.enable({ apis: ['Date'], now: Date.now() })
      return (ms) => mock.timers.tick(ms)
    },
  ],
]

/** A second copy of the package, imported now. */
async function importAgain(): Promise<typeof Cache> {
  vi.resetModules()
  return (await import('../../src/index.ts')).Cache
}

function expectExpiry(cache: Cache, advance: (ms: number) => void): void {
  cache.set('k', 1, { ttl: 100 })
  expect(cache.expiresIn('k')).toBe(100)
  advance(99)
  expect(cache.get('k')).toBe(1)
  advance(1)
  expect(cache.get('k')).toBeUndefined()
  cache.set('k', 2, { ttl: 100 })
  advance(99)
  expect(cache.has('k')).toBe(true)
  advance(1)
  expect(cache.has('k')).toBe(false)
}

describe.each(replacements)('13. replaced time is read on every call: %s', (_, replace) => {
  it('13. after the import and after the cache was made', () => {
    const cache = new Cache()
    cache.set('before', 1)
    cache.get('before')
    expectExpiry(cache, replace())
  })

  it('13. after the import, before the cache was made', () => {
    const advance = replace()
    expectExpiry(new Cache(), advance)
  })

  it('13. before the import', async () => {
    const advance = replace()
    const Again = await importAgain()
    expectExpiry(new Again(), advance)
  })

  it('13. before the import, put back and replaced again', async () => {
    replace()
    const Again = await importAgain()
    const cache = new Again()
    cache.set('k', 1)
    vi.useRealTimers()
    vi.restoreAllMocks()
    vi.unstubAllGlobals()
    mock.timers.reset()
    cache.set('k', 1)
    expect(cache.get('k')).toBe(1)
    expectExpiry(cache, replace())
  })
})

it('13. an entry written in real time ages in fake time, and an entry written in fake time in real time', () => {
  const cache = new Cache<string, number>()
  cache.set('real', 1, { ttl: 1000 })
  vi.useFakeTimers()
  vi.advanceTimersByTime(900)
  expect(cache.has('real')).toBe(true)
  vi.advanceTimersByTime(100)
  expect(cache.has('real')).toBe(false)
  cache.set('fake', 1, { ttl: 60_000 })
  vi.setSystemTime(Date.now() + 50_000)
  expect(cache.expiresIn('fake')).toBe(10_000)
  vi.useRealTimers()
  expect(cache.has('fake')).toBe(true)
  expect(cache.expiresIn('fake')).toBeLessThanOrEqual(10_000)
})

describe.each(settings)('13. a clock that jumps: $title', (setting) => {
  it.each([0, -5, 1e15, 0.25])('13. a clock may begin anywhere: %s', (start) => {
    const clock = manualClock(start)
    const cache = open(setting, { clock: clock.now, ttl: 100 })
    cache.set('k', 1)
    clock.advance(99)
    expect(cache.has('k')).toBe(true)
    clock.advance(1)
    expect(cache.has('k')).toBe(false)
  })
})

it('13. the wall clock set back neither revives nor prolongs', () => {
  vi.useFakeTimers({ now: Date.UTC(2030, 0) })
  const cache = new Cache<string, number>({ ttl: 100 })
  cache.set('k', 1)
  vi.advanceTimersByTime(60)
  cache.get('k')
  vi.setSystemTime(0)
  expect(cache.expiresIn('k')).toBe(40)
  vi.advanceTimersByTime(40)
  expect(cache.has('k')).toBe(false)
  vi.setSystemTime(0)
  expect(cache.has('k')).toBe(false)
})

describe('13. from one turn of the event loop to the next', () => {
  const busy = (ms: number) => {
    const end = performance.now() + ms
    while (performance.now() < end);
  }

  it.each<[string, (turn: () => void) => void]>([
    ['setImmediate', setImmediate],
    ['setTimeout', (turn) => setTimeout(turn, 1)],
  ])('13. time goes on between two callbacks of one phase: %s', async (_, schedule) => {
    const cache = new Cache<string, number>()
    const left = await new Promise<[number, boolean]>((resolve) => {
      schedule(() => {
        cache.set('k', 1, { ttl: 1000 })
        cache.set('short', 1, { ttl: 10 })
        busy(20)
      })
      schedule(() => resolve([cache.expiresIn('k')!, cache.has('short')]))
    })
    expect(left[0]).toBeLessThanOrEqual(982)
    expect(left[0]).toBeGreaterThan(0)
    expect(left[1]).toBe(false)
  })

  it('13. a turn that only waited for microtasks does not hold time back in the next', async () => {
    const cache = new Cache<string, number>()
    setImmediate(async () => {
      cache.set('k', 1, { ttl: 10 })
      for (let i = 0; i < 10; i++) await null
      cache.get('k')
      busy(20)
    })
    expect(await new Promise((resolve) => setImmediate(() => resolve(cache.has('k'))))).toBe(false)
  })

  it.each<[string, (cache: Cache<string, number>, compute: () => number) => unknown]>([
    ['computed', (cache, compute) => cache.getOrSet('k', compute)],
    ['loaded', (cache, compute) => cache.getOrLoad('k', compute)],
  ])('13. the lifetime of a %s value begins when it is there', async (_, fill) => {
    const cache = new Cache<string, number>({ ttl: 1000 })
    let ready = 0
    await fill(cache, () => {
      busy(20)
      ready = Date.now()
      return 1
    })
    await new Promise(setImmediate)
    const left = cache.expiresIn('k')!
    expect(Date.now() + left).toBeGreaterThanOrEqual(ready + 1000 - 2)
  })
})

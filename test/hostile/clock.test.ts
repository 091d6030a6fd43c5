import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Cache } from '../../src/index.ts'
import { policies } from '../contract/support.ts'
import { checkInvariants } from '../support/invariants.ts'

const rejections: unknown[] = []
const note = (error: unknown) => rejections.push(error)

beforeEach(() => {
  rejections.length = 0
  process.on('unhandledRejection', note)
})

afterEach(() => {
  process.off('unhandledRejection', note)
  vi.useRealTimers()
})

/** Until promises have settled and rejections that nobody handles were reported. */
const settled = () => new Promise((resolve) => setImmediate(resolve))

/** A clock that throws at its `failing`th reading from now. */
function fragileClock() {
  let time = 1000
  let failing = Infinity
  return {
    now: () => {
      if (--failing === 0) throw new Error('clock')
      return time
    },
    advance(ms: number) {
      time += ms
    },
    failAt(reading: number) {
      failing = reading
    },
  }
}

describe.each(policies)('an injected clock: %s', (policy) => {
  it.each<[string, unknown]>([
    ['NaN', Number.NaN],
    ['undefined', undefined],
    ['-Infinity', -Infinity],
    ['Infinity', Infinity],
  ])('that gives %s once does not spoil the time after', (_, odd) => {
    let time: unknown = 1000
    const cache = new Cache<string, number>({ policy, ttl: 100, clock: () => time as number })
    cache.set('before', 1, { ttl: Infinity })
    time = odd
    cache.get('before')
    cache.set('meanwhile', 1)
    time = 2000
    cache.set('after', 1)
    expect(cache.get('after')).toBe(1)
    expect(cache.expiresIn('after')).toBe(100)
    time = 2099
    expect(cache.has('after')).toBe(true)
    time = 2100
    expect(cache.has('after')).toBe(false)
    checkInvariants(cache)
  })

  it('that gives NaN from its second reading on lets the cache work without time', () => {
    let readings = 0
    const clock = () => (readings++ === 0 ? 5 : Number.NaN)
    const cache = new Cache<number, number>({ policy, maxEntries: 3, clock })
    for (let i = 0; i < 10; i++) {
      cache.set(i, i)
      expect(cache.get(i)).toBe(i)
    }
    expect(cache.size).toBe(3)
    checkInvariants(cache)
  })

  it('that jumps wildly leaves the structures sound, and never lets an entry live longer', () => {
    const jumps = [0, 1e10, -1e10, 5, Number.NaN, 3, 1e9, -1, 0.5, 1e11]
    let i = 0
    const cache = new Cache<number, number>({
      policy,
      maxEntries: 5,
      ttl: 1e9,
      clock: () => jumps[i++ % jumps.length]!,
    })
    for (let key = 0; key < 100; key++) {
      cache.set(key % 9, key)
      cache.get((key * 7) % 9)
      const left = cache.expiresIn(key % 9)
      expect(left === undefined || (left > 0 && left <= 1e9)).toBe(true)
    }
    checkInvariants(cache)
  })

  it('that throws lets its error through and leaves the structures sound', () => {
    const calls: readonly ((cache: Cache<string, number>) => unknown)[] = [
      (cache) => cache.get('a'),
      (cache) => cache.set('a', 2),
      (cache) => cache.set('new', 2, { tags: ['t'] }),
      (cache) => cache.set('a', 2, { ttl: 0 }),
      (cache) => cache.add('new2', 2),
      (cache) =>
        cache.setMany([
          ['a', 5],
          ['new3', 6],
        ]),
      (cache) => cache.touch('b'),
      (cache) => cache.delete('b'),
      (cache) => cache.incr('a'),
      (cache) => cache.getOrSet('new4', () => 1),
      (cache) => cache.incrVersion('a'),
      (cache) => cache.deleteByTag('t'),
      (cache) => cache.resize(2),
      (cache) => [...cache],
      (cache) => cache.expireAll(),
      (cache) => cache.take('c'),
      (cache) => cache.clear(),
      (cache) => cache.close(),
    ]
    for (const call of calls) {
      for (let reading = 1; reading <= 6; reading++) {
        const clock = fragileClock()
        const told: number[] = []
        const cache = new Cache<string, number>({
          policy,
          maxEntries: 6,
          clock: clock.now,
          onRemoval: ({ value }) => told.push(value),
        })
        cache.setMany([
          ['a', 1],
          ['b', 1],
          ['c', 1],
          ['d', 1],
        ])
        cache.set('tagged', 1, { tags: ['t'] })
        cache.namespace('n').set('a', 1)
        const what = `${call}, reading ${reading}`
        clock.failAt(reading)
        try {
          call(cache)
        } catch (error) {
          expect((error as Error).message, what).toBe('clock')
        }
        clock.failAt(Infinity)
        expect(() => checkInvariants(cache), what).not.toThrow()
        cache.close()
        expect(cache.stats().size, what).toBe(0)
      }
    }
  })

  it('that throws during a load rejects for its waiters, and the next load works', async () => {
    for (const stale of [false, true]) {
      for (const fails of [false, true]) {
        for (let reading = 1; reading <= 12; reading++) {
          const what = `stale: ${stale}, the loader fails: ${fails}, reading ${reading}`
          const clock = fragileClock()
          const cache = new Cache<string, number>({
            policy,
            clock: clock.now,
            ttl: 100,
            staleIfError: 1000,
            onError() {},
          })
          if (stale) {
            cache.set('k', 1)
            clock.advance(150)
          }
          clock.failAt(reading)
          const loader = async () => {
            if (fails) throw new Error('loader')
            return 2
          }
          let ended = 0
          const end = () => {
            ended++
          }
          for (let i = 0; i < 2; i++) {
            void Promise.resolve()
              .then(() => cache.getOrLoad('k', loader))
              .then(end, end)
          }
          await settled()
          await settled()
          expect(rejections, what).toEqual([])
          expect(ended, what).toBe(2)
          clock.failAt(Infinity)
          clock.advance(20_000)
          const next = await Promise.race([cache.getOrLoad('k', () => 3), settled().then(() => 'hangs')])
          expect([2, 3], what).toContain(next)
          expect(() => checkInvariants(cache), what).not.toThrow()
          cache.close()
        }
      }
    }
  })
})

describe('the system clock', () => {
  it('set to a time that is none does not spoil the time after', () => {
    vi.useFakeTimers()
    const cache = new Cache<string, number>({ ttl: 100 })
    cache.set('k', 1)
    const now = vi.spyOn(Date, 'now').mockReturnValue(Number.NaN)
    expect(cache.get('k')).toBe(1)
    now.mockRestore()
    vi.advanceTimersByTime(100)
    expect(cache.get('k')).toBeUndefined()
  })
})

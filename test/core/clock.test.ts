import { afterEach, describe, expect, test, vi } from 'vitest'
import { Cache, storeOf } from '../../src/cache.ts'
import { InjectedClock, systemClock } from '../../src/core/clock.ts'
import { manualClock } from '../support/clock.ts'

afterEach(() => {
  vi.useRealTimers()
  // The way back to the present is a step forward for the wall clock.
  systemClock.read()
})

const silent = (): void => {}

describe('an injected clock', () => {
  test('begins above zero and advances as its source does, fractions included', () => {
    const { now, advance } = manualClock()
    const clock = new InjectedClock(now, silent)
    const start = clock.now()
    expect(start).toBeGreaterThan(0)
    advance(0.25)
    expect(clock.now() - start).toBe(0.25)
    advance(1e12)
    expect(clock.read() - start).toBe(1e12 + 0.25)
  })

  test('a step back neither turns it back nor stops it', () => {
    const { now, advance } = manualClock()
    const clock = new InjectedClock(now, silent)
    const start = clock.now()
    advance(100)
    clock.now()
    advance(-1000)
    expect(clock.now() - start).toBe(100)
    advance(10)
    expect(clock.now() - start).toBe(110)
  })

  test('a step forward counts', () => {
    const { now, jump } = manualClock(0)
    const clock = new InjectedClock(now, silent)
    const start = clock.now()
    jump(1e15)
    expect(clock.now() - start).toBe(1e15)
  })

  test.each([Number.NaN, Infinity, -Infinity])('a reading of %s is no reading', (reading) => {
    const { now, jump, advance } = manualClock(500)
    const clock = new InjectedClock(now, silent)
    const start = clock.now()
    jump(reading)
    expect(clock.now()).toBe(start)
    jump(500)
    advance(7)
    expect(clock.now() - start).toBe(7)
  })

  test('what its source throws reaches who asks for now, and is reported by read', () => {
    const errors: unknown[] = []
    let fails = false
    const clock = new InjectedClock(
      () => {
        if (fails) throw new Error('no time')
        return 5
      },
      (error) => errors.push(error),
    )
    const start = clock.now()
    fails = true
    expect(() => clock.now()).toThrow('no time')
    expect(clock.read()).toBe(start)
    expect(errors).toHaveLength(1)
  })
})

describe('the wall clock', () => {
  test('stands still within a turn unless it is read afresh, and goes on in the next', async () => {
    const start = systemClock.read()
    expect(systemClock.now()).toBe(start)
    while (systemClock.now() === start) await new Promise((resolve) => setImmediate(resolve))
    expect(systemClock.now()).toBeGreaterThan(start)
  })

  test('is read on every call under fake timers, at once', () => {
    systemClock.now()
    vi.useFakeTimers()
    const start = systemClock.now()
    vi.advanceTimersByTime(25)
    expect(systemClock.now() - start).toBe(25)
    vi.setSystemTime(Date.now() + 1000)
    expect(systemClock.now() - start).toBe(1025)
    vi.setSystemTime(0)
    expect(systemClock.now() - start).toBe(1025)
    vi.advanceTimersByTime(5)
    expect(systemClock.now() - start).toBe(1030)
  })

  test('is read on every call while Date.now alone is replaced, and afterwards does not run back', () => {
    const start = systemClock.now()
    const now = Date.now()
    const spy = vi.spyOn(Date, 'now').mockReturnValue(now + 5000)
    const replaced = systemClock.now()
    expect(replaced - start).toBeGreaterThanOrEqual(5000)
    expect(replaced - start).toBeLessThan(6000)
    spy.mockReturnValue(now + 6000)
    expect(systemClock.now() - replaced).toBe(1000)
    spy.mockRestore()
    expect(systemClock.now()).toBe(replaced + 1000)
  })
})

test('what is set late in a long turn is there in that turn, however short its ttl', () => {
  systemClock.now()
  const late = performance.now() + 20
  while (performance.now() < late);
  const cache = new Cache<string, number>({ ttl: 10 })
  cache.set('key', 1)
  expect(cache.get('key')).toBe(1)
})

test('time goes on where the module is loaded while nextTick is faked and Date is not', async () => {
  vi.resetModules()
  const { nextTick } = process
  let isLost = false
  process.nextTick = (callback, ...args) => {
    if (!isLost) nextTick(callback, ...args)
  }
  const { systemClock: late } = await import('../../src/core/clock.ts')
  process.nextTick = nextTick
  isLost = true
  const start = late.now()
  while (late.now() === start) await new Promise((resolve) => setImmediate(resolve))
  expect(late.now()).toBeGreaterThan(start)
})

test.each([1n, new Date(0), Promise.resolve(1), undefined, Number.NaN, '5'])(
  'a clock that gives %s is refused',
  (reading) => {
    expect(() => new Cache({ clock: () => reading as number })).toThrow(
      'clock: expected a function that returns a finite number, got',
    )
  },
)

describe('13. a write late in a turn counts its lifetime from now', () => {
  const TTL = 60_000
  const WORK = 30

  const work = (): void => {
    for (const end = Date.now() + WORK; Date.now() <= end; );
  }

  /** When an entry that was just written began to live, after a start. */
  function age(cache: Cache<number, number>, key: number, start: number): number {
    const { slots, root } = storeOf(cache)
    return slots.deadlines[root.map.get(key)!]! - TTL - start
  }

  const open = (): Cache<number, number> => new Cache<number, number>({ ttl: TTL, maxEntries: Infinity })

  function writeMany(cache: Cache<number, number>, withMisses = false): void {
    for (let key = 1000; key < 3000; key++) if (!withMisses || !cache.has(key)) cache.set(key, key)
  }

  test('after reads', () => {
    const cache = open()
    const start = systemClock.read()
    cache.get(0)
    work()
    cache.set(0, 0)
    expect(age(cache, 0, start)).toBeGreaterThanOrEqual(WORK)
  })

  test('after another write, and when it is touched', () => {
    const cache = open()
    const start = systemClock.read()
    for (let key = 0; key < 5; key++) {
      cache.set(key, key)
      work()
      cache.set(key + 100, key)
      expect(age(cache, key + 100, start)).toBeGreaterThanOrEqual((key + 1) * WORK)
    }
    work()
    cache.touch(0, TTL)
    expect(age(cache, 0, start)).toBeGreaterThanOrEqual(6 * WORK)
  })

  test.each(['get', 'has'] as const)('after a miss, told by %s, whatever was written before', (read) => {
    const cache = open()
    writeMany(cache)
    const start = systemClock.read()
    cache[read](0)
    work()
    cache.set(0, 0)
    expect(age(cache, 0, start)).toBeGreaterThanOrEqual(WORK)
  })

  test.each([
    [64, false],
    [8, true],
  ])('and of %i writes in a tight loop at least the last (after misses: %s)', (writes, withMisses) => {
    const cache = open()
    writeMany(cache, withMisses)
    const start = systemClock.read()
    work()
    for (let key = 0; key < writes; key++) if (!withMisses || !cache.has(key)) cache.set(key, key)
    expect(age(cache, writes - 1, start)).toBeGreaterThanOrEqual(WORK)
  })

  test('and in a slow loop each', () => {
    const cache = open()
    for (let key = 0; key < 20; key++) {
      const start = systemClock.read()
      work()
      cache.set(key, key)
      expect(age(cache, key, start)).toBeGreaterThanOrEqual(WORK)
    }
  })
})

test('13. later readings that are no finite number are told to onError, once', async () => {
  const errors: unknown[] = []
  let reading: unknown = 1000
  const cache = new Cache<string, number>({
    clock: () => reading as number,
    onError: (error) => errors.push(error),
    ttl: 100,
  })
  cache.set('key', 1)
  for (reading of [Number.NaN, 5n, undefined]) expect(cache.get('key')).toBe(1)
  expect(errors).toEqual([])
  await Promise.resolve()
  expect(errors).toHaveLength(1)
  expect(String(errors[0])).toBe('TypeError: clock: expected a finite number to be returned, got NaN')
  reading = 1100
  expect(cache.get('key')).toBeUndefined()
})

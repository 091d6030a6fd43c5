import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Cache, type Removal } from '../../src/index.ts'
import { manualClock } from '../support/clock.ts'
import { open, settings, watch } from './support.ts'

function errorOf(call: () => unknown): unknown {
  try {
    call()
  } catch (error) {
    return error
  }
  return undefined
}

/** Long enough for what has expired to be swept out. */
const SOON = 3000

beforeEach(() => {
  vi.useFakeTimers()
})

afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

describe.each(settings)('the sweep: $title', (setting) => {
  it('11. gives back the memory of entries that nobody reads', () => {
    const removals: Removal[] = []
    const cache = open<number, number>(setting, { onRemoval: (removal) => removals.push(removal) })
    for (let i = 0; i < 100; i++) cache.set(i, i, { ttl: 1000 })
    cache.set(-1, -1, { ttl: '1h' })
    vi.advanceTimersByTime(1000 + SOON)
    expect(cache.size).toBe(1)
    expect(cache.stats()).toMatchObject({ size: 1, expirations: 100, hits: 0, misses: 0 })
    expect(removals.length).toBe(100)
    expect(new Set(removals.map(({ reason }) => reason))).toEqual(new Set(['expired']))
    vi.advanceTimersByTime(3_600_000)
    expect(cache.size).toBe(0)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('11. gives back entries as their times come, whatever their order', () => {
    const cache = open<number, number>(setting)
    for (const seconds of [50, 10, 40, 20, 30]) cache.set(seconds, 1, { ttl: seconds * 1000 })
    vi.advanceTimersByTime(SOON)
    for (const left of [4, 3, 2, 1, 0]) {
      vi.advanceTimersByTime(10_000)
      expect(cache.size).toBe(left)
    }
  })

  it('11. gives back what was not read for its idle time', () => {
    const cache = open<string, number>(setting, { idleTtl: 10_000, ttl: Infinity })
    cache.set('idle', 1)
    cache.set('read', 1)
    for (let i = 0; i < 4; i++) {
      vi.advanceTimersByTime(5000)
      cache.get('read')
    }
    expect([...cache.keys()]).toEqual(['read'])
    expect(cache.size).toBe(1)
  })

  it('11. gives back what a deleted tag or a clear has made unreadable', () => {
    const removals: Removal[] = []
    const cache = open<number, number>(setting, {
      ttl: Infinity,
      onRemoval: (removal) => removals.push(removal),
    })
    for (let i = 0; i < 10; i++) cache.set(i, i, { tags: ['t'] })
    cache.deleteByTag('t')
    vi.advanceTimersByTime(SOON)
    expect(cache.size).toBe(0)
    expect(removals.map(({ reason }) => reason)).toEqual(new Array(10).fill('invalidated'))
    for (let i = 0; i < 10; i++) cache.set(i, i)
    cache.clear()
    expect(cache.size).toBe(0)
    vi.advanceTimersByTime(SOON)
    expect(removals.slice(10).map(({ reason }) => reason)).toEqual(new Array(10).fill('cleared'))
    expect(vi.getTimerCount()).toBe(0)
  })

  it('11. gives back entries that live longer than a timer can wait', () => {
    const cache = open<string, number>(setting)
    cache.set('k', 1, { ttl: '26d' })
    vi.advanceTimersByTime(25 * 86_400_000)
    expect(cache.size).toBe(1)
    vi.advanceTimersByTime(86_400_000 + SOON)
    expect(cache.size).toBe(0)
  })

  it('11. goes by the injected clock, also when it jumps', () => {
    const clock = manualClock()
    const cache = open<string, number>(setting, { clock: clock.now, ttl: 1000 })
    cache.set('k', 1)
    vi.advanceTimersByTime(600_000)
    expect(cache.size).toBe(1)
    clock.jump(clock.now() + 86_400_000)
    vi.advanceTimersByTime(60_000 + SOON)
    expect(cache.size).toBe(0)
  })
})

it('11. one timer serves all caches and all entries', () => {
  const caches = Array.from({ length: 20 }, () => watch(new Cache<number, number>()))
  const setTimeout = vi.spyOn(globalThis, 'setTimeout')
  for (const [c, cache] of caches.entries())
    for (let i = 0; i < 50; i++) cache.set(i, i, { ttl: 1000 + ((i * 7919 + c * 104_729) % 60_000) })
  expect(vi.getTimerCount()).toBe(1)
  expect(setTimeout.mock.calls.length).toBeLessThan(100)
  for (let i = 0; i < 70; i++) {
    vi.advanceTimersByTime(1000)
    expect(vi.getTimerCount()).toBeLessThanOrEqual(1)
  }
  expect(caches.map((cache) => cache.size)).toEqual(new Array(20).fill(0))
  expect(vi.getTimerCount()).toBe(0)
})

it('11. no timer runs where nothing is to expire', () => {
  const cache = watch(new Cache<string, number>({ ttl: Infinity }))
  cache.set('k', 1)
  expect(vi.getTimerCount()).toBe(0)
  cache.set('short', 1, { ttl: 1000 })
  expect(vi.getTimerCount()).toBe(1)
  vi.advanceTimersByTime(1000 + SOON)
  expect(cache.size).toBe(1)
  expect(vi.getTimerCount()).toBe(0)
})

it('11. the timer of an entry that was deleted stops by itself', () => {
  const cache = watch(new Cache<string, number>())
  cache.set('k', 1)
  cache.delete('k')
  vi.advanceTimersByTime(600_000)
  expect(vi.getTimerCount()).toBe(0)
})

it('11. the timer does not keep the process alive', async () => {
  vi.useRealTimers()
  const setTimeout = vi.spyOn(globalThis, 'setTimeout')
  const cache = watch(new Cache<string, number>())
  cache.set('k', 1)
  expect(setTimeout).toHaveBeenCalledOnce()
  expect(setTimeout.mock.results.map(({ value }) => (value as NodeJS.Timeout).hasRef())).toEqual([false])
})

it('11. a process that has filled a cache ends by itself', async () => {
  vi.useRealTimers()
  const program = `
    import { Cache } from './src/index.ts'
    const cache = new Cache({ onRemoval() {} })
    cache.namespace('inside').set('k', 1)
    cache.set('k', 1, { tags: ['t'] })
    cache.clear()
    cache.set('k', 1)
    console.log(cache.get('k'))
  `
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--import', 'tsx', '--input-type=module', '--eval', program],
    { cwd: new URL('../..', import.meta.url), timeout: 20_000 },
  )
  expect(stdout.trim()).toBe('1')
}, 30_000)

it('11. sweeps in slices, whether many entries expired, were cleared or lost their tag', () => {
  const count = 40_000
  for (const end of ['expire', 'clear', 'deleteByTag']) {
    const cache = new Cache<number, number>({ maxEntries: count, ttl: 60_000, onRemoval() {} })
    for (let i = 0; i < count; i++) cache.set(i, i, { tags: ['t'] })
    if (end === 'clear') cache.clear()
    else if (end === 'deleteByTag') cache.deleteByTag('t')
    else vi.setSystemTime(Date.now() + 60_000)
    let slices = 0
    let largest = 0
    for (let i = 0; i < 1000 && vi.getTimerCount() > 0; i++) {
      const { expirations } = cache.stats()
      vi.advanceTimersToNextTimer()
      const swept = cache.stats().expirations - expirations
      largest = Math.max(largest, swept)
      slices++
    }
    expect(cache.size, end).toBe(0)
    expect(cache.stats().size, end).toBe(0)
    expect(largest, end).toBeLessThanOrEqual(20_000)
    expect(slices, end).toBeGreaterThan(2)
    cache.close()
  }
})

it('11. a cache kept from test to test is swept in the fake time of each', () => {
  const cache = watch(new Cache<string, number>())
  cache.set('in the first', 1, { ttl: 1000 })
  vi.useRealTimers()
  vi.useFakeTimers()
  cache.set('in the second', 1, { ttl: 1000 })
  vi.advanceTimersByTime(1000 + SOON)
  expect(cache.size).toBe(0)
})

it('11. a cache filled in real time is swept in fake time', () => {
  vi.useRealTimers()
  const cache = watch(new Cache<string, number>())
  cache.set('real', 1, { ttl: 1000 })
  vi.useFakeTimers()
  cache.set('fake', 1, { ttl: 1000 })
  vi.advanceTimersByTime(1000 + SOON)
  expect(cache.size).toBe(0)
})

it('11. an error of an injected clock or of a listener does not stop the sweep', () => {
  const clock = manualClock()
  const errors: unknown[] = []
  let broken = false
  const cache = watch(
    new Cache<number, number>({
      ttl: 1000,
      clock: () => {
        if (broken) throw new Error('clock')
        return clock.now()
      },
      onRemoval: () => {
        throw new Error('listener')
      },
      onError: (error) => errors.push((error as Error).message),
    }),
  )
  for (let i = 0; i < 10; i++) cache.set(i, i)
  clock.advance(1000)
  broken = true
  vi.advanceTimersByTime(SOON)
  expect(errors).toContain('clock')
  broken = false
  clock.advance(SOON)
  vi.advanceTimersByTime(60_000 + SOON)
  expect(cache.size).toBe(0)
  expect(errors.filter((error) => error === 'listener').length).toBe(10)
})

it('11. an error of an injected clock does not escape from reclaiming what was cleared', () => {
  let broken = false
  const told: unknown[] = []
  const cache = watch(
    new Cache<number, number>({
      clock: () => {
        if (broken) throw new Error('clock')
        return 1
      },
      onRemoval: ({ key }) => told.push(key),
      onError() {},
    }),
  )
  for (let i = 0; i < 10; i++) cache.set(i, i)
  cache.clear()
  broken = true
  const thrown = errorOf(() => vi.advanceTimersByTime(SOON))
  broken = false
  expect(thrown).toBeUndefined()
  vi.advanceTimersByTime(60_000 + SOON)
  expect(told.length).toBe(10)
})

it.each(settings.filter(({ inNamespace }) => !inNamespace))(
  '26. iteration gives every live entry though a sweep gives back most of a large cache meanwhile: $title',
  (setting) => {
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
  },
)

it.each(settings)(
  '26. iteration gives every entry that stays, once, while so many others come and go that its Map is copied: $title',
  (setting) => {
    const cache = open<number, number>(setting, { maxEntries: 200 })
    for (let i = 0; i < 100; i++) cache.set(i, i)
    const seen: number[] = []
    for (const key of cache.keys()) {
      seen.push(key)
      for (let i = 0; i < 200; i++) {
        cache.set(-i, i)
        cache.delete(-i)
        cache.get(99)
      }
    }
    expect(seen.filter((key) => key > 0).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 99 }, (_, i) => i + 1),
    )
  },
)

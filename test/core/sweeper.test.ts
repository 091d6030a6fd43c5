import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { type Sweepable, sweeper } from '../../src/core/sweeper.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

/** A store that is due at a time, and takes so many slices. */
function store(dueIn: number, slices = 1): Sweepable & { swept: number; due: number } {
  return {
    swept: 0,
    due: Date.now() + dueIn,
    untilSweep() {
      return Math.max(0, this.due - Date.now())
    },
    sweep() {
      this.swept++
      if (this.swept < slices) return false
      this.due = Infinity
      return true
    },
  }
}

test('one timer for all stores, and none when nothing is due', () => {
  const stores = [store(100), store(50), store(500)]
  for (const one of stores) sweeper.expect(one)
  expect(vi.getTimerCount()).toBe(1)
  vi.advanceTimersByTime(49)
  expect(stores.map(({ swept }) => swept)).toEqual([0, 0, 0])
  vi.advanceTimersByTime(1)
  expect(stores.map(({ swept }) => swept)).toEqual([0, 1, 0])
  expect(vi.getTimerCount()).toBe(1)
  vi.advanceTimersByTime(50)
  expect(stores.map(({ swept }) => swept)).toEqual([1, 1, 0])
  vi.advanceTimersByTime(400)
  expect(stores.map(({ swept }) => swept)).toEqual([1, 1, 1])
  expect(vi.getTimerCount()).toBe(0)
})

test('a store that becomes due sooner is swept sooner', () => {
  const one = store(5000)
  sweeper.expect(one)
  one.due = Date.now() + 10
  sweeper.expect(one)
  expect(vi.getTimerCount()).toBe(1)
  vi.advanceTimersByTime(10)
  expect(one.swept).toBe(1)
})

test('a sweep that is not done goes on in the next slice', () => {
  const one = store(10, 5)
  sweeper.expect(one)
  vi.advanceTimersByTime(10)
  expect(one.swept).toBe(1)
  vi.advanceTimersByTime(4)
  expect(one.swept).toBe(5)
  expect(vi.getTimerCount()).toBe(0)
})

test('a slice ends when its time is over however many stores are due, and the next goes on with those that wait', () => {
  const stores = Array.from({ length: 1000 }, () => store(10))
  for (const one of stores) sweeper.expect(one)
  const swept = (): number => stores.reduce((sum, one) => sum + one.swept, 0)
  vi.advanceTimersToNextTimer()
  const first = swept()
  expect(first).toBeGreaterThan(0)
  expect(first).toBeLessThan(stores.length / 2)
  for (let slices = 0; slices < 20 && vi.getTimerCount() > 0; slices++) vi.advanceTimersToNextTimer()
  expect(stores.map((one) => one.swept)).toEqual(stores.map(() => 1))
  expect(vi.getTimerCount()).toBe(0)
})

test('a store that takes many slices has others wait for one of them only', () => {
  const hungry = {
    ...store(10, 100),
    sweep(late: () => boolean) {
      while (!late());
      return ++this.swept === 100
    },
    untilSweep: () => (hungry.swept < 100 ? 0 : Infinity),
  }
  const others = Array.from({ length: 10 }, () => store(10))
  for (const one of [hungry, ...others]) sweeper.expect(one)
  vi.advanceTimersByTime(20)
  expect(hungry.swept).toBeLessThan(20)
  expect(others.map((one) => one.swept)).toEqual(others.map(() => 1))
  vi.advanceTimersByTime(1000)
  expect(hungry.swept).toBe(100)
})

test('a slice ends also where time stands still', () => {
  const asked: number[] = []
  const one = {
    ...store(1),
    sweep(late: () => boolean) {
      let times = 1
      while (!late()) times++
      asked.push(times)
      return true
    },
    untilSweep: () => (asked.length === 0 ? 0 : Infinity),
  }
  sweeper.expect(one)
  vi.advanceTimersByTime(1)
  expect(asked).toHaveLength(1)
  expect(asked[0]).toBeGreaterThan(10)
  expect(asked[0]).toBeLessThan(10_000)
})

test('a dismissed store is not swept, and its timer ends', () => {
  const [one, other] = [store(10), store(20)]
  sweeper.expect(one)
  sweeper.expect(other)
  sweeper.dismiss(one)
  vi.advanceTimersByTime(20)
  expect([one.swept, other.swept]).toEqual([0, 1])
  sweeper.expect(one)
  sweeper.dismiss(one)
  sweeper.dismiss(one)
  expect(vi.getTimerCount()).toBe(0)
})

test('it looks again within a minute, since clocks may jump', () => {
  const one = store(10 * 60_000)
  sweeper.expect(one)
  vi.setSystemTime(Date.now() + 9.5 * 60_000)
  vi.advanceTimersByTime(60_000)
  expect(one.swept).toBe(1)
})

test('a timer that was lost with the fake time of a test runner is set again', () => {
  const one = store(10)
  sweeper.expect(one)
  vi.useRealTimers()
  vi.useFakeTimers()
  expect(vi.getTimerCount()).toBe(0)
  one.due = Date.now() + 10
  sweeper.expect(one)
  vi.advanceTimersByTime(10)
  expect(one.swept).toBe(1)
})

test('a timer does not keep the process alive', () => {
  vi.useRealTimers()
  const set = vi.spyOn(globalThis, 'setTimeout')
  const one = store(1000)
  sweeper.expect(one)
  const timer = set.mock.results.at(-1)!.value as NodeJS.Timeout
  expect(timer.hasRef()).toBe(false)
  sweeper.dismiss(one)
  set.mockRestore()
})

test('a closed store that is not swept yet keeps the process alive until it is', () => {
  const timers: string[] = []
  const { setTimeout } = globalThis
  vi.stubGlobal('setTimeout', (callback: () => void, delay: number) => {
    setTimeout(callback, delay)
    timers.push('set')
    return { ref: () => timers.push('ref'), unref: () => timers.push('unref') }
  })
  const closed = store(0, 3)
  const other = store(10)
  sweeper.expect(other)
  expect(timers.splice(0)).toEqual(['set', 'unref'])
  sweeper.finish(closed)
  expect(timers.splice(0)).toContain('ref')
  vi.advanceTimersByTime(5)
  expect(closed.swept).toBe(3)
  expect(timers.at(-1)).toBe('unref')
  vi.advanceTimersByTime(10)
  expect(other.swept).toBe(1)
  vi.unstubAllGlobals()
})

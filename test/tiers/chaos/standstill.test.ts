import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { overlap, Standstill } from './standstill.ts'

describe('what the calls of a process under chaos are not charged with', () => {
  let now = 0
  let cpu = 0
  beforeEach(() => {
    now = cpu = 0
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    vi.spyOn(process, 'cpuUsage').mockImplementation((before) => ({
      user: 1000 * cpu - (before?.user ?? 0),
      system: 0,
    }))
  })
  afterEach(() => {
    vi.useRealTimers()
    vi.restoreAllMocks()
  })
  const pass = (time: number, computed = 0): void => {
    now += time
    cpu += computed
    vi.advanceTimersByTime(10)
  }

  test('the time in which it was kept from running counts, where a call lies in it', () => {
    const standstill = new Standstill(() => now)
    pass(10)
    pass(310)
    pass(10)
    expect(standstill.within(0, 330)).toBe(300)
    expect(standstill.within(0, 110)).toBe(100)
    expect(standstill.within(0, 10)).toBe(0)
  })

  test('the time in which it computed does not', () => {
    const standstill = new Standstill(() => now)
    pass(310, 300)
    pass(210, 50)
    expect(standstill.within(0, 310)).toBe(0)
    expect(standstill.within(310, 520)).toBe(150)
  })

  test('time of the source counts once, however many asked it', () => {
    const spans = [
      [0, 10],
      [5, 20],
      [30, 40],
    ] as const
    expect(overlap(spans, 0, 100)).toBe(30)
    expect(overlap(spans, 8, 35)).toBe(17)
  })
})

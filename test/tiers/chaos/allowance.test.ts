import { setImmediate as nextTurn } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { Calls } from './allowance.ts'

describe('what a call under chaos may wait by itself', () => {
  let over: string[]
  beforeEach(() => {
    over = []
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })
  const calls = (): Calls => new Calls()
  const tell = (name: string) => () => void over.push(name)

  test('is its limit', () => {
    const all = calls()
    all.begin('a', 300, tell('a'))
    const ended = all.begin('a', 300, tell('ended'))
    vi.advanceTimersByTime(299)
    all.end('a', ended)
    expect(over).toEqual([])
    vi.advanceTimersByTime(2)
    expect(over).toEqual(['a'])
  })

  test('does not count the time of the source, however many ask it', () => {
    const all = calls()
    all.begin('a', 300, tell('before'))
    vi.advanceTimersByTime(200)
    all.asks('a')
    all.begin('a', 300, tell('meanwhile'))
    all.asks('a')
    vi.advanceTimersByTime(5000)
    all.answered('a')
    vi.advanceTimersByTime(5000)
    all.answered('a')
    vi.advanceTimersByTime(99)
    expect(over).toEqual([])
    vi.advanceTimersByTime(2)
    expect(over).toEqual(['before'])
    vi.advanceTimersByTime(200)
    expect(over).toEqual(['before', 'meanwhile'])
  })

  test('is told by the order in which timers are due: one of the call that is as late is not held against it', async () => {
    vi.useRealTimers()
    const all = calls()
    // A timer of the same length that was due long before: then all of this length run first.
    all.end('a', all.begin('a', 20, tell('first')))
    setTimeout(() => {}, 20)
    const call = all.begin('a', 20, tell('a'))
    await nextTurn()
    setTimeout(() => all.end('a', call), 15)
    const until = performance.now() + 60
    while (performance.now() < until);
    // The timers that are due run between the first two of these turns, and what they lead to in the next.
    for (let turn = 0; turn < 4; turn++) await nextTurn()
    expect(over).toEqual([])
  })
})

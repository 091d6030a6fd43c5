import { afterEach, describe, expect, it, vi } from 'vitest'
import { manualClock } from '../support/clock.ts'
import { open, settings } from './support.ts'

afterEach(() => {
  vi.restoreAllMocks()
})

describe.each(settings)('time: $title', (setting) => {
  it('7. parses a string once', () => {
    const cache = open(setting)
    const exec = vi.spyOn(RegExp.prototype, 'exec')
    for (let i = 0; i < 100; i++) cache.set(i, i, { ttl: '123.5s' })
    expect(exec.mock.calls.filter(([text]) => text === '123.5s').length).toBeLessThanOrEqual(1)
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
})

import { Cache } from 'nearcache'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { CacheAside } from '../../src/adapters/aside.ts'

describe('CacheAside', () => {
  let cache: Cache<string, string>
  let aside: CacheAside<string>

  beforeEach(() => {
    vi.useFakeTimers()
    cache = new Cache()
    aside = new CacheAside(cache)
  })

  afterEach(() => {
    vi.useRealTimers()
  })

  test('gives what was put, with its options', () => {
    expect(aside.get('a')).toBe(undefined)
    aside.put('a', 'value', { ttl: 1000, tags: ['t'] })
    expect(aside.get('a')).toBe('value')
    cache.deleteByTag('t')
    expect(aside.get('a')).toBe(undefined)
  })

  test('stores what nobody asked for', () => {
    aside.delete('a')
    aside.put('a', 'value')
    expect(aside.get('a')).toBe('value')
  })

  test('undefined removes what was there', () => {
    aside.put('a', 'value')
    aside.put('a', undefined)
    expect(cache.has('a')).toBe(false)
  })

  test.each([
    ['delete', () => aside.delete('a')],
    ['deleteByTag', () => aside.deleteByTag('t')],
    ['clear', () => aside.clear()],
  ])('a %s between the miss and the result keeps the result out, and the next one in', (_, remove) => {
    aside.get('a', ['t'])
    remove()
    aside.put('a', 'old')
    expect(aside.get('a', ['t'])).toBe(undefined)
    aside.put('a', 'new')
    expect(aside.get('a')).toBe('new')
  })

  test('a deletion of something else does not', () => {
    aside.get('a', ['t'])
    aside.delete('b')
    aside.deleteByTag('other')
    aside.put('a', 'value')
    expect(aside.get('a')).toBe('value')
  })

  test('however readers interleave, none stores what was read before a deletion', () => {
    // The slow reader read the old value; others come and go meanwhile.
    aside.get('a')
    aside.delete('a')
    for (let i = 0; i < 3; i++) {
      aside.get('a')
      aside.put('a', 'new')
    }
    aside.get('a')
    aside.put('a', 'old')
    expect(cache.has('a')).toBe(false)
    aside.put('a', 'new')
    expect(cache.has('a')).toBe(false)
    aside.get('a')
    aside.put('a', 'new')
    expect(aside.get('a')).toBe('new')
  })

  test('a reader that is not heard of again counts for a minute', () => {
    aside.get('a')
    aside.delete('a')
    vi.advanceTimersByTime(59_999)
    aside.get('a')
    aside.put('a', 'value')
    expect(cache.has('a')).toBe(false)
    vi.advanceTimersByTime(1)
    aside.get('a')
    aside.put('a', 'value')
    expect(aside.get('a')).toBe('value')
  })

  test('a read that began late is overtaken by a deletion as long as it may be heard of', () => {
    aside.get('a')
    vi.advanceTimersByTime(59_000)
    aside.get('a')
    aside.delete('a')
    vi.advanceTimersByTime(2_000)
    aside.put('a', 'old')
    expect(cache.has('a')).toBe(false)
  })

  test('a reader that is not heard of again keeps nothing out for more than a minute, though others come all the time', () => {
    aside.get('a')
    aside.delete('a')
    for (let seconds = 0; seconds < 60; seconds += 10) {
      aside.get('a')
      aside.put('a', 'value')
      expect(cache.has('a')).toBe(false)
      vi.advanceTimersByTime(10_000)
    }
    aside.get('a')
    aside.put('a', 'value')
    expect(aside.get('a')).toBe('value')
  })

  test('of very many reads under way none that was overtaken is stored', () => {
    aside.get('deleted', ['t'])
    aside.delete('deleted')
    aside.get('tagged', ['t'])
    aside.deleteByTag('t')
    for (let i = 0; i < 2_000; i++) aside.get(`k${i}`)
    aside.put('deleted', 'old')
    aside.put('k0', 'value')
    expect([cache.has('deleted'), cache.has('k0')]).toEqual([false, true])
    for (let i = 0; i < 100_001; i++) aside.get(`more${i}`)
    aside.put('tagged', 'old')
    expect(cache.has('tagged')).toBe(false)
    vi.advanceTimersByTime(60_000)
    aside.get('tagged')
    aside.put('tagged', 'new')
    expect(aside.get('tagged')).toBe('new')
  })
})

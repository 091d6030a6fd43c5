import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { Cache, type Removal } from '../../src/index.ts'
import { manualClock } from '../support/clock.ts'
import { deferred, ticks } from '../support/deferred.ts'
import { checkInvariants } from '../support/invariants.ts'

/** What random operations or a reading of the source have found, each in its shortest form. */

describe('loads', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  test('a load that timed out does not store under a tag that was deleted after the timeout', async () => {
    const cache = new Cache<string, string>()
    const late = deferred<string>()
    const loading = cache.getOrLoad('key', () => late.promise, { tags: ['tag'], hardTimeout: 10 })
    const refused = expect(loading).rejects.toMatchObject({ code: 'TIMEOUT' })
    vi.advanceTimersByTime(10)
    await refused
    cache.deleteByTag('tag')
    late.resolve('read before the tag was deleted')
    await ticks()
    expect(cache.get('key')).toBeUndefined()
  })

  test('who asks after a tag was deleted does not join a load from before', async () => {
    const cache = new Cache<string, string>()
    const first = deferred<string>()
    const loading = cache.getOrLoad('key', () => first.promise, { tags: ['tag'] })
    cache.deleteByTag('tag')
    const second = cache.getOrLoad('key', () => 'new', { tags: ['tag'] })
    first.resolve('old')
    expect(await loading).toBe('old')
    expect(await second).toBe('new')
    expect(cache.get('key')).toBe('new')
  })

  test('an error thrown at once by a loader is given to the caller, not reported besides', async () => {
    const onError = vi.fn()
    const cache = new Cache<string, string>({ onError })
    const failing = (): string => {
      throw new RangeError('at once')
    }
    await expect(cache.getOrLoad('key', failing)).rejects.toThrow(RangeError)
    expect(onError).not.toHaveBeenCalled()
  })

  test('an invalidated entry whose load finds nothing leaves as invalidated', async () => {
    const removals: Removal[] = []
    const cache = new Cache<string, string>({ onRemoval: (removal) => removals.push(removal) })
    cache.set('key', 'value', { tags: ['tag'] })
    cache.deleteByTag('tag')
    await cache.getOrLoad('key', () => undefined as never)
    expect(removals).toEqual([{ key: 'key', value: 'value', reason: 'invalidated' }])
    expect(cache.stats().expirations).toBe(0)
  })
})

test('incr is a use, so it renews the idle time', () => {
  const clock = manualClock()
  const cache = new Cache<string, number>({ idleTtl: 100, clock: clock.now })
  cache.set('key', 1)
  clock.advance(60)
  cache.incr('key')
  clock.advance(60)
  expect(cache.get('key')).toBe(2)
})

test('a slot that is free when owners begin to be tracked has none, so it keeps no dropped table', () => {
  const cache = new Cache<string, number>({ onRemoval: () => {} })
  cache.set('key', 1)
  cache.delete('key')
  cache.clear()
  checkInvariants(cache)
})

test('what was cleared weighs nothing in the statistics', () => {
  const cache = new Cache<string, number>({ maxWeight: 10, weigh: () => 3, onRemoval: () => {} })
  cache.set('key', 1)
  cache.clear()
  expect(cache.stats()).toMatchObject({ size: 0, weight: 0 })
})

test('a named cache closed through its version 1 frees its name', () => {
  const name = 'closed through its version 1'
  new Cache({ name }).version(1).close()
  const again = new Cache({ name })
  again.set('key', 1)
  expect(again.get('key')).toBe(1)
  again.close()
})

import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { invalidate, storeOf } from '../../src/cache.ts'
import { Cache, type CacheOptions, type NewBounds } from '../../src/index.ts'
import { manualClock } from '../support/clock.ts'
import { checkInvariants } from '../support/invariants.ts'

/* What metrics, the guard and the dashboard stand on, beside the counters, the list of caches and the watchers, which have tests of their own. */

afterEach(() => {
  vi.unstubAllGlobals()
  vi.resetModules()
})

const kinds: [kind: string, options: CacheOptions<string, string>, bounds: object][] = [
  ['by entries', { maxEntries: 7 }, { maxEntries: 7, maxWeight: Infinity, unit: 'entries' }],
  ['by weight', { maxWeight: 50, weigh: () => 5 }, { maxEntries: Infinity, maxWeight: 50, unit: 'weight' }],
  [
    'by weight and entries',
    { maxWeight: 50, weigh: () => 5, maxEntries: 7 },
    { maxEntries: 7, maxWeight: 50, unit: 'weight' },
  ],
  ['by bytes', { maxBytes: '4kb' }, { maxEntries: Infinity, maxWeight: 4096, unit: 'bytes' }],
  [
    'without bounds',
    { maxEntries: Infinity },
    { maxEntries: Infinity, maxWeight: Infinity, unit: 'entries' },
  ],
]

describe.each(kinds)('bounds %s', (_kind, options, bounds) => {
  test('1. can be read from every view, also while a guard holds the cache below them', () => {
    const cache = new Cache<string, string>(options)
    const views = [cache, cache.namespace<string, string>('n'), cache.version(2)]
    for (const view of views) expect(view.stats()).toMatchObject({ ...bounds, heldAt: undefined })
    for (let i = 0; i < 5; i++) cache.set(`${i}`, 'x')
    storeOf(cache).hold(3)
    for (const view of views) expect(view.stats()).toMatchObject({ ...bounds, heldAt: 3 })
    expect(cache.size).toBe(3)
    checkInvariants(cache)
  })

  test('6. taken from stats and given to resize are the same bounds, and nothing leaves', () => {
    const cache = new Cache<string, string>(options)
    for (let i = 0; i < 20; i++) cache.set(`${i}`, 'x')
    const before = cache.stats()
    const { maxEntries, maxWeight, unit } = before
    const given: NewBounds = {
      maxEntries,
      ...(unit === 'weight' && { maxWeight }),
      ...(unit === 'bytes' && { maxBytes: maxWeight }),
    }
    cache.resize(given)
    expect(cache.stats()).toEqual(before)
    cache.resize(2)
    expect([cache.stats().maxEntries, cache.size <= 2]).toEqual([2, true])
    expect(() => cache.resize({ maxEntries: 1, maxWeigth: 1 } as NewBounds)).toThrow('maxWeight')
    expect(cache.stats().maxEntries).toBe(2)
    checkInvariants(cache)
  })
})

test.each(['adaptive', 'lru'] as const)(
  '3. an entry is counted once, by its reason, when it leaves for readers, though the listener is told later: %s',
  (policy) => {
    const clock = manualClock()
    const told: Record<string, number> = {}
    const cache = new Cache<string, number>({
      ...{ policy, maxEntries: 8, clock: clock.now },
      onRemoval: ({ reason }) => {
        told[reason] = (told[reason] ?? 0) + 1
      },
    })
    const removals = () => cache.stats().removals
    for (let i = 0; i < 10; i++) cache.set(`${i}`, i)
    cache.set('9', 0)
    cache.delete('9')
    cache.set('other process', 1)
    expect(invalidate(cache, 'other process')).toBe(true)
    expect(removals()).toEqual({
      ...{ evicted: 2, expired: 0, replaced: 1, deleted: 1, cleared: 0, invalidated: 1 },
    })
    cache.set('short', 1, { ttl: 10 })
    clock.advance(20)
    expect(cache.get('short')).toBeUndefined()
    cache.set('short', 1)
    const tagged = cache.namespace<string, number>('n')
    tagged.set('tagged', 1, { tags: ['t'] })
    cache.clear()
    expect(removals()).toEqual({
      ...{ evicted: 3, expired: 1, replaced: 1, deleted: 1, cleared: 8, invalidated: 1 },
    })
    tagged.set('tagged', 1, { tags: ['t'] })
    cache.deleteByTag('t')
    expect(tagged.get('tagged')).toBeUndefined()
    const last = { evicted: 3, expired: 1, replaced: 1, deleted: 1, cleared: 9, invalidated: 1 }
    cache.close()
    expect(removals()).toEqual(last)
    expect(told).toEqual(last)
    checkInvariants(cache)
  },
)

describe('10. modules of the runtime are reached without an import', () => {
  const fresh = async () => {
    vi.resetModules()
    const { Cache: Fresh } = await import('../../src/index.ts')
    return Fresh
  }

  test('so that a cache is told of in the turn in which it is made', async () => {
    const opened: unknown[] = []
    const note = (message: unknown): void => void opened.push(message)
    subscribe('nearcache:open', note)
    const Fresh = await fresh()
    expect(opened).toEqual([])
    new Fresh({ name: 'first turn' })
    expect(opened).toEqual([{ cache: 'first turn' }])
    unsubscribe('nearcache:open', note)
  })

  test.each([
    ['no process', undefined],
    ['a process that has no built-in modules', { ...process, getBuiltinModule: undefined }],
    ['a process that has not got this one', { ...process, getBuiltinModule: () => undefined }],
  ])('and a cache does without them where there is %s', async (_what, stub) => {
    vi.stubGlobal('process', stub)
    const Fresh = await fresh()
    const cache = new Fresh<string, number>({ maxEntries: 1, onError() {} })
    cache.set('a', 1)
    cache.set('b', 2)
    expect(await cache.getOrLoad('c', async () => 3)).toBe(3)
    cache.clear()
    expect(cache.stats()).toMatchObject({ size: 0, removals: { evicted: 2, cleared: 1 } })
    cache.close()
  })
})

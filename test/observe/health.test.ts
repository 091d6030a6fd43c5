import { describe, expect, it } from 'vitest'
import { allCaches, Cache } from '../../src/index.ts'
import { guardHeap } from '../../src/observe/guard.ts'
import { health } from '../../src/observe/health.ts'
import { TieredCache } from '../../src/tiers/tiered-cache.ts'

const down = async (): Promise<number> => {
  throw new Error('down')
}

describe('83. health', () => {
  it('is well while loads succeed, and counts what failed in a row', async () => {
    const cache = new Cache<string, number>({ name: 'well' })
    expect(health(cache)).toEqual({
      ...{ ok: true, cache: 'well', closed: false, tier: undefined, bus: undefined, guard: undefined },
      loader: { failing: false, consecutive: 0, lastError: undefined, servingStale: false },
    })
    for (let i = 0; i < 2; i++) await cache.getOrLoad('k', down).catch(() => {})
    expect(health(cache)).toMatchObject({
      ok: true,
      loader: { failing: false, consecutive: 2, lastError: 'down' },
    })
    await cache.getOrLoad('k', down).catch(() => {})
    expect(health(cache)).toMatchObject({ ok: false, loader: { failing: true, consecutive: 3 } })
    await cache.getOrLoad('k', async () => 1)
    expect(health(cache)).toMatchObject({
      ok: true,
      loader: { failing: false, consecutive: 0, lastError: undefined },
    })
  })

  it('a failing loader is no reason to be down while stale values are given', async () => {
    const cache = new Cache<string, number>({ staleIfError: '1h', errorBackoff: 0, onError() {} })
    cache.set('k', 1)
    cache.expire('k')
    for (let i = 0; i < 5; i++) expect(await cache.getOrLoad('k', down)).toBe(1)
    expect(health(cache)).toMatchObject({
      ok: true,
      loader: { failing: true, consecutive: 5, servingStale: true },
    })
  })

  it('of a tiered cache tells of its second tier and of its news; one that is away is no reason to be down', async () => {
    let isDown = false
    const entries = new Map<string, Uint8Array>()
    const answer = async <T>(value: T): Promise<T> => {
      if (isDown) throw new Error('away')
      return value
    }
    const remote = {
      get: (key: string) => answer(entries.get(key)),
      set: (key: string, value: Uint8Array) => answer(void entries.set(key, value)),
      delete: (keys: readonly string[]) => answer(keys.forEach((key) => void entries.delete(key))),
    }
    const cache = new TieredCache<string, number>({
      ...{ name: 'healthy', remote, writeTimeout: 1, closeTimeout: 1, onError() {} },
    })
    await cache.getOrLoad('k', async () => 1)
    const well = health(cache)
    expect(well).toMatchObject({
      ...{ ok: true, cache: 'tiered:healthy', tier: { away: false, openings: 0 } },
      bus: { listening: false, knownFor: expect.any(Number), queued: 0 },
    })
    expect(health(cache.namespace('inner')).tier).toEqual(well.tier)
    expect(health(allCaches().get('tiered:healthy')!).tier).toEqual(well.tier)
    isDown = true
    await cache.delete('k')
    for (let i = 0; i < 20; i++) await cache.getOrLoad(`k${i}`, async () => 1)
    expect(health(cache)).toMatchObject({ ok: true, tier: { away: true, openings: 1 }, bus: { queued: 1 } })
    expect(JSON.parse(JSON.stringify(health(cache)))).toMatchObject({ tier: { away: true } })
    await cache.close()
    expect(health(cache)).toMatchObject({ ok: false, closed: true })
  })

  it('tells that a cache is closed, and what the guard does; is plain data', () => {
    const cache = new Cache<string, number>()
    const guard = guardHeap()
    expect(health(cache).guard).toEqual({ holding: false, heldAt: undefined })
    guard.stop()
    cache.close()
    expect(health(cache)).toMatchObject({ ok: false, closed: true })
    expect(JSON.parse(JSON.stringify(health(cache)))).toMatchObject({ ok: false })
    expect(() => health(5 as never)).toThrow('cache: expected a cache, got 5')
  })
})

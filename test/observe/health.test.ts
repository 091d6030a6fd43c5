import { describe, expect, it, vi } from 'vitest'
import { allCaches, Cache } from '../../src/index.ts'
import { guardHeap } from '../../src/observe/guard.ts'
import { health } from '../../src/observe/health.ts'
import { openedTiers } from '../../src/tiers/listed.ts'
import { TieredCache } from '../../src/tiers/tiered-cache.ts'
import { Wire } from '../tiers/buses/wire.ts'
import { Fleet } from '../tiers/support/fleet.ts'

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
      ...{
        ok: true,
        cache: 'tiered:healthy',
        tier: { away: false, awayFor: undefined, breaker: 'closed', openings: 0 },
      },
      bus: { down: false, downFor: undefined, listening: false, knownFor: expect.any(Number), queued: 0 },
    })
    expect(health(cache.namespace('inner')).tier).toEqual(well.tier)
    expect(health(allCaches().get('tiered:healthy')!).tier).toEqual(well.tier)
    isDown = true
    await cache.delete('k')
    for (let i = 0; i < 20; i++) await cache.getOrLoad(`k${i}`, async () => 1)
    expect(health(cache)).toMatchObject({
      ok: true,
      tier: { away: true, awayFor: expect.any(Number), breaker: 'open', openings: 1 },
      bus: { down: true, downFor: expect.any(Number), queued: 1 },
    })
    expect(JSON.parse(JSON.stringify(health(cache)))).toMatchObject({ tier: { away: true } })
    await cache.close()
    expect(health(cache)).toMatchObject({ ok: false, closed: true })
  })

  it('84. of a cache over a bus has no tier; while the bus is down it tells for how long', async () => {
    const fleet = new Fleet()
    const wire = new Wire()
    const cache = new TieredCache<string, number>({
      ...{ name: 'over-a-bus', remote: wire.bus(), closeTimeout: 1, clock: () => fleet.now, onError() {} },
    })
    await vi.waitFor(() => expect(health(cache).bus).toMatchObject({ down: false, listening: true }))
    expect(health(cache).tier).toBeUndefined()
    const { requests, outage } = openedTiers().get('over-a-bus')!.protocol
    for (let i = 0; i < 5; i++) await requests.ask(() => Promise.reject(new Error('down')), 1)
    fleet.now += 3000
    expect(health(cache)).toMatchObject({ ok: true, bus: { down: true, downFor: 3000 } })
    await requests.ask(async () => 1, 1)
    expect(health(cache).bus).toMatchObject({ down: false, downFor: undefined })
    outage.end()
    await cache.close()
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

import { describe, expect, it, vi } from 'vitest'
import type { Removal } from '../../src/index.ts'
import { checkInvariants } from '../support/invariants.ts'
import { MINUTE, open, pass, SECOND, Source, useFakeTime } from './support.ts'

useFakeTime()

const options = { ttl: 100, staleIfError: MINUTE }

describe('an entry kept past its ttl', () => {
  it('is seen by no reader but getOrLoad', async () => {
    const { cache } = open<number>(options)
    cache.set('k', 1, { tags: ['t'] })
    await pass(100)
    expect(cache.get('k')).toBeUndefined()
    expect(cache.get('k', 7)).toBe(7)
    expect(cache.has('k')).toBe(false)
    expect(cache.peek('k')).toBeUndefined()
    expect(cache.expiresIn('k')).toBeUndefined()
    expect(cache.getMany(['k']).size).toBe(0)
    expect([...cache, ...cache.keys(), ...cache.values(), ...cache.entries()]).toEqual([])
    expect(() => cache.incr('k')).toThrow(/no entry/)
    expect(() => cache.incrVersion('k')).toThrow(/no entry/)
    expect(cache.touch('k')).toBe(false)
    expect(cache.expire('k')).toBe(false)
    expect(cache.size).toBe(1)
    checkInvariants(cache)
    expect(cache.take('k')).toBeUndefined()
    expect(cache.size).toBe(0)
  })

  it.each<[string, (cache: ReturnType<typeof open<number>>['cache']) => unknown, number]>([
    ['add', (cache) => cache.add('k', 2), 2],
    ['set', (cache) => cache.set('k', 2), 2],
    ['incr', (cache) => cache.incr('k', 1, { initial: 2 }), 2],
    ['getOrSet', (cache) => cache.getOrSet('k', () => 2), 2],
  ])('gives way to %s, as if nothing were there', async (_, write, value) => {
    const removals: Removal[] = []
    const { cache } = open<number>({ ...options, onRemoval: (removal) => removals.push(removal) })
    cache.set('k', 1)
    await pass(100)
    write(cache)
    expect([cache.get('k'), cache.size]).toEqual([value, 1])
    expect(removals).toEqual([{ key: 'k', value: 1, reason: 'expired' }])
    checkInvariants(cache)
  })

  it('counts against maxEntries, and can be given up', async () => {
    const { cache } = open({ ...options, maxEntries: 3, policy: 'lru' })
    for (const key of ['a', 'b', 'c']) cache.set(key, 'old')
    await pass(100)
    expect(cache.size).toBe(3)
    for (const key of ['d', 'e']) cache.set(key, 'new')
    expect(cache.size).toBe(3)
    expect(cache.stats().size).toBe(3)
    checkInvariants(cache)
  })

  it('counts against maxWeight', async () => {
    const { cache } = open({ ...options, maxWeight: 10, weigh: (value: string) => value.length })
    cache.set('a', '12345678')
    await pass(100)
    expect(cache.stats().weight).toBe(8)
    cache.set('b', '123')
    expect(cache.stats()).toMatchObject({ weight: 3, size: 1 })
    checkInvariants(cache)
  })

  it('what is remembered as absent or failed counts too', async () => {
    const { cache } = open<string | undefined>({ negativeTtl: '1m', maxEntries: 3 })
    for (let i = 0; i < 10; i++) await cache.getOrLoad(`k${i}`, () => undefined)
    expect(cache.size).toBe(3)
    checkInvariants(cache)
  })
})

describe('it leaves with reason expired, exactly once', () => {
  const scenes: Record<string, (cache: ReturnType<typeof open>['cache']) => unknown> = {
    'when the window ends': () => pass(MINUTE + 2 * SECOND),
    'when a load brings another': (cache) => cache.getOrLoad('k', () => 'new'),
    'when it is written': (cache) => cache.set('k', 'new'),
    'when it is deleted': (cache) => expect(cache.delete('k')).toBe(false),
    'when room is needed': (cache) => [cache.set('x', 'new'), cache.set('y', 'new')],
    'when a load finds nothing': (cache) => cache.getOrLoad('k', () => undefined as never),
  }

  it.each(Object.entries(scenes))('%s', async (_, happen) => {
    const onRemoval = vi.fn()
    const { cache } = open<string>({ ...options, maxEntries: 2, policy: 'lru', onRemoval })
    cache.set('k', 'old')
    await pass(100)
    expect(onRemoval).not.toHaveBeenCalled()
    await happen(cache)
    expect(onRemoval.mock.calls).toEqual([[{ key: 'k', value: 'old', reason: 'expired' }]])
    expect(cache.stats()).toMatchObject({ expirations: 1, deletes: 0, evictions: 0 })
    await pass(3 * SECOND)
    expect(onRemoval.mock.calls.filter(([{ value }]) => value === 'old').length).toBe(1)
  })

  it('but as cleared or invalidated where that is what ended it', async () => {
    const reasons: string[] = []
    const { cache } = open({
      ttl: '1h',
      staleIfError: MINUTE,
      onRemoval: ({ reason }) => reasons.push(reason),
    })
    cache.set('a', 'old')
    cache.clear()
    cache.set('b', 'old', { tags: ['t'] })
    cache.deleteByTag('t')
    await pass(3 * SECOND)
    expect(reasons.sort()).toEqual(['cleared', 'invalidated'])
  })

  it('one whose tag was deleted leaves as invalidated, also where a load finds nothing', async () => {
    const onRemoval = vi.fn()
    const { cache } = open<string | undefined>({ ttl: '1h', onRemoval })
    cache.set('k', 'old', { tags: ['t'] })
    cache.deleteByTag('t')
    await cache.getOrLoad('k', () => undefined)
    expect(onRemoval.mock.calls).toEqual([[{ key: 'k', value: 'old', reason: 'invalidated' }]])
    expect(cache.stats().expirations).toBe(0)
  })
})

describe('memory comes back when the window ends', () => {
  it('of values kept for errors, and of what was remembered', async () => {
    const { cache } = open<string | undefined>({ ...options, negativeTtl: MINUTE, errorTtl: MINUTE })
    for (let i = 0; i < 50; i++) cache.set(`v${i}`, 'old')
    for (let i = 0; i < 50; i++) await cache.getOrLoad(`n${i}`, () => undefined)
    for (let i = 0; i < 50; i++) await cache.getOrLoad(`e${i}`, () => Promise.reject('down')).catch(() => {})
    await pass(MINUTE - SECOND)
    expect(cache.size).toBe(150)
    await pass(3 * SECOND)
    expect(cache.size).toBe(0)
    checkInvariants(cache)
  })

  it('not before, so that expire does not shorten it', async () => {
    const { cache } = open({ ttl: '1h', staleWhileRevalidate: 10 * SECOND })
    cache.set('k', 'old')
    cache.expire('k')
    await pass(10 * SECOND - 1)
    expect(await cache.getOrLoad('k', () => new Promise<string>(() => {}))).toBe('old')
    await pass(2 * SECOND)
    expect(cache.size).toBe(0)
  })

  it('after the last load nothing is listed', async () => {
    const { cache } = open<string | undefined>({ ...options, hardTimeout: SECOND })
    const source = new Source<string | undefined>()
    for (let i = 0; i < 20; i++) {
      cache.getOrLoad(`k${i}`, source.load).catch(() => {})
      if (i % 3 === 0) cache.delete(`k${i}`)
      if (i % 5 === 0) cache.clear()
    }
    await pass(2 * SECOND)
    for (const [i, call] of source.calls.entries()) {
      if (i % 2 === 0) call.resolve('late')
      else call.reject('late')
    }
    await pass(1)
    checkInvariants(cache)
  })
})

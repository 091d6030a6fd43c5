import { describe, expect, it, vi } from 'vitest'
import { ticks } from '../support/deferred.ts'
import { checkInvariants } from '../support/invariants.ts'
import { failed, follow, given, open, pass, SECOND, Source, useFakeTime } from './support.ts'

useFakeTime()

describe('how long a result lives', () => {
  it('as the cache says, or the call', async () => {
    const { cache } = open({ ttl: 100 })
    await cache.getOrLoad('a', () => 'v')
    await cache.getOrLoad('b', () => 'v', { ttl: '1s' })
    expect([cache.expiresIn('a'), cache.expiresIn('b')]).toEqual([100, SECOND])
  })

  it('as a function of value and key says', async () => {
    const { cache } = open({ ttl: 100 })
    const ttl = vi.fn((value: string) => (value === 'short' ? 5 : '2s'))
    await cache.getOrLoad('a', () => 'short', { ttl })
    await cache.getOrLoad('b', () => 'long', { ttl })
    expect([cache.expiresIn('a'), cache.expiresIn('b')]).toEqual([5, 2 * SECOND])
    expect(ttl.mock.calls).toEqual([
      ['short', 'a'],
      ['long', 'b'],
    ])
  })

  it.each([0, -1])('a function that says %o: given, not stored', async (ttl) => {
    const { cache } = open()
    expect(await cache.getOrLoad('k', () => 'v', { ttl: () => ttl })).toBe('v')
    expect(cache.size).toBe(0)
    checkInvariants(cache)
  })

  it('a function is not asked for a value that was found in the cache, nor for undefined', async () => {
    const { cache } = open<string | undefined>()
    const ttl = vi.fn(() => 1)
    cache.set('k', 'v')
    await cache.getOrLoad('k', () => 'new', { ttl })
    await cache.getOrLoad('none', () => undefined, { ttl })
    expect(ttl).not.toHaveBeenCalled()
  })
})

describe('what a loader says of its result', () => {
  it('ttl: over that of the call and the cache', async () => {
    const { cache } = open({ ttl: 100 })
    const load = async (_: string, context: { ttl: unknown }) => {
      await undefined
      context.ttl = '3s'
      return 'v'
    }
    await cache.getOrLoad('k', load, { ttl: () => 50 })
    expect(cache.expiresIn('k')).toBe(3 * SECOND)
  })

  it('ttl 0: given, not stored', async () => {
    const { cache } = open()
    const value = await cache.getOrLoad('k', (_, context) => {
      context.ttl = 0
      return 'v'
    })
    expect([value, cache.size]).toEqual(['v', 0])
  })

  it('tags: instead of those of the call', async () => {
    const { cache } = open()
    const load = (_: string, context: { tags: readonly string[] | undefined }) => {
      context.tags = ['own']
      return 'v'
    }
    await cache.getOrLoad('k', load, { tags: ['of the call'] })
    cache.deleteByTag('of the call')
    expect(cache.has('k')).toBe(true)
    cache.deleteByTag('own')
    expect(cache.has('k')).toBe(false)
  })

  it('keep false: given to all who wait, not stored, and what was there stays', async () => {
    const { cache, errors } = open({ ttl: 100, staleIfError: 1000 })
    cache.set('k', 'old')
    await pass(150)
    const source = new Source()
    const calls = [1, 2].map(() => follow(cache.getOrLoad('k', source.load)))
    source.last.context.keep = false
    await source.bring('passing')
    expect(calls).toEqual([given('passing'), given('passing')])
    expect(cache.has('k')).toBe(false)
    const next = follow(cache.getOrLoad('k', source.load))
    expect(source.calls.length).toBe(2)
    await source.fail(new Error('down'))
    expect(next).toEqual(given('old'))
    expect(errors.splice(0).length).toBe(1)
  })

  it.each<[string, object, RegExp]>([
    ['ttl', { ttl: 'soon' }, /^ttl: /],
    ['tags', { tags: 'one' }, /^tags: /],
  ])('a wrong %s fails the load, and nothing is stored', async (_, wrong, message) => {
    const { cache } = open()
    const load = (_: string, context: object) => {
      Object.assign(context, wrong)
      return 'v'
    }
    await expect(cache.getOrLoad('k', load)).rejects.toThrow(message)
    expect(cache.stats()).toMatchObject({ size: 0, loadFailures: 1 })
    checkInvariants(cache)
  })

  it('stale: the value that is due, to ask the source whether it still holds', async () => {
    const { cache } = open({ ttl: 100, staleIfError: 1000 })
    cache.set('k', 'old')
    await pass(500)
    const value = await cache.getOrLoad('k', async (_, { stale }) => stale ?? 'none')
    expect(value).toBe('old')
    expect(cache.get('k')).toBe('old')
    expect(cache.expiresIn('k')).toBe(100)
  })
})

describe('not found', () => {
  it('undefined is passed on to all and not kept; nor is what was there', async () => {
    const { cache } = open<string | undefined>({ ttl: 100, staleIfError: 1000 })
    const source = new Source<string | undefined>()
    cache.set('k', 'old')
    await pass(150)
    const calls = [1, 2].map(() => follow(cache.getOrLoad('k', source.load)))
    await source.bring(undefined)
    expect(calls).toEqual([given(undefined), given(undefined)])
    expect(cache.size).toBe(0)
    void cache.getOrLoad('k', source.load)
    expect(source.calls.length).toBe(2)
    expect(source.last.context.stale).toBeUndefined()
  })

  it('negativeTtl: remembered as absent for that long, for getOrLoad alone to see', async () => {
    const { cache } = open<string | undefined>({ negativeTtl: 100 })
    const load = vi.fn((): string | undefined => undefined)
    expect(await cache.getOrLoad('k', load)).toBeUndefined()
    await pass(99)
    expect(await cache.getOrLoad('k', load)).toBeUndefined()
    expect(load).toHaveBeenCalledOnce()
    expect([cache.get('k'), cache.has('k'), cache.peek('k'), [...cache]]).toEqual([
      ...[undefined, false, undefined, []],
    ])
    expect(cache.size).toBe(1)
    checkInvariants(cache)
    await pass(1)
    load.mockReturnValue('found')
    expect(await cache.getOrLoad('k', load)).toBe('found')
    expect(cache.get('k')).toBe('found')
    checkInvariants(cache)
  })

  it('negativeTtl of the call goes before that of the cache', async () => {
    const { cache } = open<string | undefined>({ negativeTtl: 100 })
    const load = vi.fn(() => undefined)
    await cache.getOrLoad('k', load, { negativeTtl: 0 })
    await cache.getOrLoad('k', load)
    expect(load).toHaveBeenCalledTimes(2)
  })

  it.each<[string, (cache: ReturnType<typeof open<string | undefined>>['cache']) => void]>([
    ['delete', (cache) => cache.delete('k')],
    ['clear', (cache) => cache.clear()],
    ['deleteByTag', (cache) => cache.deleteByTag('t')],
  ])('what was remembered as absent is forgotten by %s', async (_, invalidate) => {
    const { cache } = open<string | undefined>({ negativeTtl: 100 })
    await cache.getOrLoad('k', () => undefined, { tags: ['t'] })
    invalidate(cache)
    expect(await cache.getOrLoad('k', () => 'made meanwhile')).toBe('made meanwhile')
  })

  it.each<[string, (cache: ReturnType<typeof open<string | number | undefined>>['cache']) => unknown]>([
    ['set', (cache) => cache.set('k', 1)],
    ['add', (cache) => cache.add('k', 1)],
    ['getOrSet', (cache) => cache.getOrSet('k', () => 1)],
    ['incr', (cache) => cache.incr('k', 1, { initial: 1 })],
  ])('what was remembered as absent gives way to %s', async (_, write) => {
    const { cache } = open<string | number | undefined>({ negativeTtl: 100 })
    await cache.getOrLoad('k', () => undefined)
    write(cache)
    expect(await cache.getOrLoad('k', () => 'never asked')).toBe(1)
    expect(cache.size).toBe(1)
    checkInvariants(cache)
  })

  it('what is remembered is told to no listener and counted as no entry that leaves', async () => {
    const onRemoval = vi.fn()
    const { cache } = open<string | undefined>({ negativeTtl: 100, errorTtl: 100, onRemoval, maxEntries: 2 })
    for (const key of ['a', 'b', 'c']) await cache.getOrLoad(key, () => undefined)
    await cache.getOrLoad('d', () => Promise.reject(new Error('down'))).catch(() => {})
    cache.delete('d')
    await pass(10 * SECOND)
    cache.clear()
    expect(onRemoval).not.toHaveBeenCalled()
    expect(cache.stats()).toMatchObject({ evictions: 0, expirations: 0, deletes: 0, size: 0 })
  })
})

describe('failed', () => {
  it('errorTtl: the same error is given again, and the loader left alone, for that long', async () => {
    const { cache } = open({ errorTtl: 100 })
    const source = new Source()
    const error = new Error('down')
    const first = follow(cache.getOrLoad('k', source.load))
    await source.fail(error)
    expect(first).toEqual(failed(error))
    await pass(99)
    const again = follow(cache.getOrLoad('k', source.load))
    await ticks()
    expect(again.value).toBe(error)
    expect(source.calls.length).toBe(1)
    expect([cache.get('k'), cache.has('k'), [...cache.keys()]]).toEqual([undefined, false, []])
    checkInvariants(cache)
    await pass(1)
    const later = follow(cache.getOrLoad('k', source.load))
    expect(source.calls.length).toBe(2)
    await source.bring('up')
    expect(later).toEqual(given('up'))
  })

  it('without errorTtl the next caller asks again', async () => {
    const { cache } = open()
    const source = new Source()
    void follow(cache.getOrLoad('k', source.load))
    await source.fail(new Error('down'))
    void cache.getOrLoad('k', source.load)
    expect(source.calls.length).toBe(2)
  })

  it('a value that is set meanwhile is not replaced by the failure, a deletion is not either', async () => {
    const { cache } = open({ errorTtl: 100 })
    const source = new Source()
    void follow(cache.getOrLoad('k', source.load))
    void follow(cache.getOrLoad('l', source.load))
    cache.set('k', 'set')
    cache.delete('l')
    for (const call of source.calls) call.reject(new Error('down'))
    await ticks()
    expect(await cache.getOrLoad('k', source.load)).toBe('set')
    void cache.getOrLoad('l', source.load)
    expect(source.calls.length).toBe(3)
  })

  it('a remembered failure is forgotten by deleteByTag of a tag of its call', async () => {
    const { cache } = open({ errorTtl: 100 })
    await cache.getOrLoad('k', () => Promise.reject(new Error('down')), { tags: ['t'] }).catch(() => {})
    cache.deleteByTag('t')
    expect(await cache.getOrLoad('k', () => 'up')).toBe('up')
  })
})

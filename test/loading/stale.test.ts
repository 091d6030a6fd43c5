import { describe, expect, it, vi } from 'vitest'
import { ticks } from '../support/deferred.ts'
import { checkInvariants } from '../support/invariants.ts'
import { failed, follow, given, open, pass, SECOND, Source, useFakeTime, waiting } from './support.ts'

useFakeTime()

describe('staleWhileRevalidate', () => {
  const options = { ttl: 100, staleWhileRevalidate: 50 }

  it('past its ttl the old value is given at once, and one refresh runs behind', async () => {
    const { cache } = open(options)
    const source = new Source()
    cache.set('k', 'old')
    await pass(100)
    const calls = [1, 2, 3].map(() => follow(cache.getOrLoad('k', source.load)))
    await ticks()
    expect(calls).toEqual([given('old'), given('old'), given('old')])
    expect(source.calls.length).toBe(1)
    expect(source.last.context.stale).toBe('old')
    await source.bring('new')
    expect(cache.get('k')).toBe('new')
    expect(cache.expiresIn('k')).toBe(100)
    checkInvariants(cache)
  })

  it('before its ttl ends no refresh starts', async () => {
    const { cache } = open(options)
    cache.set('k', 'old')
    await pass(99)
    const load = vi.fn(() => 'new')
    expect(await cache.getOrLoad('k', load)).toBe('old')
    expect(load).not.toHaveBeenCalled()
  })

  it('to the millisecond: past the window the caller waits', async () => {
    const { cache } = open(options)
    const source = new Source()
    cache.set('in', 'old')
    cache.set('past', 'old')
    await pass(149)
    const inside = follow(cache.getOrLoad('in', source.load))
    await pass(1)
    const past = follow(cache.getOrLoad('past', source.load))
    await ticks()
    expect([inside, past]).toEqual([given('old'), waiting])
    await source.bring('new')
    expect(past).toEqual(given('new'))
    source.calls[0]!.resolve('new')
  })

  it('who comes past the window joins the refresh under way', async () => {
    const { cache } = open(options)
    const source = new Source()
    cache.set('k', 'old')
    await pass(149)
    await cache.getOrLoad('k', source.load)
    await pass(10)
    const late = follow(cache.getOrLoad('k', source.load))
    await source.bring('new')
    expect(late).toEqual(given('new'))
    expect(source.calls.length).toBe(1)
  })

  it('a refresh that fails is not repeated for the back-off, while stale values are given', async () => {
    const { cache, errors } = open({ ttl: 100, staleWhileRevalidate: '1h', errorBackoff: '5s' })
    const source = new Source()
    cache.set('k', 'old')
    await pass(100)
    await cache.getOrLoad('k', source.load)
    const error = new Error('down')
    await source.fail(error)
    expect(errors.splice(0)).toEqual([error])
    await pass(5 * SECOND - 1)
    expect(await cache.getOrLoad('k', source.load)).toBe('old')
    expect(source.calls.length).toBe(1)
    await pass(1)
    expect(await cache.getOrLoad('k', source.load)).toBe('old')
    expect(source.calls.length).toBe(2)
    await source.bring('new')
    expect(cache.get('k')).toBe('new')
  })

  it('of one call, for a value kept by another: as long as it was kept', async () => {
    const { cache } = open({ ttl: 100 })
    await cache.getOrLoad('kept', () => 'old', { staleWhileRevalidate: 50 })
    cache.set('not kept', 'old')
    await pass(120)
    const source = new Source()
    const kept = follow(cache.getOrLoad('kept', source.load, { staleWhileRevalidate: 50 }))
    const not = follow(cache.getOrLoad('not kept', source.load, { staleWhileRevalidate: 50 }))
    await ticks()
    expect([kept, not]).toEqual([given('old'), waiting])
    for (const call of source.calls) call.resolve('new')
  })
})

describe('staleIfError', () => {
  const options = { ttl: 100, staleIfError: '1m', errorBackoff: '10s' } as const

  it('past its ttl the caller waits, and is given the new value', async () => {
    const { cache } = open(options)
    const source = new Source()
    cache.set('k', 'old')
    await pass(150)
    const call = follow(cache.getOrLoad('k', source.load))
    await ticks()
    expect(call).toEqual(waiting)
    await source.bring('new')
    expect(call).toEqual(given('new'))
  })

  it('the old value is given to all who wait when the loader fails, and the error is reported', async () => {
    const { cache, errors } = open(options)
    const source = new Source()
    cache.set('k', 'old')
    await pass(150)
    const calls = [1, 2].map(() => follow(cache.getOrLoad('k', source.load)))
    const error = new Error('down')
    await source.fail(error)
    expect(calls).toEqual([given('old'), given('old')])
    expect(errors.splice(0)).toEqual([error])
    expect(cache.has('k')).toBe(false)
    checkInvariants(cache)
  })

  it('the loader is left alone for the back-off, to the millisecond', async () => {
    const { cache, errors } = open(options)
    const source = new Source()
    cache.set('k', 'old')
    await pass(150)
    void cache.getOrLoad('k', source.load)
    await source.fail(new Error('down'))
    await pass(10 * SECOND - 1)
    expect(await cache.getOrLoad('k', source.load)).toBe('old')
    expect(source.calls.length).toBe(1)
    await pass(1)
    const call = follow(cache.getOrLoad('k', source.load))
    expect(source.calls.length).toBe(2)
    await source.bring('new')
    expect(call).toEqual(given('new'))
    errors.splice(0)
  })

  it('the back-off is 10 seconds where nothing is said, and none with 0', async () => {
    for (const [errorBackoff, calls] of [
      [undefined, 1],
      [0, 2],
    ] as const) {
      const { cache, errors } = open({ ttl: 100, staleIfError: '1m', errorBackoff })
      const load = vi.fn(async () => Promise.reject(new Error('down')))
      cache.set('k', 'old')
      await pass(150)
      await cache.getOrLoad('k', load)
      await pass(9_999)
      await cache.getOrLoad('k', load)
      expect(load).toHaveBeenCalledTimes(calls)
      await pass(1)
      await cache.getOrLoad('k', load)
      expect(load).toHaveBeenCalledTimes(calls + 1)
      errors.splice(0)
    }
  })

  it('past the window the error reaches the caller, and the back-off is over', async () => {
    const { cache, errors } = open({ ttl: 100, staleIfError: 1000, errorBackoff: '1h' })
    const source = new Source()
    cache.set('k', 'old')
    await pass(150)
    void cache.getOrLoad('k', source.load)
    await source.fail(new Error('down'))
    errors.splice(0)
    await pass(950)
    const call = follow(cache.getOrLoad('k', source.load))
    expect(source.calls.length).toBe(2)
    const error = new Error('still down')
    await source.fail(error)
    expect(call.value).toBe(error)
  })

  it('a load that fails when the window is over gives its error, also to who came before', async () => {
    const { cache, errors } = open({ ttl: 100, staleIfError: 1000, softTimeout: 800 })
    const source = new Source()
    cache.set('k', 'old')
    await pass(600)
    const waits = [cache.getOrLoad('k', source.load), cache.getOrLoad('k', source.load)].map(follow)
    await pass(499)
    const late = follow(cache.getOrLoad('k', source.load))
    await pass(1)
    expect([...waits, late]).toEqual([waiting, waiting, waiting])
    await source.fail('down')
    expect([...waits, late]).toEqual([failed('down'), failed('down'), failed('down')])
    expect(errors).toEqual([])
  })

  it('a caller who leaves gets its own reason, not the old value', async () => {
    const { cache } = open(options)
    const source = new Source()
    cache.set('k', 'old')
    await pass(150)
    const controller = new AbortController()
    const call = follow(cache.getOrLoad('k', source.load, { signal: controller.signal }))
    const reason = new Error('left')
    controller.abort(reason)
    await ticks()
    expect(call.value).toBe(reason)
    expect(cache.stats().staleServed).toBe(0)
  })

  it('a new value ends the back-off', async () => {
    const { cache, errors } = open(options)
    const source = new Source()
    cache.set('k', 'old')
    await pass(150)
    void cache.getOrLoad('k', source.load)
    await source.fail(new Error('down'))
    errors.splice(0)
    cache.set('k', 'newer', { ttl: 10 })
    await pass(20)
    void cache.getOrLoad('k', source.load)
    expect(source.calls.length).toBe(2)
    await source.bring('newest')
  })

  it('errorTtl does not take the place of a value that can be given', async () => {
    const { cache, errors } = open({ ...options, errorTtl: '1h' })
    const source = new Source()
    cache.set('k', 'old')
    await pass(150)
    void cache.getOrLoad('k', source.load)
    await source.fail(new Error('down'))
    errors.splice(0)
    expect(await cache.getOrLoad('k', source.load)).toBe('old')
  })
})

describe('refreshAhead', () => {
  it('0 of a call switches off that of the cache for what it stores', async () => {
    const { cache } = open({ ttl: 100, refreshAhead: 0.8 })
    const load = vi.fn(async () => 'v')
    await cache.getOrLoad('k', load, { refreshAhead: 0 })
    await pass(90)
    await cache.getOrLoad('k', load)
    expect(load).toHaveBeenCalledOnce()
    await pass(10)
    await cache.getOrLoad('k', load)
    expect(load).toHaveBeenCalledTimes(2)
  })

  const options = { ttl: 100, refreshAhead: 0.8 }

  it('the first read after that share of the life starts a refresh and still gets the live value', async () => {
    const { cache } = open(options)
    const source = new Source()
    cache.set('k', 'old')
    await pass(79)
    expect(await cache.getOrLoad('k', source.load)).toBe('old')
    expect(source.calls.length).toBe(0)
    await pass(1)
    const calls = [1, 2].map(() => follow(cache.getOrLoad('k', source.load)))
    await ticks()
    expect(calls).toEqual([given('old'), given('old')])
    expect(source.calls.length).toBe(1)
    expect(source.last.context.stale).toBe('old')
    expect(cache.get('k')).toBe('old')
    await source.bring('new')
    expect(cache.get('k')).toBe('new')
    expect(cache.expiresIn('k')).toBe(100)
    expect(cache.stats()).toMatchObject({ loads: 1, refreshes: 1, staleServed: 0, hits: 5, misses: 0 })
    checkInvariants(cache)
  })

  it('holds for what was loaded, and for the life that the loader gave it', async () => {
    const { cache } = open(options)
    const source = new Source()
    void cache.getOrLoad('k', source.load)
    source.last.context.ttl = 1000
    await source.bring('first')
    await pass(799)
    await cache.getOrLoad('k', source.load)
    expect(source.calls.length).toBe(1)
    await pass(1)
    await cache.getOrLoad('k', source.load)
    expect(source.calls.length).toBe(2)
    await source.bring('second')
  })

  it('get, has, peek and getMany start nothing, since they know no loader', async () => {
    const { cache } = open(options)
    cache.set('k', 'old')
    await pass(90)
    expect([cache.get('k'), cache.has('k'), cache.peek('k'), cache.getMany(['k']).size]).toEqual([
      ...['old', true, 'old', 1],
    ])
    expect(cache.stats().loads).toBe(0)
  })

  it('a refresh that fails is reported and not repeated for the back-off; the value lives on to its end', async () => {
    const { cache, errors } = open({ ttl: 100, refreshAhead: 0.5, errorBackoff: 30 })
    const source = new Source()
    cache.set('k', 'old')
    await pass(50)
    await cache.getOrLoad('k', source.load)
    await source.fail(new Error('down'))
    expect(errors.splice(0).length).toBe(1)
    await pass(29)
    expect(await cache.getOrLoad('k', source.load)).toBe('old')
    expect(source.calls.length).toBe(1)
    await pass(1)
    expect(await cache.getOrLoad('k', source.load)).toBe('old')
    expect(source.calls.length).toBe(2)
    await pass(20)
    expect(cache.has('k')).toBe(false)
    await source.bring('new')
    expect(cache.get('k')).toBe('new')
  })

  it('a touch leaves the source in peace for the rest of the back-off', async () => {
    const { cache, errors } = open({
      ttl: 100,
      refreshAhead: 0.5,
      staleWhileRevalidate: 1000,
      errorBackoff: 40,
    })
    const source = new Source()
    cache.set('k', 'old')
    await pass(50)
    await cache.getOrLoad('k', source.load)
    await source.fail(new Error('down'))
    expect(errors.splice(0).length).toBe(1)
    cache.touch('k', 20)
    for (const time of [15, 10, 14]) {
      await pass(time)
      expect(await cache.getOrLoad('k', source.load)).toBe('old')
    }
    expect(source.calls.length).toBe(1)
    await pass(1)
    expect(await cache.getOrLoad('k', source.load)).toBe('old')
    expect(source.calls.length).toBe(2)
  })

  it('one who comes when the value has ended joins the refresh, and alone is told of its failure', async () => {
    const { cache } = open(options)
    const source = new Source()
    cache.set('k', 'old')
    await pass(90)
    await cache.getOrLoad('k', source.load)
    await pass(10)
    const call = follow(cache.getOrLoad('k', source.load))
    const error = new Error('down')
    await source.fail(error)
    expect(call).toEqual(failed(error))
  })

  it('a touch gives the share anew', async () => {
    const { cache } = open(options)
    cache.set('k', 'old')
    await pass(70)
    cache.touch('k')
    await pass(70)
    const load = vi.fn(() => 'new')
    await cache.getOrLoad('k', load)
    expect(load).not.toHaveBeenCalled()
  })

  it('a refresh that finds nothing removes the value', async () => {
    const { cache } = open<string | undefined>(options)
    cache.set('k', 'old')
    await pass(90)
    await cache.getOrLoad('k', () => undefined)
    await ticks()
    expect(cache.has('k')).toBe(false)
  })
})

describe('expire', () => {
  it('marks an entry as due while keeping it for stale serving', async () => {
    const { cache } = open({ ttl: '1h', staleWhileRevalidate: 100 })
    const source = new Source()
    cache.set('k', 'old')
    expect(cache.expire('k')).toBe(true)
    expect([cache.has('k'), cache.expire('k'), cache.size]).toEqual([false, false, 1])
    expect(await cache.getOrLoad('k', source.load)).toBe('old')
    await source.bring('new')
    expect(cache.get('k')).toBe('new')
    checkInvariants(cache)
  })

  it('counts the window from then on', async () => {
    const { cache } = open({ ttl: '1h', staleIfError: 100 })
    const source = new Source()
    cache.set('k', 'old')
    cache.expire('k')
    await pass(100)
    const call = follow(cache.getOrLoad('k', source.load))
    await source.fail('down')
    expect(call).toEqual(failed('down'))
  })

  it('holds also with idle time, tags and refreshAhead', async () => {
    const { cache } = open({
      ...{ ttl: '1h', idleTtl: '10m', refreshAhead: 0.5, staleWhileRevalidate: 100 },
    })
    const source = new Source()
    cache.set('k', 'old', { tags: ['t'] })
    cache.expire('k')
    expect(cache.get('k')).toBeUndefined()
    checkInvariants(cache)
    expect(await cache.getOrLoad('k', source.load)).toBe('old')
    expect(source.calls.length).toBe(1)
    cache.deleteByTag('t')
    const call = follow(cache.getOrLoad('k', source.load))
    await ticks()
    expect(call).toEqual(waiting)
    for (const { resolve } of source.calls) resolve('new')
    await ticks()
    expect(call).toEqual(given('new'))
  })

  it('without a window there is nothing to give', async () => {
    const { cache } = open()
    cache.set('k', 'old')
    expect(cache.expire('k')).toBe(true)
    expect(await cache.getOrLoad('k', () => 'new')).toBe('new')
  })

  it('of all entries does so for each, here and inside, and leaves windows that run already', async () => {
    const { cache, errors } = open({ ttl: '1h', idleTtl: '10m', staleIfError: 100, negativeTtl: '1h' })
    const inside = cache.namespace('inside')
    cache.set('late', 'old', { ttl: 10 })
    await pass(60)
    for (const one of [cache, inside]) one.set('k', 'old', { tags: ['t'] })
    expect(await cache.getOrLoad('absent', () => undefined)).toBeUndefined()
    cache.expireAll()
    expect([cache.has('k'), inside.has('k'), cache.get('k')]).toEqual([false, false, undefined])
    checkInvariants(cache)
    const down = () => Promise.reject('down')
    expect(await cache.getOrLoad('absent', () => 'now')).toBe('now')
    await pass(60)
    const late = follow(cache.getOrLoad('late', down))
    for (const one of [cache, inside]) expect(await one.getOrLoad('k', down)).toBe('old')
    await ticks()
    expect(late).toEqual(failed('down'))
    expect(errors.splice(0)).toEqual(['down', 'down'])
    cache.set('k', 'new')
    expect(cache.get('k')).toBe('new')
  })

  it('of all entries in a namespace leaves those outside', () => {
    const { cache } = open({ ttl: '1h', staleIfError: 100 })
    cache.set('k', 'old')
    cache.namespace('inside').set('k', 'old')
    cache.namespace('inside').expireAll()
    expect([cache.has('k'), cache.namespace('inside').has('k')]).toEqual([true, false])
  })

  it('of a key that is not there, or is stale, says so', async () => {
    const { cache } = open({ ttl: 100, staleIfError: 100 })
    expect(cache.expire('k')).toBe(false)
    cache.set('k', 'old')
    await pass(100)
    expect(cache.expire('k')).toBe(false)
  })
})

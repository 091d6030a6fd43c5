import { describe, expect, it, vi } from 'vitest'
import { ticks } from '../support/deferred.ts'
import { checkInvariants } from '../support/invariants.ts'
import { failed, follow, given, MINUTE, open, pass, Source, useFakeTime, waiting } from './support.ts'

useFakeTime()

describe('softTimeout', () => {
  const options = { ttl: 100, staleIfError: MINUTE, softTimeout: 20 }

  it('ends the wait with the stale value; the load goes on and stores', async () => {
    const { cache } = open(options)
    const source = new Source()
    cache.set('k', 'old')
    await pass(150)
    const call = follow(cache.getOrLoad('k', source.load))
    await pass(19)
    expect(call).toEqual(waiting)
    await pass(1)
    expect(call).toEqual(given('old'))
    expect(source.last.context.signal.aborted).toBe(false)
    await source.bring('new')
    expect(cache.get('k')).toBe('new')
    checkInvariants(cache)
  })

  it('is that of each caller: one who joins later waits from then on', async () => {
    const { cache } = open(options)
    const source = new Source()
    cache.set('k', 'old')
    await pass(150)
    const first = follow(cache.getOrLoad('k', source.load))
    await pass(10)
    const second = follow(cache.getOrLoad('k', source.load))
    await pass(10)
    expect([first, second]).toEqual([given('old'), waiting])
    await pass(10)
    expect(second).toEqual(given('old'))
    expect(source.calls.length).toBe(1)
    await source.bring('new')
  })

  it('a result in time is given', async () => {
    const { cache } = open(options)
    const source = new Source()
    cache.set('k', 'old')
    await pass(150)
    const call = follow(cache.getOrLoad('k', source.load))
    await pass(19)
    await source.bring('new')
    expect(call).toEqual(given('new'))
    await pass(10)
    expect(cache.stats().staleServed).toBe(0)
  })

  it('does not hold where nothing stale can be given', async () => {
    const { cache } = open(options)
    const source = new Source()
    const absent = follow(cache.getOrLoad('k', source.load))
    await pass(MINUTE)
    expect(absent).toEqual(waiting)
    await source.bring('v')
    expect(absent).toEqual(given('v'))
  })

  it('a failure after it is reported, once', async () => {
    const { cache, errors } = open(options)
    const source = new Source()
    cache.set('k', 'old')
    await pass(150)
    void cache.getOrLoad('k', source.load)
    await pass(20)
    await source.fail('down')
    expect(errors.splice(0)).toEqual(['down'])
  })
})

describe('hardTimeout', () => {
  it('ends the wait of all with a CacheError TIMEOUT, and the loader is told', async () => {
    const { cache } = open({ hardTimeout: 100 })
    const source = new Source()
    const first = follow(cache.getOrLoad('k', source.load))
    await pass(50)
    const second = follow(cache.getOrLoad('k', source.load))
    await pass(49)
    expect([first, second]).toEqual([waiting, waiting])
    await pass(1)
    for (const call of [first, second])
      expect(call).toMatchObject({ state: 'failed', value: { name: 'CacheError', code: 'TIMEOUT' } })
    const { signal } = source.last.context
    expect([signal.aborted, signal.reason]).toEqual([true, first.value])
    expect(cache.stats()).toMatchObject({ loads: 1, loadFailures: 1, totalLoadTime: 100 })
    checkInvariants(cache, { loading: true })
  })

  it('the late result is stored if nothing has overtaken it', async () => {
    const { cache } = open({ hardTimeout: 100 })
    const source = new Source()
    void follow(cache.getOrLoad('k', source.load))
    await pass(500)
    await source.bring('late')
    expect(cache.get('k')).toBe('late')
    expect(cache.stats()).toMatchObject({ loadFailures: 1, totalLoadTime: 100 })
    checkInvariants(cache)
  })

  it.each<[string, (cache: ReturnType<typeof open>['cache']) => unknown, string | undefined]>([
    ['set', (cache) => cache.set('k', 'set'), 'set'],
    ['delete', (cache) => cache.delete('k'), undefined],
    ['clear', (cache) => cache.clear(), undefined],
    ['expire', (cache) => cache.expire('k'), undefined],
    ['deleteByTag', (cache) => cache.deleteByTag('t'), undefined],
    ['close', (cache) => cache.close(), undefined],
  ])(
    'the late result is not stored after %s, whether before the timeout or after it',
    async (_, happen, stands) => {
      for (const at of [50, 150]) {
        const { cache } = open({ hardTimeout: 100 })
        const source = new Source()
        void follow(cache.getOrLoad('k', source.load, { tags: ['t'] }))
        await pass(at)
        happen(cache)
        await pass(200 - at)
        await source.bring('late')
        expect(cache.stats().size, `at ${at}`).toBe(stands === undefined ? 0 : 1)
        if (stands !== undefined) expect(cache.get('k')).toBe(stands)
        checkInvariants(cache)
      }
    },
  )

  it('the late result is not stored after a deletion of a tag that only the loader tells', async () => {
    const { cache } = open({ hardTimeout: 100 })
    const source = new Source()
    void follow(cache.getOrLoad('k', source.load))
    await pass(150)
    cache.deleteByTag('t')
    source.last.context.tags = ['t']
    await source.bring('late')
    expect(cache.has('k')).toBe(false)
  })

  it('a late failure makes no noise', async () => {
    const { cache } = open({ hardTimeout: 100 })
    const source = new Source()
    void follow(cache.getOrLoad('k', source.load))
    await pass(100)
    await source.fail(new Error('aborted'))
    expect(cache.stats().loadFailures).toBe(1)
    checkInvariants(cache)
  })

  it('the next caller starts a new load, which overtakes the old one', async () => {
    const { cache } = open({ hardTimeout: 100 })
    const source = new Source()
    void follow(cache.getOrLoad('k', source.load))
    await pass(100)
    const next = follow(cache.getOrLoad('k', source.load))
    expect(source.calls.length).toBe(2)
    source.calls[0]!.resolve('late')
    await ticks()
    expect([next, cache.has('k')]).toEqual([waiting, false])
    await source.bring('new')
    expect(next).toEqual(given('new'))
    expect(cache.get('k')).toBe('new')
    checkInvariants(cache)
  })

  it('with a stale value that staleIfError allows: that is given, and the timeout reported', async () => {
    const { cache, errors } = open({ ttl: 100, staleIfError: MINUTE, hardTimeout: 50 })
    const source = new Source()
    cache.set('k', 'old')
    await pass(150)
    const call = follow(cache.getOrLoad('k', source.load))
    await pass(50)
    expect(call).toEqual(given('old'))
    expect(errors.splice(0)).toMatchObject([{ code: 'TIMEOUT' }])
    await source.bring('late')
    expect(cache.get('k')).toBe('late')
  })

  it('ends a refresh that nobody waits for, so that it cannot stand in the way of the next', async () => {
    const { cache, errors } = open({
      ...{ ttl: 100, staleWhileRevalidate: MINUTE, hardTimeout: 50, errorBackoff: 10 },
    })
    const source = new Source()
    cache.set('k', 'old')
    await pass(100)
    await cache.getOrLoad('k', source.load)
    await pass(50)
    expect(source.last.context.signal.aborted).toBe(true)
    expect(errors.splice(0)).toMatchObject([{ code: 'TIMEOUT' }])
    await pass(10)
    expect(await cache.getOrLoad('k', source.load)).toBe('old')
    expect(source.calls.length).toBe(2)
    await source.bring('new')
    expect(cache.get('k')).toBe('new')
  })

  it('errorTtl remembers it, until the late result comes', async () => {
    const { cache } = open({ hardTimeout: 100, errorTtl: MINUTE })
    const source = new Source()
    void follow(cache.getOrLoad('k', source.load))
    await pass(100)
    const again = follow(cache.getOrLoad('k', source.load))
    await ticks()
    expect(again).toMatchObject({ state: 'failed', value: { code: 'TIMEOUT' } })
    await source.bring('late')
    expect(await cache.getOrLoad('k', source.load)).toBe('late')
    expect(source.calls.length).toBe(1)
  })

  it('longer than the timers of a runtime reach is not taken for none', async () => {
    const { cache } = open({ hardTimeout: '100d', softTimeout: '100d', ttl: 100, staleIfError: '1d' })
    const source = new Source()
    cache.set('k', 'old')
    await pass(100)
    const call = follow(cache.getOrLoad('k', source.load))
    await pass(MINUTE)
    expect(call).toEqual(waiting)
    await source.bring('v')
    expect(call).toEqual(given('v'))
  })

  it('leaves no timer behind', async () => {
    const { cache } = open({ hardTimeout: '1h' })
    const source = new Source()
    void cache.getOrLoad('k', source.load, { ttl: 0 })
    const before = vi.getTimerCount()
    await source.bring('v')
    expect(vi.getTimerCount()).toBe(before - 1)
  })
})

describe('a loader that never settles', () => {
  it('without a deadline holds those who wait without a signal, and nobody else', async () => {
    const { cache } = open()
    const source = new Source()
    const stuck = follow(cache.getOrLoad('k', source.load))
    const controller = new AbortController()
    const leaving = follow(cache.getOrLoad('k', source.load, { signal: controller.signal }))
    controller.abort('enough')
    await pass(MINUTE)
    expect([stuck, leaving]).toEqual([waiting, failed('enough')])
    cache.delete('k')
    expect(await cache.getOrLoad('k', () => 'v')).toBe('v')
    expect(cache.get('k')).toBe('v')
  })

  it('with one, wedges nothing: a thousand in a row, and the next works', async () => {
    const { cache } = open({ hardTimeout: 10 })
    const never = () => new Promise<string>(() => {})
    for (let i = 0; i < 1000; i++) {
      const call = follow(cache.getOrLoad(`k${i % 7}`, never))
      await pass(10)
      expect(call).toMatchObject({ value: { code: 'TIMEOUT' } })
    }
    expect(await cache.getOrLoad('k1', () => 'v')).toBe('v')
    checkInvariants(cache, { loading: true })
  })
})

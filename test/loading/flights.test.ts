import { describe, expect, it, vi } from 'vitest'
import { ticks } from '../support/deferred.ts'
import { checkInvariants } from '../support/invariants.ts'
import { failed, follow, given, MINUTE, open, pass, Source, turn, useFakeTime, waiting } from './support.ts'

useFakeTime()

describe('one flight per key', () => {
  it('all who ask meanwhile are given what it brings; one who asks later is a hit', async () => {
    const { cache } = open()
    const source = new Source()
    const calls = [1, 2, 3].map(() => follow(cache.getOrLoad('k', source.load)))
    await pass(MINUTE)
    expect(calls).toEqual([waiting, waiting, waiting])
    await source.bring('v')
    expect(calls).toEqual([given('v'), given('v'), given('v')])
    expect(await cache.getOrLoad('k', source.load)).toBe('v')
    expect(source.calls.length).toBe(1)
    checkInvariants(cache)
  })

  it('what it brings lives from its arrival, not from its start', async () => {
    const { cache } = open({ ttl: 100 })
    const source = new Source()
    const call = cache.getOrLoad('k', source.load)
    await pass(1000)
    await source.bring('v')
    expect(await call).toBe('v')
    expect(cache.expiresIn('k')).toBe(100)
  })

  it('a failure reaches all who wait, the same error, unchanged', async () => {
    const { cache } = open()
    const source = new Source()
    const calls = [1, 2].map(() => follow(cache.getOrLoad('k', source.load)))
    const error = new Error('down')
    await source.fail(error)
    for (const call of calls) {
      expect(call.state).toBe('failed')
      expect(call.value).toBe(error)
    }
    expect(cache.size).toBe(0)
    checkInvariants(cache)
  })

  it('the loader is given key and context, before getOrLoad returns', () => {
    const { cache } = open()
    const source = new Source()
    void cache.getOrLoad('k', source.load)
    expect(source.last.key).toBe('k')
    expect(source.last.context).toMatchObject({
      ...{ key: 'k', stale: undefined, ttl: undefined, tags: undefined, keep: true },
    })
    expect(source.last.context.signal.aborted).toBe(false)
  })
})

describe("a caller's signal", () => {
  it('that has fired already: rejects with its reason and starts nothing', async () => {
    const { cache } = open()
    const load = vi.fn(() => 'v')
    const reason = new Error('left')
    await expect(cache.getOrLoad('k', load, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    expect(load).not.toHaveBeenCalled()
    checkInvariants(cache)
  })

  it('that has fired already: a live value is given all the same, since there is nothing to wait for', async () => {
    const { cache } = open()
    cache.set('k', 'v')
    expect(await cache.getOrLoad('k', () => 'new', { signal: AbortSignal.abort() })).toBe('v')
  })

  it('fires during the load: the only caller leaves, the loader is told, with the same reason', async () => {
    const { cache } = open()
    const source = new Source()
    const controller = new AbortController()
    const call = follow(cache.getOrLoad('k', source.load, { signal: controller.signal }))
    const reason = new Error('left')
    await pass(10)
    controller.abort(reason)
    expect(source.last.context.signal.aborted).toBe(true)
    expect(source.last.context.signal.reason).toBe(reason)
    await ticks()
    expect(call).toEqual(failed(reason))
  })

  it('fires after others joined: only this caller leaves', async () => {
    const { cache } = open()
    const source = new Source()
    const controller = new AbortController()
    const first = follow(cache.getOrLoad('k', source.load, { signal: controller.signal }))
    const second = follow(cache.getOrLoad('k', source.load))
    controller.abort()
    await ticks()
    expect(first.state).toBe('failed')
    expect(second).toEqual(waiting)
    expect(source.last.context.signal.aborted).toBe(false)
    await source.bring('v')
    expect(second).toEqual(given('v'))
    expect(cache.get('k')).toBe('v')
  })

  it('of the last of several: the loader is told when all have left, not before', async () => {
    const { cache } = open()
    const source = new Source()
    const controllers = [1, 2, 3].map(() => new AbortController())
    const calls = controllers.map(({ signal }) => follow(cache.getOrLoad('k', source.load, { signal })))
    const told = controllers.map((controller) => {
      controller.abort()
      return source.last.context.signal.aborted
    })
    expect(told).toEqual([false, false, true])
    await ticks()
    for (const call of calls) expect(call.state).toBe('failed')
  })

  it('fires when the load has ended: nothing happens', async () => {
    const { cache } = open()
    const source = new Source()
    const controller = new AbortController()
    const call = follow(cache.getOrLoad('k', source.load, { signal: controller.signal }))
    await source.bring('v')
    controller.abort()
    await ticks()
    expect(call).toEqual(given('v'))
    expect(source.last.context.signal.aborted).toBe(false)
  })

  it('is left without a listener when the call is over', async () => {
    const { cache } = open()
    const { signal } = new AbortController()
    const remove = vi.spyOn(signal, 'removeEventListener')
    const add = vi.spyOn(signal, 'addEventListener')
    await cache.getOrLoad('k', () => 'v', { signal })
    expect(add).toHaveBeenCalledOnce()
    expect(remove).toHaveBeenCalledWith('abort', add.mock.calls[0]![1])
  })

  it('of a caller who is refused something other than a signal', async () => {
    const { cache } = open()
    await expect(cache.getOrLoad('k', () => 'v', { signal: 'now' as never })).rejects.toThrow(/^signal: /)
  })
})

describe('a load that all have left', () => {
  async function abandoned() {
    const opened = open()
    const source = new Source()
    const controller = new AbortController()
    const call = follow(opened.cache.getOrLoad('k', source.load, { signal: controller.signal }))
    controller.abort()
    await ticks()
    expect(call.state).toBe('failed')
    return { ...opened, source }
  }

  it('is not joined: who comes next starts another', async () => {
    const { cache, source } = await abandoned()
    const next = follow(cache.getOrLoad('k', source.load))
    expect(source.calls.length).toBe(2)
    source.calls[0]!.resolve('old')
    await ticks()
    expect(next).toEqual(waiting)
    expect(cache.has('k')).toBe(false)
    await source.bring('new')
    expect(next).toEqual(given('new'))
  })

  it('still stores what it brings if nothing has overtaken it', async () => {
    const { cache, source } = await abandoned()
    await source.bring('late')
    expect(cache.get('k')).toBe('late')
    checkInvariants(cache)
  })

  it('may fail: nobody hears of it, least of all the process', async () => {
    const { cache, source } = await abandoned()
    await source.fail(new Error('aborted'))
    await turn()
    expect(cache.stats()).toMatchObject({ loads: 1, loadFailures: 0 })
    checkInvariants(cache)
  })
})

describe('a load that refreshes a stale value', () => {
  const options = { ttl: 100, staleWhileRevalidate: 100 }

  it('goes on with nobody waiting', async () => {
    const { cache } = open(options)
    const source = new Source()
    cache.set('k', 'old')
    await pass(150)
    expect(await cache.getOrLoad('k', source.load, { signal: new AbortController().signal })).toBe('old')
    expect(source.last.context.signal.aborted).toBe(false)
    await source.bring('new')
    expect(cache.get('k')).toBe('new')
  })

  it('goes on when one who joined it leaves', async () => {
    const { cache } = open(options)
    const source = new Source()
    const controller = new AbortController()
    cache.set('k', 'old')
    await pass(150)
    expect(await cache.getOrLoad('k', source.load)).toBe('old')
    await pass(100)
    const call = follow(cache.getOrLoad('k', source.load, { signal: controller.signal }))
    controller.abort()
    await ticks()
    expect(call.state).toBe('failed')
    expect(source.calls.length).toBe(1)
    expect(source.last.context.signal.aborted).toBe(false)
    await source.bring('new')
    expect(cache.get('k')).toBe('new')
  })

  it('goes on after a soft timeout, also when the last one leaves', async () => {
    const { cache } = open({ ttl: 100, staleIfError: 1000, softTimeout: 10 })
    const source = new Source()
    cache.set('k', 'old')
    await pass(150)
    const soft = follow(cache.getOrLoad('k', source.load))
    await pass(10)
    expect(soft).toEqual(given('old'))
    const controller = new AbortController()
    void follow(cache.getOrLoad('k', source.load, { signal: controller.signal }))
    controller.abort()
    expect(source.last.context.signal.aborted).toBe(false)
    await source.bring('new')
    expect(cache.get('k')).toBe('new')
  })
})

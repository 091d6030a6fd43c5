import { describe, expect, it, vi } from 'vitest'
import { failed, follow, given, MINUTE, open, pass, Source, turn, useFakeTime } from './support.ts'

useFakeTime()

describe('an error of background work goes to onError, exactly once', () => {
  it('a refresh past the ttl, however many were given the stale value', async () => {
    const { cache, errors } = open({ ttl: 100, staleWhileRevalidate: 100 })
    const source = new Source()
    cache.set('k', 'old')
    await pass(100)
    for (let i = 0; i < 5; i++) await cache.getOrLoad('k', source.load)
    await source.fail('down')
    expect(errors.splice(0)).toEqual(['down'])
  })

  it('a refresh ahead of the ttl', async () => {
    const { cache, errors } = open({ ttl: 100, refreshAhead: 0.5 })
    const source = new Source()
    cache.set('k', 'old')
    await pass(50)
    for (let i = 0; i < 5; i++) await cache.getOrLoad('k', source.load)
    await source.fail('down')
    expect(errors.splice(0)).toEqual(['down'])
  })

  it.each<[string, (cache: ReturnType<typeof open>['cache']) => unknown]>([
    ['deleted', (cache) => cache.delete('k')],
    ['set', (cache) => cache.set('k', 'set')],
    ['cleared', (cache) => cache.clear()],
    ['invalidated', (cache) => cache.deleteByTag('t')],
    ['closed', (cache) => cache.close()],
  ])('a refresh of a key that was %s meanwhile', async (_, happen) => {
    const { cache, errors } = open({ ttl: 100, staleWhileRevalidate: 100 })
    const source = new Source()
    cache.set('k', 'old', { tags: ['t'] })
    await pass(100)
    await cache.getOrLoad('k', source.load, { tags: ['t'] })
    happen(cache)
    await source.fail('down')
    expect(errors.splice(0)).toEqual(['down'])
  })

  it('of a refresh, what weigh, protect or ttl throw', async () => {
    const { cache, errors } = open({
      ...{ ttl: 100, staleWhileRevalidate: 100, maxWeight: 10 },
      weigh: (value: string) => (value === 'old' ? 1 : Number.NaN),
    })
    cache.set('k', 'old')
    await pass(100)
    expect(await cache.getOrLoad('k', () => 'new')).toBe('old')
    await turn()
    expect(errors.splice(0)).toMatchObject([{ name: 'TypeError' }])
    expect(await cache.getOrLoad('k', () => 'new')).toBe('old')
  })

  it('a failure for which stale values stand in', async () => {
    const { cache, errors } = open({ ttl: 100, staleIfError: MINUTE })
    const source = new Source()
    cache.set('k', 'old')
    await pass(100)
    const calls = [1, 2, 3].map(() => follow(cache.getOrLoad('k', source.load)))
    await source.fail('down')
    expect([calls, errors.splice(0)]).toEqual([[given('old'), given('old'), given('old')], ['down']])
  })

  it.each<[string, (cache: ReturnType<typeof open>['cache']) => unknown]>([
    ['was deleted', (cache) => cache.delete('k')],
    ['was replaced', (cache) => cache.set('k', 'set')],
    ['was evicted', (cache) => cache.resize(1) ?? cache.set('other', 'v')],
  ])('also if the value that stands in %s while its caller waited', async (_, happen) => {
    const { cache, errors } = open({ ttl: 100, staleIfError: MINUTE, policy: 'lru' })
    const source = new Source()
    cache.set('k', 'old')
    await pass(100)
    const call = follow(cache.getOrLoad('k', source.load))
    await happen(cache)
    await source.fail('down')
    expect([call, errors.splice(0)]).toEqual([given('old'), ['down']])
  })
})

describe('an error that a caller gets is not given to onError too', () => {
  it('of a load', async () => {
    const { cache } = open()
    await expect(cache.getOrLoad('k', () => Promise.reject('down'))).rejects.toBe('down')
  })

  it('of a caller who asked for no stale value, while one is kept', async () => {
    const { cache } = open({ ttl: 100, staleIfError: MINUTE })
    cache.set('k', 'old')
    await pass(100)
    const source = new Source()
    const call = follow(cache.getOrLoad('k', source.load, { staleIfError: 0 }))
    await source.fail('down')
    expect(call).toEqual(failed('down'))
  })

  it('of a timeout', async () => {
    const { cache } = open({ hardTimeout: 10 })
    const call = follow(cache.getOrLoad('k', () => new Promise<string>(() => {})))
    await pass(10)
    expect(call).toMatchObject({ value: { code: 'TIMEOUT' } })
  })
})

it('an onError that throws does no harm', async () => {
  const print = vi.spyOn(console, 'error').mockImplementation(() => {})
  const { cache } = open({
    ...{ ttl: 100, staleWhileRevalidate: 100 },
    onError() {
      throw new Error('broken')
    },
  })
  cache.set('k', 'old')
  await pass(100)
  expect(await cache.getOrLoad('k', () => Promise.reject('down'))).toBe('old')
  await turn()
  expect(print).toHaveBeenCalledOnce()
  print.mockRestore()
})

it('nothing that goes wrong at the same time is left to the process', async () => {
  const { cache, errors } = open({ ttl: 100, staleIfError: MINUTE, softTimeout: 10, hardTimeout: 20 })
  const controllers = Array.from({ length: 4 }, () => new AbortController())
  const sources = Array.from({ length: 4 }, () => new Source())
  for (const key of ['a', 'b']) cache.set(key, 'old')
  await pass(100)
  const calls = ['a', 'b', 'c', 'd'].map((key, i) =>
    follow(cache.getOrLoad(key, sources[i]!.load, { signal: controllers[i]!.signal })),
  )
  const many = follow(cache.getOrLoadMany(['a', 'c', 'x'], () => Promise.reject('batch')))
  controllers[2]!.abort('left')
  await pass(10)
  controllers[0]!.abort('left')
  sources[1]!.last.reject('down')
  await pass(10)
  for (const { last } of sources) last.reject('late')
  await turn()
  expect(calls).toMatchObject([
    ...[given('old'), given('old'), failed('left'), { state: 'failed', value: { code: 'TIMEOUT' } }],
  ])
  expect(many).toEqual(failed('batch'))
  expect(errors.splice(0).length).toBe(2)
})

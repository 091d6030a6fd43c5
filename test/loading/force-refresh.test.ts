import { describe, expect, it } from 'vitest'
import { scoped, withScope } from '../../src/scope/index.ts'
import { ticks } from '../support/deferred.ts'
import { checkInvariants } from '../support/invariants.ts'
import { failed, follow, given, open, pass, Source, turn, useFakeTime, waiting } from './support.ts'

useFakeTime()

const forceRefresh = true

describe('forceRefresh', () => {
  it('loads although a live value is there, which others get until the new one has come', async () => {
    const { cache } = open()
    cache.set('k', 'old')
    const source = new Source()
    const call = follow(cache.getOrLoad('k', source.load, { forceRefresh }))
    expect([source.calls.length, source.last.context.stale]).toEqual([1, 'old'])
    await ticks()
    expect(call).toEqual(waiting)
    expect(await cache.getOrLoad('k', source.load)).toBe('old')
    expect(cache.get('k')).toBe('old')
    await source.bring('new')
    expect(call).toEqual(given('new'))
    expect(cache.get('k')).toBe('new')
    expect(source.calls.length).toBe(1)
    expect(cache.stats()).toMatchObject({ loads: 1, hits: 3, misses: 1, refreshes: 0 })
    checkInvariants(cache)
  })

  it('overtakes a load under way, whose result goes to those who wait for it and is not stored', async () => {
    const { cache } = open()
    const source = new Source()
    const before = follow(cache.getOrLoad('k', source.load))
    const forced = follow(cache.getOrLoad('k', source.load, { forceRefresh }))
    expect(source.calls.length).toBe(2)
    await source.bring('new')
    source.calls[0]!.resolve('old')
    await ticks()
    expect([before, forced]).toEqual([given('old'), given('new')])
    expect(cache.get('k')).toBe('new')
  })

  it('is joined by others, whether they force it too or not', async () => {
    const { cache } = open()
    const source = new Source()
    const options = [{ forceRefresh }, { forceRefresh }, {}]
    const calls = options.map((each) => follow(cache.getOrLoad('k', source.load, each)))
    await source.bring('new')
    expect(calls).toEqual([given('new'), given('new'), given('new')])
    expect(source.calls.length).toBe(1)
  })

  it('is fenced like any load: what is deleted or set meanwhile wins', async () => {
    const { cache } = open()
    for (const change of [() => cache.delete('k'), () => cache.set('k', 'set')]) {
      cache.set('k', 'old')
      const source = new Source()
      const call = follow(cache.getOrLoad('k', source.load, { forceRefresh }))
      change()
      await source.bring('read before')
      expect(call).toEqual(given('read before'))
    }
    expect(cache.get('k')).toBe('set')
  })

  it('fails with the error, and leaves the live value', async () => {
    const { cache } = open({ errorTtl: 100 })
    cache.set('k', 'old')
    const source = new Source()
    const call = follow(cache.getOrLoad('k', source.load, { forceRefresh }))
    await source.fail('down')
    expect(call).toEqual(failed('down'))
    expect(cache.get('k')).toBe('old')
    expect(await cache.getOrLoad('k', source.load)).toBe('old')
  })

  it('gets what is held where that fails or takes too long, if staleIfError allows it', async () => {
    const { cache, errors } = open({ ttl: 100, staleIfError: 100, softTimeout: 10 })
    cache.set('k', 'old')
    const source = new Source()
    const failing = follow(cache.getOrLoad('k', source.load, { forceRefresh }))
    await source.fail('down')
    expect(failing).toEqual(given('old'))
    const slow = follow(cache.getOrLoad('k', source.load, { forceRefresh }))
    await pass(10)
    expect(slow).toEqual(given('old'))
    await source.bring('new')
    expect(cache.get('k')).toBe('new')
    expect(errors.splice(0)).toEqual(['down'])
  })

  it('does not mind what an earlier load found out', async () => {
    const { cache } = open({ negativeTtl: 1000 })
    const source = new Source()
    const absent = follow(cache.getOrLoad('k', source.load))
    await source.bring(undefined)
    expect(absent).toEqual(given(undefined))
    const forced = follow(cache.getOrLoad('k', source.load, { forceRefresh }))
    await source.bring('there')
    expect(forced).toEqual(given('there'))
  })

  it('that finds nothing removes the value', async () => {
    const { cache } = open()
    cache.set('k', 'old')
    expect(await cache.getOrLoad('k', async () => undefined, { forceRefresh })).toBe(undefined)
    expect(cache.has('k')).toBe(false)
  })

  it('of many keys asks for all of them, in one call', async () => {
    const { cache } = open()
    cache.set('a', 'old')
    const found = await cache.getOrLoadMany(['a', 'b'], (keys) => keys.map((key) => [key, key] as const), {
      forceRefresh,
    })
    expect([...found]).toEqual([
      ['a', 'a'],
      ['b', 'b'],
    ])
    expect(cache.get('a')).toBe('a')
  })

  it('in a scope asks the cache beneath', async () => {
    const { cache } = open()
    const own = scoped({ over: cache })
    await withScope(async () => {
      own.set('k', 'old')
      expect(await own.getOrLoad('k', () => 'new', { forceRefresh })).toBe('new')
      expect([own.get('k'), cache.get('k')]).toEqual(['new', 'new'])
    })
  })

  it('of a closed cache is refused, and so is what is neither true nor false', async () => {
    const { cache } = open()
    await expect(cache.getOrLoad('k', () => 'v', { forceRefresh: 1 as never })).rejects.toThrow(
      'forceRefresh: expected true or false, got 1',
    )
    const { cache: other } = open()
    other.close()
    await expect(other.getOrLoad('k', () => 'v', { forceRefresh })).rejects.toMatchObject({ code: 'CLOSED' })
    await turn()
  })
})

describe('tags told from the value', () => {
  const tags = (value: string, key: string): string[] => [`value-${value}`, `key-${key}`]

  it('are those of the entry', async () => {
    const { cache } = open()
    await cache.getOrLoad('k', () => 'v', { tags })
    cache.deleteByTag('value-v')
    expect(cache.has('k')).toBe(false)
    await cache.getOrLoad('k', () => 'v', { tags })
    cache.deleteByTag('key-k')
    expect(cache.has('k')).toBe(false)
  })

  it('keep out the result, if one of them was deleted meanwhile', async () => {
    const { cache } = open()
    const source = new Source()
    const call = follow(cache.getOrLoad('k', source.load, { tags }))
    cache.deleteByTag('value-v')
    await source.bring('v')
    expect(call).toEqual(given('v'))
    expect(cache.has('k')).toBe(false)
  })

  it('give way to those that the loader tells', async () => {
    const { cache } = open()
    await cache.getOrLoad(
      'k',
      (_, context) => {
        context.tags = ['own']
        return 'v'
      },
      { tags },
    )
    cache.deleteByTag('value-v')
    expect(cache.has('k')).toBe(true)
    cache.deleteByTag('own')
    expect(cache.has('k')).toBe(false)
  })

  it('hold for a batch, and for what it brings besides', async () => {
    const { cache } = open()
    await cache.getOrLoadMany(
      ['a'],
      () =>
        [
          ['a', '1'],
          ['b', '2'],
          ['c', '1'],
        ] as const,
      { tags },
    )
    cache.deleteByTag('value-1')
    expect([...cache.keys()]).toEqual(['b'])
    const loading = cache.getOrLoadMany(
      ['a'],
      async () =>
        [
          ['a', '1'],
          ['d', '4'],
        ] as const,
      { tags },
    )
    cache.deleteByTag('value-4')
    await loading
    expect(cache.has('d')).toBe(false)
  })

  it('that are none, or that cannot be told, are an error of the load', async () => {
    const { cache } = open()
    await expect(cache.getOrLoad('k', () => 'v', { tags: () => 'v' as never })).rejects.toThrow(
      "tags: expected an array of strings, got 'v'",
    )
    const fail = (): never => {
      throw new Error('no')
    }
    await expect(cache.getOrLoad('k', () => 'v', { tags: fail })).rejects.toThrow('no')
    expect(cache.size).toBe(0)
  })
})

import { describe, expect, it, vi } from 'vitest'
import type { Cache } from '../../src/index.ts'
import { ticks } from '../support/deferred.ts'
import { checkInvariants } from '../support/invariants.ts'
import { failed, follow, given, open, pass, Source, turn, useFakeTime, waiting } from './support.ts'

useFakeTime()

type Values = Cache<string, string | number>

/** What overtakes a load of `k` with tag `t`, and what stands under `k` then. */
const events: [name: string, happen: (cache: Values) => unknown, stands: string | number | undefined][] = [
  ['set', (cache) => cache.set('k', 'set'), 'set'],
  ['add', (cache) => cache.add('k', 'add'), 'add'],
  ['delete', (cache) => cache.delete('k'), undefined],
  ['deleteMany', (cache) => cache.deleteMany(['other', 'k']), undefined],
  ['take', (cache) => cache.take('k'), undefined],
  ['incr', (cache) => cache.incr('k', 1, { initial: 5 }), 5],
  ['clear', (cache) => cache.clear(), undefined],
  ['deleteByTag', (cache) => cache.deleteByTag('t'), undefined],
  ['expire', (cache) => cache.expire('k'), undefined],
  ['expireAll', (cache) => cache.expireAll(), undefined],
  ['incrVersion', (cache) => [cache.set('k', 1), cache.incrVersion('k')], undefined],
  ['decrVersion', (cache) => [cache.set('k', 1), cache.decrVersion('k')], undefined],
  [
    'decrVersion of another to here',
    (cache) => [cache.version(2).set('k', 'moved'), cache.version(2).decrVersion('k')],
    'moved',
  ],
]

/** The states that a load of `k` may begin in; each is given the cache's own options. */
const states: Record<string, (cache: Values) => Promise<void>> = {
  async absent() {},
  async stale(cache) {
    cache.set('k', 'stale', { ttl: 10, tags: ['t'] })
    await pass(20)
  },
}

describe.each(Object.entries(states))('a load of a key that is %s', (_, begin) => {
  const options = { staleIfError: '1h', errorBackoff: 0 } as const

  it.each(events)('%s wins over its result', async (_, happen, stands) => {
    const { cache } = open<string | number>(options)
    await begin(cache)
    const source = new Source<string | number>()
    const calls = [1, 2].map(() => follow(cache.getOrLoad('k', source.load, { tags: ['t'] })))
    happen(cache)
    expect(cache.get('k')).toBe(stands)
    await source.bring('too late')
    expect(calls).toEqual([given('too late'), given('too late')])
    expect(cache.get('k')).toBe(stands)
    checkInvariants(cache)
  })

  it.each(events.filter(([, , stands]) => stands === undefined))(
    'who asks after %s is given the result of a load of its own',
    async (_, happen) => {
      for (const order of [
        [0, 1],
        [1, 0],
      ]) {
        const { cache } = open<string | number>(options)
        await begin(cache)
        const source = new Source<string | number>()
        const before = follow(cache.getOrLoad('k', source.load, { tags: ['t'] }))
        happen(cache)
        const after = follow(cache.getOrLoad('k', source.load, { tags: ['t'] }))
        expect(source.calls.length).toBe(2)
        for (const i of order) {
          source.calls[i]!.resolve(['old', 'new'][i])
          await ticks()
        }
        expect([before, after, cache.get('k')]).toEqual([given('old'), given('new'), 'new'])
        checkInvariants(cache)
      }
    },
  )

  it.each(events)('after %s its failure changes nothing', async (_, happen, stands) => {
    const { cache, errors } = open<string | number>({ ...options, errorTtl: '1h' })
    await begin(cache)
    const source = new Source<string | number>()
    void follow(cache.getOrLoad('k', source.load, { tags: ['t'] }))
    happen(cache)
    await source.fail('down')
    expect(cache.get('k')).toBe(stands)
    checkInvariants(cache)
    errors.splice(0)
  })
})

describe('what concerns more than one space', () => {
  it.each<[string, (cache: Cache<string, string>) => void]>([
    ['clear of the parent', (cache) => cache.clear()],
    ['deleteByTag of the parent', (cache) => cache.deleteByTag('t')],
    ['close of the parent', (cache) => cache.close()],
  ])('%s reaches loads in namespaces and versions', async (_, happen) => {
    const { cache } = open()
    const parts = [cache, cache.namespace('a'), cache.namespace('a').namespace('b'), cache.version(2)]
    const sources = parts.map(() => new Source())
    const calls = parts.map((part, i) => follow(part.getOrLoad('k', sources[i]!.load, { tags: ['t'] })))
    happen(cache)
    for (const source of sources) await source.bring('v')
    expect(calls).toEqual(parts.map(() => given('v')))
    expect(cache.stats().size).toBe(0)
  })

  it('what happens in a namespace leaves loads outside alone', async () => {
    const { cache } = open()
    const source = new Source()
    void cache.getOrLoad('k', source.load, { tags: ['t'] })
    cache.namespace('a').clear()
    cache.namespace('a').deleteByTag('t')
    cache.namespace('a').delete('k')
    cache.version(2).clear()
    cache.deleteByTag('another')
    cache.delete('another')
    await source.bring('v')
    expect(cache.get('k')).toBe('v')
  })

  it('close: who waits is given the value, nothing is stored, and the loader of a refresh ends in silence', async () => {
    const { cache, errors } = open({ ttl: 100, staleWhileRevalidate: 100 })
    const [waited, behind] = [new Source(), new Source()]
    cache.set('stale', 'old')
    await pass(100)
    await cache.getOrLoad('stale', behind.load)
    const call = follow(cache.getOrLoad('k', waited.load))
    cache.close()
    await waited.bring('v')
    await behind.bring('new')
    expect(call).toEqual(given('v'))
    expect(cache.stats().size).toBe(0)
    expect(errors).toEqual([])
    await expect(cache.getOrLoad('k', waited.load)).rejects.toMatchObject({ code: 'CLOSED' })
  })
})

describe('tags that only the loader tells, at its end', () => {
  it('deleteByTag during the load keeps its result out', async () => {
    const { cache } = open()
    const source = new Source()
    const call = follow(cache.getOrLoad('k', source.load))
    cache.deleteByTag('t')
    source.last.context.tags = ['t']
    await source.bring('old')
    expect([call, cache.has('k')]).toEqual([given('old'), false])
  })

  it('who joined after deleteByTag is not given the result but that of another load', async () => {
    const { cache } = open()
    const source = new Source()
    const before = follow(cache.getOrLoad('k', source.load))
    cache.deleteByTag('t')
    const after = follow(cache.getOrLoad('k', source.load))
    source.last.context.tags = ['t']
    await source.bring('old')
    expect([before, after]).toEqual([given('old'), waiting])
    expect(source.calls.length).toBe(2)
    await source.bring('new')
    expect([after, cache.get('k')]).toEqual([given('new'), 'new'])
  })

  it('also if the tag is deleted once more after it joined', async () => {
    const { cache } = open()
    const source = new Source()
    void cache.getOrLoad('k', source.load)
    cache.deleteByTag('t')
    const between = follow(cache.getOrLoad('k', source.load))
    cache.deleteByTag('t')
    source.last.context.tags = ['t']
    await source.bring('old')
    expect(between).toEqual(waiting)
    await source.bring('new')
    expect(between).toEqual(given('new'))
  })

  it('also if the result is not to be kept', async () => {
    const { cache } = open()
    const source = new Source()
    void cache.getOrLoad('k', source.load)
    cache.deleteByTag('t')
    const after = follow(cache.getOrLoad('k', source.load))
    Object.assign(source.last.context, { tags: ['t'], keep: false })
    await source.bring('old')
    expect(after).toEqual(waiting)
    await source.bring('new')
    expect(after).toEqual(given('new'))
  })

  it('also if nothing was found', async () => {
    const { cache } = open<string | undefined>({ negativeTtl: '1m' })
    const source = new Source<string | undefined>()
    void cache.getOrLoad('k', source.load)
    cache.deleteByTag('t')
    const after = follow(cache.getOrLoad('k', source.load))
    source.last.context.tags = ['t']
    await source.bring(undefined)
    expect(after).toEqual(waiting)
    await source.bring('made')
    expect([after, cache.get('k')]).toEqual([given('made'), 'made'])
  })

  it('a value that was set meanwhile is given instead of another load', async () => {
    const { cache } = open()
    const source = new Source()
    void cache.getOrLoad('k', source.load)
    cache.deleteByTag('t')
    const after = follow(cache.getOrLoad('k', source.load))
    cache.set('k', 'set')
    source.last.context.tags = ['t']
    await source.bring('old')
    expect(after).toEqual(given('set'))
    expect(source.calls.length).toBe(1)
  })

  it('a cache that was closed meanwhile is asked for no other load', async () => {
    const { cache } = open()
    const source = new Source()
    void cache.getOrLoad('k', source.load)
    cache.deleteByTag('t')
    const after = follow(cache.getOrLoad('k', source.load))
    cache.close()
    source.last.context.tags = ['t']
    await source.bring('old')
    expect(source.calls.length).toBe(1)
    expect(after).toMatchObject({ state: 'failed', value: { code: 'CLOSED' } })
  })

  it('another tag deleted meanwhile changes nothing', async () => {
    const { cache } = open()
    const source = new Source()
    void cache.getOrLoad('k', source.load)
    cache.deleteByTag('another')
    const after = follow(cache.getOrLoad('k', source.load))
    source.last.context.tags = ['t']
    await source.bring('v')
    expect([after, cache.get('k'), source.calls.length]).toEqual([given('v'), 'v', 1])
  })
})

describe('loads that race', () => {
  it('a background refresh and a foreground load: what began before the deletion does not come back', async () => {
    for (const order of [
      [0, 1],
      [1, 0],
    ]) {
      const { cache } = open({ ttl: 100, staleWhileRevalidate: 100 })
      const source = new Source()
      cache.set('k', 'stale')
      await pass(100)
      expect(await cache.getOrLoad('k', source.load)).toBe('stale')
      cache.delete('k')
      const foreground = follow(cache.getOrLoad('k', source.load))
      for (const i of order) {
        source.calls[i]!.resolve(['refreshed', 'loaded'][i])
        await ticks()
      }
      expect([foreground, cache.get('k')]).toEqual([given('loaded'), 'loaded'])
      checkInvariants(cache)
    }
  })

  it('a refresh that was overtaken and fails is reported, and does not touch what stands', async () => {
    const { cache, errors } = open({ ttl: 100, staleWhileRevalidate: 100, errorTtl: 50 })
    const source = new Source()
    cache.set('k', 'stale')
    await pass(100)
    await cache.getOrLoad('k', source.load)
    cache.set('k', 'set')
    await source.fail('down')
    expect([cache.get('k'), errors.splice(0)]).toEqual(['set', ['down']])
  })

  it('of several that overtook each other only the last one stores, in whatever order they end', async () => {
    for (const order of [
      [0, 1, 2],
      [2, 1, 0],
      [1, 2, 0],
      [2, 0, 1],
    ]) {
      const { cache } = open()
      const source = new Source()
      const calls = [0, 1, 2].map((i) => {
        if (i > 0) cache.delete('k')
        return follow(cache.getOrLoad('k', source.load))
      })
      for (const i of order) {
        source.calls[i]!.resolve(`v${i}`)
        await ticks()
      }
      expect([...calls, cache.get('k')]).toEqual([given('v0'), given('v1'), given('v2'), 'v2'])
      checkInvariants(cache)
    }
  })

  it('of two keys have nothing to do with each other', async () => {
    const { cache } = open()
    const [a, b] = [new Source(), new Source()]
    const first = follow(cache.getOrLoad('a', a.load))
    const second = follow(cache.getOrLoad('b', b.load))
    await b.fail('down')
    await a.bring('v')
    expect([first, second]).toEqual([given('v'), failed('down')])
  })
})

it('what weigh, protect or ttl do to the key while the result is stored wins too', async () => {
  const { cache } = open({
    ...{ maxWeight: 10 },
    weigh(value: string) {
      if (value === 'loaded') cache.delete('k')
      return 1
    },
  })
  await cache.getOrLoad('k', () => 'loaded')
  expect(cache.has('k')).toBe(false)
  const ttl = vi.fn(() => {
    cache.set('l', 'set')
    return 100
  })
  await cache.getOrLoad('l', () => 'loaded ', { ttl })
  expect(cache.get('l')).toBe('set')
  await turn()
})

import { describe, expect, it, vi } from 'vitest'
import { type Deferred, deferred, ticks } from '../support/deferred.ts'
import { checkInvariants } from '../support/invariants.ts'
import { failed, follow, given, open, pass, SECOND, Source, useFakeTime, waiting } from './support.ts'

useFakeTime()

/** A source of many keys that answers when a test says so. */
class Many {
  readonly calls: (Deferred<Map<string, string | undefined>> & {
    readonly keys: readonly string[]
    readonly signal: AbortSignal
  })[] = []

  readonly load = (keys: readonly string[], { signal }: { signal: AbortSignal }) => {
    const call = { keys, signal, ...deferred<Map<string, string | undefined>>() }
    this.calls.push(call)
    return call.promise as Promise<Map<string, string>>
  }

  async bring(values: Record<string, string | undefined>, call = this.calls.at(-1)!): Promise<void> {
    call.resolve(new Map(Object.entries(values)))
    await ticks()
  }

  async fail(error: unknown): Promise<void> {
    this.calls.at(-1)!.reject(error)
    await ticks()
  }
}

const found = (values: Record<string, string>) => given(new Map(Object.entries(values)))

describe('getOrLoadMany', () => {
  it('asks once for what is not there, and gives what was found in the order asked', async () => {
    const { cache } = open()
    const many = new Many()
    cache.set('b', 'cached')
    const call = follow(cache.getOrLoadMany(['c', 'b', 'a', 'c'], many.load))
    expect(many.calls.map(({ keys }) => keys)).toEqual([['c', 'a']])
    await many.bring({ a: '1', c: '3' })
    expect(call).toEqual(found({ c: '3', b: 'cached', a: '1' }))
    expect([...(call.value as Map<string, string>).keys()]).toEqual(['c', 'b', 'a'])
    expect([cache.get('a'), cache.get('c')]).toEqual(['1', '3'])
    checkInvariants(cache)
  })

  it('takes any iterable, once; nothing to ask for asks nobody', async () => {
    const { cache } = open()
    const load = vi.fn(() => new Map())
    cache.set('a', '1')
    expect(await cache.getOrLoadMany(new Set(['a']).values(), load)).toEqual(new Map([['a', '1']]))
    expect(await cache.getOrLoadMany([], load)).toEqual(new Map())
    expect(load).not.toHaveBeenCalled()
  })

  it('takes pairs as an answer, from any iterable', async () => {
    const { cache } = open()
    const answer = await cache.getOrLoadMany(['a', 'b'], function* (keys) {
      for (const key of keys) yield [key, key.toUpperCase()] as const
    })
    expect([...answer]).toEqual([
      ['a', 'A'],
      ['b', 'B'],
    ])
  })

  it.each([[undefined], [null], [5], [['a']]])('refuses %o as an answer', async (answer) => {
    const { cache } = open()
    const load = async () => answer as never
    await expect(cache.getOrLoadMany(['a'], load)).rejects.toThrow(/^loadMany: expected/)
    expect(cache.size).toBe(0)
  })

  it('passes an error of the iterable that answers on, unchanged', async () => {
    const { cache } = open()
    const error = new Error('the cursor broke')
    const load = function* (): Generator<[string, string]> {
      yield ['a', 'A']
      throw error
    }
    await expect(cache.getOrLoadMany(['a'], load)).rejects.toBe(error)
  })

  it('a key that is not answered, or undefined, is not found', async () => {
    const { cache } = open()
    const many = new Many()
    const call = follow(cache.getOrLoadMany(['a', 'b', 'c'], many.load))
    await many.bring({ a: '1', b: undefined })
    expect(call).toEqual(found({ a: '1' }))
    expect(cache.size).toBe(1)
  })

  it('negativeTtl remembers what was not found', async () => {
    const { cache } = open({ negativeTtl: 100 })
    const many = new Many()
    void cache.getOrLoadMany(['a', 'b'], many.load)
    await many.bring({ a: '1' })
    const call = follow(cache.getOrLoadMany(['a', 'b', 'c'], many.load))
    expect(many.calls[1]!.keys).toEqual(['c'])
    await many.bring({ c: '3' })
    expect(call).toEqual(found({ a: '1', c: '3' }))
  })

  it('a loader that is no function is refused, and so are keys that cannot be listed', async () => {
    const { cache } = open()
    await expect(cache.getOrLoadMany(['a'], undefined as never)).rejects.toThrow(/^loadMany: /)
    await expect(cache.getOrLoadMany(5 as never, () => [])).rejects.toThrow(/^keys: /)
    cache.close()
    await expect(cache.getOrLoadMany(['a', 'b'], () => [])).rejects.toMatchObject({ code: 'CLOSED' })
  })
})

describe('flights under way', () => {
  it('are joined, and others join those of the batch', async () => {
    const { cache } = open()
    const [source, many, other] = [new Source(), new Many(), new Many()]
    const single = follow(cache.getOrLoad('a', source.load))
    const first = follow(cache.getOrLoadMany(['a', 'b', 'c'], many.load))
    const second = follow(cache.getOrLoadMany(['b', 'c', 'd'], other.load))
    const late = follow(cache.getOrLoad('b', source.load))
    expect([many.calls[0]!.keys, other.calls[0]!.keys, source.calls.length]).toEqual([['b', 'c'], ['d'], 1])
    await source.bring('1')
    expect(first).toEqual(waiting)
    await many.bring({ b: '2', c: '3' })
    expect(first).toEqual(found({ a: '1', b: '2', c: '3' }))
    expect([single, late, second]).toEqual([given('1'), given('2'), waiting])
    await other.bring({ d: '4' })
    expect(second).toEqual(found({ b: '2', c: '3', d: '4' }))
    expect(cache.stats()).toMatchObject({ loads: 4, joins: 4 })
    checkInvariants(cache)
  })

  it('that end with a tag deleted before the call are followed by a call for that key alone', async () => {
    const { cache } = open()
    const [source, many] = [new Source(), new Many()]
    void cache.getOrLoad('a', source.load)
    cache.deleteByTag('t')
    const both = follow(cache.getOrLoadMany(['a', 'b'], many.load))
    const asked = many.calls[0]!
    source.last.context.tags = ['t']
    await source.bring('old')
    await many.bring({ b: '2' }, asked)
    expect(asked.keys).toEqual(['b'])
    expect(many.calls.map(({ keys }) => keys)).toEqual([['b'], ['a']])
    await many.bring({ a: 'new' })
    expect(both).toEqual(found({ a: 'new', b: '2' }))
  })

  it('also where there was nothing else to ask for', async () => {
    const { cache } = open()
    const [source, many] = [new Source(), new Many()]
    void cache.getOrLoad('a', source.load)
    cache.deleteByTag('t')
    const call = follow(cache.getOrLoadMany(['a'], many.load))
    source.last.context.tags = ['t']
    await source.bring('old')
    expect(many.calls.map(({ keys }) => keys)).toEqual([['a']])
    await many.bring({ a: 'new' })
    expect(call).toEqual(found({ a: 'new' }))
  })
})

describe('extra keys in the answer', () => {
  it('are kept, with ttl, tags and stale windows of the call', async () => {
    const { cache } = open()
    const options = { ttl: 50, tags: ['t'], staleWhileRevalidate: 100 }
    await cache.getOrLoadMany(['a'], () => Object.entries({ a: '1', extra: '2', more: '3' }), options)
    expect([cache.get('extra'), cache.expiresIn('extra')]).toEqual(['2', 50])
    await pass(60)
    const source = new Source()
    expect(await cache.getOrLoad('extra', source.load, options)).toBe('2')
    await source.bring('new')
    cache.deleteByTag('t')
    expect(cache.has('extra')).toBe(false)
  })

  it('live as long as a ttl told from the value says', async () => {
    const { cache } = open()
    const ttl = (value: string, key: string) => (value === '2' && key === 'extra' ? 7 : 9)
    await cache.getOrLoadMany(['a'], () => Object.entries({ a: '1', extra: '2' }), { ttl })
    expect([cache.expiresIn('a'), cache.expiresIn('extra')]).toEqual([9, 7])
  })

  it('are not kept if undefined', async () => {
    const { cache } = open()
    await cache.getOrLoadMany(['a'], () => [['extra', undefined]])
    expect(cache.size).toBe(0)
  })

  it.each<[string, (cache: ReturnType<typeof open>['cache']) => unknown, string | undefined]>([
    ['set', (cache) => cache.set('extra', 'set'), 'set'],
    ['delete', (cache) => cache.delete('extra'), undefined],
    ['set and delete', (cache) => [cache.set('extra', 'set'), cache.delete('extra')], undefined],
    ['expire', (cache) => cache.expire('extra'), undefined],
    ['clear', (cache) => cache.clear(), undefined],
    ['deleteByTag', (cache) => cache.deleteByTag('t'), undefined],
    ['a load', (cache) => cache.getOrLoad('extra', () => 'loaded'), 'loaded'],
    ['close', (cache) => cache.close(), undefined],
  ])('are not kept if overtaken by %s', async (_, happen, stands) => {
    const { cache } = open()
    const many = new Many()
    const call = follow(cache.getOrLoadMany(['a'], many.load, { tags: ['t'] }))
    happen(cache)
    await ticks()
    await many.bring({ a: '1', extra: 'too late' })
    expect(call).toEqual(found({ a: '1' }))
    if (stands !== undefined) expect(cache.get('extra')).toBe(stands)
    else expect(cache.stats().size).toBe(_ === 'clear' || _ === 'close' || _ === 'deleteByTag' ? 0 : 1)
    checkInvariants(cache)
  })

  it('are not kept while another load of them is under way, which stores', async () => {
    const { cache } = open()
    const [many, source] = [new Many(), new Source()]
    void cache.getOrLoadMany(['a'], many.load)
    const other = follow(cache.getOrLoad('extra', source.load))
    await many.bring({ a: '1', extra: 'of the batch' })
    expect(cache.has('extra')).toBe(false)
    await source.bring('own')
    expect([other, cache.get('extra')]).toEqual([given('own'), 'own'])
  })

  it('that protect or weigh refuse are reported, and the others stand', async () => {
    const { cache, errors } = open({
      ...{ maxWeight: 10 },
      weigh: (value: string) => (value === 'heavy' ? Number.NaN : 1),
    })
    const answer = Object.entries({ a: '1', extra: 'heavy', more: '3' })
    expect(await cache.getOrLoadMany(['a'], () => answer)).toEqual(new Map([['a', '1']]))
    expect([...cache.keys()].sort()).toEqual(['a', 'more'])
    expect(errors.splice(0)).toMatchObject([{ name: 'TypeError' }])
  })
})

describe('a batch that fails', () => {
  it('reaches those who asked for its keys, and nobody else', async () => {
    const { cache } = open()
    const [source, many, other] = [new Source(), new Many(), new Many()]
    const single = follow(cache.getOrLoad('a', source.load))
    const failing = follow(cache.getOrLoadMany(['a', 'b'], many.load))
    const joined = follow(cache.getOrLoad('b', source.load))
    const apart = follow(cache.getOrLoadMany(['a', 'c'], other.load))
    const error = new Error('down')
    await many.fail(error)
    expect([failing, joined]).toEqual([failed(error), failed(error)])
    await source.bring('1')
    await other.bring({ c: '3' })
    expect([single, apart]).toEqual([given('1'), found({ a: '1', c: '3' })])
    expect([...cache.keys()].sort()).toEqual(['a', 'c'])
    expect(cache.stats()).toMatchObject({ loads: 3, loadFailures: 1 })
  })

  it.each<[string, () => never]>([
    [
      'throws at once',
      () => {
        throw new Error('no')
      },
    ],
    ['rejects', () => Promise.reject(new Error('no')) as never],
  ])('by a loader that %s leaves nothing behind', async (_, load) => {
    const { cache } = open()
    await expect(cache.getOrLoadMany(['a', 'b', 'c'], load)).rejects.toThrow('no')
    expect([cache.size, cache.stats().loadFailures]).toEqual([0, 3])
    checkInvariants(cache)
    const many = new Many()
    void cache.getOrLoadMany(['a', 'b'], many.load)
    expect(many.calls[0]!.keys).toEqual(['a', 'b'])
    await many.bring({})
  })

  it('with stale values for all of its keys: they are given', async () => {
    const { cache, errors } = open({ ttl: 100, staleIfError: 1000 })
    const many = new Many()
    cache.setMany(Object.entries({ a: '1', b: '2' }))
    await pass(150)
    const call = follow(cache.getOrLoadMany(['a', 'b'], many.load))
    await many.fail('down')
    expect(call).toEqual(found({ a: '1', b: '2' }))
    expect(new Set(errors.splice(0))).toEqual(new Set(['down']))
  })

  it('errorTtl: the next call fails with the same error, without asking', async () => {
    const { cache } = open({ errorTtl: 100 })
    const many = new Many()
    void follow(cache.getOrLoadMany(['a'], many.load))
    await many.fail('down')
    const call = follow(cache.getOrLoadMany(['a'], many.load))
    await ticks()
    expect([call, many.calls.length]).toEqual([failed('down'), 1])
  })
})

describe('in whatever state its keys are', () => {
  it('stale ones are given at once and refreshed by the same call, live ones that are due too', async () => {
    const { cache } = open({ ttl: 100, staleWhileRevalidate: 100, refreshAhead: 0.5 })
    const many = new Many()
    cache.set('stale', 'old')
    await pass(60)
    cache.set('due', 'old')
    await pass(30)
    cache.set('live', 'young')
    await pass(20)
    const call = follow(cache.getOrLoadMany(['live', 'due', 'stale'], many.load))
    await ticks()
    expect(call).toEqual(found({ live: 'young', due: 'old', stale: 'old' }))
    expect(many.calls.map(({ keys }) => keys)).toEqual([['due', 'stale']])
    await many.bring({ due: 'new', stale: 'new' })
    expect([cache.get('due'), cache.get('stale')]).toEqual(['new', 'new'])
    expect(cache.stats()).toMatchObject({ refreshes: 2, staleServed: 1 })
    checkInvariants(cache)
  })

  it('softTimeout holds for the stale ones', async () => {
    const { cache } = open({ ttl: 100, staleIfError: 1000, softTimeout: 10 })
    const many = new Many()
    cache.set('a', 'old')
    await pass(150)
    const call = follow(cache.getOrLoadMany(['a'], many.load))
    await pass(10)
    expect(call).toEqual(found({ a: 'old' }))
    await many.bring({ a: 'new' })
    expect(cache.get('a')).toBe('new')
  })
})

describe('signals and deadlines', () => {
  it("the caller's signal ends its wait; the loader is told when nobody waits for any of its keys", async () => {
    const { cache } = open()
    const many = new Many()
    const [all, one] = [new AbortController(), new AbortController()]
    const call = follow(cache.getOrLoadMany(['a', 'b'], many.load, { signal: all.signal }))
    const joined = follow(cache.getOrLoad('b', () => 'own', { signal: one.signal }))
    all.abort('left')
    await ticks()
    expect([call, many.calls[0]!.signal.aborted]).toEqual([failed('left'), false])
    one.abort('left too')
    await ticks()
    expect([joined, many.calls[0]!.signal.aborted]).toEqual([failed('left too'), true])
  })

  it('hardTimeout ends it, and the late answer is stored for what nothing has overtaken', async () => {
    const { cache } = open({ hardTimeout: SECOND })
    const many = new Many()
    const call = follow(cache.getOrLoadMany(['a', 'b'], many.load))
    await pass(SECOND)
    expect(call).toMatchObject({ state: 'failed', value: { code: 'TIMEOUT' } })
    expect(many.calls[0]!.signal.aborted).toBe(true)
    cache.delete('a')
    await many.bring({ a: '1', b: '2' })
    expect([...cache]).toEqual([['b', '2']])
    checkInvariants(cache)
  })

  it('a clear meanwhile: given to who waits, nothing stored', async () => {
    const { cache } = open()
    const many = new Many()
    const call = follow(cache.getOrLoadMany(['a', 'b'], many.load))
    cache.clear()
    await many.bring({ a: '1', b: '2', extra: '3' })
    expect([call, cache.size]).toEqual([found({ a: '1', b: '2' }), 0])
    checkInvariants(cache)
  })

  it('a deletion of one key meanwhile keeps that one out', async () => {
    const { cache } = open()
    const many = new Many()
    void cache.getOrLoadMany(['a', 'b'], many.load)
    cache.delete('a')
    await many.bring({ a: '1', b: '2' })
    expect([...cache.keys()]).toEqual(['b'])
  })
})

import { describe, expect, it } from 'vitest'
import { ticks } from '../support/deferred.ts'
import { checkInvariants } from '../support/invariants.ts'
import { follow, given, open, pass, Source, useFakeTime } from './support.ts'

useFakeTime()

interface Row {
  n: number
}

describe("protect: 'freeze'", () => {
  it('what a load brings is frozen, for all who wait', async () => {
    const { cache } = open<Row>({ protect: 'freeze' })
    const [a, b] = await Promise.all([1, 2].map(() => cache.getOrLoad('k', async () => ({ n: 1 }))))
    expect([a === b, Object.isFrozen(a), cache.get('k') === a]).toEqual([true, true, true])
  })

  it('what cannot be frozen rejects, and nothing is stored', async () => {
    const { cache } = open<unknown>({ protect: 'freeze' })
    await expect(cache.getOrLoad('k', () => new Date())).rejects.toThrow(/^protect: /)
    expect(cache.size).toBe(0)
  })
})

describe("protect: 'clone'", () => {
  it('each who waits is given a clone of its own', async () => {
    const { cache } = open<Row>({ protect: 'clone' })
    const loaded = { n: 1 }
    const [a, b] = await Promise.all([1, 2].map(() => cache.getOrLoad('k', async () => loaded)))
    expect(a).toEqual({ n: 1 })
    expect(new Set([a, b, loaded, cache.get('k')]).size).toBe(4)
    for (const row of [a!, b!, loaded]) row.n = 99
    expect(cache.get('k')).toEqual({ n: 1 })
  })

  it('so is each who is given a stale value', async () => {
    const { cache } = open<Row>({ protect: 'clone', ttl: 100, staleWhileRevalidate: 100 })
    const source = new Source<Row>()
    cache.set('k', { n: 1 })
    await pass(100)
    const row = await cache.getOrLoad('k', source.load)
    row.n = 99
    expect(await cache.getOrLoad('k', source.load)).toEqual({ n: 1 })
    await source.bring({ n: 2 })
  })

  it('and each who is given one that is to be refreshed, or stands in for an error', async () => {
    const { cache, errors } = open<Row>({ protect: 'clone', ttl: 100, refreshAhead: 0.5, staleIfError: 100 })
    const source = new Source<Row>()
    cache.set('k', { n: 1 })
    await pass(50)
    const live = await cache.getOrLoad('k', source.load)
    live.n = 99
    await source.fail('down')
    await pass(60)
    const stale = await cache.getOrLoad('k', source.load)
    expect(stale).toEqual({ n: 1 })
    stale.n = 99
    expect(await cache.getOrLoad('k', source.load)).toEqual({ n: 1 })
    expect(errors.splice(0)).toEqual(['down'])
  })

  it('the loader cannot change the stale value that it is told', async () => {
    const { cache, errors } = open<Row>({ protect: 'clone', ttl: 100, refreshAhead: 0.5 })
    const source = new Source<Row>()
    cache.set('k', { n: 1 })
    await pass(50)
    await cache.getOrLoad('k', source.load)
    source.last.context.stale!.n = 99
    await source.fail('down')
    expect(cache.get('k')).toEqual({ n: 1 })
    errors.splice(0)
  })

  it('nor can the function that tells the ttl', async () => {
    const { cache } = open<Row>({ protect: 'clone' })
    const ttl = (row: Row) => {
      row.n = 99
      return 100
    }
    expect(await cache.getOrLoad('k', () => ({ n: 1 }), { ttl })).toEqual({ n: 1 })
    expect(cache.get('k')).toEqual({ n: 1 })
  })

  it('of many keys too', async () => {
    const { cache } = open<Row>({ protect: 'clone' })
    const rows = { a: { n: 1 }, extra: { n: 2 } }
    const found = await cache.getOrLoadMany(['a'], () => Object.entries(rows))
    found.get('a')!.n = rows.a.n = rows.extra.n = 99
    expect([cache.get('a'), cache.get('extra')]).toEqual([{ n: 1 }, { n: 2 }])
  })
})

describe("kind: 'none'", () => {
  it('one load however many ask, and nothing is kept', async () => {
    const { cache } = open({ kind: 'none', ttl: 100, staleIfError: '1h', negativeTtl: '1h', errorTtl: '1h' })
    const source = new Source()
    const calls = [1, 2].map(() => follow(cache.getOrLoad('k', source.load)))
    await source.bring('v')
    expect(calls).toEqual([given('v'), given('v')])
    expect([cache.size, cache.get('k')]).toEqual([0, undefined])
    for (const end of [() => source.bring(undefined), () => source.fail('down')]) {
      void follow(cache.getOrLoad('k', source.load))
      await end()
      expect(cache.size).toBe(0)
    }
    expect(source.calls.length).toBe(3)
    checkInvariants(cache)
  })

  it('timeouts, signals and batches work as ever', async () => {
    const { cache } = open({ kind: 'none', hardTimeout: 10 })
    const source = new Source()
    const stuck = follow(cache.getOrLoad('k', source.load))
    await pass(10)
    expect(stuck).toMatchObject({ value: { code: 'TIMEOUT' } })
    await source.bring('late')
    const found = await cache.getOrLoadMany(['a', 'b'], () => Object.entries({ a: '1', extra: '2' }))
    expect(found).toEqual(new Map([['a', '1']]))
    await ticks()
    expect(cache.size).toBe(0)
  })
})

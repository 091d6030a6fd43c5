import { describe, expect, test } from 'vitest'
import { storeOf } from '../../../src/cache.ts'
import { History } from '../../../src/observe/dashboard/history.ts'
import { SpaceSaving } from '../../../src/observe/dashboard/space-saving.ts'
import { checkInvariants } from '../../support/invariants.ts'
import { made, served } from './support.ts'

describe('34. the keys that are read most', () => {
  test('are told with their shares of all reads, found and not found apart, each in its namespace', async () => {
    const cache = made({ name: 'asked' })
    const inner = cache.namespace('inner')
    cache.set('hot', 1)
    inner.set('hot', 2)
    const { state } = served()
    expect((await state('?cache=asked')).details!.top).toEqual({ sampled: 0, hits: [], misses: [] })
    for (let i = 0; i < 64_000; i++) {
      cache.get(i % 2 === 0 ? 'hot' : `cold ${i}`)
      if (i % 4 === 0) inner.get('hot')
      if (i % 5 === 0) cache.get('gone')
    }
    const { top } = (await state('?cache=asked')).details!
    const reads = 64_000 * 1.45
    expect(top.sampled).toBeGreaterThan(0.8 * (reads / 64))
    expect(top.sampled).toBeLessThan(1.25 * (reads / 64))
    expect(top.hits.map(({ key, path }) => [key.text, path])).toEqual([
      ['hot', []],
      ['hot', ['inner']],
    ])
    expect(top.misses[0]).toMatchObject({ key: { text: 'gone', kind: 'string', ref: 'gone' }, path: [] })
    for (const [{ share }, expected] of [
      [top.hits[0]!, 0.5 / 1.45],
      [top.hits[1]!, 0.25 / 1.45],
      [top.misses[0]!, 0.2 / 1.45],
    ] as const)
      expect(Math.abs(share - expected)).toBeLessThan(0.06)
    // None of 32,000 keys that were asked for once is told as one of those.
    expect(top.misses.every(({ key }) => key.text === 'gone')).toBe(true)
    checkInvariants(cache)
  })

  test('are looked for while somebody asks: afterwards reads are as they were, and counters never knew', () => {
    const history = new History(() => 1e12)
    const cache = made({ name: 'left-alone' })
    cache.set('k', 1)
    const { slots, clock } = storeOf(cache)
    expect(slots.calmUntil > clock.latest).toBe(true)
    history.topKeys(storeOf(cache), 'plain')
    expect(slots.calmUntil > clock.latest).toBe(false)
    for (let i = 0; i < 1000; i++) cache.get('k')
    for (let i = 0; i < 3; i++) history.sample()
    expect(history.topKeys(storeOf(cache), 'plain').hits.length).toBe(1)
    for (let i = 0; i < 3; i++) history.sample()
    expect(slots.areReadsTold).toBe(true)
    history.sample()
    expect(slots.areReadsTold).toBe(false)
    expect(slots.calmUntil > clock.latest).toBe(true)
    expect(history.topKeys(storeOf(cache), 'plain')).toEqual({ sampled: 0, hits: [], misses: [] })
    expect(cache.stats()).toMatchObject({ hits: 1000, misses: 0 })
    checkInvariants(cache)
  })

  test('are those of the last minutes: what was read before counts half each minute', () => {
    const history = new History(() => 1e12)
    const cache = made({ name: 'moving-on' })
    const read = (key: string): void => {
      cache.set(key, 1)
      for (let i = 0; i < 64_000; i++) cache.get(key)
    }
    const top = () => history.topKeys(storeOf(cache), 'plain')
    top()
    read('yesterday')
    for (let minute = 0; minute < 3; minute++)
      for (let i = 0; i < 6; i++) {
        history.sample()
        top()
      }
    read('today')
    const [first, second] = top().hits
    expect([first!.key.text, second!.key.text]).toEqual(['today', 'yesterday'])
    expect(first!.share / second!.share).toBeGreaterThan(5)
    // After an hour of silence nothing is left of either.
    for (let i = 0; i < 90; i++) {
      history.sample()
      top()
    }
    expect(top().hits).toEqual([])
  })

  test('show no key with hashed keys, and a closed cache asks for nothing more', async () => {
    const cache = made({ name: 'asked-hashed' })
    const { state } = served({ keys: 'hashed' })
    await state('?cache=asked-hashed')
    for (let i = 0; i < 6400; i++) cache.get('secret')
    const { top } = (await state('?cache=asked-hashed')).details!
    expect(top.misses[0]!.key).toEqual({ text: expect.stringMatching(/^[0-9a-f]{12}$/), kind: 'hashed' })
    expect(JSON.stringify(top)).not.toMatch('secret')
    cache.close()
    expect((await state('?cache=asked-hashed')).details).toBeUndefined()
  })

  test('loads are told as misses, and what they brought as hits', async () => {
    const cache = made({ name: 'asked-by-loads' })
    const { state } = served()
    await state('?cache=asked-by-loads')
    for (let i = 0; i < 6400; i++) await cache.getOrLoad('loaded', async () => 1)
    for (let i = 0; i < 6400; i++) await cache.getOrLoad(`once ${i}`, async () => 1)
    const { top } = (await state('?cache=asked-by-loads')).details!
    expect([top.hits[0]!.key.text, top.misses]).toEqual(['loaded', []])
    expect(Math.abs(top.hits[0]!.share - 0.5)).toBeLessThan(0.15)
  })
})

describe('a list of a fixed length', () => {
  test('has everything that is more frequent than its share, and never counts too little', () => {
    const list = new SpaceSaving<string, number>(10)
    const counts = new Map<number, number>()
    // A hundred that come 1 to 100 times, mixed.
    for (let round = 1; round <= 100; round++)
      for (let item = 1; item <= 100; item++)
        if (item ** 3 >= round * 10_000) {
          list.add('a', item)
          counts.set(item, (counts.get(item) ?? 0) + 1)
        }
    const all = [...counts.values()].reduce((sum, one) => sum + one, 0)
    const top = list.top(10)
    for (const { item, count, excess } of top) {
      const met = counts.get(item)!
      expect(met).toBeLessThanOrEqual(count)
      expect(met).toBeGreaterThanOrEqual(count - excess)
    }
    const listed = new Set(top.map(({ item }) => item))
    for (const [item, count] of counts) if (count > all / 10) expect(listed.has(item)).toBe(true)
  })

  test('tells groups apart, and forgets by halves', () => {
    const list = new SpaceSaving<string, number>(4)
    for (let i = 0; i < 4; i++) list.add('a', 1)
    list.add('b', 1)
    expect(list.top(4).map(({ group, item, count }) => [group, item, count])).toEqual([
      ['a', 1, 4],
      ['b', 1, 1],
    ])
    list.halve()
    list.halve()
    expect(list.top(4).map(({ group, count }) => [group, count])).toEqual([['a', 1]])
    list.add('b', 1)
    expect(list.top(4)[1]).toMatchObject({ group: 'b', count: 1, excess: 0 })
  })
})

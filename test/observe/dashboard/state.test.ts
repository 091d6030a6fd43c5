import { TieredCache } from 'nearcache/tiered'
import { describe, expect, test, vi } from 'vitest'
import { allCaches, storeOf } from '../../../src/cache.ts'
import { History } from '../../../src/observe/dashboard/history.ts'
import { percentile } from '../../../src/observe/dashboard/series.ts'
import { health } from '../../../src/observe/health.ts'
import { hostile, made, served } from './support.ts'

describe('29. the last hour', () => {
  test('is kept in samples, each of what happened since the one before', () => {
    let now = 1e12
    const history = new History(() => now)
    const cache = made({ name: 'sampled' })
    cache.set('k', 1)
    for (let tick = 0; tick < 400; tick++) {
      for (let i = 0; i < tick % 5; i++) cache.get('k')
      cache.get('none')
      now += 10_000
      history.sample()
    }
    const series = history.of(storeOf(cache))
    const rows = series.samples(0, history.tick)
    expect(rows.length).toBe(360)
    expect(rows[0]!.slice(0, 4)).toEqual([40, 0, 0, 1])
    expect(rows.at(-1)!.slice(0, 4)).toEqual([399, 4, 0, 1])
    expect(series.traffic(history.tick).at(-1)).toEqual([10, 6])
    expect(series.span(cache.stats(), now, history.tick, 6)).toMatchObject({
      seconds: 60,
      hits: 14,
      misses: 6,
    })
    expect(series.span(cache.stats(), now, history.tick, 360)).toMatchObject({ seconds: 3600, misses: 360 })
  })

  test('a cache made since the last sample is counted from its beginning', () => {
    const history = new History(() => 1e12)
    const cache = made({ name: 'late' })
    cache.get('none')
    history.sample()
    expect(history.of(storeOf(cache)).samples(0, 1)[0]!.slice(0, 4)).toEqual([0, 0, 0, 1])
  })

  test('times of loads are told from their classes', () => {
    expect(percentile([0, 0, 0], 0.5)).toBeNull()
    expect(percentile([10, 0, 0], 0.5)).toBe(0.5)
    expect(percentile([0, 0, 10, 10], 0.5)).toBe(5)
    expect(percentile([0, 0, 10, 10], 0.95)).toBe(9.5)
    expect(percentile([...new Array(13).fill(0), 1], 0.95)).toBe(10_000)
  })

  test('the state of 20 caches takes 20 KB at most, once the page has the hour', async () => {
    const caches = Array.from({ length: 20 }, (_, i) => made({ name: `cache of a service ${i}` }))
    const { state, get } = served({ caches })
    for (const cache of caches) for (let i = 0; i < 1000; i++) await cache.getOrLoad(i % 300, async () => i)
    const { instance, tick, caches: first } = await state()
    expect(first.every(({ trend }) => trend?.length === 60)).toBe(true)
    const text = await (await get(`state?since=${instance.id}.${Math.floor(tick / 6)}.0`)).text()
    expect(JSON.parse(text).caches.length).toBe(20)
    expect(text.length).toBeLessThanOrEqual(20_000)
  })
})

describe('30. processes', () => {
  test('an answer names its process, and does not take what is known of another for its own', async () => {
    made({ name: 'named-process' })
    const { state } = served()
    const { instance } = await state()
    expect(instance).toMatchObject({ pid: process.pid, id: expect.stringMatching(/^[0-9a-f]{12}$/) })
    const [cache] = (await state('?since=0123456789ab.0.0')).caches
    expect(cache!.trend).toBeDefined()
  })
})

describe('31. caches', () => {
  test('are all of the process or those chosen, with namespaces where they are asked for', async () => {
    const one = made({ name: 'chosen', maxEntries: 10 })
    made({ name: 'other' })
    one.namespace('inner').set('k', 1)
    const { state } = served({ caches: [one] })
    const { caches, spaces } = await state('?spaces=chosen&spaces=other')
    expect(caches).toMatchObject([
      { name: 'chosen', size: 1, maxEntries: 10, maxWeight: null, unit: 'entries', spaces: 1 },
    ])
    expect(spaces).toMatchObject({ chosen: [{ path: ['inner'], entries: 1, sets: 1 }] })
    expect(Object.keys(spaces)).toEqual(['chosen'])
    expect((await served().state()).caches.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['chosen', 'other']),
    )
  })

  test('a failing loader is told, with its error and whether stale values are given', async () => {
    const cache = made({ name: 'failing', staleIfError: '1h', errorBackoff: 0, onError() {} })
    cache.set('k', 1)
    cache.expire('k')
    for (let i = 0; i < 4; i++)
      await cache.getOrLoad('k', async () => {
        throw new Error('no route')
      })
    const { caches, faults } = await served({ caches: [cache] }).state()
    expect(caches[0]!.failing).toEqual({ loads: 4, error: 'no route', stale: true })
    expect(faults).toMatchObject([
      { kind: 'loader', cache: 'failing', message: 'no route', key: 'k', count: 4 },
    ])
  })

  test('a tiered cache tells of its second tier', async () => {
    const entries = new Map<string, Uint8Array>()
    const remote = {
      get: async (key: string) => entries.get(key),
      set: async (key: string, value: Uint8Array) => void entries.set(key, value),
      delete: async (keys: readonly string[]) => keys.forEach((key) => void entries.delete(key)),
    }
    const cache = new TieredCache<string, number>({ name: 'dashed', remote })
    await cache.getOrLoad('k', async () => 1)
    const { caches } = await served().state()
    expect(caches.find(({ name }) => name === 'tiered:dashed')!.tier).toMatchObject({
      bus: 'polling',
      breaker: 'closed',
      queued: 0,
      misses: 1,
    })
    expect(caches.filter(({ name }) => name !== 'tiered:dashed').every(({ tier }) => tier === null)).toBe(
      true,
    )
    await cache.close()
  })

  test('84. for how long a second tier or a bus is away is told, as `health` tells it', async () => {
    let now = 1e6
    const lost = (): Promise<never> => Promise.reject(new Error('away'))
    const bus = { send: lost, listen: async () => () => {} }
    for (const [name, remote, isBus] of [
      ['tier-away', { get: lost, set: lost, delete: lost }, false],
      ['bus-down', bus, true],
    ] as const) {
      const cache = new TieredCache<string, number>({
        ...{ name, remote, clock: () => now, writeTimeout: 1, closeTimeout: 1, onError() {} },
      })
      const told = async () =>
        (await served().state()).caches.find((one) => one.name === `tiered:${name}`)!.tier!
      expect(await told()).toMatchObject({ isBus, breaker: 'closed', awayFor: null })
      await vi.waitFor(async () => {
        await cache.delete('k')
        expect(await told()).toMatchObject({ breaker: 'open' })
      })
      now += 180_000
      const { awayFor } = await told()
      expect(awayFor).toBeGreaterThanOrEqual(180_000)
      expect(awayFor).toBe(health(cache).bus!.downFor)
      await cache.close()
    }
  })

  test('entries of a tiered cache are deleted and cleared in the second tier and everywhere', async () => {
    const entries = new Map<string, Uint8Array>()
    const remote = {
      get: async (key: string) => entries.get(key),
      set: async (key: string, value: Uint8Array) => void entries.set(key, value),
      delete: async (keys: readonly string[]) => keys.forEach((key) => void entries.delete(key)),
    }
    const cache = new TieredCache<unknown, number>({ name: 'acted-on', remote })
    const { act, entries: list, state } = served({ actions: true })
    const name = 'tiered:acted-on'
    const spaces = [cache, cache.namespace<unknown, number>('ein "Raum"').namespace<unknown, number>('x')]
    const keys = ['k', 7, 8n, ['a', 1], 'long'.repeat(100)]
    for (const space of spaces) for (const key of keys) await space.set(key, 1)
    await cache.settled()
    const found = (await list(name)).entries
    expect(found.length).toBe(10)
    // Another process, which holds nothing, would find all of them.
    const isThere = async (space: (typeof spaces)[number], key: unknown): Promise<boolean> => {
      storeOf(near).clear(storeOf(near).root)
      return (await space.lookup(key)) !== undefined
    }
    const near = allCaches().get(name)!
    for (const { key, path } of found) {
      const answer = await act({ action: 'delete', cache: name, path, key: key.ref! })
      expect(await answer.json()).toMatchObject({ done: true, second: 'told' })
    }
    for (const space of spaces)
      for (const key of keys) expect([key, await isThere(space, key)]).toEqual([key, false])

    for (const space of spaces) await space.set('k', 1)
    await cache.settled()
    const inner = (await state(`?cache=${name}`)).details!.spaces.find(({ path }) => path.length === 2)!
    expect(inner.path).toEqual(['N:ein "Raum"', 'N:x'])
    await act({ action: 'clear', cache: name, path: inner.path, confirm: name })
    expect([await isThere(spaces[0]!, 'k'), await isThere(spaces[1]!, 'k')]).toEqual([true, false])
    const answer = await act({ action: 'clear', cache: name, confirm: name })
    expect(await answer.json()).toMatchObject({ done: true, second: 'told' })
    expect(await isThere(spaces[0]!, 'k')).toBe(false)
    await cache.close()
  })

  test('where the second tier does not answer, what was deleted is queued, and that is said', async () => {
    const never = (): Promise<never> => Promise.reject(new Error('away'))
    const remote = { get: never, set: never, delete: never }
    const cache = new TieredCache<string, number>({
      ...{ name: 'acted-alone', remote, writeTimeout: 1, closeTimeout: 1, onError() {} },
    })
    await cache.getOrLoad('k', async () => 1)
    const { act } = served({ actions: true })
    const answer = await act({ action: 'delete', cache: 'tiered:acted-alone', key: 'k' })
    expect(await answer.json()).toMatchObject({ done: true, second: 'queued' })
    expect(cache.has('k')).toBe(false)
    await cache.close()
  })

  test('an examination of its size begins on demand, with permission of its own, and its advice is shown', async () => {
    const cache = made({ name: 'examined', maxEntries: 100 })
    const authorise = vi.fn(() => true)
    const { act, state } = served({ authorise })
    expect((await act({ action: 'examine', cache: 'examined' })).status).toBe(200)
    expect(authorise.mock.calls.map(([, action]: unknown[]) => action)).toEqual(['view', 'examine'])
    expect((await state('?cache=examined')).details!.advice).toMatchObject({
      cache: 'examined',
      verdict: 'too short',
      curve: [],
    })
    const again = await act({ action: 'examine', cache: 'examined' })
    expect([again.status, await again.text()]).toEqual([400, expect.stringMatching('examined already')])
    expect(cache.size).toBe(0)
  })
})

describe('32. entries', () => {
  test('are found by a part of their key, a hundred at a time, each once', async () => {
    const cache = made({ name: 'found', maxEntries: 5000, ttl: '1m' })
    for (let i = 0; i < 1500; i++) cache.set(`item ${i}`, i)
    cache.namespace('inner').set('item x', 1, { tags: ['a', 'b'], ttl: Infinity })
    cache.set(7, 1)
    cache.set(8n, 1)
    cache.set({ id: 1, region: 2 }, 1)
    const { entries } = served()
    const keys: string[] = []
    let after = 0
    for (let pages = 0; ; pages++) {
      const page = await entries('found', 'item', after)
      expect(page.entries.length).toBeLessThanOrEqual(100)
      keys.push(...page.entries.map(({ key }) => key.text))
      if (page.after === null) break
      after = page.after
      expect(pages).toBeLessThan(200)
    }
    expect(keys.length).toBe(1501)
    expect(new Set(keys).size).toBe(1501)
    const [inner] = (await entries('found', 'item x')).entries
    expect(inner).toMatchObject({ path: ['inner'], tags: ['a', 'b'], left: null, weight: null })
    const others = []
    for (let at: number | null = 0; at !== null; ) {
      const page = await entries('found', '', at)
      others.push(...page.entries.filter(({ key }) => key.kind !== 'string'))
      at = page.after
    }
    expect(others.map(({ key }) => key)).toEqual(
      expect.arrayContaining([
        { text: '7', kind: 'number', ref: 7 },
        { text: '8n', kind: 'bigint', ref: { bigint: '8' } },
        { text: '{ id, region }', kind: 'other' },
      ]),
    )
    expect(cache.stats()).toMatchObject({ hits: 0, misses: 0 })
  })

  test('that were cleared, expired or deleted by a tag are not shown', async () => {
    const cache = made({ name: 'gone', onRemoval() {} })
    cache.set('cleared', 1)
    cache.clear()
    cache.set('tagged', 1, { tags: ['t'] })
    cache.deleteByTag('t')
    cache.set('expired', 1)
    cache.expire('expired')
    cache.set('here', 1)
    expect((await served().entries('gone')).entries.map(({ key }) => key.text)).toEqual(['here'])
  })
})

describe('32. what is told of an entry', () => {
  test('is its age, while all have the lifetime of the cache', async () => {
    let now = 1e12
    const cache = made({ name: 'aged', ttl: '1m', clock: () => now })
    const { entries } = served()
    const ages = async () =>
      Object.fromEntries((await entries('aged')).entries.map(({ key, age }) => [key.text, age]))
    cache.set('first', 1)
    now += 7000
    cache.set('second', 1)
    now += 3000
    expect(await ages()).toEqual({ first: 10_000, second: 3000 })
    cache.touch('first')
    expect(await ages()).toEqual({ first: 0, second: 3000 })
    // Nobody can tell which of them has another lifetime, until none of those can be left.
    cache.set('own', 1, { ttl: '20s' })
    expect(await ages()).toEqual({ first: null, second: null, own: null })
    now += 21_000
    cache.set('third', 1)
    expect(await ages()).toEqual({ first: 21_000, second: 24_000, third: 0 })
    cache.touch('first', '5s')
    expect(await ages()).toEqual({ first: null, second: null, third: null })
  })

  test('is no age where lifetimes differ, are unknown or never end', async () => {
    const { entries } = served()
    const age = async (name: string) => (await entries(name)).entries[0]!.age
    made({ name: 'jittered', ttlJitter: 0.1 }).set('k', 1)
    made({ name: 'for-ever', ttl: Infinity }).set('k', 1)
    await made({ name: 'loaded' }).getOrLoad('k', async (_, context) => {
      context.ttl = '1h'
      return 1
    })
    const idle = made({ name: 'idle', ttl: '1h', idleTtl: '1m' })
    idle.set('k', 1)
    expect(await Promise.all(['jittered', 'for-ever', 'loaded', 'idle'].map(age))).toEqual([
      null,
      null,
      null,
      expect.any(Number),
    ])
  })

  test('is its standing with the policy, where that has any, and about its bytes', async () => {
    const { entries } = served()
    const told = async (name: string) =>
      new Map((await entries(name)).entries.map((entry) => [entry.key.text, entry]))
    const cache = made({ name: 'standing', maxEntries: 100 })
    for (let i = 0; i < 100; i++) cache.set(`first ${i}`, 'x'.repeat(1000))
    for (let round = 0; round < 4; round++) for (let i = 0; i < 50; i++) cache.get(`first ${i}`)
    for (let i = 0; i < 60; i++) cache.set(`later ${i}`, i)
    const adaptive = await told('standing')
    expect(adaptive.get('later 59')!.standing).toBe('recent')
    expect(adaptive.get('first 0')!.standing).toBe('frequent')
    expect(adaptive.get('first 0')!.bytes).toBeGreaterThan(1000)
    expect(adaptive.get('later 59')!.bytes).toBeLessThan(400)
    made({ name: 'in-order', policy: 'lru' }).set('k', 1)
    expect((await told('in-order')).get('k')!.standing).toBeNull()
    const heavy = made({ name: 'heavy', maxWeight: 100, weigh: () => 7 })
    heavy.set('k', {
      get x() {
        throw new Error('called')
      },
    })
    expect((await told('heavy')).get('k')).toMatchObject({ weight: 7, bytes: null })
    const sized = made({ name: 'sized', maxBytes: '1mb' })
    sized.set('k', 'x'.repeat(5000))
    expect((await told('sized')).get('k')).toMatchObject({ weight: null, bytes: sized.stats().weight })
  })
})

describe('33. values', () => {
  test('are shown after a click, cut to size, through reveal, and never in a list', async () => {
    const cache = made({ name: 'revealed' })
    cache.set('user', { name: 'Ada', password: 'hunter2', deep: { a: { b: { c: 1 } } } })
    cache.set('long', 'x'.repeat(50_000))
    cache.set('getter', {
      get x() {
        throw new Error('called')
      },
    })
    const { act, entries } = served({
      values: true,
      reveal: (_key, value) =>
        typeof value === 'object' && 'password' in value! ? { ...value, password: '…' } : value,
    })
    const text = async (key: string) =>
      ((await (await act({ action: 'reveal', cache: 'revealed', key })).json()) as { text: string }).text
    expect(await text('user')).toBe('{ name: "Ada", password: "…", deep: { a: { b: [Object] } } }')
    expect((await text('long')).length).toBeLessThan(10_100)
    expect(await text('getter')).toBe('{ x: [getter] }')
    expect(JSON.stringify(await entries('revealed'))).not.toMatch('Ada')
  })

  test("keys: 'hashed' shows no keys and no tags, finds by none, and acts on none", async () => {
    const cache = made({ name: 'hashed' })
    for (const text of hostile) cache.set(text, 1, { tags: [text.slice(0, 500)] })
    const { entries, act } = served({ keys: 'hashed', actions: true, values: true })
    const found = await entries('hashed', 'zzz')
    expect(found.entries.length).toBe(hostile.length)
    expect(found.entries.every(({ key }) => /^[0-9a-f]{12}$/.test(key.text) && key.ref === undefined)).toBe(
      true,
    )
    expect(new Set(found.entries.map(({ key }) => key.text)).size).toBe(hostile.length)
    expect(JSON.stringify(found)).not.toMatch(/onerror|__proto__/)
    for (const action of ['delete', 'reveal'] as const)
      expect((await act({ action, cache: 'hashed', key: '__proto__' })).status).toBe(400)
  })
})

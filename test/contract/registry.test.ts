import { describe, expect, it, vi } from 'vitest'
import { Cache, CacheError, type CacheOptions, cacheOptions, createCaches } from '../../src/index.ts'
import { policies, thrownBy, watch } from './support.ts'

type Package = typeof import('../../src/index.ts')

/** A second copy of the package, as a bundler or a hot reload brings it into the process. */
async function secondCopy(): Promise<Package> {
  vi.resetModules()
  return import('../../src/index.ts')
}

let names = 0
const freshName = () => `registry ${++names}`

/** Settings as they come from a file, of which nobody knows the types. */
const untyped = (settings: unknown) => settings as Record<string, CacheOptions>

describe('41. createCaches', () => {
  it('41. gives one cache per property', () => {
    const caches = createCaches({
      local: { maxEntries: 100, ttl: '10m', name: freshName() },
      users: cacheOptions<number, { name: string }>({ maxEntries: 2 }),
      plain: {},
    })
    watch(caches.local)
    watch(caches.users)
    expect(Object.keys(caches)).toEqual(['local', 'users', 'plain'])
    expect(caches.local).toBeInstanceOf(Cache)
    caches.local.set('key', 123)
    expect(caches.local.get('key')).toBe(123)
    expect(caches.local.expiresIn('key')).toBeGreaterThan(599_000)
    for (let i = 0; i < 5; i++) caches.users.set(i, { name: 'x' })
    expect(caches.users.size).toBe(2)
    expect(caches.plain.has('key')).toBe(false)
  })

  it('41. the object cannot be changed, and takes any name', () => {
    const caches = createCaches(
      untyped(JSON.parse('{ "__proto__": { "maxEntries": 5 }, "constructor": {} }')),
    )
    expect(Object.isFrozen(caches)).toBe(true)
    expect(Object.keys(caches)).toEqual(['__proto__', 'constructor'])
    expect(Object.getOwnPropertyDescriptor(caches, '__proto__')!.value).toBeInstanceOf(Cache)
  })

  it.each([
    ['maxEntires', 'maxEntries'],
    ['max_entries', 'maxEntries'],
    ['MAXENTRIES', 'maxEntries'],
    ['timeout', 'hardTimeout'],
    ['TTL', 'ttl'],
    ['tll', 'ttl'],
    ['polcy', 'policy'],
    ['onRemove', 'onRemoval'],
    ['onEror', 'onError'],
    ['keyprefix', 'keyPrefix'],
    ['maxbyte', 'maxBytes'],
    ['weight', 'weigh'],
    ['idleTTL', 'idleTtl'],
    ['jitter', 'ttlJitter'],
    ['protected', 'protect'],
  ])('41. refuses the option %s and names the nearest one', (wrong, near) => {
    const error = thrownBy(() => createCaches(untyped({ local: { [wrong]: 1 } })))
    expect(error).toBeInstanceOf(TypeError)
    expect(error.message).toContain(`local.${wrong}`)
    expect(error.message).toContain(`'${near}'`)
    expect(error.message).toMatch(/did you mean '\w+'/)
  })

  it('41. names the cache and the option of a value of the wrong type', () => {
    const error = thrownBy(() => createCaches(untyped({ good: {}, bad: { maxEntries: '100' } })))
    expect(error).toBeInstanceOf(TypeError)
    expect(error.message).toBe("bad.maxEntries: expected a positive integer or Infinity, got '100'")
  })

  it.each([[undefined], [null], [5], ['local'], [[]]])('41. refuses %o for all settings', (wrong) => {
    expect(() => createCaches(untyped(wrong))).toThrow(TypeError)
  })

  it.each([[undefined], [null], [5], ['10m'], [[]]])(
    '41. refuses %o for the settings of a cache',
    (wrong) => {
      const error = thrownBy(() => createCaches(untyped({ local: wrong })))
      expect(error).toBeInstanceOf(TypeError)
      expect(error.message).toContain('local: expected an object of settings')
    },
  )

  it('41. makes no cache at all when one setting is wrong', () => {
    const name = freshName()
    expect(() => createCaches(untyped({ first: { name, maxEntries: 5 }, second: { ttl: '5x' } }))).toThrow(
      /ttl/,
    )
    const later = watch(new Cache({ name, maxEntries: 6 }))
    expect(later.size).toBe(0)
  })

  it('41. makes no cache at all when a name is taken by other bounds', () => {
    const taken = freshName()
    const name = freshName()
    watch(new Cache({ name: taken, maxEntries: 5 }))
    expect(() =>
      createCaches({ first: { name, maxEntries: 5 }, second: { name: taken, maxEntries: 6 } }),
    ).toThrow(CacheError)
    expect(() => watch(new Cache({ name, maxEntries: 7 }))).not.toThrow()
  })
})

describe('42. names', () => {
  it('42. caches of the same name are one store, nameless ones are isolated', () => {
    const name = freshName()
    const [a, b, other, nameless, nameless2] = [name, name, freshName(), undefined, undefined].map((name) =>
      watch(new Cache<string, number>({ name })),
    ) as [Cache, Cache, Cache, Cache, Cache]
    a.set('k', 1)
    expect(b.get('k')).toBe(1)
    expect(b.stats()).toEqual(a.stats())
    nameless.set('k', 2)
    expect(other.has('k')).toBe(false)
    expect(nameless2.has('k')).toBe(false)
    a.namespace('n').set('k', 3)
    expect(b.namespace('n').get('k')).toBe(3)
  })

  it('42. createCaches and new Cache meet', () => {
    const name = freshName()
    const first = createCaches({ local: { name, maxEntries: 5 } }).local
    const second = createCaches({ here: { name } }).here
    first.set('k', 1)
    expect(second.get('k')).toBe(1)
    expect(watch(new Cache({ name })).get('k')).toBe(1)
  })

  it.each<[keyof CacheOptions, CacheOptions, CacheOptions]>([
    ['maxEntries', { maxEntries: 5 }, { maxEntries: 6 }],
    ['maxEntries', {}, { maxEntries: 6 }],
    ['policy', { policy: 'lru' }, { policy: 'adaptive' }],
    ['policy', {}, { policy: 'lru' }],
    ['idleTtl', { idleTtl: 5 }, { idleTtl: 6 }],
    ['protect', { protect: 'freeze' }, { protect: 'clone' }],
    ['kind', {}, { kind: 'none' }],
    ['maxWeight', { maxWeight: 5, weigh: () => 1 }, { maxWeight: 6, weigh: () => 1 }],
    ['maxBytes', { maxBytes: '1kb' }, { maxBytes: '2kb' }],
    ['maxBytes', {}, { maxBytes: '2kb' }],
  ])('42. another %s under the same name is NAME_CONFLICT', (option, first, second) => {
    const name = freshName()
    const cache = watch(new Cache({ name, ...first }))
    cache.set('k', 1)
    const error = thrownBy(() => new Cache({ name, ...second }))
    expect(error).toBeInstanceOf(CacheError)
    expect((error as CacheError).code).toBe('NAME_CONFLICT')
    expect(error.message).toContain(option)
    expect(error.message).toContain(name)
  })

  it.each<[string, CacheOptions, CacheOptions]>([
    ['none', { maxEntries: 5, policy: 'lru' }, {}],
    ['the same', { maxEntries: 5, policy: 'lru' }, { maxEntries: 5, policy: 'lru' }],
    ['the same in another unit', { maxBytes: '1kb', idleTtl: '1m' }, { maxBytes: 1024, idleTtl: 60_000 }],
    ['the same, of which the first was the default', {}, { maxEntries: 1000 }],
    ['the default policy by its name', {}, { policy: 'adaptive', protect: 'none', kind: 'local' }],
    ['another lifetime', { ttl: '1m' }, { ttl: '2m' }],
  ])('42. joins with bounds that are %s', (_, first, second) => {
    const name = freshName()
    const a = watch(new Cache<string, number>({ name, ...first }))
    const b = watch(new Cache<string, number>({ name, ...second }))
    a.set('k', 1)
    expect(b.get('k')).toBe(1)
  })

  it('42. two copies of the package share stores by name, and only by name', async () => {
    const name = freshName()
    const here = watch(new Cache<string, number>({ name, maxEntries: 5 }))
    const copy = await secondCopy()
    expect(copy.Cache).not.toBe(Cache)
    const there = new copy.Cache<string, number>({ name, maxEntries: 5 })
    here.set('k', 1, { tags: ['t'] })
    expect(there.get('k')).toBe(1)
    there.set('k2', 2)
    there.namespace('n').set('k', 3)
    expect(here.get('k2')).toBe(2)
    expect(here.namespace('n').get('k')).toBe(3)
    there.deleteByTag('t')
    expect(here.has('k')).toBe(false)
    for (let i = 0; i < 20; i++) (i % 2 ? here : there).set(`k${i}`, i)
    expect(here.stats()).toEqual(there.stats())
    expect(here.stats().size).toBe(5)
    expect(new copy.Cache<string, number>().has('k2')).toBe(false)
  })

  it('42. loads of two copies for one key are one load', async () => {
    const name = freshName()
    const copy = await secondCopy()
    const here = watch(new Cache<string, number>({ name }))
    const there = new copy.Cache<string, number>({ name })
    const load = vi.fn(async () => 1)
    expect(await Promise.all([here.getOrLoad('k', load), there.getOrLoad('k', load)])).toEqual([1, 1])
    expect(load).toHaveBeenCalledOnce()
  })

  it('42. what a load of one copy found out is no value for another', async () => {
    const name = freshName()
    const copy = await secondCopy()
    const removals: unknown[] = []
    const options = {
      name,
      negativeTtl: '1m',
      errorTtl: '1m',
      onRemoval: (one: unknown) => removals.push(one),
    } as const
    const here = watch(new Cache<string, number>(options))
    const there = new copy.Cache<string, number>(options)
    const failure = new Error('down')
    const absent = async () => undefined as never
    const fails = vi.fn(async (): Promise<number> => {
      throw failure
    })
    expect(await there.getOrLoad('absent', absent)).toBeUndefined()
    await expect(there.getOrLoad('failed', fails)).rejects.toBe(failure)
    const load = vi.fn(async () => 1)
    expect(await here.getOrLoad('absent', load)).toBeUndefined()
    await expect(here.getOrLoad('failed', load)).rejects.toBe(failure)
    expect(load).not.toHaveBeenCalled()
    here.delete('absent')
    here.set('failed', 1)
    expect(removals).toEqual([])
  })

  it('42. a conflict is seen across copies', async () => {
    const name = freshName()
    watch(new Cache({ name, maxEntries: 5 }))
    const copy = await secondCopy()
    const error = thrownBy(() => new copy.Cache({ name, maxEntries: 6 }))
    expect(error).toBeInstanceOf(CacheError)
    expect(error).toBeInstanceOf(copy.CacheError)
  })

  it('42. entries survive a hot reload of the module that made them', async () => {
    const name = freshName()
    const load = async () =>
      (await secondCopy()).createCaches({ local: { name, maxEntries: 5, ttl: '10m' } }).local
    const first = await load()
    first.set('k', 1)
    for (let i = 0; i < 3; i++) expect((await load()).get('k')).toBe(1)
    ;(await load()).close()
    expect(() => first.get('k')).toThrow(CacheError)
  })

  it.each([[''], [5], [null], [{}]])('42. refuses %o for a name', (name) => {
    const error = thrownBy(() => new Cache({ name: name as string }))
    expect(error).toBeInstanceOf(TypeError)
    expect(error.message).toContain('name: expected a string of at least one character')
  })
})

describe('43. the kind none', () => {
  const none = () => watch(new Cache<string, number>({ kind: 'none', maxEntries: 5 }))

  it('43. keeps nothing', async () => {
    const cache = none()
    cache.set('k', 1)
    expect(cache.get('k')).toBeUndefined()
    expect(cache.get('k', 7)).toBe(7)
    expect(cache.add('k', 1)).toBe(true)
    cache.setMany([['k', 1]])
    expect(cache.has('k')).toBe(false)
    expect(cache.peek('k')).toBeUndefined()
    expect(cache.take('k')).toBeUndefined()
    expect(cache.getMany(['k']).size).toBe(0)
    expect(cache.touch('k')).toBe(false)
    expect(cache.delete('k')).toBe(false)
    expect(cache.deleteMany(['k'])).toBe(0)
    expect(cache.expiresIn('k')).toBeUndefined()
    expect([...cache]).toEqual([])
    expect(cache.size).toBe(0)
    expect(() => cache.incr('k')).toThrow(CacheError)
    expect(cache.incr('k', 1, { initial: 5 })).toBe(5)
    expect(() => cache.incrVersion('k')).toThrow(CacheError)
    cache.namespace('n').set('k', 1)
    expect(cache.namespace('n').has('k')).toBe(false)
    cache.clear()
    cache.deleteByTag('t')
    expect(cache.stats().size).toBe(0)
  })

  it('43. computes and loads each time, joining loads under way', async () => {
    const cache = none()
    const compute = vi.fn(() => 1)
    expect([cache.getOrSet('k', compute), cache.getOrSet('k', compute)]).toEqual([1, 1])
    expect(compute).toHaveBeenCalledTimes(2)
    const load = vi.fn(async () => 2)
    expect(await Promise.all([cache.getOrLoad('k', load), cache.getOrLoad('k', load)])).toEqual([2, 2])
    expect(load).toHaveBeenCalledOnce()
    await cache.getOrLoad('k', load)
    expect(load).toHaveBeenCalledTimes(2)
  })

  it('43. refuses what any cache refuses', () => {
    const cache = none()
    expect(() => cache.set('k', undefined as never)).toThrow(TypeError)
    expect(() => cache.set('k', 1, { ttl: '5x' as '5s' })).toThrow(/ttl/)
    expect(() => cache.getOrSet('k', (async () => 1) as never)).toThrow(/getOrLoad/)
    expect(() => cache.resize(0)).toThrow(/maxEntries/)
    cache.close()
    expect(() => cache.get('k')).toThrow(CacheError)
  })
})

describe.each(policies)('44. close: %s', (policy) => {
  it('44. close drops the entries, tells of each, and stops the timer', () => {
    vi.useFakeTimers()
    const told: unknown[] = []
    const cache = new Cache<string, number>({
      policy,
      onRemoval: ({ key, reason }) => told.push(`${key} ${reason}`),
    })
    cache.set('a', 1)
    cache.namespace('n').set('b', 1)
    cache.set('c', 1)
    expect(vi.getTimerCount()).toBe(1)
    cache.close()
    expect(told.sort()).toEqual(['a cleared', 'b cleared', 'c cleared'])
    expect(cache.stats()).toMatchObject({ size: 0, weight: 0 })
    expect(cache.size).toBe(0)
    expect(vi.getTimerCount()).toBe(0)
    vi.useRealTimers()
  })

  it('44. closing one handle of a named store closes all of them, and frees the name', () => {
    const name = freshName()
    const a = new Cache<string, number>({ name, policy, maxEntries: 5 })
    const b = new Cache<string, number>({ name, keyPrefix: 'b' })
    b.set('k', 1)
    a.close()
    expect(() => b.get('k')).toThrow(CacheError)
    const c = watch(new Cache<string, number>({ name, policy, maxEntries: 6 }))
    expect(c.has('k')).toBe(false)
    a.close()
    b.close()
    c.set('k', 1)
    expect(watch(new Cache<string, number>({ name })).get('k')).toBe(1)
  })
})

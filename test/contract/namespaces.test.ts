import { describe, expect, it } from 'vitest'
import { Cache, CacheError, type Removal } from '../../src/index.ts'
import { manualClock } from '../support/clock.ts'
import { open, settings, thrownBy, watch } from './support.ts'
import { countWork } from './work.ts'

describe.each(settings)('namespaces and versions: $title', (setting) => {
  it('35. a namespace is a key space of its own', () => {
    const cache = open<string, string>(setting)
    const users = cache.namespace('users')
    const posts = cache.namespace('posts')
    cache.set('k', 'outside')
    users.set('k', 'user')
    posts.set('k', 'post')
    expect([cache.get('k'), users.get('k'), posts.get('k')]).toEqual(['outside', 'user', 'post'])
    expect([cache.size, users.size, posts.size]).toEqual([1, 1, 1])
    expect([...users]).toEqual([['k', 'user']])
    expect(users.delete('k')).toBe(true)
    expect([cache.has('k'), users.has('k'), posts.has('k')]).toEqual([true, false, true])
  })

  it('35. the same name is the same namespace', () => {
    const cache = open<string, number>(setting)
    cache.namespace('users').set('k', 1)
    expect(cache.namespace('users').get('k')).toBe(1)
  })

  it('35. namespaces nest, and no name runs into another', () => {
    const cache = open<string, number>(setting)
    cache.namespace('a').namespace('b').set('c', 1)
    cache.namespace('a:b').set('c', 2)
    cache.namespace('a').set('b:c', 3)
    cache.set('a:b:c', 4)
    expect(cache.namespace('a').namespace('b').get('c')).toBe(1)
    expect(cache.namespace('a:b').get('c')).toBe(2)
    expect(cache.namespace('a').get('b:c')).toBe(3)
    expect(cache.namespace('b').has('c')).toBe(false)
    expect(cache.stats().size).toBe(4)
  })

  it.each(['__proto__', 'constructor', ' ', '2', '\0'])('35. a namespace may be called %o', (name) => {
    const cache = open<string, number>(setting)
    cache.namespace(name).set('k', 1)
    expect(cache.namespace(name).get('k')).toBe(1)
    expect(cache.has('k')).toBe(false)
    expect(cache.version(2).has('k')).toBe(false)
  })

  it.each([[''], [undefined], [null], [5], [{}]])('35. a namespace cannot be called %o', (name) => {
    const cache = open<string, number>(setting)
    const error = thrownBy(() => cache.namespace(name as string))
    expect(error).toBeInstanceOf(TypeError)
    expect(error.message).toContain('namespace: expected a string of at least one character')
  })

  it('35. a namespace shares bounds, policy, statistics and lifetimes of the cache', () => {
    const clock = manualClock()
    const cache = open<string, number>(setting, { maxEntries: 5, ttl: 100, clock: clock.now })
    const inside = cache.namespace('inside')
    for (let i = 0; i < 10; i++) inside.set(`k${i}`, i)
    expect(inside.size).toBe(5)
    expect(inside.stats()).toEqual(cache.stats())
    expect(cache.stats()).toMatchObject({ size: 5, sets: 10, evictions: 5 })
    inside.set('last', 1)
    expect(inside.expiresIn('last')).toBe(100)
    inside.resize(2)
    cache.set('a', 1)
    cache.set('b', 1)
    cache.set('c', 1)
    expect(cache.stats().size).toBe(2)
  })

  it('25. clear of a namespace empties it and those inside it, and nothing else', () => {
    const removals: Removal[] = []
    const cache = open<string, number>(setting, { onRemoval: (removal) => removals.push(removal as Removal) })
    const users = cache.namespace('users')
    const deep = users.namespace('deep')
    const posts = cache.namespace('posts')
    for (const part of [cache, users, deep, posts]) part.set('k', 1)
    users.clear()
    expect([cache, users, deep, posts].map((part) => part.has('k'))).toEqual([true, false, false, true])
    expect([cache, users, deep, posts].map((part) => part.size)).toEqual([1, 0, 0, 1])
    expect(cache.stats().size).toBe(2)
    users.set('k', 2)
    expect(users.get('k')).toBe(2)
    cache.clear()
    expect([cache, users, deep, posts].map((part) => part.has('k'))).toEqual([false, false, false, false])
    expect(cache.stats().size).toBe(0)
  })

  it('35. an object may be a key in a namespace', () => {
    const cache = open<object, number>(setting)
    const key = {}
    cache.namespace('a').set(key, 1)
    expect(cache.namespace('a').get(key)).toBe(1)
    expect(cache.namespace('b').get(key)).toBeUndefined()
  })

  it('35. a hit in a namespace takes as many steps as a hit outside', () => {
    const cache = open<string, number>(setting)
    const deep = cache.namespace('a').namespace('b').version(3)
    cache.set('k', 1)
    deep.set('k', 1)
    expect(countWork(() => deep.get('k'))).toBe(countWork(() => cache.get('k')))
  })

  it('35. entries outlive the view that wrote them', () => {
    const cache = open<string, number>(setting)
    for (let i = 0; i < 100; i++) cache.namespace(`n${i}`).set('k', i)
    for (let i = 0; i < 100; i++) expect(cache.namespace(`n${i}`).get('k')).toBe(i)
  })

  it('36. entries of another version are invisible', () => {
    const cache = open<string, string>(setting)
    const second = cache.version(2)
    cache.set('k', 'first')
    expect(second.has('k')).toBe(false)
    second.set('k', 'second')
    expect([cache.get('k'), second.get('k')]).toEqual(['first', 'second'])
    expect(cache.version(2).get('k')).toBe('second')
    expect(second.version(1).get('k')).toBe('first')
    expect(cache.version(1).get('k')).toBe('first')
    expect(second.version(3).has('k')).toBe(false)
    second.version(3).set('k', 'third')
    expect(cache.version(3).get('k')).toBe('third')
    expect(cache.version(-1).has('k')).toBe(false)
    expect(cache.version(0).has('k')).toBe(false)
  })

  it.each([[1.5], [Number.NaN], [Infinity], ['2'], [undefined], [null], [2n]])(
    '36. a version is an integer, not %o',
    (wrong) => {
      const cache = open<string, number>(setting)
      const error = thrownBy(() => cache.version(wrong as number))
      expect(error).toBeInstanceOf(TypeError)
      expect(error.message).toContain('version: expected an integer')
    },
  )

  it('36. incrVersion moves a live entry, with its value and remaining lifetime', () => {
    const clock = manualClock()
    const removals: Removal[] = []
    const cache = open<string, object>(setting, {
      clock: clock.now,
      ttl: 100,
      onRemoval: (removal) => removals.push(removal as Removal),
    })
    const value = {}
    cache.set('k', value)
    clock.advance(30)
    expect(cache.incrVersion('k')).toBe(2)
    expect(cache.has('k')).toBe(false)
    expect(cache.version(2).get('k')).toBe(value)
    expect(cache.version(2).expiresIn('k')).toBe(70)
    expect(cache.version(2).incrVersion('k', 3)).toBe(5)
    expect(cache.version(5).decrVersion('k', 4)).toBe(1)
    expect(cache.get('k')).toBe(value)
    expect(cache.decrVersion('k')).toBe(0)
    expect(cache.version(0).get('k')).toBe(value)
    expect(cache.stats().size).toBe(1)
    expect(removals).toEqual([])
  })

  it('36. incrVersion replaces what stood under the key there', () => {
    const removals: Removal[] = []
    const cache = open<string, string>(setting, { onRemoval: (removal) => removals.push(removal as Removal) })
    cache.set('k', 'first')
    cache.version(2).set('k', 'second')
    cache.incrVersion('k')
    expect(cache.version(2).get('k')).toBe('first')
    expect(cache.stats().size).toBe(1)
    expect(removals).toEqual([{ key: 'k', value: 'second', reason: 'replaced' }])
  })

  it('36. incrVersion keeps the tags', () => {
    const cache = open<string, number>(setting)
    cache.set('k', 1, { tags: ['t'] })
    cache.incrVersion('k')
    cache.version(2).deleteByTag('t')
    expect(cache.version(2).has('k')).toBe(false)
  })

  it('36. incrVersion and decrVersion of nothing are KEY_NOT_FOUND', () => {
    const clock = manualClock()
    const cache = open<string, number>(setting, { clock: clock.now, ttl: 100 })
    cache.set('expired', 1)
    clock.advance(100)
    for (const key of ['missing', 'expired']) {
      for (const call of [() => cache.incrVersion(key), () => cache.decrVersion(key)]) {
        const error = thrownBy(call)
        expect(error).toBeInstanceOf(CacheError)
        expect((error as CacheError).code).toBe('KEY_NOT_FOUND')
      }
    }
  })

  it('36. a delta of 0 moves nothing', () => {
    const cache = open<string, number>(setting)
    cache.set('k', 1)
    expect(cache.incrVersion('k', 0)).toBe(1)
    expect(cache.get('k')).toBe(1)
  })

  it.each([[1.5], [Number.NaN], ['1'], [null]])('36. a delta is an integer, not %o', (wrong) => {
    const cache = open<string, number>(setting)
    cache.set('k', 1)
    for (const call of [
      () => cache.incrVersion('k', wrong as number),
      () => cache.decrVersion('k', wrong as number),
    ]) {
      const error = thrownBy(call)
      expect(error).toBeInstanceOf(TypeError)
      expect(error.message).toContain('delta: expected an integer')
    }
    expect(cache.get('k')).toBe(1)
  })

  it('36. a namespace has versions of its own', () => {
    const cache = open<string, number>(setting)
    const inside = cache.namespace('users')
    inside.set('k', 1)
    cache.set('k', 2)
    inside.incrVersion('k')
    expect(cache.version(2).has('k')).toBe(false)
    expect(inside.version(2).get('k')).toBe(1)
    expect(cache.get('k')).toBe(2)
  })

  it('36. moved entries stay under the bounds and are evicted as usual', () => {
    const cache = open<number, number>(setting, { maxEntries: 5 })
    for (let i = 0; i < 50; i++) {
      cache.set(i, i)
      cache.incrVersion(i)
      expect(cache.stats().size).toBeLessThanOrEqual(5)
    }
    expect(cache.size).toBe(0)
    expect(cache.version(2).size).toBe(5)
  })
})

describe('37. applications that share one store', () => {
  const shared = (keyPrefix?: string, version?: number) =>
    watch(
      new Cache<string, string>({
        name: 'shop of statement 37',
        ...(keyPrefix === undefined ? {} : { keyPrefix }),
        ...(version === undefined ? {} : { version }),
      }),
    )

  it('37. are kept apart by keyPrefix', () => {
    const [plain, web, api, web2] = [shared(), shared('web'), shared('api'), shared('web')]
    plain.set('k', 'plain')
    web.set('k', 'web')
    api.set('k', 'api')
    expect([plain.get('k'), web.get('k'), api.get('k'), web2.get('k')]).toEqual([
      'plain',
      'web',
      'api',
      'web',
    ])
    web.clear()
    expect([plain.has('k'), web2.has('k'), api.has('k')]).toEqual([true, false, true])
    plain.clear()
    expect(api.get('k')).toBe('api')
  })

  it('37. are kept apart by version', () => {
    const [one, two] = [shared('web'), shared('web', 2)]
    one.set('k', 'one')
    expect(two.has('k')).toBe(false)
    two.set('k', 'two')
    expect([one.get('k'), two.get('k')]).toEqual(['one', 'two'])
    expect(one.version(2).get('k')).toBe('two')
    expect(two.version(1).get('k')).toBe('one')
    expect(two.incrVersion('k')).toBe(3)
    expect(one.version(3).get('k')).toBe('two')
  })

  it('37. a prefix is not a namespace of the same name', () => {
    const [plain, web] = [shared(), shared('web')]
    plain.namespace('web').set('k', 'namespace')
    expect(web.has('k')).toBe(false)
  })

  it('37. share the bounds', () => {
    const a = watch(new Cache<number, number>({ name: 'bounds of 37', maxEntries: 10, keyPrefix: 'a' }))
    const b = watch(new Cache<number, number>({ name: 'bounds of 37', keyPrefix: 'b' }))
    for (let i = 0; i < 20; i++) (i % 2 ? a : b).set(i, i)
    expect(a.size + b.size).toBe(10)
    expect(a.stats()).toEqual(b.stats())
  })

  it('37. tags reach only the own application', () => {
    const [web, api] = [shared('web'), shared('api')]
    web.set('k', 'web', { tags: ['t'] })
    api.set('k', 'api', { tags: ['t'] })
    web.deleteByTag('t')
    expect([web.has('k'), api.has('k')]).toEqual([false, true])
  })
})

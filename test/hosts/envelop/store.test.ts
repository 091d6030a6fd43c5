import { createInMemoryCache } from '@envelop/response-cache'
import { Cache } from 'nearcache'
import { responseCache } from 'nearcache/envelop'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { isCollected } from '../../support/collection.ts'

// Envelop's own store goes by `performance.now`, that of the object it found when it was loaded.
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date', 'setTimeout', 'clearTimeout'] })
  vi.spyOn(performance, 'now').mockImplementation(() => Date.now())
})
afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

const response = (value: unknown) => ({ data: { value } })
const user = (id?: number | string) => (id === undefined ? { typename: 'User' } : { typename: 'User', id })

describe.each([
  ["Envelop's own store", createInMemoryCache],
  ['nearcache', responseCache],
])('%s', (_, create) => {
  test('keeps a response as it is', () => {
    const store = create()
    const one = response(1)
    store.set('a', one, [], 1000)
    expect(store.get('a')).toBe(one)
    expect(store.get('b')).toBeFalsy()
  })

  test('drops responses by an entity, given as a number or a string', () => {
    const store = create()
    store.set('one', response(1), [user(1)], Infinity)
    store.set('both', response(2), new Set([user(1), user(2)]), Infinity)
    store.set('two', response(3), [user('2')], Infinity)
    store.invalidate([user('1')])
    expect([store.get('one'), store.get('both')]).not.toContainEqual(expect.anything())
    expect(store.get('two')).toEqual(response(3))
    store.invalidate(new Set([user(2)]))
    expect(store.get('two')).toBeFalsy()
  })

  test('drops responses by a type, with ids or without', () => {
    const store = create()
    store.set('one', response(1), [user(1)], Infinity)
    store.set('none', response(2), [user()], Infinity)
    store.set('other', response(3), [{ typename: 'Post', id: 1 }], Infinity)
    store.invalidate([user()])
    expect([store.get('one'), store.get('none')]).not.toContainEqual(expect.anything())
    expect(store.get('other')).toEqual(response(3))
  })

  test('an id of 0 is an id', () => {
    const store = create()
    store.set('zero', response(1), [user(0)], Infinity)
    store.set('one', response(2), [user(1)], Infinity)
    store.invalidate([user(0)])
    expect(store.get('zero')).toBeFalsy()
    expect(store.get('one')).toEqual(response(2))
  })

  test('stores again what was dropped', () => {
    const store = create()
    store.set('one', response(1), [user(1)], Infinity)
    store.invalidate([user(1)])
    store.set('one', response(2), [user(1)], Infinity)
    expect(store.get('one')).toEqual(response(2))
  })
})

describe('ttl', () => {
  test('is in milliseconds, at both ends, whatever the ttl of the cache', () => {
    const cache = new Cache<string, object>({ ttl: '1m' })
    const store = responseCache(cache)
    store.set('short', response(1), [], 1500)
    store.set('long', response(2), [], 120_000)
    expect(cache.expiresIn('short')).toBe(1500)
    vi.advanceTimersByTime(1499)
    expect(store.get('short')).toEqual(response(1))
    vi.advanceTimersByTime(1)
    expect(store.get('short')).toBe(undefined)
    vi.advanceTimersByTime(118_499)
    expect(store.get('long')).toEqual(response(2))
    vi.advanceTimersByTime(1)
    expect(store.get('long')).toBe(undefined)
  })

  test('Infinity is for ever', () => {
    const store = responseCache({ ttl: '1m' })
    store.set('a', response(1), [], Infinity)
    vi.advanceTimersByTime(1e12)
    expect(store.get('a')).toEqual(response(1))
  })

  test('of 0 stores nothing', () => {
    const store = responseCache()
    store.set('a', response(1), [], 0)
    expect(store.get('a')).toBe(undefined)
  })

  test('that is no number is refused', () => {
    expect(() => responseCache().set('a', response(1), [], Number.NaN)).toThrow(/^ttl: expected a number of /)
  })
})

test('entities are tags of the cache', () => {
  const cache = new Cache<string, object>()
  const store = responseCache(cache)
  store.set('one', response(1), [user(1)], Infinity)
  store.set('two', response(2), [user(2)], Infinity)
  cache.deleteByTag('User:1')
  expect([store.get('one'), store.get('two')]).toEqual([undefined, response(2)])
  cache.deleteByTag('User')
  expect(store.get('two')).toBe(undefined)
})

describe('a response that was begun before an invalidation', () => {
  const begun = () => {
    const store = responseCache()
    const request = store({})
    expect(request.get('one')).toBe(undefined)
    return { store, request }
  }

  test.each([[[user(1)]], [[user()]], [[user(2), user(1)]]])('of %j is not stored', (entities) => {
    const { store, request } = begun()
    store({}).invalidate(entities)
    request.set('one', response('old'), [user(1)], Infinity)
    expect(store.get('one')).toBe(undefined)
  })

  test('nor if others came after it', () => {
    const { store, request } = begun()
    store.invalidate([user(1)])
    store.invalidate([user(2)])
    request.set('one', response('old'), [user(1)], Infinity)
    expect(store.get('one')).toBe(undefined)
  })

  test('does not replace what was stored after it', () => {
    const { store, request } = begun()
    store.invalidate([user(1)])
    const later = store({})
    later.get('one')
    later.set('one', response('new'), [user(1)], Infinity)
    request.set('one', response('old'), [user(1)], Infinity)
    expect(store.get('one')).toEqual(response('new'))
  })

  test('of something else is stored', () => {
    const { store, request } = begun()
    store.invalidate([user(2), { typename: 'Post' }])
    request.set('one', response(1), [user(1)], Infinity)
    expect(store.get('one')).toEqual(response(1))
  })

  test('in a context that is used again, stores what is begun later', () => {
    const { store, request } = begun()
    store.invalidate([user(1)])
    request.get('one')
    request.set('one', response('new'), [user(1)], Infinity)
    expect(store.get('one')).toEqual(response('new'))
  })
})

describe("beside Envelop's own store", () => {
  test('a response is dropped by what it contains, not by what it contained before', () => {
    const [own, ours] = [createInMemoryCache(), responseCache()]
    for (const store of [own, ours]) {
      store.set('latest', response(1), [user(1)], Infinity)
      store.set('latest', response(2), [user(2)], Infinity)
      store.invalidate([user(1)])
    }
    expect(own.get('latest')).toBe(null)
    expect(ours.get('latest')).toEqual(response(2))
  })

  test('responses give their memory back when they have expired', async () => {
    const filled = (store: { set: ReturnType<typeof responseCache>['set'] }): WeakRef<object> => {
      const large = response('large')
      store.set('a', large, [user(1)], 1000)
      return new WeakRef(large)
    }
    const [own, ours] = [createInMemoryCache(), responseCache()]
    const [inOwn, inOurs] = [filled(own), filled(ours)]
    vi.advanceTimersByTime(3_600_000)
    expect(await isCollected(inOurs)).toBe(true)
    expect(await isCollected(inOwn)).toBe(false)
    expect(own.get('a')).toBe(null)
  })
})

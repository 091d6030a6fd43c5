import { afterEach, beforeEach, expect, test } from 'vitest'
import { allCaches, Cache, createCaches as createLocal } from '../../src/index.ts'
import { scoped, withScope } from '../../src/scope/index.ts'
import { cacheOptions, createCaches, TieredCache } from '../../src/tiers/tiered.ts'
import { Fleet } from './support/fleet.ts'

let fleet: Fleet
const opened: (Cache<never, never> | TieredCache<never, never>)[] = []
beforeEach(() => {
  fleet = new Fleet()
})
afterEach(async () => {
  await Promise.all(opened.splice(0).map((cache) => cache.close()))
})

function keep<C extends object>(caches: C): C {
  opened.push(...(Object.values(caches) as typeof opened))
  return caches
}

test('settings with `remote` give a tiered cache of the name of the property, all others a cache of this process', async () => {
  const caches = keep(
    createCaches({
      local: { maxEntries: 2 },
      users: cacheOptions<number, string>({ remote: fleet.store, maxEntries: 3 }),
      orders: { remote: fleet.store, name: 'all-orders' },
    }),
  )
  expect(Object.keys(caches)).toEqual(['local', 'users', 'orders'])
  expect(Object.isFrozen(caches)).toBe(true)
  expect(caches.local).toBeInstanceOf(Cache)
  expect(caches.users).toBeInstanceOf(TieredCache)
  expect([...allCaches().keys()]).toEqual(expect.arrayContaining(['tiered:users', 'tiered:all-orders']))
  await caches.users.set(1, 'Ann')
  expect(fleet.requests).toContain('delete')
  expect(new TieredCache({ name: 'users', remote: fleet.store }).get(1)).toBe('Ann')
  expect(caches.users.stats().maxEntries).toBe(3)
})

test('`createCaches.from` makes tiered caches of settings known at run time', () => {
  const file = JSON.parse('{ "local": { "ttl": "10m" }, "users": { "ttl": "10m", "maxStale": "20s" } }')
  const caches = keep(createCaches.from({ ...file, users: { ...file.users, remote: fleet.store } }))
  expect([caches.local, caches.users]).toEqual([expect.any(Cache), expect.any(TieredCache)])
})

test('what is wrong is refused by its place before the first cache is made', () => {
  const remote = fleet.store
  const good = { good: {}, fine: { remote } }
  const before = allCaches().size
  for (const [bad, message] of [
    [{ remote, maxEntires: 5 }, "bad.maxEntires: there is no such option; did you mean 'maxEntries'?"],
    [{ remote, ttl: '5 parsecs' }, 'bad.ttl: expected a number of milliseconds'],
    [{ remote, maxStale: -1 }, 'bad.maxStale: expected a time above 0'],
    [{ remote, beat: '5s' }, 'bad.beat: expected at most a third of maxStale'],
    [{ remote, breaker: { failures: 0 } }, 'bad.breaker.failures: expected'],
    [{ remote, compress: { over: '1kb', method: 'zip' } }, 'bad.compress.method: expected'],
    [{ remote, serializer: { id: 0 } }, 'bad.serializer.id: expected'],
    [{ remote, singleFlight: { lease: 1 } }, 'bad.singleFlight.wait: expected'],
    [{ remote, maxWeight: 5 }, 'bad.maxWeight: expected maxWeight and weigh together'],
    [{ remote, name: 'a b' }, 'bad.name: expected 1 to 64'],
    [{ remote: undefined }, 'bad.remote: expected a second tier'],
    [{ remote: new Map() }, 'bad.remote: expected a second tier'],
    [{ ttl: '5 parsecs' }, 'bad.ttl: expected'],
    [5, 'bad: expected an object of settings'],
  ] as const)
    expect(() => createCaches.from({ ...good, bad })).toThrow(message)
  expect(() => createCaches.from([])).toThrow('createCaches: expected an object with one set of options per')
  expect(() => createCaches.from({ ...good, bad: { remote, name: 'fine', maxStale: '20s' } })).toThrow(
    expect.objectContaining({ code: 'NAME_CONFLICT' }),
  )
  expect(() => createCaches.from({ ...good, bad: { remote, name: 'fine', maxEntries: 5 } })).toThrow(
    expect.objectContaining({ code: 'NAME_CONFLICT' }),
  )
  expect(allCaches().size).toBe(before)
  expect(fleet.requests).toEqual([])
})

test('`createCaches` of the core says where tiered caches are made', () => {
  expect(() => createLocal.from({ users: { remote: fleet.store } })).toThrow(
    "users.remote: there is no such option; use createCaches or TieredCache of 'nearcache/tiered'",
  )
})

test('a scope over a tiered cache loads through it once, and tells it of what is set and deleted', async () => {
  const over = await fleet.process<string, number>()
  const other = await fleet.process<string, number>()
  const cache = scoped({ over })
  await withScope(async () => {
    expect(await cache.getOrLoad('a', () => 1)).toBe(1)
    await fleet.settle()
    expect(await other.getOrLoad('a', () => 2)).toBe(1)
    cache.set('a', 3)
    await fleet.settle()
    expect([cache.get('a'), over.get('a'), other.get('a')]).toEqual([3, 3, undefined])
    expect(await other.lookup('a')).toBe(3)
    expect([cache.getOrSet('b', () => 4), over.get('b'), cache.getOrSet('a', () => 9)]).toEqual([4, 4, 3])
    void over.delete('b')
    expect(cache.get('b')).toBe(4)
    expect([cache.delete('a'), cache.delete('a'), over.has('a')]).toEqual([true, false, false])
    await fleet.settle()
    expect(other.has('a')).toBe(false)
  })
})

test('one line closes caches of both kinds', async () => {
  const caches = createCaches({ local: {}, users: { remote: fleet.store } })
  await Promise.all(Object.values(caches).map((cache) => cache.close()))
  expect([allCaches().has('local'), allCaches().has('tiered:users')]).toEqual([false, false])
  expect(() => caches.local.set('a', 1)).toThrow()
})

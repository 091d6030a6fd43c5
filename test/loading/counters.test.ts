import { expect, it } from 'vitest'
import { failed, follow, open, pass, Source, useFakeTime } from './support.ts'

useFakeTime()

it('loads, joins, time and failures', async () => {
  const { cache } = open()
  const source = new Source()
  for (let i = 0; i < 3; i++) void cache.getOrLoad('k', source.load)
  expect(cache.stats()).toMatchObject({ loads: 1, joins: 2, misses: 3, hits: 0, totalLoadTime: 0 })
  await pass(70)
  await source.bring('v')
  expect(cache.stats()).toMatchObject({ loads: 1, sets: 1, loadFailures: 0, totalLoadTime: 70 })
  await cache.getOrLoad('k', source.load)
  expect(cache.stats()).toMatchObject({ loads: 1, hits: 1 })
  const call = follow(cache.getOrLoad('other', source.load))
  await pass(30)
  await source.fail('down')
  expect(call).toEqual(failed('down'))
  expect(cache.stats()).toMatchObject({ loads: 2, loadFailures: 1, totalLoadTime: 100, refreshes: 0 })
})

it('staleServed and refreshes: a refresh behind', async () => {
  const { cache } = open({ ttl: 100, staleWhileRevalidate: 100 })
  const source = new Source()
  cache.set('k', 'old')
  await pass(100)
  for (let i = 0; i < 3; i++) await cache.getOrLoad('k', source.load)
  await source.bring('new')
  expect(cache.stats()).toMatchObject({
    ...{ staleServed: 3, misses: 3, hits: 0, loads: 1, refreshes: 1, joins: 0 },
  })
})

it('staleServed: each caller who was given a stale value for an error or a timeout', async () => {
  const { cache, errors } = open({ ttl: 100, staleIfError: '1h', errorBackoff: 0, softTimeout: 50 })
  const source = new Source()
  cache.set('k', 'old')
  await pass(100)
  for (let i = 0; i < 2; i++) void cache.getOrLoad('k', source.load)
  await source.fail('down')
  expect(cache.stats()).toMatchObject({ staleServed: 2, loads: 1, loadFailures: 1, refreshes: 0 })
  void cache.getOrLoad('k', source.load)
  await pass(50)
  expect(cache.stats()).toMatchObject({ staleServed: 3, loads: 2, loadFailures: 1 })
  await source.bring('new')
  errors.splice(0)
})

it('nothing is counted as loaded that was remembered: misses alone', async () => {
  const { cache } = open<string | undefined>({ negativeTtl: 100, errorTtl: 100 })
  await cache.getOrLoad('a', () => undefined)
  await cache.getOrLoad('b', () => Promise.reject(new Error('down'))).catch(() => {})
  const before = cache.stats()
  await cache.getOrLoad('a', () => undefined)
  await cache.getOrLoad('b', () => '').catch(() => {})
  expect(cache.stats()).toEqual({ ...before, misses: before.misses + 2 })
})

it('are those of a cache and all its namespaces together', async () => {
  const { cache } = open()
  await cache.namespace('a').getOrLoad('k', () => 'v')
  await cache.version(2).getOrLoad('k', () => 'v')
  expect(cache.stats()).toMatchObject({ loads: 2, misses: 2, sets: 2 })
})

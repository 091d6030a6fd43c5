import { expect, it, vi } from 'vitest'
import { batchLoader } from '../../src/index.ts'
import { ticks } from '../support/deferred.ts'
import { follow, given, open, turn, useFakeTime } from './support.ts'

useFakeTime()

const upper = () =>
  vi.fn(async (keys: readonly string[]) => keys.map((key) => [key, key.toUpperCase()] as const))

it('gathers the calls of one turn into one call', async () => {
  const { cache } = open()
  const loadMany = upper()
  const load = batchLoader(loadMany)
  const calls = ['a', 'b', 'a'].map((key) => cache.getOrLoad(key, load))
  const later = Promise.resolve().then(() => cache.getOrLoad('c', load))
  expect(await Promise.all([...calls, later])).toEqual(['A', 'B', 'A', 'C'])
  expect(loadMany.mock.calls).toEqual([[['a', 'b', 'c']]])
  await turn()
  expect(await cache.getOrLoad('d', load)).toBe('D')
  expect(loadMany.mock.calls[1]).toEqual([['d']])
  expect(cache.stats()).toMatchObject({ loads: 4, joins: 1, size: 4 })
})

it('maxKeys: at most so many in one call', async () => {
  const { cache } = open()
  const loadMany = upper()
  const load = batchLoader(loadMany, { maxKeys: 2 })
  await Promise.all(['a', 'b', 'c', 'd', 'e'].map((key) => cache.getOrLoad(key, load)))
  expect(loadMany.mock.calls).toEqual([[['a', 'b']], [['c', 'd']], [['e']]])
})

it.each([0, -1, 1.5, Number.NaN, '5'])('maxKeys %o is refused at once', (maxKeys) => {
  expect(() => batchLoader(upper(), { maxKeys: maxKeys as number })).toThrow(/^maxKeys: /)
})

it('what is no function, and a misspelt option, are refused at once', () => {
  expect(() => batchLoader({} as never)).toThrow('loadMany: expected a function, got an object')
  expect(() => batchLoader(upper(), { maxkeys: 2 } as never)).toThrow(
    "maxkeys: there is no such option; did you mean 'maxKeys'?",
  )
})

it('a key that is not answered is not found', async () => {
  const { cache } = open<string | undefined>()
  const load = batchLoader<string, string | undefined>(() => new Map([['a', 'A']]))
  expect(await Promise.all([cache.getOrLoad('a', load), cache.getOrLoad('b', load)])).toEqual([
    'A',
    undefined,
  ])
  expect(cache.size).toBe(1)
})

it.each<[string, () => never]>([
  [
    'throws',
    () => {
      throw new Error('down')
    },
  ],
  ['rejects', () => Promise.reject(new Error('down')) as never],
])('a failure reaches the keys of its call, by a loader that %s', async (_, loadMany) => {
  const { cache } = open()
  const load = batchLoader<string, string>(loadMany)
  const calls = ['a', 'b'].map((key) => follow(cache.getOrLoad(key, load)))
  await turn()
  for (const call of calls) expect(call).toMatchObject({ state: 'failed', value: { message: 'down' } })
  expect(await cache.getOrLoad('a', () => 'A')).toBe('A')
})

it('a delete of one key during the call keeps that one out, and who asks after it is in another call', async () => {
  const { cache } = open()
  let version = 1
  const answers: (() => void)[] = []
  const load = batchLoader<string, string>((keys) => {
    const read = version
    return new Promise((resolve) => answers.push(() => resolve(keys.map((key) => [key, `v${read}`]))))
  })
  const before = ['a', 'b'].map((key) => follow(cache.getOrLoad(key, load)))
  await turn()
  version = 2
  cache.delete('a')
  const after = follow(cache.getOrLoad('a', load))
  await turn()
  expect(answers.length).toBe(2)
  for (const answer of answers.reverse()) {
    answer()
    await ticks()
  }
  expect([...before, after]).toEqual([given('v1'), given('v1'), given('v2')])
  expect([cache.get('a'), cache.get('b')]).toEqual(['v2', 'v1'])
})

import { Cache } from 'nearcache'
import { fragment, fragmentSync, invalidateFragment } from 'nearcache/fragment'
import { expect, test, vi } from 'vitest'
import { deferred } from '../support/deferred.ts'

const options = (varyOn?: unknown[]): { cache: Cache; varyOn: unknown[] | undefined } => ({
  cache: new Cache(),
  varyOn,
})

test('same name and vary values, same fragment, in time or later', async () => {
  const by = options(['ada', 7, { page: 1 }])
  expect(fragmentSync('sidebar', by, () => 'one')).toBe('one')
  expect(fragmentSync('sidebar', { ...by, varyOn: ['ada', 7, { page: 1 }] }, () => 'two')).toBe('one')
  expect(await fragment('sidebar', by, () => 'three')).toBe('one')
  expect(fragmentSync('sidebar', { ...by, varyOn: ['ada', 7, { page: 2 }] }, () => 'four')).toBe('four')
  expect(fragmentSync('footer', by, () => 'five')).toBe('five')
})

test('vary values of any length and content never collide', () => {
  const { cache } = options()
  const long = 'x'.repeat(100_000)
  const lists: [name: string, ...vary: unknown[]][] = [
    ['a'], ['a', ''], ['a', '', ''], ['a', 'b', 'c'], ['a', 'bc'], ['ab', 'c'], ['a,b', 'c'], ['a', 'b,c'],
    ['a:b', 'c'], ['a', 'b:c'], ['a', '\0'], ['\0a'], ['a', 1], ['a', '1'], ['a', 1n], ['a', true],
    ['a', 'true'], ['a', null], ['a', 'null'], ['a', undefined], ['a', ['b', 'c']], ['a', ['b'], 'c'],
    ['a', []], ['a', {}], ['a', { b: 'c' }], ['a', 's1:b'], ['a', long], ['a', `${long}y`], ['a', long, 'y'],
    ['a', 0], ['a', -0], ['a', '\ud800'], ['a', '\udc00'], ['a', new Date(0)], ['a', new Date(1)],
  ] // biome-ignore format: a table
  for (const [i, [name, ...varyOn]] of lists.entries()) {
    expect(fragmentSync(name, { cache, varyOn }, () => i)).toBe(i)
  }
  for (const [i, [name, ...varyOn]] of lists.entries()) {
    expect(fragmentSync(name, { cache, varyOn }, () => 'another')).toBe(i)
  }
})

test('is dropped by its name and vary values, alone', () => {
  const by = options(['ada'])
  const other = { ...by, varyOn: ['eve'] }
  fragmentSync('sidebar', by, () => 'one')
  fragmentSync('sidebar', other, () => 'one')
  expect(invalidateFragment('sidebar', ['ada'], by.cache)).toBe(true)
  expect(invalidateFragment('sidebar', ['ada'], by.cache)).toBe(false)
  expect(invalidateFragment('sidebar', [], by.cache)).toBe(false)
  expect(fragmentSync('sidebar', by, () => 'two')).toBe('two')
  expect(fragmentSync('sidebar', other, () => 'two')).toBe('one')
})

test('lives as long as told, and goes with its tags', () => {
  let now = 0
  const cache = new Cache({ clock: () => now })
  const render = (): number => now
  expect(fragmentSync('a', { cache, ttl: '10m', tags: ['shop'] }, render)).toBe(0)
  now = 599_999
  expect(fragmentSync('a', { cache }, render)).toBe(0)
  now = 600_000
  expect(fragmentSync('a', { cache, tags: ['shop'] }, render)).toBe(600_000)
  now++
  cache.deleteByTag('shop')
  expect(fragmentSync('a', { cache }, render)).toBe(600_001)
})

test('does not meet other entries of the cache', () => {
  const by = options()
  by.cache.set('a', 'entry')
  expect(fragmentSync('a', by, () => 'fragment')).toBe('fragment')
  expect(by.cache.get('a')).toBe('entry')
})

test('without a cache it is kept in one for the process', () => {
  expect(fragmentSync('process-wide', {}, () => 1)).toBe(1)
  expect(fragmentSync('process-wide', {}, () => 2)).toBe(1)
  expect(new Cache({ name: 'nearcache.fragments' }).stats().size).toBe(1)
  expect(invalidateFragment('process-wide')).toBe(true)
})

test('concurrent renders of one fragment run once', async () => {
  const by = options(['ada'])
  const gate = deferred<string>()
  const render = vi.fn(() => gate.promise)
  const asked = [fragment('a', by, render), fragment('a', by, render), fragment('a', by, render)]
  gate.resolve('text')
  expect(await Promise.all(asked)).toEqual(['text', 'text', 'text'])
  expect(render).toHaveBeenCalledTimes(1)
})

test('a render that fails stores nothing', async () => {
  const by = options()
  const fails = (): never => {
    throw new Error('as asked')
  }
  expect(() => fragmentSync('a', by, fails)).toThrow('as asked')
  const asked = [fragment('a', by, fails), fragment('a', by, async () => fails())]
  for (const one of asked) await expect(one).rejects.toThrow('as asked')
  expect(by.cache.stats().size).toBe(0)
  expect(await fragment('a', by, () => '')).toBe('')
  expect(fragmentSync('a', by, () => 'again')).toBe('')
})

test('an invalidation during the render wins over its result', async () => {
  const by = options()
  const gate = deferred<string>()
  const asked = fragment('a', by, () => gate.promise)
  invalidateFragment('a', [], by.cache)
  gate.resolve('old')
  expect(await asked).toBe('old')
  expect(fragmentSync('a', by, () => 'new')).toBe('new')
})

test('refuses wrong arguments', async () => {
  expect(() => fragmentSync('', {}, () => 1)).toThrow('name: expected a string')
  expect(() => fragmentSync('a', { vary: [] } as object, () => 1)).toThrow("did you mean 'varyOn'?")
  expect(() => fragmentSync('a', { varyOn: 'x' } as object, () => 1)).toThrow('varyOn: expected an array')
  expect(() => fragmentSync('a', { cache: new Map() } as object, () => 1)).toThrow('cache: expected a Cache')
  expect(() => fragmentSync('a', {}, 'text' as never)).toThrow('render: expected a function')
  expect(() => fragmentSync('a', {}, async () => 1)).toThrow(TypeError)
  await expect(fragment('', {}, () => 1)).rejects.toThrow(TypeError)
})

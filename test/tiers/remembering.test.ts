import { fragment, fragmentSync, invalidateFragment } from 'nearcache/fragment'
import { cacheTag } from 'nearcache/fragment/nunjucks'
import { memoize, memoized } from 'nearcache/memoize'
import { scoped, withScope } from 'nearcache/scope'
import { beforeEach, describe, expect, test } from 'vitest'
import type { TieredCache } from '../../src/tiers/tiered-cache.ts'
import { Fleet } from './support/fleet.ts'

describe('over a tiered cache', () => {
  let fleet: Fleet
  let here: TieredCache
  let there: TieredCache
  let calls: string[]

  beforeEach(async () => {
    fleet = new Fleet()
    here = await fleet.process<unknown, unknown>()
    there = await fleet.process<unknown, unknown>()
    calls = []
  })

  /** The same function in two processes, with its calls. */
  function inBoth(names: readonly [string, string] = ['find', 'find']) {
    const of = (cache: TieredCache, process: string, name: string) =>
      memoize(
        async (first?: unknown, second?: unknown) => {
          calls.push(process)
          return `${process} ${JSON.stringify([first, second])}`
        },
        { cache, name },
      )
    return [of(here, 'here', names[0]), of(there, 'there', names[1])] as const
  }

  test('what a memoized function gives in one process, it gives in the other, for the same arguments', async () => {
    const [one, two] = inBoth()
    for (const args of [[{ b: 1, a: [2] }], [1, 'x'], [undefined], [], ['\0']] as [unknown?, unknown?][]) {
      const value = await one(...args)
      await fleet.settle()
      expect(await two(...args)).toBe(value)
    }
    expect(calls.every((process) => process === 'here')).toBe(true)
  })

  test('invalidate and clear of one reach the other, and a call under way does not store its result', async () => {
    const [one, two] = inBoth()
    await one(1)
    await fleet.settle()
    await two(1)
    expect(await one.invalidate(1)).toBe(true)
    await fleet.settle()
    expect(await two(1)).toBe('there [1,null]')
    expect(await two.clear()).toBe(true)
    await fleet.settle()
    await one(1)
    expect(calls).toEqual(['here', 'there', 'here'])
  })

  test('two functions of different names do not meet', async () => {
    const [one, two] = inBoth(['one', 'two'])
    await one(1)
    await fleet.settle()
    expect(await two(1)).toBe('there [1,null]')
  })

  test('arguments that no other process can know, and functions without a name, are refused', async () => {
    const [one] = inBoth()
    expect(() => one(class {})).toThrow(/^arguments: expected values known by their contents/)
    expect(() => one(Symbol('a'))).toThrow(TypeError)
    expect(() => memoize(async () => 1, { cache: here } as never)).toThrow(/^name: /)
    expect(() =>
      memoized({ cache: here, name: 'a' } as object)(async () => 1, { kind: 'method' } as never),
    ).toThrow(/^perInstance: /)
  })

  test('a fragment that one has rendered the other need not, until it is invalidated', async () => {
    const render = (cache: TieredCache, text: string) =>
      fragment('menu', { cache, varyOn: [{ lang: 'en' }] }, async () => text)
    expect(await render(here, 'here')).toBe('here')
    await fleet.settle()
    expect(await render(there, 'there')).toBe('here')
    expect(await invalidateFragment('menu', [{ lang: 'en' }], here)).toBe(true)
    await fleet.settle()
    expect(await render(there, 'there')).toBe('there')
  })

  test('a fragment that is not waited for is refused', () => {
    expect(() => fragmentSync('menu', { cache: here }, () => 'text')).toThrow(/^cache: expected a Cache/)
    expect(() => cacheTag({ cache: here })).toThrow(/^async: expected true/)
  })

  test('what is deleted in a scope is so in other processes', async () => {
    const users = scoped<unknown, unknown>({ over: here })
    await withScope(async () => {
      await users.getOrLoad('a', async () => 1)
      await fleet.settle()
      expect(await there.lookup('a')).toBe(1)
      users.delete('a')
    })
    await here.settled()
    await fleet.settle()
    expect(there.get('a')).toBe(undefined)
  })
})

import { Cache } from 'nearcache'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { now, type Revalidations, revalidationsOf } from '../../src/next/revalidations.ts'
import { Fleet } from '../tiers/support/fleet.ts'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date', 'performance'] })
})

afterEach(() => {
  vi.useRealTimers()
})

const pass = (milliseconds = 1): unknown => vi.advanceTimersByTime(milliseconds)

describe('revalidations in a cache of this process', () => {
  let cache: Cache<string>
  let revalidations: Revalidations
  const standing = async (tags: string[], made: number) => (await revalidations.known()).standing(tags, made)

  beforeEach(async () => {
    cache = new Cache<string>()
    revalidations = revalidationsOf(cache)
    await revalidations.known()
    pass()
  })

  test('an entry made before is expired, one made since is fresh, and so is one with other tags', async () => {
    const before = now()
    pass()
    await revalidations.add(['a', 'b'])
    expect(await standing(['x', 'a'], before)).toBe('expired')
    expect(await standing(['b'], before)).toBe('expired')
    expect(await standing(['x'], before)).toBe('fresh')
    expect(await standing([], before)).toBe('fresh')
    expect(await standing(['a'], now())).toBe('expired')
    pass()
    expect(await standing(['a'], now())).toBe('fresh')
  })

  test('with durations it is stale, and expired when they are over; what was made since stays fresh', async () => {
    const before = now()
    pass()
    await revalidations.add(['a'], { expire: 60 })
    pass()
    const after = now()
    expect([await standing(['a'], before), await standing(['a'], after)]).toEqual(['stale', 'fresh'])
    pass(60_000)
    expect([await standing(['a'], before), await standing(['a'], after)]).toEqual(['expired', 'fresh'])
  })

  test('without an end in its durations it stays stale', async () => {
    const before = now()
    pass()
    await revalidations.add(['a'], {})
    pass(1e12)
    expect(await standing(['a'], before)).toBe('stale')
  })

  test('a later revalidation that lets entries be served does not take an earlier one back', async () => {
    const before = now()
    pass()
    await revalidations.add(['a'])
    pass()
    const between = now()
    pass()
    await revalidations.add(['a'], { expire: 3600 })
    expect([await standing(['a'], before), await standing(['a'], between)]).toEqual(['expired', 'stale'])
  })

  test('however often it is revalidated with durations, each entry expires when those of its first are over', async () => {
    const before = now()
    for (let i = 0; i < 50; i++) {
      pass(10_000)
      await revalidations.add(['a'], { expire: 60 })
      expect(await standing(['a'], before)).toBe(i * 10_000 < 60_000 ? 'stale' : 'expired')
    }
  })

  test('a tag with many that are not over keeps few, and none is served for longer', async () => {
    const before = now()
    for (let i = 0; i < 100; i++) {
      pass()
      await revalidations.add(['a'], { expire: 1000 + i })
    }
    const [shard] = [
      ...cache.namespace<string, { tags: Map<string, unknown[]> }>('revalidated').values(),
    ].filter(({ tags }) => tags.has('a'))
    expect(shard!.tags.get('a')!.length).toBeLessThanOrEqual(8)
    pass(1_000_000)
    expect(await standing(['a'], before)).toBe('expired')
  })

  test('expiration tells until when entries with any of the tags are expired', async () => {
    const start = (await revalidations.known()).expiration(['a'])
    expect(start).toBeLessThan(now())
    pass()
    await revalidations.add(['a'], { expire: 1 })
    expect((await revalidations.known()).expiration(['a', 'b'])).toBe(start)
    const at = now()
    pass(1000)
    expect((await revalidations.known()).expiration(['b', 'a'])).toBe(at)
  })

  test('what is lost of them makes entries expire that were made until then, and no later ones', async () => {
    const before = now()
    pass()
    await revalidations.add(['a'])
    cache.clear()
    expect(await standing(['other'], before)).toBe('expired')
    pass()
    expect(await standing(['other', 'a'], now())).toBe('fresh')
  })

  test('a hundred thousand tags are bounded: of what was forgotten entries count as expired', async () => {
    const before = now()
    for (let i = 0; i < 100; i++) {
      pass()
      await revalidations.add(Array.from({ length: 1000 }, (_, j) => `tag-${i}-${j}`))
    }
    const shards = [...cache.namespace<string, { tags: Map<string, unknown> }>('revalidated').values()]
    for (const { tags } of shards) expect(tags.size).toBeLessThanOrEqual(1000)
    expect(await standing(['tag-0-0'], before)).toBe('expired')
    pass()
    expect(await standing(['tag-0-0'], now())).toBe('fresh')
  })

  test('names of properties of objects are tags like others', async () => {
    const before = now()
    expect(await standing(['__proto__', 'constructor', ''], before)).toBe('fresh')
    pass()
    await revalidations.add(['__proto__'])
    expect(await standing(['__proto__'], before)).toBe('expired')
    expect(await standing(['constructor', ''], before)).toBe('fresh')
  })
})

describe('revalidations in a tiered cache', () => {
  test('what one process adds the others know, and what several add at once forgets none', async () => {
    const fleet = new Fleet()
    const caches = [await fleet.process<string>(), await fleet.process<string>()]
    const all = caches.map((cache) => revalidationsOf(cache))
    for (const one of all) await one.known()
    pass()
    const before = now()
    pass()
    await Promise.all([all[0]!.add(['a']), all[0]!.add(['b']), all[1]!.add(['c']), all[1]!.add(['a'])])
    await fleet.settle()
    for (const one of all)
      for (const tag of ['a', 'b', 'c']) expect((await one.known()).standing([tag], before)).toBe('expired')
  })

  test('handlers over one cache write together, so that nothing is lost by their meeting', async () => {
    const fleet = new Fleet()
    const cache = await fleet.process<string>()
    const [one, two] = [revalidationsOf(cache), revalidationsOf(cache)]
    await one.known()
    pass()
    const before = now()
    pass()
    await Promise.all([one.add(['a']), two.add(['a']), one.add(['a'], { expire: 1 })])
    await fleet.settle()
    // A tag of the same shard, which is forgotten where two writers meet.
    for (let i = 0; i < 1000; i++) expect((await one.known()).standing([`other-${i}`], before)).toBe('fresh')
    expect((await one.known()).standing(['a'], before)).toBe('expired')
  })

  test('while the second tier is away a revalidation holds here at once, and reaches the others when it is back', async () => {
    const fleet = new Fleet()
    const caches = [await fleet.process<string>(), await fleet.process<string>()]
    const [here, there] = caches.map((cache) => revalidationsOf(cache)) as [Revalidations, Revalidations]
    for (const one of [here, there]) await one.known()
    pass()
    const before = now()
    pass()
    fleet.server = 'refuses'
    const added = here.add(['a'])
    expect((await here.known()).standing(['a'], before)).toBe('expired')
    await fleet.pass(2000)
    await added
    expect((await here.known()).standing(['a'], before)).toBe('expired')
    fleet.server = 'answers'
    await fleet.pass(5000)
    expect((await there.known()).standing(['a'], before)).toBe('expired')
  })
})

import { AsyncLocalStorage } from 'node:async_hooks'
import { describe, expect, it, vi } from 'vitest'
import { batchLoader, Cache, CacheError } from '../../src/index.ts'
import { currentWork } from '../../src/loading/waits.ts'
import { memoize } from '../../src/memoize/index.ts'
import { scoped, withScope } from '../../src/scope/index.ts'
import { deferred, ticks } from '../support/deferred.ts'
import { checkInvariants } from '../support/invariants.ts'
import { failed, follow, given, open, pass, Source, turn, useFakeTime, waiting } from './support.ts'

useFakeTime()

/** Whether a loader is known beyond its first `await`: where an AsyncLocalStorage is built on the engine's contexts. */
const carriesContexts = Reflect.ownKeys(new AsyncLocalStorage()).length === 0

const cycle = (message: string) => ({
  state: 'failed',
  value: expect.objectContaining({ code: 'LOAD_CYCLE', message }),
})

describe('a load that waits for itself fails with LOAD_CYCLE, which names the keys', () => {
  it('its own key, asked for by the loader', async () => {
    const { cache } = open()
    const load = (): Promise<string> => cache.getOrLoad('a', load)
    const call = follow(cache.getOrLoad('a', load))
    await ticks()
    expect(call).toEqual(cycle("the load of 'a' waits for itself: 'a' → 'a'"))
    expect(call.value).toBeInstanceOf(CacheError)
    expect(cache.stats()).toMatchObject({ loads: 1, loadFailures: 1, size: 0 })
    checkInvariants(cache)
    expect(await cache.getOrLoad('a', () => 'v')).toBe('v')
  })

  it('by an async loader that awaits it', async () => {
    const { cache } = open()
    const load = async (): Promise<string> => `${await cache.getOrLoad('a', load)}!`
    const call = follow(cache.getOrLoad('a', load))
    await ticks()
    expect(call).toEqual(cycle("the load of 'a' waits for itself: 'a' → 'a'"))
  })

  it('by way of others: each waits for the next', async () => {
    const { cache } = open()
    const next: Record<string, string> = { a: 'b', b: 'c', c: 'a' }
    const load = async (key: string): Promise<string> => cache.getOrLoad(next[key]!, load)
    const call = follow(cache.getOrLoad('a', load))
    await ticks()
    expect(call).toMatchObject({ state: 'failed', value: { code: 'LOAD_CYCLE' } })
    expect((call.value as Error).message).toMatch(
      /^the load of '(.)' waits for itself: '\1' → '.' → '.' → '\1'$/,
    )
  })

  it('by way of many others, of which the message names a few', async () => {
    const cache = new Cache<number, number>()
    const load = async (n: number): Promise<number> => cache.getOrLoad((n + 1) % 100, load)
    const call = follow(cache.getOrLoad(0, load))
    await turn()
    expect(call.value).toMatchObject({ code: 'LOAD_CYCLE' })
    expect((call.value as Error).message.split(' → ')).toHaveLength(11)
    expect((call.value as Error).message).toContain(' → … → ')
    checkInvariants(cache)
  })

  it('across caches and namespaces', async () => {
    const { cache: one } = open()
    const { cache: other } = open()
    const room = other.namespace<string, string>('room')
    const call = follow(
      one.getOrLoad('a', () => room.getOrLoad('b', () => one.getOrLoad('a', () => 'never'))),
    )
    await ticks()
    expect(call.value).toMatchObject({ code: 'LOAD_CYCLE' })
    expect((call.value as Error).message).toMatch(/'a' → 'b' → 'a'|'b' → 'a' → 'b'/)
  })

  it('where two that begin apart come to wait for each other', async () => {
    const { cache } = open()
    const go = deferred<void>()
    const load = async (key: string): Promise<string> => {
      const other = cache.getOrLoad(key === 'a' ? 'b' : 'a', load)
      await go.promise
      return other
    }
    const calls = [follow(cache.getOrLoad('a', load)), follow(cache.getOrLoad('b', load))]
    await ticks()
    expect(calls).toEqual([waiting, waiting])
    go.resolve()
    await ticks()
    for (const call of calls) expect(call).toMatchObject({ state: 'failed', value: { code: 'LOAD_CYCLE' } })
  })

  it('a loader may go on without it', async () => {
    const { cache } = open()
    const load = (): Promise<string> => cache.getOrLoad('a', load).catch(({ code }: CacheError) => code)
    expect(await cache.getOrLoad('a', load)).toBe('LOAD_CYCLE')
  })

  it('of getOrLoadMany: a key of its own', async () => {
    const { cache } = open()
    const load = async (): Promise<Map<string, string>> =>
      new Map([['a', await cache.getOrLoad('b', () => 'never')]])
    const call = follow(cache.getOrLoadMany(['a', 'b'], load))
    await ticks()
    expect(call).toEqual(cycle("the load of 'b' waits for itself: 'b' → 'b'"))
    checkInvariants(cache)
  })

  it('by getOrLoadMany, of all its keys', async () => {
    const { cache } = open()
    const load = async (): Promise<string> =>
      (await cache.getOrLoadMany(['x', 'a'], async (keys) => keys.map((key) => [key, key] as const))).get(
        'a',
      )!
    const call = follow(cache.getOrLoad('a', load))
    await ticks()
    expect(call).toEqual(cycle("the load of 'a' waits for itself: 'a' → 'a'"))
    expect(cache.get('x')).toBe('x')
  })

  it('of a batchLoader: any key of the call', async () => {
    const { cache } = open()
    const load = batchLoader(async (keys: readonly string[]) => {
      const b = await cache.getOrLoad('b', () => 'never')
      return keys.map((key) => [key, b] as const)
    })
    const calls = ['a', 'b'].map((key) => follow(cache.getOrLoad(key, load)))
    vi.runAllTicks()
    await turn()
    for (const call of calls) expect(call).toEqual(cycle("the load of 'b' waits for itself: 'b' → 'b'"))
  })

  it('of a memoized function, called with the same arguments', async () => {
    const remembered: (n: number) => Promise<number> = memoize(async (n: number) => 1 + (await remembered(n)))
    const call = follow(remembered(1))
    await ticks()
    expect(call).toEqual(cycle('the load of 1 waits for itself: 1 → 1'))
  })

  it('in a scope, with a cache beneath and without', async () => {
    const { cache } = open()
    for (const own of [scoped<string, string>(), scoped<string, string>({ over: cache })]) {
      const load = async (): Promise<string> => own.getOrLoad('a', load)
      const call = withScope(() => follow(own.getOrLoad('a', load)))
      await turn()
      expect(call).toEqual(cycle("the load of 'a' waits for itself: 'a' → 'a'"))
    }
  })

  it('nobody waits for the refresh: the error goes to onError, once', async () => {
    const { cache, errors } = open({ staleWhileRevalidate: 1000, ttl: 10 })
    cache.set('a', 'old')
    await pass(20)
    const load = (): Promise<string> =>
      cache.getOrLoad('b', () => cache.getOrLoad('c', () => cache.getOrLoad('b', () => 'v')))
    expect(await cache.getOrLoad('a', load)).toBe('old')
    await ticks()
    expect(errors.splice(0)).toMatchObject([{ code: 'LOAD_CYCLE' }])
  })
})

describe.runIf(carriesContexts)('beyond the first await of a loader (Node 24 and later)', () => {
  it('its own key', async () => {
    const { cache } = open()
    const load = async (): Promise<string> => {
      await ticks()
      return cache.getOrLoad('a', load)
    }
    const call = follow(cache.getOrLoad('a', load))
    await turn()
    expect(call).toEqual(cycle("the load of 'a' waits for itself: 'a' → 'a'"))
  })

  it('each other, one begun by another caller', async () => {
    const { cache } = open()
    const load = async (key: string): Promise<string> => {
      await ticks()
      return cache.getOrLoad(key === 'a' ? 'b' : 'a', load)
    }
    const calls = [follow(cache.getOrLoad('a', load)), follow(cache.getOrLoad('b', load))]
    await turn()
    for (const call of calls) expect(call).toMatchObject({ state: 'failed', value: { code: 'LOAD_CYCLE' } })
  })

  it('a memoized function that turns out to give a promise', async () => {
    const remembered: (n: number) => Promise<number> = memoize((n: number) =>
      ticks().then(() => remembered(n)),
    )
    const call = follow(remembered(1))
    await turn()
    expect(call).toEqual(cycle('the load of 1 waits for itself: 1 → 1'))
  })

  it('what a loader has begun, and that outlives it, is not taken for its own', async () => {
    const { cache } = open()
    const go = deferred<void>()
    let late!: Promise<string>
    const load = async (): Promise<string> => {
      late = go.promise.then(() => {
        expect(currentWork()).toBe(undefined)
        return cache.getOrLoad('a', () => 'second')
      })
      return 'first'
    }
    expect(await cache.getOrLoad('a', load)).toBe('first')
    cache.delete('a')
    go.resolve()
    expect(await late).toBe('second')
  })
})

describe('what only looks like a circle is none', () => {
  it('a loader begins a load that needs its own key, and does not wait for it', async () => {
    const { cache } = open()
    let begun!: Promise<string>
    const parent = deferred<string>()
    const load = (): Promise<string> => {
      begun = cache.getOrLoad('child', async () => `child of ${await cache.getOrLoad('parent', load)}`)
      begun.catch(() => {})
      return parent.promise
    }
    const call = follow(cache.getOrLoad('parent', load))
    await ticks()
    expect(call).toEqual(waiting)
    parent.resolve('p')
    await ticks()
    expect(call).toEqual(given('p'))
    expect(await begun).toBe('child of p')
  })

  it('two loads share a third', async () => {
    const { cache } = open()
    const source = new Source()
    const load = async (): Promise<string> => cache.getOrLoad('shared', source.load)
    const calls = ['a', 'b'].map((key) => follow(cache.getOrLoad(key, load)))
    await ticks()
    await source.bring('v')
    expect(calls).toEqual([given('v'), given('v')])
  })

  it('another load of the same key, after the loader has deleted it', async () => {
    const { cache } = open()
    const load = async (): Promise<string> => {
      cache.delete('a')
      return `${await cache.getOrLoad('a', () => 'new')}!`
    }
    expect(await cache.getOrLoad('a', load)).toBe('new!')
    expect(cache.get('a')).toBe('new')
  })

  it('the same key of another namespace', async () => {
    const { cache } = open()
    const room = cache.namespace<string, string>('room')
    expect(await cache.getOrLoad('a', () => room.getOrLoad('a', () => 'v'))).toBe('v')
  })

  it('a caller who leaves a load that another waits for, and comes back', async () => {
    const { cache } = open()
    const source = new Source()
    const controller = new AbortController()
    const load = async (): Promise<string> => {
      const first = await cache.getOrLoad('b', source.load, { signal: controller.signal }).catch(() => 'left')
      return `${first}, ${await cache.getOrLoad('c', () => 'c')}`
    }
    const call = follow(cache.getOrLoad('a', load))
    const other = follow(cache.getOrLoad('b', source.load))
    controller.abort()
    await ticks()
    expect(call).toEqual(given('left, c'))
    await source.bring('b')
    expect(other).toEqual(given('b'))
  })

  it('a promise given to a loader is one in all respects', async () => {
    const { cache } = open()
    const load = async (): Promise<string> => {
      const inner = cache.getOrLoad('b', () => 'b')
      expect(inner).toBeInstanceOf(Promise)
      const [all, raced] = await Promise.all([Promise.all([inner, 'x']), Promise.race([inner])])
      return [...all, raced, await inner.finally(() => {})].join()
    }
    expect(await cache.getOrLoad('a', load)).toBe('b,x,b,b')
  })

  it('an error that it brings is the same error', async () => {
    const { cache } = open()
    const error = new Error('down')
    const fail = (): never => {
      throw error
    }
    const call = follow(cache.getOrLoad('a', () => cache.getOrLoad('b', fail)))
    await ticks()
    expect(call).toEqual(failed(error))
  })
})

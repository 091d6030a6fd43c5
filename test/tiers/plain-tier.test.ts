import { beforeEach, describe, expect, test } from 'vitest'
import type { PlainTier } from '../../src/tiers/tiered.ts'
import { deferred } from '../support/deferred.ts'
import { Fleet } from './support/fleet.ts'

let kept: Map<string, Uint8Array>
let fleet: Fleet
let remote: PlainTier
beforeEach(() => {
  fleet = new Fleet()
  kept = new Map()
  remote = {
    get: (key) => kept.get(key),
    set: async (key, bytes) => void kept.set(key, bytes),
    delete: async (keys) => {
      for (const key of keys) kept.delete(key)
    },
  }
})
const never = (): never => expect.unreachable()

describe('a store without a log', () => {
  test('gives what another process has stored, until it is deleted, by its key, its tag or with all', async () => {
    const [one, other] = [await fleet.process({ remote }), await fleet.process({ remote, nearTtl: 1 })]
    const check = async (invalidate: () => Promise<boolean>): Promise<void> => {
      await one.getOrLoad('a', () => 'value', { tags: ['t'] })
      await fleet.settle()
      await fleet.pass(2)
      expect(await other.getOrLoad('a', never)).toBe('value')
      await new Promise((resolve) => setImmediate(resolve))
      expect(await invalidate()).toBe(true)
      await fleet.pass(2)
      expect([one.get('a'), other.get('a'), await other.lookup('a')]).toEqual([
        undefined,
        undefined,
        undefined,
      ])
      // Times of the store are those of a clock, which has to go on for what is stored next to be newer.
      const now = Date.now()
      while (Date.now() < now + 2) await new Promise((resolve) => setImmediate(resolve))
    }
    await check(() => one.delete('a'))
    await check(() => one.deleteByTag('t'))
    await check(() => one.clear())
    await check(async () => (await one.update('a', () => undefined)) === undefined)
  })

  test('takes no result of a load that this process has overtaken', async () => {
    const cache = await fleet.process({ remote })
    const source = deferred<number>()
    const load = cache.getOrLoad('a', () => source.promise)
    await fleet.settle()
    await cache.delete('a')
    source.resolve(1)
    expect(await load).toBe(1)
    await fleet.settle()
    expect([cache.get('a'), await cache.lookup('a')]).toEqual([undefined, undefined])
  })

  test('reads many keys by getMany where it is there, and never ends the trust in what is held', async () => {
    let reads = 0
    const many: PlainTier = {
      ...remote,
      get: never,
      getMany: async (keys) => {
        reads++
        return keys.map((key) => kept.get(key) ?? null)
      },
    }
    const cache = await fleet.process<string, number>({ remote: many, ttl: '1h' })
    await cache.set('a', 1)
    await cache.getOrLoadMany(['a', 'b', 'c'], () => [['b', 2]])
    expect(reads).toBe(1)
    await fleet.pass(60_000)
    expect([cache.get('a'), cache.get('b')]).toEqual([1, 2])
  })

  test('that fails, or gives what is no entry, is a miss', async () => {
    const cache = await fleet.process<string, number>({
      remote: { ...remote, get: () => Promise.reject(new Error('disk')) },
    })
    expect(await cache.getOrLoad('a', () => 1)).toBe(1)
    const other = await fleet.process<string, number>({ remote })
    await fleet.settle()
    for (const key of kept.keys()) kept.set(key, Buffer.from('nonsense'))
    expect(await other.getOrLoad('a', () => 2)).toBe(2)
  })
})

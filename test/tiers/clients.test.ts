import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { redisTier } from '../../src/tiers/redis.ts'
import type { TieredCache, TieredOptions } from '../../src/tiers/tiered.ts'
import { clientNames, connectClient, connectPool, type TestClient } from './support/clients.ts'
import { inOtherProcess } from './support/other-process.ts'
import { hasServer, startServer, type TestServer } from './support/server.ts'
import { until } from './support/until.ts'

const kinds = [
  ...clientNames.map((name) => ({
    kind: `a client of ${name}`,
    connect: (port: number) => connectClient(name, port),
  })),
  { kind: 'a pool of redis', connect: (port: number) => connectPool('redis', port) },
  { kind: 'a pool of redis-5', connect: (port: number) => connectPool('redis-5', port) },
]

describe.skipIf(!hasServer)('two processes over a real server (skipped where there is none)', () => {
  let server: TestServer
  const open: (() => unknown)[] = []
  beforeAll(async () => {
    server = await startServer()
  }, 150_000)
  afterEach(async () => {
    for (const close of open.splice(0).reverse()) await close()
    await server.socket.command(['FLUSHALL'])
  })
  afterAll(() => server?.kill())

  /** A cache of a process of its own, as far as nearcache is concerned. */
  async function cacheOver(
    connect: (port: number) => Promise<TestClient>,
    options: Partial<TieredOptions<string, unknown>> = {},
  ) {
    const client = await connect(server.port)
    open.push(client.close)
    const cache = inOtherProcess<string, unknown>({
      name: 'users',
      remote: redisTier(client.client),
      ...options,
    })
    open.push(() => cache.close())
    await cache.ready()
    // A pool has no subscriber of its own.
    if ('duplicate' in client.client) await until(() => cache.stats().remote.isListening)
    return cache
  }

  describe.each(kinds)('with $kind', ({ connect }) => {
    test('what one has loaded the other one finds, whatever the value', { timeout: 20_000 }, async () => {
      const [one, other] = [await cacheOver(connect), await cacheOver(connect)]
      const value = {
        id: 1,
        when: new Date(5),
        set: new Set([1n]),
        bytes: new Uint8Array([0, 255, 13, 10]),
        text: 'Ünï\0',
      }
      expect(await one.getOrLoad('ann', () => value)).toBe(value)
      await stored(one, 1)
      expect(await other.getOrLoad('ann', () => expect.unreachable())).toEqual(value)
      expect(other.get('ann')).toEqual(value)
      expect(one.stats().remote).toMatchObject({ misses: 1, breakerOpenings: 0 })
      expect(other.stats().remote).toMatchObject({ hits: 1, breakerOpenings: 0 })
    })

    test('what one has deleted the other one serves no more, as soon as the push has come', {
      timeout: 20_000,
    }, async () => {
      const [one, other] = [await cacheOver(connect), await cacheOver(connect)]
      await other.getOrLoad('ann', () => 'old')
      const received = other.stats().remote.received
      expect(await one.delete('ann')).toBe(true)
      await until(() => other.stats().remote.received > received)
      expect(other.get('ann')).toBeUndefined()
      expect(await other.getOrLoad('ann', () => 'new')).toBe('new')
      expect(other.stats().remote.malformed).toBe(0)
    })

    test('many keys come by one read, and a value that was updated is stored for all', {
      timeout: 20_000,
    }, async () => {
      const [one, other] = [await cacheOver(connect), await cacheOver(connect)]
      await one.update('a', async () => 1)
      await one.set('b', 2)
      expect(await other.lookupMany(['a', 'b', 'c'])).toEqual(
        new Map([
          ['a', 1],
          ['b', 2],
        ]),
      )
      const found = await other.getOrLoadMany(['a', 'b', 'c', 'd'], async (keys) => {
        expect(keys).toEqual(['c', 'd'])
        return [['c', 3]]
      })
      expect(found).toEqual(
        new Map([
          ['a', 1],
          ['b', 2],
          ['c', 3],
        ]),
      )
    })
  })

  test('scripts that the server has forgotten are sent again', async () => {
    const cache = await cacheOver((port) => connectClient('ioredis', port))
    await server.socket.command(['SCRIPT', 'FLUSH'])
    expect(await cache.delete('a')).toBe(true)
    await cache.getOrLoad('a', () => 1)
    await stored(cache, 1)
    expect(cache.stats().remote.breakerOpenings).toBe(0)
  })
})

async function stored(cache: TieredCache<string, unknown>, count: number): Promise<void> {
  await until(() => cache.stats().remote.fills.stored === count)
}

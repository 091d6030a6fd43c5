import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { redisTier } from '../../src/tiers/redis.ts'
import type { TieredCache, TieredOptions } from '../../src/tiers/tiered.ts'
import { FaultyProxy } from './chaos/proxy.ts'
import { connectClient } from './support/clients.ts'
import { inOtherProcess } from './support/other-process.ts'
import { hasServer, startServer, type TestServer } from './support/server.ts'
import { until } from './support/until.ts'
import { Random } from './world/random.ts'

const LONG = 60_000

describe.skipIf(!hasServer)(
  'servers that lose what they have acknowledged (skipped where there is none)',
  () => {
    const open: (() => unknown)[] = []
    afterEach(async () => {
      for (const close of open.splice(0).reverse()) await close()
    })

    async function start(args: readonly string[] = [], port?: number): Promise<TestServer> {
      const server = await startServer({ args, ...(port !== undefined && { port }) })
      open.push(() => server.kill())
      return server
    }

    /** A cache of a process of its own, as far as nearcache is concerned. */
    async function cacheOver(
      port: number,
      options: Partial<TieredOptions<string, unknown>> = {},
    ): Promise<TieredCache<string, unknown>> {
      const { client, close } = await connectClient('ioredis', port)
      open.push(close)
      const cache = inOtherProcess<string, unknown>({
        name: 'users',
        remote: redisTier(client),
        beat: 100,
        readTimeout: 2000,
        writeTimeout: 5000,
        onError: () => {},
        ...options,
      })
      open.push(() => cache.close())
      await cache.ready()
      return cache
    }

    async function proxyTo(port: number): Promise<FaultyProxy> {
      const proxy = await FaultyProxy.before(port)
      open.push(() => proxy.close())
      return proxy
    }

    const isStored = (server: TestServer, key: string): Promise<boolean> =>
      server.socket.command(['EXISTS', `nc:{users}:v:s${key}`]).then((count) => count === 1)

    test('52, 66. what a replica that takes over has not yet heard of is sent again, and no one is given what was invalidated', {
      timeout: LONG,
    }, async () => {
      const primary = await start()
      const replica = await start()
      const proxy = await proxyTo(primary.port)
      const [one, other] = [await cacheOver(proxy.port), await cacheOver(proxy.port)]
      await one.getOrLoad('a', () => 'old', { tags: ['t'] })
      await one.getOrLoad('b', () => 'kept')
      await until(() => isStored(primary, 'a').then(async (a) => a && isStored(primary, 'b')))
      await replica.socket.command(['REPLICAOF', '127.0.0.1', String(primary.port)])
      await until(() => isStored(replica, 'b'))
      // The replica lags: it hears nothing from here on.
      await replica.socket.command(['REPLICAOF', 'NO', 'ONE'])
      expect(await one.delete('a')).toBe(true)
      await until(() => other.stats().remote.received > 0)
      await primary.kill()
      expect(await isStored(replica, 'a')).toBe(true)
      proxy.target = replica.port
      proxy.reset()
      expect(await one.getOrLoad('a', () => 'new')).toBe('new')
      expect(await other.getOrLoad('a', () => 'new')).toBe('new')
      await until(() => one.stats().remote.repairs + other.stats().remote.repairs > 0)
      // Who knew nothing of it finds nothing old there any more.
      const stranger = await cacheOver(replica.port)
      await until(async () => (await stranger.lookup('a')) !== 'old')
      expect(await stranger.getOrLoad('a', () => 'new')).toBe('new')
    })

    test('52, 66. a server that starts again from an old dump gives nothing that was invalidated since', {
      timeout: LONG,
    }, async () => {
      const dir = mkdtempSync(join(tmpdir(), 'nearcache-dump-'))
      open.push(() => rmSync(dir, { recursive: true, force: true }))
      const first = await start(['--dir', dir])
      const one = await cacheOver(first.port)
      await one.getOrLoad('a', () => 'old')
      await until(() => isStored(first, 'a'))
      await first.socket.command(['SAVE'])
      expect(await one.delete('a')).toBe(true)
      expect(await one.update('b', () => 'written since')).toBe('written since')
      await first.kill()
      const second = await start(['--dir', dir], first.port)
      expect(await isStored(second, 'a')).toBe(true)
      expect(await one.getOrLoad('a', () => 'new')).toBe('new')
      await until(() => one.stats().remote.repairs > 0 && one.stats().remote.queued === 0)
      const stranger = await cacheOver(second.port)
      await until(async () => (await stranger.lookup('a')) !== 'old')
      expect(await stranger.getOrLoad('b', () => 'from the source')).toBe('from the source')
    })

    test.each(['allkeys-lru', 'allkeys-random'])(
      '67. a server that evicts whatever it likes (%s) gives nothing that was invalidated',
      { timeout: LONG },
      async (policy) => {
        const server = await start()
        const [one, other] = [await cacheOver(server.port), await cacheOver(server.port)]
        const info = String(await server.socket.command(['INFO', 'memory']))
        const used = Number(/used_memory:(\d+)/.exec(info)![1])
        for (const [name, value] of [
          ['maxmemory-policy', policy],
          ['maxmemory', String(used + 60_000)],
        ])
          await server.socket.command(['CONFIG', 'SET', name!, value!])
        const seed = Number(process.env.SEED ?? 1)
        const random = new Random(seed)
        const source = new Map<string, number>()
        const filler = 'x'.repeat(2000)
        for (let i = 0; i < 600; i++) {
          const key = `k${random.below(60)}`
          const version = (source.get(key) ?? 0) + 1
          if (random.chance(0.3)) {
            source.set(key, version)
            expect(await one.delete(key), `seed ${seed}`).toBe(true)
          }
          const load = async (): Promise<string> => `${source.get(key) ?? 0} ${filler}`
          expect(Number.parseInt(String(await one.getOrLoad(key, load)), 10), `seed ${seed}`).toBe(
            source.get(key) ?? 0,
          )
        }
        const evicted = /evicted_keys:(\d+)/.exec(String(await server.socket.command(['INFO', 'stats'])))!
        expect(Number(evicted[1])).toBeGreaterThan(50)
        // A pull that begins now tells the other one of all.
        const pulls = other.stats().remote.pulls
        await until(() => other.stats().remote.pulls > pulls + 1)
        for (const [key, version] of source) {
          const value = await other.getOrLoad(key, async () => `${source.get(key)} ${filler}`)
          expect(Number.parseInt(String(value), 10), `seed ${seed}`).toBe(version)
        }
      },
    )

    test('a server that is full refuses values and leases, which opens no breaker, and begins a state all the same', {
      timeout: LONG,
    }, async () => {
      const server = await start(['--maxmemory-policy', 'noeviction'])
      const cache = await cacheOver(server.port, { singleFlight: { lease: 5000, wait: 5000 } })
      await server.socket.command(['CONFIG', 'SET', 'maxmemory', '1'])
      const keys = Array.from({ length: 20 }, (_, i) => `k${i}`)
      const loaded = await cache.getOrLoadMany(keys, async (missing) =>
        missing.map((key) => [key, 1] as const),
      )
      expect(loaded.size).toBe(20)
      await until(() => cache.stats().remote.fills.full === 20)
      expect(await cache.deleteMany(keys)).toBe(true)
      expect(cache.stats().remote.breakerOpenings).toBe(0)
      await server.socket.command(['FLUSHALL'])
      await until(() => cache.stats().remote.anchorings > 1)
      expect(await cache.delete('k0')).toBe(true)
    })

    test('a pause of all clients, the death of their connections and forgotten scripts lose nothing', {
      timeout: LONG,
    }, async () => {
      const server = await start()
      const [one, other] = [await cacheOver(server.port), await cacheOver(server.port)]
      for (const [i, trouble] of [
        ['CLIENT', 'PAUSE', '300'],
        ['CLIENT', 'KILL', 'TYPE', 'pubsub'],
        ['CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes'],
        ['SCRIPT', 'FLUSH'],
      ].entries()) {
        await one.getOrLoad('a', () => i)
        await other.getOrLoad('a', () => i)
        await server.socket.command(trouble)
        await one.delete('a')
        await one.settled()
        await until(() => other.get('a') === undefined)
        expect(await other.getOrLoad('a', () => i + 1)).toBe(i + 1)
        await until(async () => (await one.lookup('a')) === i + 1 || (await isStored(server, 'a')))
        await one.delete('a')
        await one.settled()
        await until(() => other.get('a') === undefined)
      }
    })

    test('a subscriber that is the client itself is refused', async () => {
      const server = await start()
      const { client, close } = await connectClient('redis', server.port)
      open.push(close)
      expect(() => redisTier(client, { subscriber: client })).toThrow(
        'subscriber: expected another client than the first',
      )
    })
  },
)

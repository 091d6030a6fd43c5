import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { redisTier } from '../../src/tiers/redis.ts'
import type { TieredCache, TieredOptions } from '../../src/tiers/tiered.ts'
import { connectClient } from './support/clients.ts'
import { inOtherProcess } from './support/other-process.ts'
import { hasServer, startServer, type TestServer } from './support/server.ts'
import { until } from './support/until.ts'

const LONG = 60_000

describe.skipIf(!hasServer)('what a real server is asked to do (skipped where there is none)', () => {
  let server: TestServer
  const open: (() => unknown)[] = []
  beforeAll(async () => {
    server = await startServer()
  }, 150_000)
  afterAll(async () => {
    for (const close of open.reverse()) await close()
    await server?.kill()
  })

  /** A cache of a process of its own, which pulls once an hour unless told otherwise. */
  async function cacheOf(
    name: string,
    options: Partial<TieredOptions<string, number>> = {},
  ): Promise<TieredCache<string, number>> {
    const { client, close } = await connectClient('ioredis', server.port)
    open.push(close)
    const cache = inOtherProcess<string, number>({
      name,
      remote: redisTier(client),
      beat: '1h',
      maxStale: '3h',
      readTimeout: '30s',
      writeTimeout: '30s',
      ...options,
    })
    open.push(() => cache.close())
    await cache.ready()
    await until(() => cache.stats().remote.isListening)
    // The scripts are known to the server from here on.
    await cache.getOrLoad('first', () => 0, { tags: ['first'] })
    await until(() => cache.stats().remote.fills.stored === 1)
    await cache.delete('first')
    await cache.lookup('first')
    return cache
  }

  /** How often the server has run each command meanwhile, those in scripts included. */
  async function commandsOf(run: () => Promise<unknown>): Promise<Record<string, number>> {
    await server.socket.command(['CONFIG', 'RESETSTAT'])
    await run()
    const stats = String(await server.socket.command(['INFO', 'commandstats']))
    const counts = [...stats.matchAll(/cmdstat_([^:]+):calls=(\d+)/g)].map(([, command, calls]) => [
      command,
      Number(calls),
    ])
    return Object.fromEntries(counts.filter(([command]) => command !== 'config|resetstat'))
  }

  const entriesOf = (name: string): Promise<number> =>
    server.socket.command(['KEYS', `nc:{${name}}:v:*`]).then((keys) => (keys as unknown[]).length)

  test('58. a tag or all is deleted by the same commands for ten entries and for a thousand, and none of them is touched', {
    timeout: LONG,
  }, async () => {
    const counted: Record<string, number>[][] = []
    for (const [name, count] of [
      ['few', 10],
      ['many', 1000],
    ] as const) {
      const cache = await cacheOf(name)
      const keys = Array.from({ length: count }, (_, i) => `k${i}`)
      await cache.getOrLoadMany(keys, (missing) => missing.map((key) => [key, 1]), { tags: ['t'] })
      await until(() => cache.stats().remote.fills.stored === count + 1)
      expect(await entriesOf(name)).toBe(count)
      counted.push([await commandsOf(() => cache.deleteByTag('t')), await commandsOf(() => cache.clear())])
      expect(await entriesOf(name)).toBe(count)
      expect(await cache.lookupMany(keys)).toEqual(new Map())
    }
    expect(counted[0]).toEqual(counted[1])
    for (const commands of counted[0]!) expect(commands).toMatchObject({ evalsha: 1, xadd: 1, publish: 1 })
  })

  test('58. a read of an entry without tags asks for no tag', { timeout: LONG }, async () => {
    const cache = await cacheOf('untagged')
    const other = await cacheOf('untagged')
    await cache.set('plain', 1)
    await cache.set('tagged', 2, { tags: ['t'] })
    const plain = await commandsOf(async () => expect(await other.lookup('plain')).toBe(1))
    const tagged = await commandsOf(async () => expect(await other.lookup('tagged')).toBe(2))
    expect(plain).toEqual({ evalsha: 1, hmget: 1, get: 1 })
    expect(Object.keys(tagged)).toContain('zscore')
  })

  test('62. a load that is stored costs a read and one script, and tells nobody', {
    timeout: LONG,
  }, async () => {
    const cache = await cacheOf('loads')
    const other = await cacheOf('loads')
    await until(() => cache.stats().remote.received === other.stats().remote.received + 1)
    const { received } = other.stats().remote
    const { stored } = cache.stats().remote.fills
    const commands = await commandsOf(async () => {
      await cache.getOrLoad('a', () => 1)
      await until(() => cache.stats().remote.fills.stored === stored + 1)
    })
    expect(commands).toMatchObject({ evalsha: 2 })
    expect(Object.keys(commands)).not.toContain('publish')
    expect(Object.keys(commands)).not.toContain('xadd')
    // What is told afterwards comes alone.
    await cache.delete('b')
    await until(() => other.stats().remote.received > received)
    expect(other.stats().remote.received).toBe(received + 1)
  })

  test('an idle process sends its pulls and nothing else', { timeout: LONG }, async () => {
    const cache = await cacheOf('idle', { beat: 50, maxStale: 5000 })
    // The script of a pull is known to the server from then on.
    await until(() => cache.stats().remote.pulls > 2)
    const { pulls } = cache.stats().remote
    const commands = await commandsOf(() => until(() => cache.stats().remote.pulls >= pulls + 10))
    expect(Object.keys(commands).sort()).toEqual(['evalsha', 'hmget', 'time'])
    expect(new Set(Object.values(commands)).size).toBe(1)
  })
})

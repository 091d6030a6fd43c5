import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { trackedTier } from '../../src/tiers/redis.ts'
import type { TieredCache, TieredOptions } from '../../src/tiers/tiered.ts'
import { FaultyProxy } from './chaos/proxy.ts'
import { type ClientName, connectClient } from './support/clients.ts'
import { inOtherProcess } from './support/other-process.ts'
import { hasServer, redisCli, startServer, type TestServer } from './support/server.ts'
import { until } from './support/until.ts'

const LONG = 60_000
const names: readonly ClientName[] = ['redis', 'redis-5', 'ioredis', 'ioredis-5', 'iovalkey']

describe.skipIf(!hasServer)('keys that others write in a real Redis (skipped where there is none)', () => {
  let server: TestServer
  const open: (() => unknown)[] = []
  beforeAll(async () => {
    server = await startServer()
  }, LONG)
  afterEach(async () => {
    for (const close of open.splice(0).reverse()) await close()
    await cli('FLUSHALL')
  })
  afterAll(() => server?.kill())

  /** The command line that comes with the server, as anybody may use it. */
  async function cli(...args: string[]): Promise<string> {
    const { path, env } = redisCli!
    return (await promisify(execFile)(path, ['-p', String(server.port), ...args], { env })).stdout.trim()
  }

  async function cacheOver(
    name: ClientName,
    options: Partial<TieredOptions<string | number, unknown>> = {},
    port = server.port,
  ): Promise<TieredCache<string | number, unknown>> {
    const { client, close } = await connectClient(name, port)
    open.push(close)
    const cache = inOtherProcess<string | number, unknown>({
      name: 'users',
      remote: trackedTier(client, { prefix: 'user:' }),
      beat: 100,
      readTimeout: 5000,
      writeTimeout: 5000,
      onError: () => {},
      ...options,
    })
    open.push(() => cache.close())
    await cache.ready()
    return cache
  }

  describe.each(names)('over %s', (name) => {
    test('what redis-cli writes, deletes or flushes is served no more', { timeout: LONG }, async () => {
      await cli('SET', 'user:42', '{"name":"ann"}')
      const cache = await cacheOver(name)
      expect(await cache.lookup(42)).toEqual({ name: 'ann' })
      expect(cache.get(42)).toEqual({ name: 'ann' })
      await cli('SET', 'user:42', '{"name":"Ann"}')
      await until(() => cache.get(42) === undefined)
      expect(await cache.lookup(42)).toEqual({ name: 'Ann' })
      await cli('SET', 'other:42', '1')
      await cli('DEL', 'user:42')
      await until(() => cache.get(42) === undefined)
      expect(await cache.lookup(42)).toBe(undefined)
      expect(await cache.getOrLoad(42, () => 'loaded')).toBe('loaded')
      expect(await cli('EXISTS', 'user:42')).toBe('0')
      await cli('SET', 'user:42', '"written"')
      await until(() => cache.get(42) === undefined)
      expect(await cache.getOrLoad(42, () => 'loaded')).toBe('written')
      await cli('FLUSHALL')
      await until(() => cache.get(42) === undefined)
    })

    test('what it sets itself it keeps, and all others read as JSON', { timeout: LONG }, async () => {
      const [one, other] = [await cacheOver(name), await cacheOver(name)]
      await other.getOrLoad('a', () => 'old')
      expect(await one.set('a', [1, 2], { ttl: '1m' })).toBe(true)
      await until(() => other.get('a') === undefined)
      await one.settled()
      expect(await cli('GET', 'user:a')).toBe('[1,2]')
      expect(Number(await cli('PTTL', 'user:a'))).toBeGreaterThan(50_000)
      expect(await other.lookup('a')).toEqual([1, 2])
      const { pulls } = one.stats().remote
      await until(() => one.stats().remote.pulls > pulls + 2)
      expect(one.get('a')).toEqual([1, 2])
      expect(await one.delete('a')).toBe(true)
      expect(await cli('EXISTS', 'user:a')).toBe('0')
      await until(() => other.get('a') === undefined)
    })

    test('a tracking connection that was lost costs all that is held, and is made anew', {
      timeout: LONG,
    }, async () => {
      await cli('SET', 'user:a', '1')
      const cache = await cacheOver(name)
      await cache.lookup('a')
      const { anchorings } = cache.stats().remote
      await cli('CLIENT', 'KILL', 'TYPE', name.startsWith('redis') ? 'normal' : 'pubsub', 'SKIPME', 'yes')
      await cli('SET', 'user:a', '2')
      await until(() => cache.stats().remote.anchorings > anchorings)
      await until(async () => (await cache.lookup('a')) === 2)
      await until(() => cache.get('a') === 2)
      await cli('SET', 'user:a', '3')
      await until(() => cache.get('a') === undefined)
    })
  })

  test('a value lives here no longer than it has left in Redis', { timeout: LONG }, async () => {
    await cli('SET', 'user:a', '1', 'PX', '60000')
    const cache = await cacheOver('redis')
    await cache.lookup('a')
    expect(cache.expiresIn('a')).toBeLessThanOrEqual(60_000)
    expect(cache.expiresIn('a')).toBeGreaterThan(30_000)
  })

  test('text that is no JSON is a miss, and a serializer of the user reads what others write', {
    timeout: LONG,
  }, async () => {
    await cli('SET', 'user:a', 'plain text')
    await cli('RPUSH', 'user:list', '1')
    const cache = await cacheOver('ioredis')
    expect(await cache.lookup('a')).toBe(undefined)
    expect(await cache.lookup('list')).toBe(undefined)
    expect(await cache.getOrLoad('a', () => 'loaded')).toBe('loaded')
    const serializer = {
      id: 7,
      encode: (value: unknown) => new TextEncoder().encode(String(value)),
      decode: (bytes: Uint8Array) => new TextDecoder().decode(bytes),
    }
    const texts = await cacheOver('ioredis', { serializer })
    expect(await texts.lookup('a')).toBe('plain text')
    await texts.set('b', 'more text')
    expect(await cli('GET', 'user:b')).toBe('more text')
  })

  test('while the server is silent nothing is given for longer than maxStale', {
    timeout: LONG,
  }, async () => {
    const proxy = await FaultyProxy.before(server.port)
    open.push(() => proxy.close())
    await cli('SET', 'user:a', '1')
    const cache = await cacheOver('redis', { maxStale: 600, beat: 100, writeTimeout: 200 }, proxy.port)
    await cache.lookup('a')
    expect(cache.get('a')).toBe(1)
    proxy.mode = 'silent'
    await cli('SET', 'user:a', '2')
    await until(() => cache.get('a') === undefined)
    // Connections that began meanwhile will never speak, and are given up.
    const { anchorings, pulls } = cache.stats().remote
    await until(() => cache.stats().remote.pulls > pulls + 9)
    proxy.mode = 'open'
    await until(() => cache.stats().remote.anchorings > anchorings)
    await until(async () => (await cache.lookup('a')) === 2)
  })
})

test('what is no client of one server is refused, and a prefix that is none', () => {
  expect(() => trackedTier({}, { prefix: 'a' })).toThrow(
    'client: expected a client of node-redis, ioredis or iovalkey for one server, no cluster and no pool',
  )
  const client = { duplicate() {}, callBuffer() {} }
  expect(() => trackedTier({ ...client, isCluster: true }, { prefix: 'a' })).toThrow('no cluster and no pool')
  expect(() => trackedTier(client, { prefix: '' })).toThrow(
    'prefix: expected a string of at least one character',
  )
  expect(() => trackedTier(client, { prefixes: 'a' } as never)).toThrow('prefixes: there is no such option')
})

import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { redisTier } from '../../src/tiers/redis.ts'
import type { TieredCache } from '../../src/tiers/tiered.ts'
import { inOtherProcess } from './support/other-process.ts'
import { hasServer, startServer, type TestServer } from './support/server.ts'
import { RedisSocket } from './support/socket.ts'
import { until } from './support/until.ts'

describe.skipIf(!hasServer)('on a real server that is careful (skipped where there is none)', () => {
  let server: TestServer
  const open: (() => unknown)[] = []
  beforeAll(async () => {
    server = await startServer()
  }, 150_000)
  afterAll(async () => {
    for (const close of open.reverse()) await close()
    await server?.kill()
  })

  /** A connection as a user, which makes one more to subscribe. */
  async function connect(user?: string): Promise<RedisSocket & { subscribe: RedisSocket['subscribe'] }> {
    const socket = await RedisSocket.connect(server.port)
    if (user !== undefined) await socket.command(['AUTH', user, 'secret'])
    const client = Object.assign(socket, {
      subscribe: async (channel: string, onMessage: (message: Uint8Array) => void) => {
        const other = await RedisSocket.connect(server.port)
        if (user !== undefined) await other.command(['AUTH', user, 'secret'])
        await RedisSocket.prototype.subscribe.call(other, channel, onMessage)
        return () => other.close()
      },
    })
    open.push(() => socket.close())
    return client
  }

  function cacheOf(client: object, name: string, errors: unknown[] = []): TieredCache<string, unknown> {
    const cache = inOtherProcess<string, unknown>({
      name,
      remote: redisTier(client),
      onError: (error) => void errors.push(error),
    })
    open.push(() => cache.close())
    return cache
  }

  test('a user with the rights that the documentation lists can do all, and reaches no other name', async () => {
    const page = readFileSync(new URL('../../docs/second-tier.md', import.meta.url), 'utf8')
    const commands = /`(\+evalsha [^`]+)`/
      .exec(page)![1]!
      .split(' ')
      .filter((one) => one !== '+ping')
    const acl = [
      'ACL',
      'SETUSER',
      'tenant',
      'on',
      '>secret',
      'resetkeys',
      'resetchannels',
      '-@all',
      '~nc:{mine}:*',
      '&nc:{mine}',
      ...commands,
    ]
    expect(String(await server.socket.command(acl))).toBe('OK')
    const errors: unknown[] = []
    const [one, other] = [
      cacheOf(await connect('tenant'), 'mine', errors),
      cacheOf(await connect('tenant'), 'mine', errors),
    ]
    await Promise.all([one.ready(), other.ready()])
    await until(() => one.stats().remote.isListening && other.stats().remote.isListening)
    await one.getOrLoad('a', () => 1, { tags: ['t'] })
    await until(() => one.stats().remote.fills.stored === 1)
    expect(await other.getOrLoad('a', () => expect.unreachable())).toBe(1)
    expect(await one.deleteByTag('t')).toBe(true)
    await until(() => other.get('a') === undefined)
    expect(await one.update('a', () => 2)).toBe(2)
    expect(await other.lookup('a')).toBe(2)
    expect(await one.expire('a')).toBe(true)
    expect(await one.delete('a')).toBe(true)
    expect(await one.clear()).toBe(true)
    await until(() => other.stats().remote.received >= 5)
    expect(errors).toEqual([])
    const strange = cacheOf(await connect('tenant'), 'yours', errors)
    expect(await strange.delete('a')).toBe(false)
    expect(await server.socket.command(['EXISTS', 'nc:{yours}:s'])).toBe(0)
  })

  test('a server that is full still takes invalidations, and refuses values', async () => {
    const full = await startServer({ args: ['--maxmemory-policy', 'noeviction'] })
    open.push(() => full.kill())
    const socket = await RedisSocket.connect(full.port)
    const errors: unknown[] = []
    const cache = cacheOf({ command: (args: readonly string[]) => socket.command(args) }, 'full', errors)
    await cache.ready()
    await cache.set('a', 'x'.repeat(1000))
    await full.socket.command(['CONFIG', 'SET', 'maxmemory', '1'])
    expect(await cache.delete('a')).toBe(true)
    expect(await full.socket.command(['EXISTS', 'nc:{full}:v:sa'])).toBe(0)
    await cache.getOrLoad('b', () => 1)
    expect(cache.get('b')).toBe(1)
  })

  test('keys of ours that others have overwritten are misses or errors, and a name that was spoilt comes back', async () => {
    const cache = cacheOf(await connect(), 'spoilt')
    await cache.ready()
    await cache.set('a', 1)
    for (const bytes of [
      Buffer.alloc(0),
      Buffer.from('text'),
      Buffer.alloc(40),
      Buffer.alloc(100, 255),
      Buffer.alloc(40, 1),
    ]) {
      await server.socket.command(['SET', 'nc:{spoilt}:v:sb', bytes])
      expect(await cache.lookup('b')).toBeUndefined()
    }
    await server.socket.command(['DEL', 'nc:{spoilt}:v:sb'])
    await server.socket.command(['LPUSH', 'nc:{spoilt}:v:sb', 'x'])
    expect(await cache.getOrLoad('b', () => 2)).toBe(2)
    await until(() => cache.stats().remote.fills.stored === 1)
    expect(cache.stats().remote.breakerOpenings).toBe(0)
    for (const part of ['s', 'l', 'k', 't']) {
      await server.socket.command(['DEL', `nc:{spoilt}:${part}`])
      await server.socket.command(['SET', `nc:{spoilt}:${part}`, 'x'])
      await until(async () => (await cache.delete('b')) && (await cache.delete('b')))
    }
    expect(await cache.expire('b')).toBe(true)
  })

  test('errors tell no key and no value', async () => {
    const errors: unknown[] = []
    const cache = inOtherProcess<string, unknown>({
      name: 'discreet',
      remote: redisTier({ command: () => Promise.reject(new Error('refused')) }),
      maxValueBytes: 10,
      onError: (error) => void errors.push(error),
    })
    open.push(() => cache.close())
    for (let i = 0; i < 10; i++) await cache.getOrLoad(`secret key ${i}`, () => 'secret value of some length')
    void cache.delete('secret key')
    expect(errors.length).toBeGreaterThan(0)
    expect(errors.map(String).join()).not.toMatch(/secret/)
  })
})

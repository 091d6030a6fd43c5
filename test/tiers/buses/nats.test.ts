import { afterEach, describe, expect, test } from 'vitest'
import { natsBus } from '../../../src/tiers/nats.ts'
import type { TieredCache } from '../../../src/tiers/tiered.ts'
import { connectNats, hasNats, type Nats, startNats } from '../support/nats.ts'
import { inOtherProcess } from '../support/other-process.ts'
import { until } from '../support/until.ts'

describe.skipIf(!hasNats)('a real NATS server (skipped where there is none)', () => {
  const open: (() => unknown)[] = []
  const servers: Nats[] = []
  afterEach(async () => {
    for (const close of open.splice(0).reverse()) await close()
    // At last: this client throws what nobody can catch where it writes in the moment in which its server goes.
    for (const server of servers.splice(0)) await server.stop()
  })

  async function start(port?: number): Promise<Nats> {
    const server = await startNats(port)
    servers.push(server)
    return server
  }

  /** How many connections have noticed that their server is gone. */
  let broken = 0

  async function cacheOver(port: number): Promise<TieredCache<string, string>> {
    const connection = await connectNats({
      servers: `127.0.0.1:${port}`,
      reconnectTimeWait: 50,
      maxReconnectAttempts: -1,
    })
    open.push(() => connection.close())
    void (async () => {
      for await (const { type } of connection.status()) if (type === 'disconnect') broken++
    })()
    const cache = inOtherProcess<string, string>({
      name: 'users',
      remote: natsBus(connection),
      beat: 500,
      writeTimeout: 5000,
      onError: () => {},
    })
    open.push(() => cache.close())
    await cache.ready()
    return cache
  }

  const holding = (cache: TieredCache<string, string>, key: string) =>
    until(async () => {
      await cache.getOrLoad(key, () => 'old')
      return cache.get(key) === 'old'
    })

  test('what one process deletes no other serves', { timeout: 60_000 }, async () => {
    const { port } = await start()
    const [one, other] = [await cacheOver(port), await cacheOver(port)]
    await holding(other, 'a')
    expect(await one.delete('a')).toBe(true)
    await until(() => other.get('a') === undefined)
  })

  test('after the server was gone what is held is distrusted, and news come again', {
    timeout: 60_000,
  }, async () => {
    const server = await start()
    const [one, other] = [await cacheOver(server.port), await cacheOver(server.port)]
    await holding(other, 'a')
    // Nothing is to be written in that moment here either.
    const { pulls } = one.stats().remote
    await until(() => one.stats().remote.pulls > pulls)
    broken = 0
    await server.stop()
    await until(() => broken === 2)
    const told = one.delete('a')
    await start(server.port)
    await told
    await one.settled()
    await until(() => other.get('a') === undefined)
    await holding(other, 'b')
    expect(await one.delete('b')).toBe(true)
    await until(() => other.get('b') === undefined)
  })
})

test('what is no connection, or no subject, is refused', () => {
  expect(() => natsBus({} as never)).toThrow('connection: expected a connection to NATS')
  const connection = { publish() {}, subscribe() {}, status() {}, closed() {} }
  expect(() => natsBus(connection as never, 'a.*')).toThrow(
    'subject: expected one without spaces and wildcards',
  )
})

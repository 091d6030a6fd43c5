import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { redisTier } from '../../src/tiers/redis.ts'
import { type ClientName, connectCluster } from './support/clients.ts'
import { inOtherProcess } from './support/other-process.ts'
import { hasServer, startServer, type TestServer } from './support/server.ts'
import { until } from './support/until.ts'

describe.skipIf(!hasServer)('over a cluster of three (skipped where there is no server)', () => {
  const nodes: TestServer[] = []
  beforeAll(async () => {
    for (let i = 0; i < 3; i++) {
      const { node, busPort } = await startNode()
      nodes.push(node)
      const from = Math.floor((16_384 / 3) * i)
      const to = i === 2 ? 16_383 : Math.floor((16_384 / 3) * (i + 1)) - 1
      await node.socket.command(['CLUSTER', 'ADDSLOTSRANGE', `${from}`, `${to}`])
      if (i > 0)
        await nodes[0]!.socket.command(['CLUSTER', 'MEET', '127.0.0.1', `${node.port}`, `${busPort}`])
    }
    for (const { socket } of nodes)
      await until(async () => {
        const state = String(await socket.command(['CLUSTER', 'INFO']))
        return state.includes('cluster_state:ok') && state.includes('cluster_known_nodes:3')
      }, 'the cluster')
  }, 60_000)
  afterAll(async () => {
    for (const node of nodes) await node.kill()
  })

  test.each<ClientName>(['redis', 'redis-5', 'ioredis', 'ioredis-5', 'iovalkey'])(
    'names on different nodes work with a cluster client of %s, and pushes arrive',
    { timeout: 30_000 },
    async (name) => {
      const ports = nodes.map(({ port }) => port)
      const clients = [await connectCluster(name, ports), await connectCluster(name, ports)]
      const caches = ['a', 'b', 'c', 'd'].map((cacheName) =>
        clients.map(({ client }) =>
          inOtherProcess<string, number>({ name: `${name}-${cacheName}`, remote: redisTier(client) }),
        ),
      )
      try {
        for (const [one, other] of caches) {
          await Promise.all([one!.ready(), other!.ready()])
          await until(() => one!.stats().remote.isListening && other!.stats().remote.isListening)
          expect(await one!.set('k', 1)).toBe(true)
          expect(await other!.getOrLoad('k', () => expect.unreachable())).toBe(1)
          expect(await one!.delete('k')).toBe(true)
          await until(() => other!.get('k') === undefined)
          expect(await other!.lookup('k')).toBeUndefined()
        }
      } finally {
        for (const cache of caches.flat()) await cache.close()
        for (const { close } of clients) await close()
      }
    },
  )

  test('a cache that is split by hand lies on all nodes; each key has one part, and tags and clears go to all', {
    timeout: 30_000,
  }, async () => {
    const ports = nodes.map(({ port }) => port)
    const clients = [await connectCluster('ioredis', ports), await connectCluster('redis', ports)]
    const names = ['users-a', 'users-b', 'users-c']
    const [one, other] = clients.map(({ client }) =>
      names.map((name) => inOtherProcess<number, number>({ name, remote: redisTier(client) })),
    )
    const partOf = (parts: typeof one, id: number) => parts![id % parts!.length]!
    try {
      for (const part of [...one!, ...other!]) {
        await part.ready()
        await until(() => part.stats().remote.isListening)
      }
      for (let id = 0; id < 30; id++)
        expect(await partOf(one, id).set(id, id, { tags: id < 15 ? ['low'] : [] })).toBe(true)
      // Each node has the entries of its own part, and nothing of the others.
      const held = await Promise.all(
        nodes.map(async ({ socket }) =>
          String(await socket.command(['KEYS', 'nc:{users-*}:v:*'])).split(','),
        ),
      )
      expect(held.map((keys) => keys.length)).toEqual([10, 10, 10])
      for (const keys of held) expect(new Set(keys.map((key) => key.split(':v:')[0])).size).toBe(1)
      for (let id = 0; id < 30; id++)
        expect(await partOf(other, id).getOrLoad(id, () => expect.unreachable())).toBe(id)
      expect(await partOf(one, 20).delete(20)).toBe(true)
      await until(() => partOf(other, 20).get(20) === undefined)
      expect(await Promise.all(one!.map((part) => part.deleteByTag('low')))).toEqual([true, true, true])
      for (let id = 0; id < 15; id++) await until(() => partOf(other, id).get(id) === undefined)
      expect(partOf(other, 21).get(21)).toBe(21)
      expect(await Promise.all(one!.map((part) => part.clear()))).toEqual([true, true, true])
      for (let id = 0; id < 30; id++) {
        await until(() => partOf(other, id).get(id) === undefined)
        expect(await partOf(other, id).lookup(id)).toBeUndefined()
      }
    } finally {
      for (const part of [...one!, ...other!]) await part.close()
      for (const { close } of clients) await close()
    }
  })
})

/** A node with a port of its own for the bus; another one where that turns out to be taken. */
async function startNode(attempts = 8): Promise<{ node: TestServer; busPort: number }> {
  const busPort = 30_000 + Math.floor(Math.random() * 20_000)
  const options = ['--cluster-enabled', 'yes', '--cluster-config-file', 'nodes.conf']
  try {
    return { node: await startServer({ args: [...options, '--cluster-port', `${busPort}`] }), busPort }
  } catch (error) {
    if (attempts === 1) throw error
    return startNode(attempts - 1)
  }
}

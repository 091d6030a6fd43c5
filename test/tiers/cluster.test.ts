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

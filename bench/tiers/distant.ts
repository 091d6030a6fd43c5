import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { connectClient } from '../../test/tiers/support/clients.ts'
import type { TestServer } from '../../test/tiers/support/server.ts'
import { type Cost, compared, times } from './cost.ts'
import { redisTier, TieredCache } from './package.ts'

type Loose = any

/** What a hit in Redis and an invalidation cost over ioredis where the network takes 0.5 ms each way, for our commands and the client's own. */
export async function distantCosts(server: TestServer, rounds: number): Promise<Cost[]> {
  const network = fork(fileURLToPath(new URL('network.ts', import.meta.url)), [`${server.port}`], {
    execArgv: ['--import', 'tsx'],
  })
  const port = await new Promise<number>((resolve) => network.once('message', resolve as () => void))
  const { client, close } = await connectClient('ioredis', port)
  const raw: Loose = client
  const cache = new TieredCache<string, unknown>({ name: 'distant', remote: redisTier(client), ttl: '1h' })
  await cache.ready()
  const value = { id: 1, name: 'Ann', text: 'x'.repeat(450) }
  await cache.set('a', value)
  await raw.set('distant', JSON.stringify(value))
  const tier = redisTier(client, { subscriber: false }).open('distant')
  const costs = [
    await compared(
      rounds,
      'hit in Redis, not decoded, 0.5 ms away',
      20,
      'µs',
      1.1,
      () => times(20, () => tier.read(['sa'], undefined, 0)),
      'GET',
      () => times(20, () => raw.get('distant')),
    ),
    await compared(
      rounds,
      'invalidation to its acknowledgement, 0.5 ms away',
      20,
      'µs',
      1.2,
      () => times(20, (i) => cache.delete(`gone:${i}`)),
      'DEL',
      () => times(20, (i) => raw.del(`gone:${i}`)),
    ),
  ]
  await cache.close()
  await close()
  network.kill('SIGKILL')
  return costs
}

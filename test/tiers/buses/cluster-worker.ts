import cluster from 'node:cluster'
import { clusterBus } from '../../../src/tiers/cluster.ts'
import { TieredCache } from '../../../src/tiers/tiered.ts'

/** A primary with two workers, each with a cache. What is found out goes to the parent of the primary. */
const cache = new TieredCache<string, string>({ name: 'cluster', remote: clusterBus() })

async function until(isSo: () => unknown): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 5))
}

if (cluster.isPrimary) {
  await cache.ready()
  const workers = [cluster.fork(), cluster.fork()]
  const said = (i: number, what: string) =>
    new Promise<void>((resolve) => {
      workers[i]!.on('message', (message: { say?: string }) => message.say === what && resolve())
    })
  await Promise.all([said(0, 'holds'), said(1, 'holds')])
  await until(async () => (await cache.getOrLoad('a', () => 'old')) && cache.get('a') === 'old')
  const dropped = said(1, 'dropped')
  workers[0]!.send({ call: 'delete' })
  await dropped
  await until(() => cache.get('a') === undefined)
  const cleared = Promise.all([said(0, 'cleared'), said(1, 'cleared')])
  const isTold = await cache.clear()
  await cleared
  const ended = workers.map((worker) => new Promise<number>((resolve) => worker.once('exit', resolve)))
  for (const worker of workers) worker.send({ call: 'close' })
  const codes = await Promise.all(ended)
  await cache.close()
  process.send!({ isTold, codes })
  process.disconnect()
} else {
  await cache.ready()
  await until(async () => {
    await cache.getOrLoad('a', () => 'old')
    await cache.getOrLoad('b', () => 'old')
    return cache.get('a') !== undefined && cache.get('b') !== undefined
  })
  process.send!({ say: 'holds' })
  process.on('message', async ({ call }: { call?: string }) => {
    if (call === 'delete') await cache.delete('a')
    if (call === 'close') {
      await cache.close()
      process.disconnect()
    }
  })
  await until(() => cache.get('a') === undefined)
  process.send!({ say: 'dropped' })
  await until(() => cache.get('b') === undefined)
  process.send!({ say: 'cleared' })
}

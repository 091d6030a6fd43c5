import { parentPort } from 'node:worker_threads'
import { broadcastBus } from '../../../src/tiers/broadcast.ts'
import { TieredCache } from '../../../src/tiers/tiered.ts'

/** A thread with a cache, which does what it is told. */
const cache = new TieredCache<string, string>({ name: 'threads', remote: broadcastBus() })
await cache.ready()
parentPort!.postMessage('ready')
parentPort!.on('message', async ([call, key, value]: [string, string, string]) => {
  if (call === 'load') parentPort!.postMessage(await cache.getOrLoad(key, () => value))
  if (call === 'get') parentPort!.postMessage(cache.get(key) ?? null)
  if (call === 'delete') parentPort!.postMessage(await cache.delete(key))
  if (call === 'close') {
    await cache.close()
    parentPort!.close()
  }
})

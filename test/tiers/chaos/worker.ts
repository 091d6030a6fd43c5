import { setTimeout as sleep } from 'node:timers/promises'
import { redisTier } from '../../../src/tiers/redis.ts'
import { TieredCache } from '../../../src/tiers/tiered.ts'
import { type ClientName, connectClient } from '../support/clients.ts'
import { Random } from '../world/random.ts'
import type { FromWorker, Settings, ToWorker } from './run.ts'
import { overlap, Standstill } from './standstill.ts'

/** A process with a tiered cache of its own, which reads and writes for as long as it lives, and tells its parent all of it. */
const settings: Settings = JSON.parse(process.argv[2]!)
const { port, seed, beat, maxStale, readTimeout, writeTimeout, keys } = settings
const random = new Random(seed)
const tell = (message: FromWorker): void => void process.send?.(message)
const now = (): number => Number(process.hrtime.bigint() / 1000n) / 1000
process.on('unhandledRejection', (error) =>
  tell({ kind: 'rejection', text: String((error as Error)?.stack ?? error) }),
)
process.on('disconnect', () => process.exit())

const waiting = new Map<number, (version: number) => void>()
let asked = 0
process.on('message', ({ id, version }: ToWorker) => {
  waiting.get(id)?.(version)
  waiting.delete(id)
})
/** When the source was asked for each key, and had answered. */
const spans = new Map<string, [from: number, to: number][]>()
/** Asks the source, which the parent has, for the version of a key, or has it changed. */
async function source(key: string, writes: boolean): Promise<number> {
  const id = ++asked
  const span: [number, number] = [now(), Infinity]
  const all = spans.get(key) ?? []
  spans.set(key, [...all.filter(([, to]) => to > span[0] - 30_000), span])
  tell({ kind: 'source', id, key, writes })
  const version = await new Promise<number>((resolve) => waiting.set(id, resolve))
  span[1] = now()
  return version
}

const standstill = new Standstill(now)
/** How long a call took by itself: without the time of the source, and that in which the process was kept from running. */
async function ownTime(key: string, start: number, end: number): Promise<number> {
  // Only then is it known whether the process ran.
  await sleep(50)
  return end - start - overlap(spans.get(key) ?? [], start, end) - standstill.within(start, end)
}

const { client } = await connectClient(settings.client as ClientName, port)
const cache = new TieredCache<string, number>({
  name: 'chaos',
  remote: redisTier(client),
  ttl: '10m',
  beat,
  maxStale,
  readTimeout,
  writeTimeout,
  onError: () => {},
})
await cache.ready()
tell({ kind: 'ready' })

async function read(key: string): Promise<void> {
  const start = now()
  const held = random.chance(0.5) ? cache.get(key) : undefined
  const value = held ?? (await cache.getOrLoad(key, () => source(key, false), { tags: ['all'] }))
  const end = now()
  const took = held === undefined ? await ownTime(key, start, end) : 0
  tell({ kind: 'read', key, start, end, value, isLocal: held !== undefined, took })
}

async function write(key: string): Promise<void> {
  const start = now()
  if (random.chance(0.4)) {
    let called = 0
    const version = await cache.update(
      key,
      async () => {
        const version = await source(key, true)
        called = now()
        return version
      },
      { tags: ['all'] },
    )
    const end = now()
    const took = await ownTime(key, start, end)
    tell({ kind: 'write', key, version, start, called, end, isAcknowledged: false, took })
    return
  }
  const version = await source(key, true)
  const called = now()
  const isAcknowledged = await (random.chance(0.2) ? cache.deleteByTag('all') : cache.delete(key))
  const end = now()
  const took = await ownTime(key, called, end)
  tell({ kind: 'write', key, version, start: called, called, end, isAcknowledged, took })
}

for (;;) {
  const key = `k${random.below(keys)}`
  void (random.chance(0.93) ? read(key) : write(key)).catch((error) =>
    tell({ kind: 'rejection', text: String(error?.stack ?? error) }),
  )
  await sleep(random.between(1, 8))
  if (random.chance(0.01))
    tell({
      kind: 'stats',
      remote: cache.stats().remote as unknown as Record<string, number>,
      memory: process.memoryUsage().heapUsed,
    })
}

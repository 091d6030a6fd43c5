import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { redisTier } from '../../../src/tiers/redis.ts'
import { TieredCache } from '../../../src/tiers/tiered.ts'
import { type ClientName, connectClient } from '../support/clients.ts'
import { Random } from '../world/random.ts'
import { type Allowance, Calls } from './allowance.ts'
import type { FromWorker, Settings, ToWorker } from './run.ts'

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
/** By how much a call may exceed its limit, in milliseconds. */
const GRACE = 50
const calls = new Calls()
/** Asks the source, which the parent has, for the version of a key, or has it changed. */
async function source(key: string, writes: boolean): Promise<number> {
  const id = ++asked
  calls.asks(key)
  tell({ kind: 'source', id, key, writes })
  const version = await new Promise<number>((resolve) => waiting.set(id, resolve))
  calls.answered(key)
  return version
}

/** A call of the cache, which may wait no longer than its limit, the source aside. */
async function limited<T>(name: string, key: string, limit: number, call: () => Promise<T>): Promise<T> {
  const result = call()
  const allowance: Allowance = calls.begin(key, limit + GRACE, () =>
    tell({ kind: 'late', text: `a ${name} of ${key} takes longer than ${limit} ms by itself` }),
  )
  try {
    return await result
  } finally {
    calls.end(key, allowance)
  }
}

const delay = monitorEventLoopDelay({ resolution: 10 })
delay.enable()

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
  const value = held ?? (await limited('read', key, readTimeout, () => load(key)))
  tell({ kind: 'read', key, start, end: now(), value, isLocal: held !== undefined })
}

function load(key: string): Promise<number> {
  return cache.getOrLoad(key, () => source(key, false), { tags: ['all'] })
}

async function write(key: string): Promise<void> {
  const start = now()
  if (random.chance(0.4)) {
    let called = 0
    const version = await limited('update', key, writeTimeout, () =>
      cache.update(
        key,
        async () => {
          const version = await source(key, true)
          called = now()
          return version
        },
        { tags: ['all'] },
      ),
    )
    tell({ kind: 'write', key, version, start, called, end: now(), isAcknowledged: false })
    return
  }
  const version = await source(key, true)
  const called = now()
  const isAcknowledged = await limited('delete', key, writeTimeout, () =>
    random.chance(0.2) ? cache.deleteByTag('all') : cache.delete(key),
  )
  tell({ kind: 'write', key, version, start: called, called, end: now(), isAcknowledged })
}

for (;;) {
  const key = `k${random.below(keys)}`
  void (random.chance(0.93) ? read(key) : write(key)).catch((error) =>
    tell({ kind: 'rejection', text: String(error?.stack ?? error) }),
  )
  await sleep(random.between(1, 8))
  if (random.chance(0.01)) {
    globalThis.gc!()
    tell({
      kind: 'stats',
      remote: cache.stats().remote as unknown as Record<string, number>,
      memory: process.memoryUsage().heapUsed,
      delay: delay.max / 1e6,
    })
  }
}

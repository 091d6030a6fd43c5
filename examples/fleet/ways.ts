import { BentoCache, bentostore } from 'bentocache'
import { memoryDriver } from 'bentocache/drivers/memory'
import { redisBusDriver, redisDriver } from 'bentocache/drivers/redis'
import { Redis } from 'ioredis'
import { Cache } from 'nearcache'
import { redisTier } from 'nearcache/redis'
import { TieredCache } from 'nearcache/tiered'
import type { Page } from './client.ts'

/** One of the three ways to cache pages in each process. */
export interface Way {
  read(id: number, load: () => Promise<Page>): Promise<Page>
  /** Called by the writer, once the database has committed. */
  invalidate(id: number): Promise<unknown>
}

export const wayNames = ['a ttl of 5 s', 'BentoCache', 'nearcache'] as const

/** Pages that a process holds at most, in each of the ways. */
export const maxEntries = 1_000

/** How old a page may be for the first way, and for the third one while Redis cannot be asked. */
export const bound = 5_000

const ttl = '10m'

/** The three ways, in the order of their names. */
export async function openWays(redisPort: number): Promise<Way[]> {
  return [shortTtl(), bento(redisPort), await tiered(redisPort)]
}

function shortTtl(): Way {
  const pages = new Cache<number, Page>({ maxEntries, ttl: bound })
  return {
    read: (id, load) => pages.getOrLoad(id, load),
    invalidate: async (id) => pages.delete(id),
  }
}

/** Memory, Redis and a bus as its documentation shows them, with time limits for the time when Redis is away. */
function bento(port: number): Way {
  const connection = { host: '127.0.0.1', port, commandTimeout: 500, retryStrategy: () => 100 }
  // On a busy machine its bus is late, and nobody listens to what it rejects with then.
  process.on('unhandledRejection', (error) => {
    if (!(error instanceof Error && error.message === 'Command timed out')) throw error
  })
  const cache = new BentoCache({
    default: 'pages',
    ttl,
    l2CircuitBreakerDuration: '2s',
    suppressL2Errors: true,
    stores: {
      pages: bentostore()
        .useL1Layer(memoryDriver({ maxItems: maxEntries }))
        .useL2Layer(redisDriver({ connection }))
        .useBus(redisBusDriver({ connection })),
    },
  })
  return {
    read: (id, factory) => cache.getOrSet({ key: `${id}`, factory }),
    invalidate: (id) => cache.delete({ key: `${id}` }),
  }
}

async function tiered(port: number): Promise<Way> {
  const client = new Redis(port, '127.0.0.1', { retryStrategy: () => 100 })
  client.on('error', () => {})
  const pages = new TieredCache<number, Page>({
    name: 'pages',
    maxEntries,
    ttl,
    maxStale: bound,
    remote: redisTier(client),
    onError: () => {},
  })
  await pages.ready()
  return { read: (id, load) => pages.getOrLoad(id, load), invalidate: (id) => pages.delete(id) }
}

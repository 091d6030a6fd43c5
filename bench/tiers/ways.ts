import { load } from '../peers/peer.ts'
import { redisTier, TieredCache } from './package.ts'

/** A cache in this process with Redis behind it. */
export interface Way {
  /** The value that is held here or in Redis, else what `loader` gives, which is stored in both. */
  read(key: string, loader: () => Promise<unknown>): Promise<unknown>
  /** How many of these keys Redis has. */
  readMany(keys: readonly string[]): Promise<number>
  invalidate(key: string): Promise<unknown>
  /** The value that is held here, for those that tell it at once. */
  get?(key: string): unknown
}

export interface WayAbout {
  readonly name: string
  /** The npm package; none for nearcache itself. */
  readonly package: string | undefined
  /** How another process learns of an invalidation. */
  readonly tells: string
  /** Whether it keeps values in this process. */
  readonly holds: boolean
  /** Whether other processes are told at all, so that there is a time to be measured. */
  readonly isTold: boolean
  open(port: number, maxEntries: number): Promise<Way>
}

type Loose = any
const ttl = 600_000

/** The ways that are measured, each as its documentation shows it. Ours is the first. */
export const ways: readonly WayAbout[] = [
  {
    name: 'nearcache',
    package: undefined,
    tells: 'a log in Redis, pushes and pulls',
    holds: true,
    isTold: true,
    async open(port, maxEntries) {
      const cache = new TieredCache<string, unknown>({
        name: 'ours',
        remote: redisTier(await ioredis(port)),
        maxEntries,
        ttl,
        // A busy machine is no store that is away.
        readTimeout: '5s',
      })
      await cache.ready()
      return {
        read: (key, loader) => cache.getOrLoad(key, loader),
        readMany: async (keys) => (await cache.lookupMany(keys)).size,
        invalidate: (key) => cache.delete(key),
        get: (key) => cache.get(key),
      }
    },
  },
  {
    name: 'BentoCache',
    package: 'bentocache',
    tells: 'a bus over pub/sub',
    holds: true,
    isTold: true,
    async open(port, maxItems) {
      const [{ BentoCache, bentostore }, { memoryDriver }, { redisDriver, redisBusDriver }] = [
        await load<Loose>('bentocache'),
        await load<Loose>('bentocache/drivers/memory'),
        await load<Loose>('bentocache/drivers/redis'),
      ]
      const connection = { host: '127.0.0.1', port }
      const cache = new BentoCache({
        default: 'main',
        ttl,
        stores: {
          main: bentostore()
            .useL1Layer(memoryDriver({ maxItems }))
            .useL2Layer(redisDriver({ connection }))
            .useBus(redisBusDriver({ connection })),
        },
      })
      return {
        read: (key, factory) => cache.getOrSet({ key, factory }),
        readMany: async (keys) => count(await Promise.all(keys.map((key) => cache.get({ key })))),
        invalidate: (key) => cache.delete({ key }),
      }
    },
  },
  {
    name: 'cache-manager',
    package: 'cache-manager',
    tells: 'nothing: until the ttl',
    holds: true,
    isTold: false,
    async open(port, lruSize) {
      const { createCache } = await load<Loose>('cache-manager')
      const { createKeyv } = await load<Loose>('cacheable')
      const cache = createCache({ stores: [createKeyv({ ttl, lruSize }), await keyvRedis(port)], ttl })
      return {
        read: (key, loader) => cache.wrap(key, loader),
        readMany: async (keys) => count(await cache.mget(keys)),
        invalidate: (key) => cache.del(key),
      }
    },
  },
  {
    name: 'Keyv with Redis',
    package: 'keyv',
    tells: 'nothing is held: each read asks Redis',
    holds: false,
    isTold: true,
    async open(port) {
      const keyv = await keyvRedis(port)
      return {
        read: (key, loader) =>
          getThenSet(
            key,
            loader,
            (one) => keyv.get(one),
            (one, value) => keyv.set(one, value, ttl),
          ),
        readMany: async (keys) => count(await keyv.get([...keys])),
        invalidate: (key) => keyv.delete(key),
      }
    },
  },
  {
    name: 'node-redis clientSideCache',
    package: 'redis',
    tells: 'tracking by the server',
    holds: true,
    isTold: true,
    async open(port, maxEntries) {
      const { createClient } = await load<Loose>('redis')
      const client = createClient({
        url: `redis://127.0.0.1:${port}`,
        RESP: 3,
        clientSideCache: { ttl, maxEntries, evictPolicy: 'LRU' },
      })
      client.on('error', () => {})
      await client.connect()
      const parsed = (text: string | null): unknown => (text === null ? undefined : JSON.parse(text))
      return {
        read: (key, loader) =>
          getThenSet(
            key,
            loader,
            async (one) => parsed(await client.get(one)),
            (one, value) =>
              client.set(one, JSON.stringify(value), { expiration: { type: 'PX', value: ttl } }),
          ),
        readMany: async (keys) => count((await client.mGet([...keys])).map(parsed)),
        invalidate: (key) => client.del(key),
      }
    },
  },
]

/** A client of its own. */
export async function ioredis(port: number): Promise<Loose> {
  const { Redis } = await load<Loose>('ioredis')
  const client = new Redis(port, '127.0.0.1')
  client.on('error', () => {})
  await new Promise((resolve) => client.once('ready', resolve))
  return client
}

async function keyvRedis(port: number): Promise<Loose> {
  const { Keyv } = await load<Loose>('keyv')
  const { default: KeyvRedis } = await load<Loose>('@keyv/redis')
  return new Keyv(new KeyvRedis(`redis://127.0.0.1:${port}`))
}

async function getThenSet(
  key: string,
  loader: () => Promise<unknown>,
  get: (key: string) => Promise<unknown>,
  set: (key: string, value: unknown) => Promise<unknown>,
): Promise<unknown> {
  const found = await get(key)
  if (found !== undefined && found !== null) return found
  const value = await loader()
  await set(key, value)
  return value
}

function count(values: readonly unknown[]): number {
  return values.filter((value) => value !== undefined && value !== null).length
}

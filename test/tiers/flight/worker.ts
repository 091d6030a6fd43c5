import { redisTier } from '../../../src/tiers/redis.ts'
import { TieredCache } from '../../../src/tiers/tiered.ts'
import { connectClient } from '../support/clients.ts'

export interface Settings {
  readonly port: number
  readonly lease: number
  readonly wait: number
  readonly staleIfError: number
}

export type ToWorker =
  | { readonly kind: 'load' | 'lookup'; readonly id: number; readonly key: string; readonly ttl: number }
  | { readonly kind: 'loaded'; readonly key: string; readonly value?: string; readonly error?: string }
export type FromWorker =
  | { readonly kind: 'ready' }
  | { readonly kind: 'loading'; readonly key: string }
  | { readonly kind: 'answer'; readonly id: number; readonly value?: unknown; readonly error?: string }

/** A process with a tiered cache of its own, whose loader asks the parent. */
const { port, ...own }: Settings = JSON.parse(process.argv[2]!)
const tell = (message: FromWorker): void => void process.send?.(message)
process.on('disconnect', () => process.exit())
const { client } = await connectClient('redis', port)
const cache = new TieredCache<string, string>({
  name: 'flight',
  remote: redisTier(client),
  singleFlight: { lease: own.lease, wait: own.wait },
  staleIfError: own.staleIfError,
  errorBackoff: 1,
})
const loads = new Map<string, (message: Extract<ToWorker, { kind: 'loaded' }>) => void>()

process.on('message', async (message: ToWorker) => {
  if (message.kind === 'loaded') {
    loads.get(message.key)?.(message)
    return
  }
  const { kind, id, key, ttl } = message
  try {
    const value = kind === 'lookup' ? await cache.lookup(key) : await cache.getOrLoad(key, load, { ttl })
    tell({ kind: 'answer', id, value })
  } catch (error) {
    tell({ kind: 'answer', id, error: (error as Error).message })
  }
})

function load(key: string): Promise<string | undefined> {
  tell({ kind: 'loading', key })
  return new Promise((resolve, reject) => {
    loads.set(key, ({ value, error }) => (error === undefined ? resolve(value) : reject(new Error(error))))
  })
}

await cache.ready()
tell({ kind: 'ready' })

import { createClient } from 'redis'
import { redisTier, TieredCache } from './nearcache.js'

const client = createClient({ url: `redis://127.0.0.1:${process.env.REDIS_PORT}` })
client.on('error', () => {})
void client.connect()

export const cache = new TieredCache({
  name: 'next',
  remote: redisTier(client),
  maxEntries: 5_000,
  ttl: '7d',
})

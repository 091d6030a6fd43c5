import suite, { keyvIteratorTests } from '@keyv/test-suite'
import Keyv5 from 'keyv'
import Keyv6 from 'keyv-6'
import { keyvOptions } from 'nearcache/keyv'
import { redisTier } from 'nearcache/redis'
import { TieredCache } from 'nearcache/tiered'
import * as vitest from 'vitest'
import { connectClient, type TestClient } from '../../tiers/support/clients.ts'
import { hasServer, startServer, type TestServer } from '../../tiers/support/server.ts'

let server: TestServer
let client: TestClient
let cache: TieredCache<string, unknown>

vitest.beforeAll(async () => {
  if (!hasServer) return
  server = await startServer()
  client = await connectClient('redis', server.port)
  cache = new TieredCache<string, unknown>({ name: 'keyv', remote: redisTier(client.client) })
})

vitest.afterAll(async () => {
  await cache?.close()
  client?.close()
  await server?.kill()
})

// The suite is published for Keyv 5. In Keyv 6 the deletion of many keys tells of each, which is its own contract.
const different = new Set(['.deleteMany([keys]) with nonexistent keys resolves to false'])
const it = (name: string, run: () => void): void =>
  different.has(name) ? vitest.it.fails(name, run) : vitest.it(name, run)

vitest.describe.skipIf(!hasServer).each([
  ['5', Keyv5, vitest],
  ['6', Keyv6, { ...vitest, it }],
])(
  "Keyv's own suite over a tiered cache, with Keyv %s (skipped where there is no server)",
  (_version, Keyv: any, test: any) => {
    const store = () => keyvOptions(cache).store
    suite(test, Keyv, store)
    keyvIteratorTests(test, Keyv, store)
  },
)

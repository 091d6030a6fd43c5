import type { Kind } from './kinds.ts'
import { node } from './node.ts'

/** Starts what was built, and asks twice for what is counted each time that it is computed. */
const asksTwice = `
import assert from 'node:assert'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'

const free = createServer().listen(0, '127.0.0.1')
await once(free, 'listening')
const { port } = free.address()
free.close()
const server = spawn(process.execPath, ['.output/server/index.mjs'], {
  env: { ...process.env, PORT: String(port), HOST: '127.0.0.1' },
  stdio: ['ignore', 'pipe', 'inherit'],
})
try {
  await once(server.stdout, 'data')
  const ask = async (path) => (await fetch('http://127.0.0.1:' + port + path)).json()
  for (const path of ['/api/route', '/api/function'])
    for (const _ of [1, 2]) assert.deepStrictEqual(await ask(path), { count: 1 })
  assert.strictEqual((await ask('/api/keys')).keys.length, 2)
} finally {
  server.kill()
}
`

const storage = { cache: { driver: 'nearcache/unstorage', maxEntries: 5_000 } }

function nitroFiles(folder: string): Record<string, string> {
  return {
    [`${folder}/route.ts`]:
      'let count = 0\nexport default defineCachedEventHandler(async () => ({ count: ++count }), { maxAge: 60 })\n',
    [`${folder}/function.ts`]: `let count = 0
const counted = defineCachedFunction(async () => ({ count: ++count }), { maxAge: 60, name: 'counted' })
export default defineEventHandler(() => counted())
`,
    [`${folder}/keys.ts`]: `export default defineEventHandler(async () => ({ keys: await useStorage('cache').getKeys() }))\n`,
    'ask.js': asksTwice,
  }
}

const adonis = `
import assert from 'node:assert'
import { defineConfig, store } from '@adonisjs/cache'
import { configProvider } from '@adonisjs/core'
import { IgnitorFactory } from '@adonisjs/core/factories'
import { nearcacheDriver } from 'nearcache/bentocache'

const near = configProvider.create(async () => nearcacheDriver({ maxEntries: 5_000 }, { serialize: false }))
const ignitor = new IgnitorFactory()
  .withCoreProviders()
  .withCoreConfig()
  .merge({
    rcFileContents: { providers: [() => import('@adonisjs/cache/cache_provider')] },
    config: { cache: defineConfig({ default: 'near', stores: { near: store().useL1Layer(near) } }) },
  })
  .create(new URL('./', import.meta.url))
const app = ignitor.createApp('console')
await app.init()
await app.boot()

const cache = await app.container.make('cache.manager')
const user = { id: 42 }
let queries = 0
for (const _ of [1, 2])
  assert.strictEqual(await cache.getOrSet({ key: 'user:42', ttl: '1m', factory: () => (queries++, user) }), user)
assert.strictEqual(queries, 1)
await cache.delete({ key: 'user:42' })
assert.strictEqual(await cache.get({ key: 'user:42' }), undefined)
await app.terminate()
`

/** Applications of frameworks that take a cache by their own settings, built and asked as theirs are. */
export const applications: readonly Kind[] = [
  {
    name: 'Nitro',
    packages: { nitropack: '2.13.6' },
    ways: '`storage.cache` of its settings, the application built and asked',
    type: 'module',
    files: {
      'nitro.config.ts': `export default defineNitroConfig({ compatibilityDate: '2026-01-01', storage: ${JSON.stringify(storage)} })\n`,
      ...nitroFiles('routes/api'),
    },
    commands: ['nitro build', 'node ask.js'],
  },
  {
    name: 'Nuxt',
    packages: { ...node('24.21.0'), nuxt: '4.5.2' },
    ways: '`nitro.storage.cache` of its settings, the application built and asked',
    type: 'module',
    files: {
      'nuxt.config.ts': `export default defineNuxtConfig({ compatibilityDate: '2026-01-01', telemetry: false, nitro: { storage: ${JSON.stringify(storage)} } })\n`,
      'app.vue': '<template><p>nearcache</p></template>\n',
      ...nitroFiles('server/api'),
    },
    commands: ['node node_modules/nuxt/bin/nuxt.mjs build', 'node ask.js'],
  },
  {
    name: 'AdonisJS',
    packages: { '@adonisjs/core': '6.21.0', '@adonisjs/cache': '1.3.2' },
    ways: 'a first layer of its cache',
    type: 'module',
    files: { 'main.js': adonis },
    commands: ['node main.js'],
  },
]

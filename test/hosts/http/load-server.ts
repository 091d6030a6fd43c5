/** A server for the load test, in a process of its own: `load-server.ts <framework> <cache>`. */
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { ResponseCache } from 'nearcache/http'

export const subjects: readonly (readonly [framework: string, cache: string])[] = [
  ['express', 'none'],
  ['express', 'apicache'],
  ['express', 'nearcache'],
  ['fastify', 'none'],
  ['fastify', '@fastify/caching'],
  ['fastify', 'nearcache'],
  ['hono', 'none'],
  ['hono', 'hono/cache'],
  ['hono', 'nearcache'],
]

/** What a handler does: it waits for a database that takes 2 ms, and gives 4 KB of JSON. */
async function page(id: string): Promise<object> {
  await sleep(2)
  return {
    id,
    rows: Array.from({ length: 40 }, (_, row) => ({ row, text: `row ${row} of page ${id}`.padEnd(70) })),
  }
}

const require = createRequire(import.meta.url)
const FRESH = 'public, max-age=600'

async function serve(framework: string, cache: string): Promise<number> {
  const responses = cache === 'nearcache' ? new ResponseCache({ maxEntries: 20_000 }) : undefined
  if (framework === 'express') {
    const { default: express } = await import('express')
    const app = express()
    if (responses !== undefined) app.use((await import('nearcache/http/express')).cacheResponses(responses))
    if (cache === 'apicache') app.use(require('apicache').middleware('10 minutes'))
    app.get('/pages/:id', async (request, response) => {
      response.set('cache-control', FRESH).json(await page(request.params.id))
    })
    return listening(createServer(app))
  }
  if (framework === 'fastify') {
    const { default: fastify } = await import('fastify')
    const app = fastify()
    if (responses !== undefined)
      app.addHook('onRequest', (await import('nearcache/http/fastify')).cacheResponses(responses))
    if (cache === '@fastify/caching') await app.register(require('@fastify/caching'))
    app.get<{ Params: { id: string } }>('/pages/:id', async (request, reply) => {
      reply.header('cache-control', FRESH)
      const { id } = request.params
      if (cache !== '@fastify/caching') return page(id)
      // It keeps what it is given, and does not stand in front of handlers.
      const kept = (app as unknown as { cache: CallbackCache }).cache
      const found = await new Promise<{ item: object } | null>((resolve, reject) =>
        kept.get(id, (error, value) => (error ? reject(error) : resolve(value))),
      )
      if (found !== null) return found.item
      const made = await page(id)
      kept.set(id, made, 600_000, () => {})
      return made
    })
    await app.listen({ port: 0, host: '127.0.0.1' })
    return (app.server.address() as AddressInfo).port
  }
  // Node has none of the caches that the middleware of Hono stands on. Those of undici are, for its own responses.
  const isUndici = cache === 'hono/cache'
  if (isUndici) {
    const { caches, Request, Response, Headers } = require('undici')
    Object.assign(globalThis, { caches, Request, Response, Headers })
  }
  const { Hono } = await import('hono')
  const { getRequestListener } = await import('@hono/node-server')
  const app = new Hono()
  if (responses !== undefined) app.use((await import('nearcache/http/hono')).cacheResponses(responses))
  if (isUndici)
    app.use((await import('hono/cache')).cache({ cacheName: 'pages', cacheControl: FRESH, wait: true }))
  app.get('/pages/:id', async (context) => {
    context.header('cache-control', FRESH)
    return context.json(await page(context.req.param('id')))
  })
  return listening(createServer(getRequestListener(app.fetch, { overrideGlobalObjects: !isUndici })))
}

interface CallbackCache {
  get(key: string, then: (error: unknown, value: { item: object } | null) => void): void
  set(key: string, value: unknown, ttl: number, then: () => void): void
}

function listening(server: ReturnType<typeof createServer>): Promise<number> {
  return new Promise((resolve) =>
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)),
  )
}

if (process.send !== undefined) {
  const port = await serve(process.argv[2]!, process.argv[3]!)
  process.on('message', () => {
    for (let i = 0; i < 3; i++) globalThis.gc?.()
    const { heapUsed, external } = process.memoryUsage()
    process.send!({ bytes: heapUsed + external })
  })
  process.on('disconnect', () => process.exit())
  process.send({ port })
}

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import { Hono } from 'hono'
import { cacheResponses } from 'nearcache/http/hono'
import { type Served, served } from '../served.ts'
import { chunks, type Site } from './site.ts'

export function serve(site: Site): Promise<Served> {
  const app = new Hono()
  const { responses, run } = site
  app.use(async (context, next) => {
    await next()
    context.header('x-request-id', Math.random().toString())
  })
  app.use(cacheResponses(responses))
  const kept = { 'cache-control': 'max-age=60' }
  app.get('/page', (context) => context.text(`page ${run('/page')}`, 200, kept))
  app.get('/mounted', (context) => context.text(`inner ${run('/mounted')}`, 200, kept))
  app.get('/silent', cacheResponses(responses, { ttl: '1m', tags: ['silent'] }), (context) =>
    context.json({ silent: run('/silent') }),
  )
  app.get('/private', (context) =>
    context.text(`private ${run('/private')}`, 200, { 'cache-control': 'private' }),
  )
  app.get('/stream', () => {
    run('/stream')
    const parts = chunks(site)
    const body = new ReadableStream<Uint8Array>({
      async pull(controller) {
        const { done, value } = await parts.next()
        if (done) controller.close()
        else controller.enqueue(new TextEncoder().encode(value))
      },
    })
    return new Response(body, { headers: kept })
  })
  app.get('/fragile', (context) => {
    run('/fragile')
    if (site.isFailing) throw new Error('down')
    return context.text('good', 200, {
      'cache-control': 'max-age=60, stale-if-error=600, stale-while-revalidate=0',
    })
  })
  app.post('/page', (context) => context.body(null, 204))
  app.onError((_error, context) => context.text('failed', 500))
  const listener = getRequestListener(app.fetch)
  return served(
    createServer((request: IncomingMessage, response: ServerResponse) => void listener(request, response)),
  )
}

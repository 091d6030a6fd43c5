import { Readable } from 'node:stream'
import fastify from 'fastify'
import { cacheResponses } from 'nearcache/http/fastify'
import { type Served, served } from '../served.ts'
import { chunks, type Site } from './site.ts'

export async function serve(site: Site): Promise<Served> {
  const app = fastify()
  const { responses, run } = site
  app.addHook('onRequest', async (_request, reply) => {
    reply.raw.setHeader('x-request-id', Math.random().toString())
  })
  app.addHook('onRequest', cacheResponses(responses))
  app.get('/page', (_request, reply) =>
    reply.header('cache-control', 'max-age=60').send(`page ${run('/page')}`),
  )
  app.get('/mounted', (_request, reply) =>
    reply.header('cache-control', 'max-age=60').send(`inner ${run('/mounted')}`),
  )
  app.get('/silent', { onRequest: cacheResponses(responses, { ttl: '1m', tags: ['silent'] }) }, async () => ({
    silent: run('/silent'),
  }))
  app.get('/private', (_request, reply) =>
    reply.header('cache-control', 'private').send(`private ${run('/private')}`),
  )
  app.get('/stream', (_request, reply) => {
    run('/stream')
    return reply.header('cache-control', 'max-age=60').send(Readable.from(chunks(site)))
  })
  app.get('/fragile', (_request, reply) => {
    run('/fragile')
    if (site.isFailing) throw new Error('down')
    return reply
      .header('cache-control', 'max-age=60, stale-if-error=600, stale-while-revalidate=0')
      .send('good')
  })
  app.post('/page', (_request, reply) => reply.code(204).send())
  await app.listen({ port: 0, host: '127.0.0.1' })
  return served(app.server)
}

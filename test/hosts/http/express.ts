import { createServer } from 'node:http'
import { Readable } from 'node:stream'
import express, { type ErrorRequestHandler } from 'express'
import { cacheResponses } from 'nearcache/http/express'
import { type Served, served } from '../served.ts'
import { chunks, type Site } from './site.ts'

export const serve = (site: Site): Promise<Served> => serveWith(express, site)

/** The site on this major of Express. */
export function serveWith(express: typeof import('express'), site: Site): Promise<Served> {
  const app = express()
  const { responses, run } = site
  app.use((_request, response, next) => {
    response.setHeader('x-request-id', Math.random().toString())
    next()
  })
  app.use(cacheResponses(responses))
  app.get('/page', (_request, response) => {
    response.set('cache-control', 'max-age=60').send(`page ${run('/page')}`)
  })
  app.get('/silent', cacheResponses(responses, { ttl: '1m', tags: ['silent'] }), (_request, response) => {
    response.json({ silent: run('/silent') })
  })
  app.get('/private', (_request, response) => {
    response.set('cache-control', 'private').send(`private ${run('/private')}`)
  })
  app.get('/stream', (_request, response) => {
    run('/stream')
    response.set('cache-control', 'max-age=60')
    Readable.from(chunks(site)).pipe(response)
  })
  app.get('/fragile', (_request, response) => {
    run('/fragile')
    if (site.isFailing) throw new Error('down')
    response.set('cache-control', 'max-age=60, stale-if-error=600, stale-while-revalidate=0').send('good')
  })
  app.post('/page', (_request, response) => {
    response.status(204).end()
  })
  const router = express.Router()
  router.get('/', (_request, response) => {
    response.set('cache-control', 'max-age=60').send(`inner ${run('/mounted')}`)
  })
  app.use('/mounted', router)
  const report: ErrorRequestHandler = (_error, _request, response, _next) => {
    response.status(500).send('failed')
  }
  app.use(report)
  return served(createServer(app))
}

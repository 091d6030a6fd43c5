import { createServer } from 'node:http'
import { Readable } from 'node:stream'
import { getRequestListener } from '@hono/node-server'
import express from 'express'
import { Hono } from 'hono'
import { ResponseCache } from 'nearcache/http'
import { cacheResponses as cacheExpress } from 'nearcache/http/express'
import { cacheResponses as cacheHono } from 'nearcache/http/hono'
import { type Served, served } from '../../served.ts'
import { forward } from './proxy.ts'

/** Express with the cache before a handler that asks the origin. */
export function serveExpress(origin: number): Promise<Served> {
  const app = express()
  app.disable('x-powered-by').disable('etag')
  app.use(cacheExpress(new ResponseCache()))
  app.use(async (request, response) => {
    try {
      const { method, originalUrl, headers } = request
      const { status, fields, body } = await forward(origin, method, originalUrl, headers, request)
      response.statusCode = status
      for (const [name, value] of fields) response.appendHeader(name, value)
      body.on('error', () => response.destroy())
      body.pipe(response)
    } catch {
      response.status(502).end()
    }
  })
  return served(createServer(app))
}

/** Hono with the cache before a handler that asks the origin. */
export function serveHono(origin: number): Promise<Served> {
  const app = new Hono()
  app.use(cacheHono(new ResponseCache()))
  app.all('*', async ({ req: { raw } }) => {
    const { pathname, search } = new URL(raw.url)
    const sent = raw.body === null ? undefined : Readable.fromWeb(raw.body as never)
    try {
      const answered = await forward(
        origin,
        raw.method,
        pathname + search,
        Object.fromEntries(raw.headers),
        sent,
      )
      const { status, fields, body } = answered
      if (status > 599) throw new Error('a status that a Response cannot have')
      const isEmpty = raw.method === 'HEAD' || status === 204 || status === 304
      if (isEmpty) body.resume()
      const headers = fields.map(([name, value]) => [name, value] as [string, string])
      return new Response(isEmpty ? null : (Readable.toWeb(body) as never), { status, headers })
    } catch {
      return new Response(null, { status: 502 })
    }
  })
  const listener = getRequestListener(app.fetch)
  return served(createServer((request, response) => void listener(request, response)))
}

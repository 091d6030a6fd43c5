import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { cacheResponses } from 'nearcache/http/node'
import { type Served, served } from '../served.ts'
import { chunks, type Site } from './site.ts'

export function serve(site: Site): Promise<Served> {
  const { responses, run } = site
  const handler = (request: IncomingMessage, response: ServerResponse): void => {
    const path = request.url ?? ''
    if (request.method === 'POST') {
      response.writeHead(204).end()
      return
    }
    const count = run(path)
    if (path === '/page' || path === '/mounted')
      response
        .writeHead(200, { 'Cache-Control': 'max-age=60' })
        .end(`${path === '/page' ? 'page' : 'inner'} ${count}`)
    else if (path === '/silent')
      response
        .writeHead(200, 'OK', ['Content-Type', 'application/json'])
        .end(JSON.stringify({ silent: count }))
    else if (path === '/private') {
      response.setHeader('cache-control', 'private')
      response.end(`private ${count}`)
    } else if (path === '/stream') {
      response.setHeader('cache-control', 'max-age=60')
      Readable.from(chunks(site)).pipe(response)
    } else if (site.isFailing) response.writeHead(500).end('failed')
    else {
      response.setHeader('cache-control', 'max-age=60, stale-if-error=600, stale-while-revalidate=0')
      response.end('good')
    }
  }
  const silent = cacheResponses(responses, handler, { ttl: '1m', tags: ['silent'] })
  const cached = cacheResponses(responses, handler)
  return served(
    createServer((request, response) => {
      response.setHeader('x-request-id', Math.random().toString())
      if (request.url === '/silent') silent(request, response)
      else cached(request, response)
    }),
  )
}

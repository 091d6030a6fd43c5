import { createServer } from 'node:http'
import { Readable } from 'node:stream'
import Koa from 'koa'
import { cacheResponses } from 'nearcache/http/koa'
import { type Served, served } from '../served.ts'
import { chunks, type Site } from './site.ts'

export function serve(site: Site): Promise<Served> {
  const app = new Koa()
  const { responses, run } = site
  app.silent = true
  app.use(async (context, next) => {
    context.set('x-request-id', Math.random().toString())
    await next()
  })
  app.use(cacheResponses(responses))
  const silent = cacheResponses(responses, { ttl: '1m', tags: ['silent'] })
  app.use(async (context, next) => (context.path === '/silent' ? silent(context, next) : next()))
  app.use(async (context) => {
    const { method, path } = context
    if (method === 'POST') {
      context.status = 204
      return
    }
    const count = run(path)
    if (path === '/page' || path === '/mounted') {
      context.set('cache-control', 'max-age=60')
      context.body = `${path === '/page' ? 'page' : 'inner'} ${count}`
    } else if (path === '/silent') {
      context.body = { silent: count }
    } else if (path === '/private') {
      context.set('cache-control', 'private')
      context.body = `private ${count}`
    } else if (path === '/stream') {
      context.set('cache-control', 'max-age=60')
      context.body = Readable.from(chunks(site))
    } else if (path === '/fragile') {
      if (site.isFailing) throw new Error('down')
      context.set('cache-control', 'max-age=60, stale-if-error=600, stale-while-revalidate=0')
      context.body = 'good'
    }
  })
  return served(createServer(app.callback()))
}

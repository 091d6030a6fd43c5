import { createServer } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import { Hono } from 'hono'
import { stream } from 'hono/streaming'
import { requestScope } from 'nearcache/scope/hono'
import { type Served, served } from '../served.ts'
import { answer, chunks, fail, failures, hang } from './work.ts'

export function app(): Hono {
  const app = new Hono()
  app.onError((error, context) => {
    failures.push(error)
    return context.body(null, 500)
  })
  app.use(requestScope)
  app.get('/user/:id', async (context) => context.json(await answer(context.req.param('id'))))
  app.post('/user', async (context) => context.json(await answer((await context.req.json()).id)))
  app.get('/fail/:id', (context) => fail(context.req.param('id')))
  app.get('/hang/:id', async (context) => context.json(await hang(context.req.param('id'))))
  app.get('/stream/:id', (context) =>
    stream(context, async (out) => {
      for await (const chunk of chunks(context.req.param('id'))) await out.write(chunk)
    }),
  )
  return app
}

export async function serve(): Promise<Served> {
  return served(createServer(getRequestListener(app().fetch)))
}

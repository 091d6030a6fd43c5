import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { serve as serveOnNode } from '@hono/node-server'
import { Hono } from 'hono'
import { stream } from 'hono/streaming'
import { requestScope } from 'nearcache/scope/hono'
import { answer, chunks, fail, failures, hang, type Served } from './work.ts'

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
  const server = serveOnNode({ fetch: app().fetch, hostname: '127.0.0.1', port: 0 }) as Server
  if (!server.listening) await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { json } from 'node:stream/consumers'
import Koa from 'koa'
import { requestScope } from 'nearcache/scope/koa'
import { answer, chunks, fail, failures, hang, type Served } from './work.ts'

export async function serve(): Promise<Served> {
  const app = new Koa()
  app.on('error', (error) => failures.push(error))
  app.use(requestScope)
  app.use(async (context) => {
    const [, route, id = ''] = context.path.split('/')
    if (context.method === 'POST')
      context.body = await answer(((await json(context.req)) as { id: string }).id)
    else if (route === 'user') context.body = await answer(id)
    else if (route === 'fail') await fail(id)
    else if (route === 'hang') context.body = await hang(id)
    else if (route === 'stream') context.body = Readable.from(chunks(id))
  })
  const server = createServer(app.callback()).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

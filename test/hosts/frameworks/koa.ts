import { createServer } from 'node:http'
import { Readable } from 'node:stream'
import { json } from 'node:stream/consumers'
import Koa from 'koa'
import { requestScope } from 'nearcache/scope/koa'
import { type Served, served } from '../served.ts'
import { answer, chunks, fail, failures, hang } from './work.ts'

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
  return served(createServer(app.callback()))
}

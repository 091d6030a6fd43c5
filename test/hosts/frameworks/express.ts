import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import express, { type ErrorRequestHandler } from 'express'
import { requestScope } from 'nearcache/scope/express'
import { answer, chunks, fail, failures, hang, type Served } from './work.ts'

export async function serve(): Promise<Served> {
  const app = express()
  app.use(requestScope)
  app.use(express.json())
  app.get('/user/:id', async (request, response) => {
    response.json(await answer(request.params.id))
  })
  app.post('/user', async (request, response) => {
    response.json(await answer(request.body.id))
  })
  app.get('/fail/:id', (request) => fail(request.params.id))
  app.get('/hang/:id', async (request, response) => {
    response.json(await hang(request.params.id))
  })
  app.get('/stream/:id', (request, response) => {
    Readable.from(chunks(request.params.id)).pipe(response)
  })
  const report: ErrorRequestHandler = (error, _request, response, _next) => {
    failures.push(error)
    response.status(500).end()
  }
  app.use(report)
  const server = createServer(app).listen(0, '127.0.0.1')
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

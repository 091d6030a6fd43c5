import { createServer } from 'node:http'
import { Readable } from 'node:stream'
import express, { type ErrorRequestHandler } from 'express'
import { requestScope } from 'nearcache/scope/express'
import { type Served, served } from '../served.ts'
import { answer, chunks, fail, failures, hang } from './work.ts'

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
  return served(createServer(app))
}

import { Readable } from 'node:stream'
import { type FastifyInstance, fastify } from 'fastify'
import { requestScope } from 'nearcache/scope/fastify'
import type { Served } from '../served.ts'
import { answer, chunks, fail, failures, hang } from './work.ts'

interface Named {
  Params: { id: string }
}

export function app(): FastifyInstance {
  const app = fastify({ forceCloseConnections: true })
  app.setErrorHandler(async (error, _request, reply) => {
    failures.push(error)
    return reply.status(500).send()
  })
  app.register(requestScope)
  app.get<Named>('/user/:id', (request) => answer(request.params.id))
  app.post<{ Body: { id: string } }>('/user', (request) => answer(request.body.id))
  app.get<Named>('/fail/:id', (request) => fail(request.params.id))
  app.get<Named>('/hang/:id', (request) => hang(request.params.id))
  app.get<Named>('/stream/:id', (request, reply) => reply.send(Readable.from(chunks(request.params.id))))
  return app
}

export async function serve(): Promise<Served> {
  const served = app()
  const url = await served.listen({ host: '127.0.0.1', port: 0 })
  return { url, close: () => served.close() }
}

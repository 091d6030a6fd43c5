import { grouped, type NodeHandler, type NodeRequest, type NodeResponse, send } from './node-message.ts'
import type { NodeTurn } from './node-serve.ts'

/** A turn before it is known how it goes on to the handler. */
type HostTurn = Omit<NodeTurn, 'next'>

/** What the middleware needs of an application of Express. */
interface ExpressApp {
  (request: never, response: never): unknown
  readonly parent?: ExpressApp
}

/** What the middleware needs of a request of Express. */
export interface ExpressRequest extends NodeRequest {
  readonly app?: unknown
}

/** What the hook needs of a request of Fastify. */
export interface FastifyRequest {
  readonly raw: NodeRequest
  readonly server?: { routing?: (request: never, response: never) => void }
}

/** What the hook needs of a reply of Fastify. */
export interface FastifyReply {
  readonly raw: NodeResponse
  code(status: number): unknown
  header(name: string, value: unknown): unknown
  send(payload?: unknown): unknown
}

/** What Express says of a turn. */
export function expressTurn(request: ExpressRequest, response: NodeResponse): HostTurn {
  const dispatch = outermost(request.app as ExpressApp | undefined)
  return { request, response, send: (part) => send(response, part), dispatch }
}

/** What Fastify says of a turn. */
export function fastifyTurn(request: FastifyRequest, reply: FastifyReply): HostTurn {
  const { server } = request
  return {
    request: request.raw,
    response: reply.raw,
    send({ status, fields, body }) {
      reply.code(status)
      for (const [name, values] of grouped(fields))
        reply.header(name, values.length === 1 ? values[0]! : values)
      if (body === undefined) reply.send()
      else reply.send(Buffer.from(body.buffer, body.byteOffset, body.byteLength))
    },
    dispatch: server?.routing?.bind(server) as NodeHandler | undefined,
  }
}

/** The application that the server calls, of those that are mounted in one another. */
function outermost(app: ExpressApp | undefined): NodeHandler | undefined {
  let outer = app
  while (outer?.parent !== undefined) outer = outer.parent
  return outer
}

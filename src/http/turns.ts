import {
  type NodeHandler,
  type NodeRequest,
  type NodeResponse,
  type Reply,
  send,
  sendByReply,
} from './node-message.ts'
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
export interface FastifyReply extends Reply {
  readonly raw: NodeResponse
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
    send: (part) => sendByReply(reply, part),
    dispatch: server?.routing?.bind(server) as NodeHandler | undefined,
  }
}

/** The application that the server calls, of those that are mounted in one another. */
function outermost(app: ExpressApp | undefined): NodeHandler | undefined {
  let outer = app
  while (outer?.parent !== undefined) outer = outer.parent
  return outer
}

import { Mounted } from './mounted.ts'
import {
  type NodeHandler,
  type NodeRequest,
  type NodeResponse,
  type Reply,
  sendByReply,
} from './node-message.ts'
import { serve } from './node-serve.ts'
import type { RouteOptions } from './options.ts'
import type { ResponseCache } from './response-cache.ts'

/** What the hook needs of a request of Fastify. */
export interface FastifyRequest {
  readonly raw: NodeRequest
  readonly server?: { routing?: (request: never, response: never) => void }
}

/** What the hook needs of a reply of Fastify. */
export interface FastifyReply extends Reply {
  readonly raw: NodeResponse
}

/**
 * A hook of Fastify that answers requests from a cache of responses: `app.addHook('onRequest', cacheResponses(responses))` for all that
 * handlers allow by `Cache-Control`, or `onRequest: cacheResponses(responses, { ttl: '1m' })` for a route whose handler says nothing.
 * Throws for wrong options.
 */
export function cacheResponses(
  cache: ResponseCache,
  options?: RouteOptions,
): (request: FastifyRequest, reply: FastifyReply, done: (error?: Error) => void) => void {
  const mounted = new Mounted(cache, options)
  return (request, reply, done) => {
    const { server } = request
    const routing = server?.routing
    serve(mounted, {
      request: request.raw,
      response: reply.raw,
      next: done as (error?: unknown) => void,
      send: (part) => sendByReply(reply, part),
      dispatch: routing === undefined ? undefined : (routing.bind(server) as NodeHandler),
    })
  }
}

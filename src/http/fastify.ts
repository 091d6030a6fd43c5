import { Mounted } from './mounted.ts'
import { serve } from './node-serve.ts'
import type { RouteOptions } from './options.ts'
import type { ResponseCache } from './response-cache.ts'
import { type FastifyReply, type FastifyRequest, fastifyTurn } from './turns.ts'

export type { FastifyReply, FastifyRequest } from './turns.ts'

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
    serve(mounted, { ...fastifyTurn(request, reply), next: done as (error?: unknown) => void })
  }
}

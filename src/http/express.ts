import { Mounted } from './mounted.ts'
import type { NodeResponse } from './node-message.ts'
import { serve } from './node-serve.ts'
import type { RouteOptions } from './options.ts'
import type { ResponseCache } from './response-cache.ts'
import { type ExpressRequest, expressTurn } from './turns.ts'

export type { ExpressRequest } from './turns.ts'

/** Middleware as Express, and whatever takes the like, calls it. */
export type ExpressMiddleware = (
  request: ExpressRequest,
  response: NodeResponse,
  next: (error?: unknown) => void,
) => void

/**
 * Express middleware that answers requests from a cache of responses: `app.use(cacheResponses(responses))` for all that
 * handlers allow by `Cache-Control`, `app.get('/prices', cacheResponses(responses, { ttl: '1m' }), handler)` for a route whose handler
 * says nothing. On a route below that for the whole application it only says what holds for the route. Throws for wrong options.
 */
export function cacheResponses(cache: ResponseCache, options?: RouteOptions): ExpressMiddleware {
  const mounted = new Mounted(cache, options)
  return (request, response, next) => {
    serve(mounted, { ...expressTurn(request, response), next })
  }
}

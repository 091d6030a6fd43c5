import { Mounted } from './mounted.ts'
import { type NodeHandler, type NodeRequest, type NodeResponse, send } from './node-message.ts'
import { serve } from './node-serve.ts'
import type { RouteOptions } from './options.ts'
import type { ResponseCache } from './response-cache.ts'

/** What the middleware needs of an application of Express. */
interface ExpressApp {
  (request: never, response: never): unknown
  readonly parent?: ExpressApp
}

/** What the middleware needs of a request of Express. */
export interface ExpressRequest extends NodeRequest {
  readonly app?: unknown
}

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
    serve(mounted, {
      request,
      response,
      next,
      send: (part) => send(response, part),
      dispatch: outermost(request.app as ExpressApp | undefined),
    })
  }
}

/** The application that the server calls, of those that are mounted in one another. */
function outermost(app: ExpressApp | undefined): NodeHandler | undefined {
  let outer = app
  while (outer?.parent !== undefined) outer = outer.parent
  return outer
}

import { Mounted } from './mounted.ts'
import { type NodeRequest, type NodeResponse, send } from './node-message.ts'
import { serve } from './node-serve.ts'
import type { RouteOptions } from './options.ts'
import type { ResponseCache } from './response-cache.ts'

/**
 * A handler for `createServer` of `node:http` that answers requests from a cache of responses and leaves the others to `handler`:
 * `createServer(cacheResponses(responses, handler))`. Throws for wrong options.
 */
export function cacheResponses<Request extends NodeRequest, Response extends NodeResponse>(
  cache: ResponseCache,
  handler: (request: Request, response: Response) => unknown,
  options?: RouteOptions,
): (request: Request, response: Response) => unknown {
  const mounted = new Mounted(cache, options)
  const cached = (request: Request, response: Response): unknown =>
    serve(mounted, {
      request,
      response,
      next: (error) => {
        if (error !== undefined) throw error
        return handler(request, response)
      },
      send: (part) => send(response, part),
      dispatch: cached,
    })
  return cached
}

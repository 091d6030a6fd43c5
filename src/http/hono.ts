import { Exchange } from './exchange.ts'
import { Mounted } from './mounted.ts'
import type { RouteOptions } from './options.ts'
import type { ResponseCache } from './response-cache.ts'
import { headOf, made, run } from './web.ts'

/** What the middleware needs of a Hono context. */
export interface HonoContext {
  readonly req: { raw: unknown }
  res: unknown
}

/**
 * Hono middleware that answers requests from a cache of responses: `app.use(cacheResponses(responses))` for all that handlers allow by
 * `Cache-Control`, or with `{ ttl: '1m' }` on a route whose handler says nothing. Hono runs a handler once per request, so a response
 * past its lifetime is renewed by the first request for it, while others get the stale one. To have it renewed behind, wrap the whole
 * application: `responses.respond(request, app.fetch)`. Throws for wrong options.
 */
export function cacheResponses(
  cache: ResponseCache,
  options?: RouteOptions,
): (context: HonoContext, next: () => Promise<void>) => Promise<Response | undefined> {
  const mounted = new Mounted(cache, options)
  return async (context, next) => {
    if (mounted.joins(context)) {
      await next()
      return undefined
    }
    const request = context.req.raw as Request
    const begun = await cache.begin(headOf(request), { route: mounted.route })
    if (!(begun instanceof Exchange)) return made(begun)
    mounted.begin(context, begun)
    const response = await run(begun, request, async (seen) => {
      context.req.raw = seen
      await next()
      return context.res as Response
    })
    // Hono would add the fields of the response before.
    context.res = undefined
    context.res = response
    return undefined
  }
}

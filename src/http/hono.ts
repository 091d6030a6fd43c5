import { Exchange } from './exchange.ts'
import { type RouteOptions, resolveRoute } from './options.ts'
import type { ResponseCache } from './response-cache.ts'
import { headOf, made, run } from './web.ts'

/** What the middleware needs of a Hono context. */
export interface HonoContext {
  readonly req: { raw: unknown }
  res: unknown
}

/** The exchanges that contexts are part of, so that middleware of a route finds that of the whole application. */
const exchanges = new WeakMap<object, { readonly cache: ResponseCache; readonly exchange: Exchange }>()

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
  cache.route(options)
  return async (context, next) => {
    const outer = exchanges.get(context)
    if (outer?.cache === cache) {
      if (options !== undefined) outer.exchange.route = resolveRoute(options, outer.exchange.route)
      await next()
      return undefined
    }
    const request = context.req.raw as Request
    const begun = await cache.begin(headOf(request), { route: cache.route(options) })
    if (!(begun instanceof Exchange)) return made(begun)
    exchanges.set(context, { cache, exchange: begun })
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

import { Mounted } from './mounted.ts'
import {
  type NodeHandler,
  type NodeRequest,
  type NodeResponse,
  type Sending,
  sendByContext,
} from './node-message.ts'
import { serve } from './node-serve.ts'
import type { RouteOptions } from './options.ts'
import type { ResponseCache } from './response-cache.ts'

/** What the middleware needs of a Koa context. */
export interface KoaContext extends Sending {
  readonly req: NodeRequest
  readonly res: NodeResponse
  readonly app: { callback(): (request: never, response: never) => unknown }
}

/**
 * Koa middleware that answers requests from a cache of responses: `app.use(cacheResponses(responses))` for all that handlers allow by
 * `Cache-Control`, or with `{ ttl: '1m' }` before the handler of a route that says nothing. Throws for wrong options.
 */
export function cacheResponses(
  cache: ResponseCache,
  options?: RouteOptions,
): (context: KoaContext, next: () => Promise<unknown>) => Promise<void> {
  const mounted = new Mounted(cache, options)
  const callbacks = new WeakMap<object, NodeHandler>()
  return async (context, next) => {
    const { app } = context
    const dispatch = callbacks.get(app) ?? app.callback()
    callbacks.set(app, dispatch)
    const goesOn = await new Promise<boolean>((resolve, reject) => {
      serve(mounted, {
        request: context.req,
        response: context.res,
        next: (error) => (error === undefined ? resolve(true) : reject(error)),
        send(part) {
          sendByContext(context, part)
          resolve(false)
        },
        dispatch,
      })
    })
    if (goesOn) await next()
  }
}

import { Mounted } from './mounted.ts'
import { grouped, type NodeHandler, type NodeRequest, type NodeResponse } from './node-message.ts'
import { serve } from './node-serve.ts'
import type { RouteOptions } from './options.ts'
import type { ResponseCache } from './response-cache.ts'

/** What the middleware needs of a Koa context. */
export interface KoaContext {
  readonly req: NodeRequest
  readonly res: NodeResponse
  readonly app: { callback(): (request: never, response: never) => unknown }
  status: number
  body: unknown
  set(name: string, value: string | string[]): void
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
        send({ status, fields, body }) {
          context.status = status
          context.body =
            body === undefined ? null : Buffer.from(body.buffer, body.byteOffset, body.byteLength)
          context.status = status
          for (const [name, values] of grouped(fields))
            context.set(name, values.length === 1 ? values[0]! : values)
          resolve(false)
        },
        dispatch,
      })
    })
    if (goesOn) await next()
  }
}

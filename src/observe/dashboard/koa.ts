import { type NodeRequest, type Sending, sendByContext } from '../../http/node-message.ts'
import { dashboard as handlerOf } from './handler.ts'
import { answered, isBelow, pathOf } from './mounted.ts'
import type { DashboardOptions } from './options.ts'

/** What the dashboard needs of a Koa context. */
export interface KoaContext extends Sending {
  readonly req: NodeRequest
  readonly request?: { readonly body?: unknown }
}

/**
 * The dashboard as middleware of Koa: `app.use(dashboard({ authorise, base: '/caches' }))`. Other paths are left to what comes after. The
 * third argument of `authorise` has Koa's context as its `context`. Throws a TypeError for wrong options.
 */
export function dashboard(
  options: DashboardOptions,
): (context: KoaContext, next: () => Promise<unknown>) => Promise<void> {
  const handler = handlerOf(options)
  const { base = '/' } = options
  return async (context, next) => {
    const { req: request } = context
    if (!isBelow(pathOf(request), base)) {
      await next()
      return
    }
    sendByContext(context, await answered(handler, { request, context, body: context.request?.body }))
  }
}

import { dashboard as handlerOf } from './handler.ts'
import type { DashboardOptions } from './options.ts'

/** What the dashboard needs of a Hono context. */
export interface HonoContext {
  readonly req: { readonly raw: unknown; readonly routePath?: string }
  readonly env?: unknown
}

/**
 * The dashboard for Hono: `app.all('/caches/*', dashboard({ authorise }))`. The third argument of `authorise` has Hono's context as its
 * `context`. Throws a TypeError for wrong options.
 */
export function dashboard(options: DashboardOptions): (context: HonoContext) => Promise<Response> {
  const handler = handlerOf(options)
  return (context) => {
    const { raw, routePath } = context.req
    const base = options.base ?? routePath?.replace(/\*$/, '')
    return handler(raw as Request, { context, base, address: addressOf(context.env) })
  }
}

/** The address at the other end, where Hono runs on Node. */
function addressOf(env: unknown): string | undefined {
  const { incoming } = (env ?? {}) as { incoming?: { socket?: { remoteAddress?: string } } }
  return incoming?.socket?.remoteAddress
}

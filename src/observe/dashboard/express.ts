import { type NodeRequest, type NodeResponse, send } from '../../http/node-message.ts'
import { dashboard as handlerOf } from './handler.ts'
import { answered } from './mounted.ts'
import type { DashboardOptions } from './options.ts'

/** What the dashboard needs of a request of Express. */
export interface ExpressRequest extends NodeRequest {
  readonly baseUrl?: string
  readonly body?: unknown
}

/**
 * The dashboard for Express, and for Nest on Express: `app.use('/caches', dashboard({ authorise }))`. The third argument of `authorise` has
 * Express's request as its `context`, with its session and user. Throws a TypeError for wrong options.
 */
export function dashboard(
  options: DashboardOptions,
): (request: ExpressRequest, response: NodeResponse, next?: unknown) => void {
  const handler = handlerOf(options)
  return (request, response) => {
    const { baseUrl: base, body } = request
    const visit = { request, context: request, body, base: options.base ?? base }
    void answered(handler, visit).then((part) => send(response, part))
  }
}

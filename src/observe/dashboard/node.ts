import { type NodeRequest, type NodeResponse, send } from '../../http/node-message.ts'
import { dashboard as handlerOf } from './handler.ts'
import { answered, isBelow, pathOf } from './mounted.ts'
import type { DashboardOptions } from './options.ts'

/**
 * The dashboard as a listener of `node:http`: `createServer(dashboard({ authorise }))`. With a `base` such as `'/caches'` it leaves requests
 * for other paths to `next`, or answers them with 404. Throws a TypeError for wrong options.
 */
export function dashboard(
  options: DashboardOptions,
): (request: NodeRequest, response: NodeResponse, next?: () => unknown) => void {
  const handler = handlerOf(options)
  const { base = '/' } = options
  return (request, response, next) => {
    if (next !== undefined && !isBelow(pathOf(request), base)) next()
    else void answered(handler, { request, context: request }).then((part) => send(response, part))
  }
}

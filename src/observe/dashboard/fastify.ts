import { type NodeRequest, type Reply, sendByReply } from '../../http/node-message.ts'
import { dashboard as handlerOf } from './handler.ts'
import { answered } from './mounted.ts'
import type { DashboardOptions } from './options.ts'

/** What the dashboard needs of a request of Fastify. */
export interface FastifyRequest {
  readonly raw: NodeRequest
  readonly body?: unknown
}

/** What the dashboard needs of an instance of Fastify. */
export interface FastifyApp {
  readonly prefix: string
  removeAllContentTypeParsers(): unknown
  addContentTypeParser(...parser: never[]): unknown
  all(...route: never[]): unknown
}

type Parser = (request: unknown, body: string, next: (error: null, body: string) => void) => void

/**
 * The dashboard as a plugin of Fastify, and for Nest on Fastify: `app.register(dashboard({ authorise }), { prefix: '/caches' })`. The third
 * argument of `authorise` has Fastify's request as its `context`. Throws a TypeError for wrong options.
 */
export function dashboard(
  options: DashboardOptions,
): (app: FastifyApp, settings: object, done: () => void) => void {
  const handler = handlerOf(options)
  return (app, _settings, done) => {
    const base = options.base ?? (app.prefix === '' ? '/' : app.prefix)
    // Bodies are told as they came, whatever parsers the application has; the handler reads them.
    app.removeAllContentTypeParsers()
    const parser: Parser = (_request, body, next) => next(null, body)
    app.addContentTypeParser(...(['*', { parseAs: 'string' }, parser] as never[]))
    const answer = async (request: FastifyRequest, reply: Reply): Promise<unknown> => {
      const visit = { request: request.raw, context: request, body: request.body, base }
      sendByReply(reply, await answered(handler, visit))
      return reply
    }
    for (const path of ['/', '/*']) app.all(...([path, answer] as never[]))
    done()
  }
}

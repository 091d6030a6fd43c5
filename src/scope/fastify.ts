import { type NodeRequest, type NodeResponse, scopeOf } from './node.ts'

/** What the plugin needs of a Fastify instance. */
export interface FastifyApp {
  addHook(
    name: 'onRequest',
    hook: (
      request: { readonly raw: NodeRequest },
      reply: { readonly raw: NodeResponse },
      done: () => void,
    ) => void,
  ): unknown
}

/**
 * Fastify plugin: each request has a scope of its own, until its response was sent to the end or its connection was lost.
 * `app.register(requestScope)`, before plugins whose hooks use a scoped cache.
 */
export function requestScope(app: FastifyApp, _options: object, done: () => void): void {
  app.addHook('onRequest', (request, reply, next) => scopeOf(request.raw, reply.raw).run(next))
  done()
}

// For the whole application, not only for what is registered inside the plugin.
Object.assign(requestScope, {
  [Symbol.for('skip-override')]: true,
  [Symbol.for('fastify.display-name')]: 'nearcache-scope',
})

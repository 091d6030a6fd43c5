import { type NodeRequest, type NodeResponse, scopeOf } from './node.ts'

/**
 * Express middleware: each request has a scope of its own, until its response was sent to the end or its connection was lost.
 * `app.use(requestScope)`, before whatever uses a scoped cache. It fits any framework whose middleware is of this form.
 */
export function requestScope(request: NodeRequest, response: NodeResponse, next: () => void): void {
  scopeOf(request, response).run(next)
}

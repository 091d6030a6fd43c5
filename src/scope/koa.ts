import { keepIn, type NodeRequest, type NodeResponse, scopeOf } from './node.ts'

/** What the middleware needs of a Koa context. */
export interface KoaContext {
  readonly req: NodeRequest
  readonly res: NodeResponse
  readonly body?: unknown
}

/**
 * Koa middleware: each request has a scope of its own, until its response was sent to the end or its connection was lost.
 * `app.use(requestScope)`, before whatever uses a scoped cache.
 */
export async function requestScope(context: KoaContext, next: () => Promise<unknown>): Promise<void> {
  const scope = scopeOf(context.req, context.res)
  await scope.run(next)
  // Koa reads a stream only after the last middleware, outside of the scope.
  const { body } = context
  if (isReadable(body)) keepIn(scope, body, '_read')
}

interface Readable {
  _read(size: number): void
}

function isReadable(body: unknown): body is Readable {
  return typeof (body as Partial<Readable> | null | undefined)?._read === 'function'
}

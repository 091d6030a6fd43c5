import { openScope, type Scope } from './scope.ts'

/** What the middleware needs of a Hono context. */
export interface HonoContext {
  readonly req: { readonly raw: { readonly signal?: AbortEvents } }
  res: { readonly body: object | null }
}

interface AbortEvents {
  addEventListener(type: 'abort', listener: () => void): void
}

/**
 * Hono middleware: each request has a scope of its own, until the body of its response was read to the end or given up.
 * `app.use(requestScope)`, before whatever uses a scoped cache. Runs wherever the runtime has `node:async_hooks`.
 */
export async function requestScope(context: HonoContext, next: () => Promise<void>): Promise<void> {
  const scope = openScope()
  const end = (): void => scope.end()
  context.req.raw.signal?.addEventListener('abort', end)
  try {
    await scope.run(next)
    const res = context.res as Response
    if (res.body === null) end()
    else context.res = new Response(readIn(scope, res.body), res)
  } catch (error) {
    end()
    throw error
  }
}

/** The same stream, which is read in the scope and ends it. */
function readIn(scope: Scope, body: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
  const reader = scope.run(() => body.getReader())
  return new ReadableStream<Uint8Array>(
    {
      pull: (controller) =>
        scope.run(async () => {
          try {
            const { done, value } = await reader.read()
            if (!done) return controller.enqueue(value)
            scope.end()
            controller.close()
          } catch (error) {
            scope.end()
            throw error
          }
        }),
      cancel: (reason) => scope.run(() => reader.cancel(reason)).finally(() => scope.end()),
    },
    { highWaterMark: 0 },
  )
}

import { Mounted } from '../http/mounted.ts'
import { serve } from '../http/node-serve.ts'
import type { RouteOptions } from '../http/options.ts'
import type { ResponseCache } from '../http/response-cache.ts'
import { expressTurn, type FastifyReply, fastifyTurn } from '../http/turns.ts'

/** What the interceptor needs of Nest's context. */
export interface NestContext {
  getType(): string
  switchToHttp(): { getRequest(): unknown; getResponse(): unknown }
}

/** An interceptor as Nest takes it. */
export interface NestInterceptor {
  intercept(context: NestContext, next: { handle(): never }): never
}

/**
 * An interceptor that answers requests from a cache of responses, on Express and Fastify, after guards have let them pass:
 * `app.useGlobalInterceptors(cacheResponses(responses))` for all that handlers allow by `Cache-Control`,
 * `@UseInterceptors(cacheResponses(responses, { ttl: '1m' }))` for a route that says nothing. Throws for wrong options.
 */
export function cacheResponses(cache: ResponseCache, options?: RouteOptions): NestInterceptor {
  const mounted = new Mounted(cache, options)
  const intercept: (...args: Parameters<NestInterceptor['intercept']>) => unknown = (context, handler) => {
    if (context.getType() !== 'http') return handler.handle()
    const request = context.switchToHttp().getRequest()
    const response = context.switchToHttp().getResponse()
    const turn = isReply(response)
      ? fastifyTurn(request as never, response)
      : expressTurn(request as never, response as never)
    let isPassed = false
    const next = (error?: unknown): unknown => {
      if (error !== undefined) throw error
      isPassed = true
      return handler.handle()
    }
    const result = serve(mounted, { ...turn, next })
    // What has been answered must not be answered by Nest again, which does so as soon as it is told of any end.
    const unlessAnswered = (late: unknown): unknown => (isPassed ? late : new Promise(() => {}))
    return isPassed ? result : Promise.resolve(result).then(unlessAnswered)
  }
  return { intercept: intercept as NestInterceptor['intercept'] }
}

function isReply(response: unknown): response is FastifyReply {
  return typeof (response as Partial<FastifyReply>).code === 'function' && 'raw' in (response as object)
}

import type { ServerResponse } from 'node:http'
import type { Part } from './conditions.ts'
import { Exchange } from './exchange.ts'
import { headOf, type NodeHandler, type NodeRequest, type NodeResponse } from './node-message.ts'
import { refreshOf, renewed } from './node-refresh.ts'
import { kept } from './node-response.ts'
import { type RouteOptions, resolveRoute } from './options.ts'
import type { ResponseCache } from './response-cache.ts'

/** What middleware does with a request. */
export interface NodeTurn {
  readonly request: NodeRequest
  readonly response: NodeResponse
  /** Goes on to the handler. */
  readonly next: (error?: unknown) => unknown
  /** Sends a stored response. */
  readonly send: (part: Part) => void
  /** Runs all of the application for a request that no client sent. Without it nothing is refreshed behind a stale response. */
  readonly dispatch: NodeHandler | undefined
}

/** The exchange that a request is part of, so that middleware of a route finds that of the whole application. */
const exchanges = new WeakMap<object, { readonly cache: ResponseCache; readonly exchange: Exchange }>()

/** Answers a request from what is stored, or lets the handler respond and keeps what it sends. Returns what `next` returns. */
export function serve(cache: ResponseCache, options: RouteOptions | undefined, turn: NodeTurn): unknown {
  const { request, next } = turn
  const outer = exchanges.get(request)
  if (outer?.cache === cache) {
    if (options !== undefined) outer.exchange.route = resolveRoute(options, outer.exchange.route)
    return next()
  }
  const refresh = refreshOf(cache, request)
  const how = { route: cache.route(options), canRefresh: turn.dispatch !== undefined }
  const begun = refresh ?? cache.begin(headOf(request), how)
  if (begun instanceof Promise) return begun.then((then) => go(cache, then, turn), next)
  return go(cache, begun, turn)
}

function go(
  cache: ResponseCache,
  begun: Awaited<ReturnType<ResponseCache['begin']>>,
  turn: NodeTurn,
): unknown {
  if (begun instanceof Exchange) return lead(cache, begun, turn)
  turn.send(begun)
  if (begun.refresh !== undefined && turn.dispatch !== undefined)
    renewed(cache, begun.refresh, turn.request, turn.dispatch)
  return undefined
}

function lead(cache: ResponseCache, exchange: Exchange, turn: NodeTurn): unknown {
  const { request, response, next } = turn
  exchanges.set(request, { cache, exchange })
  if (exchange.isLeading) {
    for (const name of ['if-none-match', 'if-modified-since', 'if-range']) delete request.headers[name]
    for (const [name, value] of exchange.conditions) request.headers[name] = value
  }
  kept(exchange, response as ServerResponse)
  return next()
}

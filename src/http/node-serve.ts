import type { ServerResponse } from 'node:http'
import type { Part } from './conditions.ts'
import { Exchange } from './exchange.ts'
import type { Mounted } from './mounted.ts'
import { headOf, type NodeHandler, type NodeRequest, type NodeResponse } from './node-message.ts'
import { refreshOf, renewed } from './node-refresh.ts'
import { kept } from './node-response.ts'
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

/** Answers a request from what is stored, or lets the handler respond and keeps what it sends. Returns what `next` returns. */
export function serve(mounted: Mounted, turn: NodeTurn): unknown {
  const { request, next } = turn
  const { cache, route } = mounted
  if (mounted.joins(request)) return next()
  const canRefresh = turn.dispatch !== undefined
  const begun = refreshOf(cache, request) ?? cache.begin(headOf(request), { route, canRefresh })
  if (begun instanceof Promise) return begun.then((then) => go(mounted, then, turn), next)
  return go(mounted, begun, turn)
}

function go(mounted: Mounted, begun: Awaited<ReturnType<ResponseCache['begin']>>, turn: NodeTurn): unknown {
  if (begun instanceof Exchange) return lead(mounted, begun, turn)
  turn.send(begun)
  if (begun.refresh !== undefined && turn.dispatch !== undefined)
    renewed(mounted.cache, begun.refresh, turn.request, turn.dispatch)
  return undefined
}

function lead(mounted: Mounted, exchange: Exchange, turn: NodeTurn): unknown {
  const { request, response, next } = turn
  mounted.begin(request, exchange)
  if (exchange.isLeading) {
    for (const name of ['if-none-match', 'if-modified-since', 'if-range']) delete request.headers[name]
    for (const [name, value] of exchange.conditions) request.headers[name] = value
  }
  kept(exchange, response as ServerResponse)
  return next()
}

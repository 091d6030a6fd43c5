import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import { Writable } from 'node:stream'
import { isThenable } from '../engine/removal.ts'
import type { Exchange } from './exchange.ts'
import type { NodeHandler, NodeRequest } from './node-message.ts'
import type { ResponseCache } from './response-cache.ts'

/** Requests that no client sent, and what they are to renew. */
const refreshes = new WeakMap<object, { readonly cache: ResponseCache; readonly exchange: Exchange }>()

/** The exchange that a request was made for by `renewed`. */
export function refreshOf(cache: ResponseCache, request: object): Exchange | undefined {
  const refresh = refreshes.get(request)
  return refresh?.cache === cache ? refresh.exchange : undefined
}

/** Runs an application for a copy of a request whose response was sent already, so that the cache has a new one. Never throws. */
export function renewed(
  cache: ResponseCache,
  exchange: Exchange,
  original: NodeRequest & { readonly originalUrl?: string },
  dispatch: NodeHandler,
): void {
  const socket = new Socket()
  const from = (original as Partial<IncomingMessage>).socket
  for (const name of ['remoteAddress', 'remotePort', 'remoteFamily', 'encrypted'] as const)
    Object.defineProperty(socket, name, {
      value: (from as unknown as Record<string, unknown> | undefined)?.[name],
    })
  const request = new IncomingMessage(socket)
  request.method = 'GET'
  request.url = original.originalUrl ?? original.url ?? '/'
  request.headers = { ...original.headers }
  request.httpVersion = '1.1'
  request.complete = true
  request.push(null)
  const response = new ServerResponse(request)
  response.assignSocket(new Writable({ write: (_chunk, _encoding, done) => done() }) as unknown as Socket)
  response.once('finish', () => {
    socket.destroy()
    response.emit('close')
  })
  response.once('close', () => exchange.abort())
  refreshes.set(request, { cache, exchange })
  try {
    const result: unknown = (dispatch as (request: unknown, response: unknown) => unknown)(request, response)
    if (isThenable(result)) Promise.resolve(result).catch((error) => exchange.fail(error))
  } catch (error) {
    exchange.fail(error)
  }
}

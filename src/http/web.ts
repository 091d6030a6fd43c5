import type { Part } from './conditions.ts'
import { Exchange } from './exchange.ts'
import type { Field } from './fields.ts'
import type { Route } from './options.ts'
import type { RequestHead } from './requests.ts'
import type { ResponseCache } from './response-cache.ts'

type Handler = (request: Request) => Response | PromiseLike<Response>

/** The response to a request of the web's kind, by what is stored or by its handler. */
export async function respond(
  cache: ResponseCache,
  request: Request,
  handler: Handler,
  route: Route,
  waitUntil: (work: Promise<unknown>) => void,
): Promise<Response> {
  const begun = await cache.begin(headOf(request), { route, canRefresh: true })
  if (begun instanceof Exchange) return run(begun, request, handler)
  const { refresh } = begun
  if (refresh !== undefined) waitUntil(renew(refresh, request, handler))
  return made(begun)
}

/** Runs a handler for one exchange and gives what its client is to get. */
export async function run(exchange: Exchange, request: Request, handler: Handler): Promise<Response> {
  try {
    return settled(
      exchange,
      await handler(exchange.isLeading ? whole(request, exchange.conditions) : request),
    )
  } catch (error) {
    const standIn = exchange.standIn()
    exchange.abort()
    if (standIn === undefined) throw error
    return made(standIn)
  }
}

/** What a client gets of the response that a handler made. */
function settled(exchange: Exchange, response: Response): Response {
  const { status, statusText, body } = response
  const { instead, isKept, added } = exchange.head(status, [...response.headers])
  if (instead !== undefined) {
    if (isKept) void drain(exchange, body)
    else void body?.cancel().catch(() => {})
    return made(instead)
  }
  const headers = new Headers(response.headers)
  for (const [name, value] of added) headers.append(name, value)
  if (body === null) exchange.end()
  const sent = body === null || !isKept ? body : keptAsRead(exchange, body)
  if (!isKept) exchange.abort()
  return new Response(sent, { status, statusText, headers })
}

/** Runs a handler behind a response that was sent. Never rejects. */
async function renew(exchange: Exchange, request: Request, handler: Handler): Promise<void> {
  try {
    const response = await handler(whole(request, exchange.conditions))
    const { isKept } = exchange.head(response.status, [...response.headers])
    if (isKept) await drain(exchange, response.body)
    else await response.body?.cancel()
  } catch (error) {
    exchange.fail(error)
  } finally {
    exchange.abort()
  }
}

/** The request that a handler is to see: for all of the response, with the conditions of the cache instead of its client's. */
function whole(request: Request, conditions: readonly Field[]): Request {
  const headers = new Headers(request.headers)
  for (const name of CONDITIONS) headers.delete(name)
  for (const [name, value] of conditions) headers.set(name, value)
  return new Request(request, { headers })
}

/** Fields by which a client says what it has already. */
export const CONDITIONS: readonly string[] = ['if-none-match', 'if-modified-since', 'if-range']

/** Reads a body to its end for the cache alone. Never rejects. */
async function drain(exchange: Exchange, body: ReadableStream<Uint8Array> | null): Promise<void> {
  try {
    if (body !== null)
      for await (const chunk of body as unknown as AsyncIterable<Uint8Array>) exchange.chunk(chunk)
    exchange.end()
  } catch {
    exchange.abort()
  }
}

/** The same body, of which the cache sees each chunk as its client reads it. */
function keptAsRead(exchange: Exchange, body: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
  const reader = body.getReader()
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = await reader.read()
          if (done) {
            exchange.end()
            controller.close()
          } else {
            exchange.chunk(value)
            controller.enqueue(value)
          }
        } catch (error) {
          exchange.abort()
          throw error
        }
      },
      cancel(reason) {
        exchange.abort()
        return reader.cancel(reason)
      },
    },
    // A short body is read ahead, so that it is stored though its client is slow to read, or never does.
    { highWaterMark: 16 },
  )
}

/** A response of the web's kind. */
export function made({ status, fields, body }: Part): Response {
  const isEmpty = body === undefined || status === 204 || status === 205
  return new Response(isEmpty ? null : (body as Uint8Array<ArrayBuffer>), {
    status,
    headers: [...fields] as [string, string][],
  })
}

/** What the cache sees of a request of the web's kind. */
export function headOf(request: Request): RequestHead {
  const { protocol, host, pathname, search } = new URL(request.url)
  return {
    method: request.method,
    scheme: protocol.slice(0, -1),
    host,
    path: pathname + search,
    hasBody: request.body !== null,
    field: (name) => request.headers.get(name) ?? undefined,
  }
}

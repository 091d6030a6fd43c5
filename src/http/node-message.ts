import type { IncomingMessage } from 'node:http'
import type { Part } from './conditions.ts'
import type { Field } from './fields.ts'
import type { RequestHead } from './requests.ts'

/** What the frameworks on Node give of a request. */
export interface NodeRequest {
  readonly method?: string | undefined
  readonly url?: string | undefined
  readonly headers: { [name: string]: string | string[] | undefined }
}

/** What the frameworks on Node give of a response. */
export interface NodeResponse {
  statusCode: number
  setHeader(name: string, value: string | readonly string[]): unknown
  getHeaders(): { [name: string]: number | string | string[] | undefined }
  end(...args: never[]): unknown
}

/** A handler of requests as `node:http` calls it. */
export type NodeHandler = (request: never, response: never) => unknown

/** Sends a stored response through a response of Node. */
export function send(response: NodeResponse, { status, fields, body }: Part): void {
  response.statusCode = status
  for (const [name, values] of grouped(fields))
    response.setHeader(name, values.length === 1 ? values[0]! : values)
  if (body === undefined) response.end()
  else response.end(body as never)
}

/** What is needed of a reply of Fastify to send a response. */
export interface Reply {
  code(status: number): unknown
  header(name: string, value: unknown): unknown
  send(payload?: unknown): unknown
}

/** Sends a response by a reply of Fastify. */
export function sendByReply(reply: Reply, { status, fields, body }: Part): void {
  reply.code(status)
  for (const [name, values] of grouped(fields)) reply.header(name, values.length === 1 ? values[0]! : values)
  if (body === undefined) reply.send()
  else reply.send(Buffer.from(body.buffer, body.byteOffset, body.byteLength))
}

/** What is needed of a context of Koa to send a response. */
export interface Sending {
  status: number
  body: unknown
  set(name: string, value: string | string[]): void
}

/** Sends a response by a context of Koa. */
export function sendByContext(context: Sending, { status, fields, body }: Part): void {
  context.status = status
  context.body = body === undefined ? null : Buffer.from(body.buffer, body.byteOffset, body.byteLength)
  context.status = status
  for (const [name, values] of grouped(fields)) context.set(name, values.length === 1 ? values[0]! : values)
}

/** The fields of a response by name, each with all of its values. */
function grouped(fields: readonly Field[]): Map<string, string[]> {
  const groups = new Map<string, string[]>()
  for (const [name, value] of fields) {
    const group = groups.get(name)
    if (group === undefined) groups.set(name, [value])
    else group.push(value)
  }
  return groups
}

/** What the cache sees of a request of Node, as it was before anybody changed it. */
export function headOf(request: NodeRequest & { readonly originalUrl?: string }): RequestHead {
  const { method = 'GET', originalUrl } = request
  const headers = { ...request.headers }
  const host = headers.host ?? headers[':authority'] ?? ''
  const { socket } = request as Partial<IncomingMessage>
  return {
    method,
    scheme: (socket as { encrypted?: boolean } | undefined)?.encrypted === true ? 'https' : 'http',
    host: String(host),
    path: originalUrl ?? request.url ?? '/',
    hasBody: headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0,
    field(name) {
      const value = headers[name]
      return Array.isArray(value) ? value.join(', ') : value
    },
  }
}

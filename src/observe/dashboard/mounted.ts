import type { IncomingMessage } from 'node:http'
import type { Part } from '../../http/conditions.ts'
import { headOf, type NodeRequest } from '../../http/node-message.ts'
import type { DashboardHandler } from './handler.ts'
import type { Visitor } from './options.ts'

/** What a framework on Node tells of a request. */
export interface NodeVisit {
  readonly request: NodeRequest
  /** Where the dashboard is mounted; undefined where the framework does not tell. */
  readonly base?: string | undefined
  /** What `authorise` is given to look for a user in. */
  readonly context: unknown
  /** The body, where something has read it before. */
  readonly body?: unknown
}

/** The answer to a request of Node. Never rejects. */
export async function answered(handler: DashboardHandler, visit: NodeVisit): Promise<Part> {
  const { request, context } = visit
  const { socket } = request as Partial<IncomingMessage>
  const visitor: Visitor = {
    address: socket?.remoteAddress,
    base: visit.base,
    context,
    // A body that nothing has read is read here; `{}` is what older parsers leave where there is none.
    body: isRead(request) ? visit.body : undefined,
  }
  let asked: Request
  try {
    asked = webRequest(request)
  } catch {
    return { status: 400, fields: [], body: undefined }
  }
  const response = await handler(asked, visitor)
  const bytes = response.body === null ? undefined : new Uint8Array(await response.arrayBuffer())
  return { status: response.status, fields: [...response.headers], body: bytes }
}

/** Whether the path of a request is at or below one. */
export function isBelow(path: string, base: string): boolean {
  const root = base.replace(/\/+$/, '')
  const own = path.split('?')[0]!
  return own === root || own.startsWith(`${root}/`)
}

/** The path that a request came with, as it was before any framework changed it. */
export function pathOf(request: NodeRequest): string {
  return headOf(request).path
}

function isRead(request: NodeRequest): boolean {
  return (request as Partial<IncomingMessage>).readableDidRead === true
}

/** A request of the web's kind, with the body that is still to be read. */
function webRequest(request: NodeRequest): Request {
  const { method, scheme, host, path, hasBody } = headOf(request)
  const headers = new Headers()
  for (const [name, value] of Object.entries(request.headers)) {
    if (name.startsWith(':') || value === undefined) continue
    for (const one of Array.isArray(value) ? value : [value]) headers.append(name, one)
  }
  if (!headers.has('host')) headers.set('host', host)
  const url = new URL(
    path.replace(/^\/*/, '/'),
    `${scheme}://${URL.canParse(`http://${host}`) ? host : 'localhost'}`,
  )
  const isRaw = hasBody && method !== 'GET' && method !== 'HEAD' && !isRead(request)
  return new Request(url, {
    method,
    headers,
    ...(isRaw && { body: chunks(request as IncomingMessage), duplex: 'half' }),
  } as RequestInit)
}

function chunks(request: IncomingMessage): ReadableStream<Uint8Array> {
  const parts = request[Symbol.asyncIterator]()
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await parts.next()
      if (done) controller.close()
      else controller.enqueue(value)
    },
    async cancel() {
      await parts.return?.()
    },
  })
}

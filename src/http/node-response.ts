import type { OutgoingHttpHeader, OutgoingHttpHeaders, ServerResponse } from 'node:http'
import type { Exchange, Verdict } from './exchange.ts'
import type { Field } from './fields.ts'
import { send } from './node-message.ts'

type Headers = OutgoingHttpHeaders | OutgoingHttpHeader[]
type Done = (error?: Error | null) => void

/**
 * Lets an exchange see what a handler sends through this response. The bytes go on to the client as they come, unless something stored
 * is sent instead, at the handler's end.
 */
export function kept(exchange: Exchange, response: ServerResponse): void {
  const { write, end, writeHead, flushHeaders } = response
  const before = response.getHeaders()
  let verdict: Verdict | undefined
  // From then on the response is Node's own again.
  let hasEnded = false

  /** The first sign of a response: its head is complete. */
  const begin = (): Verdict => {
    if (verdict === undefined) {
      verdict = exchange.head(response.statusCode, fieldsOf(response), foreign(response, before))
      for (const [name, value] of verdict.added) response.appendHeader(name, value)
    }
    return verdict
  }

  response.writeHead = (status: number, reason?: string | Headers, headers?: Headers) => {
    if (hasEnded) return writeHead.call(response, status)
    response.statusCode = status
    if (typeof reason === 'string') response.statusMessage = reason
    setAll(response, typeof reason === 'string' ? headers : reason)
    return begin().instead === undefined ? writeHead.call(response, status) : response
  }

  response.flushHeaders = () => {
    if (hasEnded || begin().instead === undefined) flushHeaders.call(response)
  }

  response.write = ((chunk: string | Uint8Array, encoding?: BufferEncoding | Done, done?: Done) => {
    if (hasEnded) return write.call(response, chunk, encoding as BufferEncoding, done)
    const { instead } = begin()
    exchange.chunk(bytesOf(chunk, encoding))
    if (instead === undefined) return write.call(response, chunk, encoding as BufferEncoding, done)
    const told = typeof encoding === 'function' ? encoding : done
    if (told !== undefined) process.nextTick(told)
    return true
  }) as ServerResponse['write']

  response.end = ((chunk?: unknown, encoding?: unknown, done?: unknown) => {
    if (hasEnded) return end.call(response, chunk as string, encoding as BufferEncoding, done as () => void)
    const { instead } = begin()
    hasEnded = true
    if (chunk !== undefined && chunk !== null && typeof chunk !== 'function')
      exchange.chunk(bytesOf(chunk as string, encoding as BufferEncoding))
    exchange.end()
    if (instead === undefined)
      return end.call(response, chunk as string, encoding as BufferEncoding, done as () => void)
    for (const name of response.getHeaderNames()) {
      const value = before[name]
      if (value === undefined) response.removeHeader(name)
      else response.setHeader(name, value)
    }
    const told = [chunk, encoding, done].find((one) => typeof one === 'function') as (() => void) | undefined
    if (told !== undefined) response.once('finish', told)
    response.statusMessage = ''
    send(response, instead)
    return response
  }) as ServerResponse['end']

  if (exchange.isLeading) response.once('close', () => exchange.abort())
}

/** The fields that a response is about to be sent with. */
function fieldsOf(response: ServerResponse): Field[] {
  const fields: Field[] = []
  for (const [name, value] of Object.entries(response.getHeaders())) {
    if (Array.isArray(value)) for (const one of value) fields.push([name, one])
    else if (value !== undefined) fields.push([name, String(value)])
  }
  return fields
}

/** Names of fields that stand as they stood before the handler. */
function foreign(response: ServerResponse, before: OutgoingHttpHeaders): Set<string> {
  return new Set(Object.keys(before).filter((name) => response.getHeader(name) === before[name]))
}

function setAll(response: ServerResponse, headers: Headers | undefined): void {
  if (headers === undefined) return
  if (!Array.isArray(headers)) {
    for (const [name, value] of Object.entries(headers))
      if (value !== undefined) response.setHeader(name, value)
    return
  }
  // Names and values by turns, or pairs of them.
  const flat = headers.flat() as string[]
  for (let i = 0; i < flat.length; i += 2) response.removeHeader(flat[i]!)
  for (let i = 0; i < flat.length; i += 2) response.appendHeader(flat[i]!, flat[i + 1]!)
}

function bytesOf(chunk: string | Uint8Array, encoding: unknown): Uint8Array {
  if (typeof chunk !== 'string') return chunk
  return Buffer.from(chunk, typeof encoding === 'string' ? (encoding as BufferEncoding) : 'utf8')
}

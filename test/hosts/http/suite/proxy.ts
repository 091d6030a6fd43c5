import { type IncomingHttpHeaders, request } from 'node:http'
import type { Readable } from 'node:stream'

/** What an origin server answers. */
export interface Answered {
  readonly status: number
  readonly fields: readonly (readonly [string, string])[]
  readonly body: Readable
}

const OF_CONNECTION = /^(transfer-encoding|connection|keep-alive)$/i

/** Hands a request on to an origin server, as a proxy does: a handler for servers whose responses come from elsewhere. */
export function forward(
  origin: number,
  method: string,
  path: string,
  headers: IncomingHttpHeaders,
  body: Readable | undefined,
): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const asked = request({ port: origin, agent: false, method, path, headers }, (response) => {
      const named = new Set((response.headers.connection ?? '').toLowerCase().split(/ *, */))
      const fields: [string, string][] = []
      const raw = response.rawHeaders
      for (let i = 0; i < raw.length; i += 2) {
        const name = raw[i]!
        if (!OF_CONNECTION.test(name) && !named.has(name.toLowerCase())) fields.push([name, raw[i + 1]!])
      }
      resolve({ status: response.statusCode!, fields, body: response })
    })
    asked.on('error', reject)
    if (body === undefined) asked.end()
    else body.pipe(asked)
  })
}

import { AsyncResource } from 'node:async_hooks'
import { once } from 'node:events'
import { Agent, createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { scoped } from 'nearcache/scope'
import { requestScope } from 'nearcache/scope/express'
import { expect, test } from 'vitest'

test('listeners of a request and its response run in its scope, on a connection that serves several', async () => {
  const ids = scoped<string, string>({ outside: 'refuse' })
  const server = createServer((incoming, response) =>
    requestScope(incoming, response, () => {
      ids.set('id', incoming.url!)
      const seen: unknown[] = []
      incoming.on('data', () => seen.push(ids.get('id')))
      incoming.on('end', () => {
        response.on('finish', () => finished.push(ids.get('id')))
        response.end(JSON.stringify(seen))
      })
      response.writeContinue()
    }),
  ).listen(0, '127.0.0.1')
  const finished: unknown[] = []
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  for (const path of ['/one', '/two']) {
    const asked = request({ port, path, agent, method: 'POST', headers: { expect: '100-continue' } })
    asked.flushHeaders()
    // The handler has run by then; what follows comes in events of the connection.
    await once(asked, 'continue')
    asked.end('body')
    const [answer] = await once(asked, 'response')
    expect(await answer.setEncoding('utf8').reduce((text: string, part: string) => text + part, '')).toBe(
      JSON.stringify([path]),
    )
  }
  expect(finished).toEqual(['/one', '/two'])
  agent.destroy()
  server.close()
})

test('a response goes on in its scope, whoever writes to it', async () => {
  const outside = AsyncResource.bind((write: () => void) => write())
  const ids = scoped<string, string>()
  const server = createServer((incoming, response) =>
    requestScope(incoming, response, () => {
      ids.set('id', incoming.url!)
      response.on('drain', () => response.end(ids.get('id')))
      // As a stream does that gets its data from a connection shared by all.
      outside(() => response.write(Buffer.alloc(10_000_000)))
    }),
  ).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const body = await (await fetch(`http://127.0.0.1:${port}/one`)).arrayBuffer()
  expect(Buffer.from(body).subarray(10_000_000).toString()).toBe('/one')
  server.closeAllConnections()
  server.close()
})

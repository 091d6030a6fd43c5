import { createServer, request } from 'node:http'
import CacheableRequest from 'cacheable-request'
import Keyv from 'keyv'
import { Cache } from 'nearcache'
import { keyvOptions } from 'nearcache/keyv'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { type Served, served } from '../served.ts'

let server: Served
/** What the server has answered, as `status path`. */
let answered: string[]

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['Date', 'performance'] })
  answered = []
  server = await served(
    createServer((request, response) => {
      const status = request.headers['if-none-match'] === '"1"' ? 304 : 200
      answered.push(`${status} ${request.url}`)
      response.writeHead(status, {
        'cache-control': 'max-age=60',
        date: new Date().toUTCString(),
        etag: '"1"',
        'content-type': 'text/plain',
      })
      response.end(status === 304 ? undefined : `body of ${request.url}`)
    }),
  )
})

afterEach(async () => {
  await server.close()
  vi.useRealTimers()
})

interface Answer {
  readonly body: string
  readonly fromCache: boolean
}

/** A client whose requests are over when what they store is stored. */
function client(keyv: Keyv) {
  const send = new CacheableRequest(request, keyv).request()
  return (path: string, options: { strictTtl?: boolean; maxTtl?: number } = {}): Promise<Answer> => {
    const { hostname, port } = new URL(server.url)
    const stored = new Promise<void>((resolve) => {
      const done = () => {
        keyv.hooks.removeHandler('postSet', done)
        resolve()
      }
      keyv.hooks.addHandler('postSet', done)
    })
    return new Promise((resolve, reject) => {
      const sent = send({ hostname, port, path, agent: false, ...options }, async (response) => {
        const chunks: Buffer[] = []
        for await (const chunk of response as unknown as AsyncIterable<Buffer>) chunks.push(chunk)
        const fromCache = (response as { fromCache?: boolean }).fromCache === true
        if (!fromCache) await stored
        resolve({ body: Buffer.concat(chunks).toString(), fromCache })
      })
      sent.on('request', (request) => request.end())
      sent.on('error', reject)
    })
  }
}

test('an answer that may be kept is kept, for as long as its headers say', async () => {
  const get = client(new Keyv(keyvOptions()))
  expect(await get('/a')).toEqual({ body: 'body of /a', fromCache: false })
  expect(await get('/a')).toEqual({ body: 'body of /a', fromCache: true })
  vi.advanceTimersByTime(59_000)
  expect((await get('/a')).fromCache).toBe(true)
  expect(answered).toEqual(['200 /a'])
})

test('a stale answer is still there to be confirmed by the server', async () => {
  const get = client(new Keyv(keyvOptions({ ttl: '1h' })))
  await get('/a')
  vi.advanceTimersByTime(61_000)
  expect((await get('/a')).body).toBe('body of /a')
  expect(answered).toEqual(['200 /a', '304 /a'])
})

test('strictTtl and maxTtl, in milliseconds, are those of the entry', async () => {
  const cache = new Cache<string, unknown>({ ttl: '1h' })
  const get = client(new Keyv({ ...keyvOptions(cache), namespace: 'http' }))
  const left = (path: string) => cache.namespace('http').expiresIn(`http:GET:${server.url}${path}`)
  await get('/plain')
  await get('/strict', { strictTtl: true })
  await get('/max', { maxTtl: 5000 })
  expect([left('/plain'), left('/max')]).toEqual([3600_000, 5000])
  // The policy of the headers counts in whole seconds.
  expect(left('/strict')).toBeGreaterThan(58_000)
  expect(left('/strict')).toBeLessThanOrEqual(60_000)

  vi.advanceTimersByTime(5000)
  expect((await get('/max')).fromCache).toBe(false)
  expect(answered.at(-1)).toBe('200 /max')
})

test('its own store has no bound: a client of many urls keeps them all', async () => {
  const [own, cache] = [new Map(), new Cache<string, unknown>({ maxEntries: 10 })]
  for (const keyv of [new Keyv({ store: own }), new Keyv(keyvOptions(cache))]) {
    const get = client(keyv)
    for (let i = 0; i < 30; i++) await get(`/${i}`)
    expect((await get('/29')).fromCache).toBe(true)
  }
  expect([own.size, cache.stats().size]).toEqual([30, 10])
})

import { ResponseCache, type ResponseCacheOptions } from 'nearcache/http'
import { redisTier } from 'nearcache/redis'
import { TieredCache } from 'nearcache/tiered'
import { beforeEach, describe, expect, test } from 'vitest'
import { deferred } from '../support/deferred.ts'
import { connectClient } from '../tiers/support/clients.ts'
import { Fleet } from '../tiers/support/fleet.ts'
import { hasServer, startServer } from '../tiers/support/server.ts'
import { until } from '../tiers/support/until.ts'

type Handler = (request: Request) => Response | Promise<Response>

const fresh = (body: string, fields: Record<string, string> = {}): Response =>
  new Response(body, { headers: { 'cache-control': 'max-age=60', ...fields } })

/** A process with responses in a cache that others share, and a handler that counts its runs. */
function server(cache: TieredCache, options: ResponseCacheOptions = {}) {
  const responses = new ResponseCache({ cache, ...options })
  const site = {
    responses,
    runs: 0,
    handler: (() => fresh('')) as Handler,
    async get(path = '/', init: RequestInit = {}) {
      const response = await responses.respond(new Request(`http://shop.example${path}`, init), (request) => {
        site.runs++
        return site.handler(request)
      })
      const says = (response.headers.get('cache-status') ?? '').replace('nearcache; ', '')
      return { status: response.status, body: await response.text(), says }
    },
  }
  return site
}

let fleet: Fleet
beforeEach(() => {
  fleet = new Fleet()
})

async function two(options: (fleet: Fleet) => ResponseCacheOptions = () => ({})) {
  const clock = (): number => fleet.now
  const open = async () => server(await fleet.process(), { clock, ...options(fleet) })
  return { one: await open(), other: await open() }
}

describe('a response of one process', () => {
  test('is sent by another, whose handler does not run', async () => {
    const { one, other } = await two()
    one.handler = () => fresh('made by one', { 'content-type': 'text/plain', etag: '"1"' })
    expect(await one.get('/a')).toMatchObject({ body: 'made by one', says: 'fwd=uri-miss; stored' })
    await fleet.settle()
    expect(await other.get('/a')).toMatchObject({ body: 'made by one', says: 'hit; ttl=60' })
    expect(await other.get('/a', { headers: { 'if-none-match': '"1"' } })).toMatchObject({ status: 304 })
    expect(other.runs).toBe(0)
  })

  test('is sent for requests of its variant alone', async () => {
    const { one, other } = await two()
    const handler: Handler = (request) =>
      fresh(`in ${request.headers.get('accept-language')}`, { vary: 'accept-language' })
    one.handler = handler
    other.handler = handler
    const in_ = (language: string): RequestInit => ({ headers: { 'accept-language': language } })
    await one.get('/a', in_('de'))
    await fleet.settle()
    expect((await other.get('/a', in_('de'))).says).toBe('hit; ttl=60')
    expect(await other.get('/a', in_('fr'))).toMatchObject({ body: 'in fr', says: 'fwd=vary-miss; stored' })
    await fleet.settle()
    expect((await one.get('/a', in_('fr'))).says).toBe('hit; ttl=60')
    expect([one.runs, other.runs]).toEqual([1, 1])
  })

  test('is of its tenant', async () => {
    const { one, other } = await two(() => ({
      namespace: (request) => request.field('x-tenant') ?? 'none',
      vary: ['x-tenant'],
    }))
    const of = (tenant: string): RequestInit => ({ headers: { 'x-tenant': tenant } })
    one.handler = () => fresh('for seven')
    other.handler = () => fresh('for another')
    await one.get('/a', of('7'))
    await fleet.settle()
    expect((await other.get('/a', of('7'))).body).toBe('for seven')
    expect((await other.get('/a', of('8'))).body).toBe('for another')
    one.responses.namespace('7').clear()
    await fleet.settle()
    expect((await other.get('/a', of('7'))).body).toBe('for another')
    expect((await other.get('/a', of('8'))).says).toBe('hit; ttl=60')
  })

  test('that is for one client stays with it', async () => {
    const { one, other } = await two()
    one.handler = () => fresh('mine', { 'set-cookie': 'session=1' })
    other.handler = () => fresh('theirs', { 'set-cookie': 'session=2' })
    await one.get('/a')
    await fleet.settle()
    expect((await other.get('/a')).body).toBe('theirs')
  })

  test('to a hundred requests at once is made once, and all of them wait for it', async () => {
    const { one } = await two()
    const gate = deferred<Response>()
    one.handler = () => gate.promise
    const all = Promise.all(Array.from({ length: 100 }, () => one.get('/a')))
    await fleet.settle()
    gate.resolve(fresh('once'))
    expect(new Set((await all).map(({ body }) => body))).toEqual(new Set(['once']))
    expect(one.runs).toBe(1)
  })
})

describe('what one process invalidates, no other sends', () => {
  const ways: [string, (site: ReturnType<typeof server>) => unknown][] = [
    ['a URL', ({ responses }) => responses.delete('http://shop.example/a')],
    ['a tag', ({ responses }) => responses.deleteByTag('prices')],
    ['everything', ({ responses }) => responses.clear()],
    ['by a method that changes things', (site) => site.get('/a', { method: 'POST' })],
  ]

  test.each(ways)('%s', async (_, invalidate) => {
    const { one, other } = await two()
    one.handler = () => fresh('old', { 'cache-tag': 'prices' })
    await one.get('/a')
    await fleet.settle()
    expect((await other.get('/a')).body).toBe('old')
    one.handler = () => fresh('new', { 'cache-tag': 'prices' })
    await invalidate(one)
    await fleet.settle()
    other.handler = () => fresh('new, by the other')
    expect((await other.get('/a')).body).toBe('new, by the other')
  })

  test.each(ways)(
    '%s, while a handler of another runs: its response is not stored',
    async (_, invalidate) => {
      const { one, other } = await two()
      const gate = deferred<Response>()
      other.handler = () => gate.promise
      const answer = other.get('/a')
      await fleet.settle()
      one.handler = () => fresh('')
      await invalidate(one)
      await fleet.settle()
      gate.resolve(fresh('old', { 'cache-tag': 'prices' }))
      expect((await answer).body).toBe('old')
      await fleet.settle()
      for (const site of [one, other]) {
        site.handler = () => fresh('new')
        expect((await site.get('/a')).body).toBe('new')
      }
    },
  )

  test.each(ways)(
    '%s, while a handler renews what was stored: the new response is not stored',
    async (_, invalidate) => {
      const { one, other } = await two()
      const swr = { 'cache-control': 'max-age=60, stale-while-revalidate=600', 'cache-tag': 'prices' }
      one.handler = () => fresh('first', swr)
      await one.get('/a')
      await fleet.settle()
      await other.get('/a')
      await fleet.pass(70_000)
      const gate = deferred<Response>()
      other.handler = () => gate.promise
      expect((await other.get('/a')).body).toBe('first')
      await fleet.settle()
      one.handler = () => fresh('')
      await invalidate(one)
      await fleet.settle()
      gate.resolve(fresh('old', swr))
      await fleet.settle()
      for (const site of [one, other]) {
        site.handler = () => fresh('new')
        expect((await site.get('/a')).body).toBe('new')
      }
    },
  )
})

test('where responses begin to vary by more, what was stored for a URL is found anew', async () => {
  const { one, other } = await two()
  one.handler = () => fresh('for all')
  await one.get('/a')
  await fleet.settle()
  await other.get('/a')
  await fleet.pass(70_000)
  const handler: Handler = (request) => fresh(`as ${request.headers.get('accept')}`, { vary: 'accept' })
  one.handler = handler
  other.handler = handler
  const as = (type: string): RequestInit => ({ headers: { accept: type } })
  for (const site of [one, other, one, other])
    for (const type of ['text/html', 'text/plain']) {
      expect((await site.get('/a', as(type))).body).toBe(`as ${type}`)
      await fleet.settle()
    }
  expect((await other.get('/a', as('text/html'))).says).toBe('hit; ttl=60')
})

test.each(['text', 1, null, { id: 'a' }, { status: 200 }])(
  'what is no response under the key of one is a miss: %j',
  async (nonsense) => {
    const cache = await fleet.process<string, unknown>()
    const site = server(cache)
    site.handler = () => fresh('made')
    for (const part of ['responses', 'urls']) {
      await site.get('/a')
      await fleet.settle()
      const space = cache.namespace(part)
      const keys = [...space.keys()]
      expect(keys.length).toBeGreaterThan(0)
      for (const key of keys) await space.set(key, nonsense)
      await fleet.settle()
      expect(await site.get('/a')).toMatchObject({ status: 200, body: 'made' })
    }
    expect(site.runs).toBeGreaterThanOrEqual(3)
  },
)

test('a response that was overtaken does not count as stored', async () => {
  const { one, other } = await two()
  const gate = deferred<Response>()
  one.handler = () => gate.promise
  const answer = one.get('/a')
  await fleet.settle()
  other.responses.clear()
  await fleet.settle()
  gate.resolve(fresh('old'))
  await answer
  await fleet.settle()
  expect(one.responses.stats().stores).toBe(0)
  one.handler = () => fresh('new')
  await one.get('/a')
  await fleet.settle()
  expect(one.responses.stats().stores).toBe(1)
})

test('while the second tier refuses or is silent, handlers run, and their responses are kept here', async () => {
  const { one } = await two()
  one.handler = () => fresh('made')
  fleet.server = 'refuses'
  expect((await one.get('/a')).body).toBe('made')
  await fleet.settle()
  expect((await one.get('/a')).body).toBe('made')
  fleet.server = 'is silent'
  const answer = one.get('/b')
  await fleet.pass(5_000)
  expect((await answer).body).toBe('made')
})

test('the cache has its own bounds, and stays open', async () => {
  const cache = await fleet.process()
  expect(() => new ResponseCache({ cache, maxBytes: '1mb' })).toThrow(
    /^maxBytes: expected nothing beside cache, which has its own, got/,
  )
  expect(() => new ResponseCache({ cache: new Map() as never })).toThrow(
    /^cache: expected a TieredCache, got/,
  )
  const { responses, get } = server(cache)
  responses.close()
  expect((await get('/a')).says).toBe('fwd=bypass')
  expect(await cache.getOrLoad('still', () => 'open')).toBe('open')
  await cache.close()
})

test('once the cache behind it is closed, handlers run and nothing fails', async () => {
  const cache = await fleet.process()
  const site = server(cache)
  const gate = deferred<Response>()
  site.handler = () => gate.promise
  const answer = site.get('/a')
  await fleet.settle()
  await cache.close()
  gate.resolve(fresh('made'))
  expect((await answer).body).toBe('made')
  site.handler = () => fresh('made again')
  expect((await site.get('/a')).body).toBe('made again')
  site.responses.delete('http://shop.example/a')
  site.responses.deleteByTag('prices')
  site.responses.clear()
})

test.skipIf(!hasServer)('two caches over one Redis share what they send', async () => {
  const redis = await startServer()
  const clients = await Promise.all([
    connectClient('ioredis', redis.port),
    connectClient('redis', redis.port),
  ])
  const caches = clients.map(
    ({ client }) => new TieredCache({ name: 'responses', remote: redisTier(client) }),
  )
  const [one, other] = caches.map((cache) => server(cache)) as [
    ReturnType<typeof server>,
    ReturnType<typeof server>,
  ]
  const bytes = Uint8Array.from({ length: 5_000 }, (_, i) => i % 251)
  one.handler = () => new Response(bytes, { headers: { 'cache-control': 'max-age=60', vary: 'accept' } })
  try {
    await Promise.all(caches.map((cache) => until(() => cache.stats().remote.isListening)))
    const first = await one.get('/picture')
    await until(async () => (await other.get('/picture')).says.startsWith('hit'))
    expect((await other.get('/picture')).body).toBe(first.body)
    const runs = other.runs
    one.responses.delete('http://shop.example/picture')
    await caches[0]!.settled()
    other.handler = () => fresh('another')
    await until(async () => (await other.get('/picture')).body === 'another')
    expect(other.runs).toBe(runs + 1)
  } finally {
    await Promise.all(caches.map((cache) => cache.close()))
    for (const { close } of clients) close()
    await redis.kill()
  }
})

import { ResponseCache, type ResponseCacheOptions, type RouteOptions } from 'nearcache/http'
import { afterEach, describe, expect, test, vi } from 'vitest'

const HOUR = 3_600_000

type Fields = Record<string, string>

/** A cache in front of a handler that counts its calls, under a clock moved by hand. */
function site(options: ResponseCacheOptions = {}, route?: RouteOptions) {
  let now = Date.UTC(2030, 0, 1)
  const errors: unknown[] = []
  const cache = new ResponseCache({ clock: () => now, onError: (error) => errors.push(error), ...options })
  const seen: Request[] = []
  const work: Promise<unknown>[] = []
  let make: (request: Request) => Response | Promise<Response> = () => new Response('')
  return {
    cache,
    errors,
    seen,
    work,
    advance(ms: number) {
      now += ms
    },
    /** What the handler responds from now on. */
    gives(handler: string | ((request: Request) => Response | Promise<Response>), headers: Fields = {}) {
      make =
        typeof handler === 'function'
          ? handler
          : () => new Response(handler, { headers: { 'cache-control': 'max-age=60', ...headers } })
    },
    async get(path = '/', init: RequestInit & { host?: string } = {}) {
      const request = new Request(`http://${init.host ?? 'shop.example'}${path}`, init)
      const response = await cache.respond(
        request,
        (given) => {
          seen.push(given)
          return make(given)
        },
        route,
        (refresh) => work.push(refresh),
      )
      const says = (response.headers.get('cache-status') ?? '').replace('nearcache; ', '')
      return { status: response.status, body: await response.text(), says, headers: response.headers }
    },
  }
}

/** A promise and what settles it. */
function deferred<T>() {
  let resolve!: (value: T) => void
  let reject!: (error: unknown) => void
  const promise = new Promise<T>((yes, no) => {
    resolve = yes
    reject = no
  })
  return { promise, resolve, reject }
}

afterEach(() => void vi.useRealTimers())

describe('by the wall clock, which holds without an injected one', () => {
  test('a response without a date is sent with the time at which it was received', async () => {
    vi.useFakeTimers({ now: Date.UTC(2030, 0, 1), toFake: ['Date'] })
    const { get, gives } = site({ clock: undefined })
    gives('one')
    await get()
    vi.setSystemTime(Date.UTC(2030, 0, 1) + 5000)
    const { says, headers } = await get()
    expect([says, headers.get('age')]).toEqual(['hit; ttl=55', '5'])
    expect(headers.get('date')).toBe('Tue, 01 Jan 2030 00:00:00 GMT')
  })

  test('Expires counts from now where there is no date, and an old date makes a response older', async () => {
    const now = Date.UTC(2030, 0, 1)
    vi.useFakeTimers({ now, toFake: ['Date'] })
    const { get, gives } = site({ clock: undefined })
    const at = (ms: number) => new Date(now + ms).toUTCString()
    gives(() => new Response('', { headers: { expires: at(30_000) } }))
    await get('/soon')
    expect((await get('/soon')).says).toBe('hit; ttl=30')
    gives(() => new Response('', { headers: { expires: at(-30_000) } }))
    await get('/past')
    expect((await get('/past')).says).toMatch(/^fwd=/)
    gives('', { date: at(-20_000) })
    await get('/aged')
    expect((await get('/aged')).says).toBe('hit; ttl=40')
  })
})

describe('a stored response', () => {
  test('is sent again until its lifetime is over, with its age', async () => {
    const { get, gives, advance, seen } = site()
    gives('one', { 'x-kept': 'yes' })
    expect(await get()).toMatchObject({ body: 'one', says: 'fwd=uri-miss; stored' })
    advance(10_000)
    const again = await get()
    expect(again).toMatchObject({ status: 200, body: 'one', says: 'hit; ttl=50' })
    expect(again.headers.get('age')).toBe('10')
    expect(again.headers.get('x-kept')).toBe('yes')
    expect(again.headers.get('content-length')).toBe('3')
    advance(50_000)
    gives('two')
    expect(await get()).toMatchObject({ body: 'two' })
    expect(seen.length).toBe(2)
  })

  test('is of its host, path and query alone', async () => {
    const { get, gives, seen } = site()
    gives((request) => new Response(request.url, { headers: { 'cache-control': 'max-age=60' } }))
    const urls = ['/a', '/A', '/a?x=1', '/a?x=2', '/a?x=1&x=2', '/a?x=2&x=1', '/a/', '/a%20', '/a;x=1']
    for (const url of urls) expect((await get(url)).body).toBe(`http://shop.example${url}`)
    for (const url of urls) expect((await get(url)).body).toBe(`http://shop.example${url}`)
    expect((await get('/a', { host: 'other.example' })).body).toBe('http://other.example/a')
    expect(seen.length).toBe(urls.length + 1)
  })

  test('of each variant stands for itself, whichever came first', async () => {
    const { get, gives, seen } = site()
    gives((request) => {
      const language = request.headers.get('accept-language')
      return new Response(language, { headers: { 'cache-control': 'max-age=60', vary: 'Accept-Language' } })
    })
    for (const _ of [1, 2, 3])
      for (const language of ['de', 'en', 'fr'])
        expect((await get('/', { headers: { 'accept-language': language } })).body).toBe(language)
    expect(seen.length).toBe(3)
  })

  test('that varies by everything is not stored', async () => {
    const { get, gives, seen } = site()
    gives('x', { vary: '*' })
    await get()
    await get()
    expect(seen.length).toBe(2)
  })

  test('varies by what later responses name too', async () => {
    const { get, gives } = site()
    gives('plain')
    await get('/', { headers: { 'x-beta': '1' } })
    gives((request) => {
      const beta = request.headers.get('x-beta') ?? '0'
      return new Response(beta, { headers: { 'cache-control': 'max-age=60', vary: 'X-Beta' } })
    })
    await get('/other', { headers: { 'x-beta': '1' } })
    expect((await get('/other')).body).toBe('0')
    expect((await get('/other', { headers: { 'x-beta': '1' } })).body).toBe('1')
  })

  test('answers a HEAD, and a client that has it already', async () => {
    const { get, gives, seen } = site()
    gives('one', { etag: '"v1"' })
    await get()
    expect(await get('/', { method: 'HEAD' })).toMatchObject({ status: 200, body: '' })
    expect(await get('/', { headers: { 'if-none-match': '"v1"' } })).toMatchObject({ status: 304, body: '' })
    expect(await get('/', { headers: { range: 'bytes=0-0' } })).toMatchObject({ status: 206, body: 'o' })
    expect(seen.length).toBe(1)
  })

  test('is stored whole though the first client has it already', async () => {
    const { get, gives, seen } = site()
    gives('one', { etag: '"v1"' })
    expect(await get('/', { headers: { 'if-none-match': '"v1"' } })).toMatchObject({ status: 304, body: '' })
    expect(seen[0]!.headers.get('if-none-match')).toBeNull()
    await Promise.resolve()
    expect(await get()).toMatchObject({ status: 200, body: 'one' })
    expect(seen.length).toBe(1)
  })

  test('is confirmed by the handler once it is stale, and lives on', async () => {
    const { get, gives, seen, advance } = site()
    gives('one', { etag: '"v1"', 'x-a': '1' })
    await get()
    advance(61_000)
    gives(
      () =>
        new Response(null, {
          status: 304,
          headers: { 'cache-control': 'max-age=60', etag: '"v1"', 'x-a': '2' },
        }),
    )
    const confirmed = await get()
    expect(confirmed).toMatchObject({ status: 200, body: 'one', says: 'fwd=stale; fwd-status=304' })
    expect(confirmed.headers.get('x-a')).toBe('2')
    expect(seen[1]!.headers.get('if-none-match')).toBe('"v1"')
    advance(30_000)
    expect(await get()).toMatchObject({ body: 'one', says: 'hit; ttl=30' })
  })
})

describe('what is for one client', () => {
  test.each([
    ['private', { 'cache-control': 'private, max-age=60' }],
    ['a cookie that is set', { 'set-cookie': 'session=1' }],
    ['no-store', { 'cache-control': 'no-store' }],
  ])('%s: every request has its own response', async (_, headers: Fields) => {
    const { get, gives, seen } = site({ ttl: '1h' })
    gives('mine', headers)
    await get()
    await get()
    expect(seen.length).toBe(2)
  })

  test('a client with credentials does not get what others got, nor leave anything for them', async () => {
    const { get, gives } = site()
    gives('anonymous')
    await get()
    gives('admin')
    const headers = { authorization: 'Bearer x' }
    expect((await get('/', { headers })).body).toBe('admin')
    expect((await get()).body).toBe('anonymous')
    gives('for all', { 'cache-control': 'public, max-age=60' })
    await get('/all', { headers })
    expect(await get('/all')).toMatchObject({ body: 'for all', says: 'hit; ttl=60' })
  })

  test('with a lifetime from the settings no request with a cookie is answered, and none leaves anything', async () => {
    const { get, gives } = site({ ttl: '1h' })
    gives((request) => new Response(request.headers.get('cookie') ?? 'nobody'))
    const headers = { cookie: 'session=ann' }
    expect((await get('/', { headers })).body).toBe('session=ann')
    expect((await get('/')).body).toBe('nobody')
    expect((await get('/', { headers })).body).toBe('session=ann')
    expect(await get('/')).toMatchObject({ body: 'nobody', says: 'hit; ttl=3600' })
  })

  test('cookies that are named tell responses apart, and others are as if not sent', async () => {
    const { get, gives, seen } = site({ ttl: '1h', cookies: ['theme'] })
    gives((request) => new Response(/theme=(\w+)/.exec(request.headers.get('cookie') ?? '')?.[1] ?? 'none'))
    expect((await get('/', { headers: { cookie: '_ga=1; theme=dark' } })).body).toBe('dark')
    expect((await get('/', { headers: { cookie: 'theme=light; _ga=2' } })).body).toBe('light')
    expect((await get('/', { headers: { cookie: '_ga=3' } })).body).toBe('none')
    expect((await get('/', { headers: { cookie: '_ga=4; theme=dark' } })).body).toBe('dark')
    expect(seen.length).toBe(3)
  })
})

describe('attacks', () => {
  const kept = { 'cache-control': 'public, max-age=60' }

  test.each([
    'x-forwarded-host',
    'x-host',
    'x-original-url',
    'x-rewrite-url',
    'x-http-method-override',
    'x-forwarded-scheme',
  ])('a response made for %s poisons nobody else', async (name) => {
    const { get, gives } = site()
    gives((request) => new Response(request.headers.get(name) ?? 'clean', { headers: kept }))
    expect((await get('/', { headers: { [name]: 'evil' } })).body).toBe('evil')
    expect((await get('/')).body).toBe('clean')
  })

  test('Forwarded poisons nobody, and the addresses in it cost nothing', async () => {
    const { get, gives, seen } = site()
    gives(
      (request) =>
        new Response(/host=([^;,]+)/.exec(request.headers.get('forwarded') ?? '')?.[1] ?? 'clean', {
          headers: kept,
        }),
    )
    expect((await get('/', { headers: { forwarded: 'for=1.1.1.1;host=evil' } })).body).toBe('evil')
    expect((await get('/', { headers: { forwarded: 'for=2.2.2.2' } })).body).toBe('clean')
    expect((await get('/', { headers: { forwarded: 'for=3.3.3.3;by=4.4.4.4' } })).body).toBe('clean')
    expect(seen.length).toBe(2)
  })

  test('parameters are keyed as sent: none is cut off, unescaped or sorted', async () => {
    const { get, gives } = site()
    gives((request) => new Response(request.url, { headers: kept }))
    for (const query of ['?a=1;b=evil', '?a=1&utm_content=x;a=evil', '?a=1%26b=evil', '?a[]=1', '?A=1'])
      expect((await get(`/${query}`)).body).toBe(`http://shop.example/${query}`)
    expect((await get('/?a=1')).body).toBe('http://shop.example/?a=1')
  })

  test('a method with a body, or one that changes things, is never answered nor stored', async () => {
    const { get, gives } = site()
    gives(async (request) => new Response((await request.text()) || 'clean', { headers: kept }))
    expect((await get('/', { method: 'POST', body: 'evil' })).body).toBe('evil')
    expect((await get('/')).body).toBe('clean')
    expect((await get('/', { method: 'POST', body: 'evil' })).body).toBe('evil')
  })

  test('values of fields are never taken for one another', async () => {
    const { get, gives, seen } = site({ vary: ['x-a', 'x-b'] })
    gives(
      (request) =>
        new Response(`${request.headers.get('x-a')}|${request.headers.get('x-b')}`, { headers: kept }),
    )
    expect((await get('/', { headers: { 'x-a': '1,2' } })).body).toBe('1,2|null')
    expect((await get('/', { headers: { 'x-a': '1', 'x-b': '2' } })).body).toBe('1|2')
    expect((await get('/', { headers: { 'x-b': '1,2' } })).body).toBe('null|1,2')
    expect(seen.length).toBe(3)
  })
})

describe('many requests at once', () => {
  test('run the handler once', async () => {
    const { get, gives, seen, cache } = site()
    const gate = deferred<void>()
    gives(async () => {
      await gate.promise
      return new Response('one', { headers: { 'cache-control': 'max-age=60' } })
    })
    const all = Promise.all(Array.from({ length: 100 }, () => get()))
    gate.resolve()
    const answers = await all
    expect(new Set(answers.map(({ body }) => body))).toEqual(new Set(['one']))
    expect(seen.length).toBe(1)
    expect(cache.stats()).toMatchObject({ misses: 1, hits: 99, collapsed: 99, stores: 1 })
  })

  test('wait for nobody where the response turned out to be for one client', async () => {
    const { get, gives, seen } = site()
    const gates = [deferred<void>(), deferred<void>(), deferred<void>(), deferred<void>()]
    gives(async () => {
      await gates[seen.length - 1]!.promise
      return new Response('mine', { headers: { 'cache-control': 'private' } })
    })
    const all = [get(), get(), get()]
    gates[0]!.resolve()
    await all[0]
    await new Promise((resolve) => setImmediate(resolve))
    expect(seen.length).toBe(3)
    const later = get()
    await new Promise((resolve) => setImmediate(resolve))
    expect(seen.length).toBe(4)
    for (const gate of gates) gate.resolve()
    await Promise.all([...all, later])
  })

  test('go on by themselves when the handler fails', async () => {
    const { get, gives, seen } = site()
    const gate = deferred<Response>()
    gives(() =>
      seen.length === 1 ? gate.promise : new Response('two', { headers: { 'cache-control': 'max-age=60' } }),
    )
    const first = get()
    const second = get()
    gate.reject(new Error('down'))
    await expect(first).rejects.toThrow('down')
    expect((await second).body).toBe('two')
  })

  test('go on by themselves when the first client leaves before its body has ended', async () => {
    const { cache, gives, get, seen } = site()
    gives('two')
    const first = await cache.respond(new Request('http://shop.example/'), () => {
      const endless = new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(10)) })
      return new Response(endless, { headers: { 'cache-control': 'max-age=60' } })
    })
    const second = get()
    await first.body!.cancel()
    expect((await second).body).toBe('two')
    expect(seen.length).toBe(1)
  })
})

describe('invalidation', () => {
  test('by URL, by tag, and of everything', async () => {
    const { get, gives, cache, seen } = site({}, { tags: ['shop'] })
    gives(
      (request) =>
        new Response('x', {
          headers: {
            'cache-control': 'max-age=60',
            'cache-tag': `p${new URL(request.url).pathname.slice(1)}, all`,
          },
        }),
    )
    for (const path of ['/1', '/2', '/3']) await get(path)
    expect(cache.delete('http://shop.example/1')).toBe(true)
    expect(cache.delete('https://shop.example/1')).toBe(false)
    cache.deleteByTag('p2')
    await get('/3')
    expect(seen.length).toBe(3)
    await get('/1')
    await get('/2')
    expect(seen.length).toBe(5)
    cache.deleteByTag('shop')
    for (const path of ['/1', '/2', '/3']) await get(path)
    expect(seen.length).toBe(8)
    cache.clear()
    expect(cache.stats()).toMatchObject({ size: 0, bytes: 0 })
  })

  test.each(['delete', 'tag', 'clear', 'POST'])(
    'a response that was made before a %s is not stored',
    async (how) => {
      const { get, gives, cache, seen } = site()
      const gate = deferred<void>()
      gives(async () => {
        await gate.promise
        return new Response('old', { headers: { 'cache-control': 'max-age=60', 'cache-tag': 'a' } })
      })
      const first = get()
      if (how === 'delete') cache.delete('http://shop.example/')
      if (how === 'tag') cache.deleteByTag('a')
      if (how === 'clear') cache.clear()
      if (how === 'POST')
        await cache.respond(
          new Request('http://shop.example/', { method: 'POST' }),
          () => new Response('done'),
        )
      gate.resolve()
      expect((await first).body).toBe('old')
      gives('new')
      expect((await get()).body).toBe('new')
      expect(seen.length).toBe(2)
    },
  )

  test('by a method that succeeds, of its URL and of those that it names', async () => {
    const { get, gives, cache, seen } = site()
    gives('x')
    for (const path of ['/a', '/b', '/c']) await get(path)
    const made = new Response(null, {
      status: 201,
      headers: { location: '/b', 'content-location': 'http://evil.example/c' },
    })
    await cache.respond(new Request('http://shop.example/a', { method: 'PUT', body: 'y' }), () => made)
    await cache.respond(
      new Request('http://shop.example/c', { method: 'DELETE' }),
      () => new Response(null, { status: 500 }),
    )
    for (const path of ['/a', '/b', '/c']) await get(path)
    expect(seen.length).toBe(5)
  })

  test('of a tenant leaves others alone', async () => {
    const { get, gives, cache, seen } = site({ namespace: (request) => request.field('x-tenant') })
    gives(
      (request) =>
        new Response(request.headers.get('x-tenant'), {
          headers: { 'cache-control': 'max-age=60', 'cache-tag': 't' },
        }),
    )
    const ask = async (tenant: string): Promise<string> =>
      (await get('/', { headers: { 'x-tenant': tenant } })).body
    expect([await ask('a'), await ask('b'), await ask('a')]).toEqual(['a', 'b', 'a'])
    cache.namespace('a').clear()
    await ask('b')
    expect(seen.length).toBe(2)
    await ask('a')
    cache.namespace('b').deleteByTag('t')
    await ask('a')
    expect(seen.length).toBe(3)
    expect(cache.namespace('a').delete('http://shop.example/')).toBe(true)
    cache.deleteByTag('t')
    await ask('b')
    expect(seen.length).toBe(4)
  })
})

describe('past its lifetime', () => {
  test('a response is sent at once while one run of the handler renews it', async () => {
    const { get, gives, advance, seen, work } = site({ staleWhileRevalidate: '1m' })
    gives('one')
    await get()
    advance(70_000)
    const gate = deferred<void>()
    gives(async () => {
      await gate.promise
      return new Response('two', { headers: { 'cache-control': 'max-age=60' } })
    })
    expect(await get()).toMatchObject({ body: 'one', says: 'hit; ttl=-10' })
    expect(await get()).toMatchObject({ body: 'one' })
    expect(seen.length).toBe(2)
    gate.resolve()
    await Promise.all(work)
    expect(await get()).toMatchObject({ body: 'two', says: 'hit; ttl=60' })
  })

  test('a refresh that fails is told to onError, and the next request runs the handler again', async () => {
    const { get, gives, advance, errors, work, seen } = site({ staleWhileRevalidate: '1m' })
    gives('one')
    await get()
    advance(70_000)
    gives(() => Promise.reject(new Error('down')))
    expect((await get()).body).toBe('one')
    await Promise.all(work)
    expect(errors).toEqual([new Error('down')])
    gives('two')
    await get()
    await Promise.all(work)
    expect(seen.length).toBe(3)
    expect((await get()).body).toBe('two')
  })

  test.each(['throws', 'answers 503'])(
    'a response stands in for a handler that %s, for as long as allowed',
    async (how) => {
      const { get, gives, advance } = site()
      gives('one', { 'cache-control': 'max-age=60, stale-if-error=600' })
      await get()
      advance(120_000)
      gives(() => {
        if (how === 'throws') throw new Error('down')
        return new Response('sorry', { status: 503 })
      })
      expect(await get()).toMatchObject({
        status: 200,
        body: 'one',
        says: 'hit; ttl=-60; detail=stale-if-error',
      })
      advance(HOUR)
      if (how === 'throws') await expect(get()).rejects.toThrow('down')
      else expect(await get()).toMatchObject({ status: 503, body: 'sorry' })
    },
  )
})

describe('bounds', () => {
  test('a body past the bound is sent whole and not stored', async () => {
    const { get, gives, seen, cache } = site({ maxBodyBytes: 1000 })
    gives(() => {
      const chunks = Array.from({ length: 11 }, () => new Uint8Array(100).fill(65))
      const body = new ReadableStream({
        pull(controller) {
          const chunk = chunks.shift()
          if (chunk === undefined) controller.close()
          else controller.enqueue(chunk)
        },
      })
      return new Response(body, { headers: { 'cache-control': 'max-age=60' } })
    })
    expect((await get()).body.length).toBe(1100)
    expect((await get()).body.length).toBe(1100)
    expect(seen.length).toBe(2)
    expect(cache.stats().bytes).toBeLessThan(1000)
  })

  test('the whole stays within its bytes, whatever is asked for', async () => {
    const { get, gives, cache } = site({ maxBytes: '100kb' })
    gives('x'.repeat(1000))
    for (let i = 0; i < 500; i++) {
      await get(`/${i}`)
      expect(cache.stats().bytes).toBeLessThanOrEqual(100 * 1024)
    }
    expect(cache.stats().size).toBeGreaterThan(50)
  })

  test('a body shorter than its Content-Length is not stored', async () => {
    const { get, gives, seen } = site()
    gives('cut', { 'content-length': '10' })
    await get()
    await get()
    expect(seen.length).toBe(2)
  })
})

describe('settings', () => {
  test.each<[string, unknown]>([
    ['maxBytes', { maxBytes: 'much' }],
    ['maxBodyBytes', { maxBodyBytes: 0 }],
    ['ttl', { ttl: '1 hour' }],
    ['cookies', { cookies: 'session' }],
    ['vary', { vary: [1] }],
    ['key', { key: 'url' }],
    ['cacheStatus', { cacheStatus: 'a b' }],
    ['waitTimeout', { waitTimeout: -1 }],
    ["did you mean 'maxBytes'", { maxByte: 1 }],
  ])('names what is wrong: %s', (message, options) => {
    expect(() => new ResponseCache(options as ResponseCacheOptions)).toThrow(message)
  })

  test('an address that is none is refused', () => {
    expect(() => new ResponseCache().delete('/prices')).toThrow(
      "url: expected an absolute URL such as 'https://shop.example/prices', got '/prices'",
    )
  })

  test('a key of their own, or none', async () => {
    const { get, gives, seen, cache } = site({
      key: (request) => (request.path.startsWith('/live') ? undefined : request.path.split('?')[0]),
    })
    gives('x')
    await get('/a?1')
    await get('/a?2')
    expect(seen.length).toBe(1)
    await get('/live')
    await get('/live')
    expect(seen.length).toBe(3)
    expect(cache.delete('/a')).toBe(true)
  })

  test('a key that fails is told to onError, and the request is served without the cache', async () => {
    const { get, gives, errors, seen } = site({
      key: () => {
        throw new Error('no key')
      },
    })
    gives('x')
    expect((await get()).body).toBe('x')
    expect((await get()).body).toBe('x')
    expect(errors).toEqual([new Error('no key'), new Error('no key')])
    expect(seen.length).toBe(2)
  })

  test('after close every request goes to its handler', async () => {
    const { get, gives, seen, cache } = site()
    gives('x')
    await get()
    cache.close()
    cache.close()
    await get()
    await get()
    expect(seen.length).toBe(3)
  })
})

import { dashboard, localOnly } from 'nearcache/dashboard'
import { describe, expect, test, vi } from 'vitest'
import type { DashboardOptions } from '../../../src/observe/dashboard/options.ts'
import { hostile, made, own, served } from './support.ts'

describe('25. authorise', () => {
  test('is required: without it construction throws a TypeError that shows an example', () => {
    for (const options of [undefined, {}, { actions: true }, null])
      expect(() => dashboard(options as never)).toThrow(
        /^authorise: expected a function[\s\S]*dashboard\(\{ authorise:[\s\S]*localOnly/,
      )
    expect(() => dashboard({ authorise: true } as never)).toThrow('authorise: expected a function, got true')
  })

  test('wrong options are refused by name, and nothing is served', () => {
    const wrong: [object, string][] = [
      [{ action: true }, 'dashboard.action: there is no such option'],
      [
        { actions: ['drop'] },
        "actions: expected true, false, or a list of 'delete', 'clear' and 'resize', got an array",
      ],
      [{ values: 'yes' }, "values: expected true or false, got 'yes'"],
      [{ keys: 'secret' }, "keys: expected 'plain' or 'hashed', got 'secret'"],
      [{ base: 'caches' }, "base: expected a path such as '/caches', got 'caches'"],
      [{ caches: [1] }, 'caches: expected an array of caches, got 1'],
      [{ onAction: 1 }, 'onAction: expected a function, got 1'],
    ]
    for (const [options, message] of wrong)
      expect(() => dashboard({ authorise: () => true, ...options } as DashboardOptions)).toThrow(message)
  })

  test('is asked for every request, with what is wanted and who asks', async () => {
    const cache = made({ name: 'asked' })
    cache.set('k', 1)
    const asked: string[] = []
    const { get, post } = served({
      actions: true,
      values: true,
      authorise: (_request, action, visitor) => {
        asked.push(`${action} ${visitor.address}`)
        return true
      },
    })
    for (const path of ['', 'app.js', 'app.css', 'state', 'entries?cache=asked', 'nothing'])
      await get(path, {}, { address: '10.0.0.1' })
    for (const action of ['reveal', 'delete', 'resize'])
      await post(
        { action, cache: 'asked', key: 'k', bounds: { maxEntries: 10 } },
        {},
        { address: '10.0.0.2' },
      )
    await post({ action: 'clear', cache: 'asked', confirm: 'asked' }, {}, { address: '10.0.0.2' })
    expect(asked).toEqual([
      ...Array.from({ length: 6 }, () => 'view 10.0.0.1'),
      ...['reveal', 'delete', 'resize', 'clear'].flatMap((action) => ['view 10.0.0.2', `${action} 10.0.0.2`]),
    ])
  })

  test('false is 403 with nothing about caches, for whatever is asked', async () => {
    made({ name: 'secret-cache' })
    const { get, post } = served({ authorise: () => false, actions: true })
    for (const path of ['', 'app.js', 'state', 'entries?cache=secret-cache', 'nothing']) {
      const response = await get(path)
      expect([response.status, await response.text()]).toEqual([403, 'Forbidden'])
    }
    const response = await post({ action: 'clear', cache: 'secret-cache', confirm: 'secret-cache' })
    expect([response.status, await response.text()]).toEqual([403, 'Forbidden'])
  })

  test('who may look and not act gets 403, and nothing is done', async () => {
    const cache = made({ name: 'looked-at' })
    cache.set('k', 1)
    const { post } = served({ actions: true, authorise: (_request, action) => action === 'view' })
    expect((await post({ action: 'delete', cache: 'looked-at', key: 'k' })).status).toBe(403)
    expect(cache.has('k')).toBe(true)
  })

  test('a Response is passed on as it is', async () => {
    const { get } = served({
      authorise: async () => new Response(null, { status: 303, headers: { location: '/login' } }),
    })
    const response = await get('state')
    expect([response.status, response.headers.get('location')]).toEqual([303, '/login'])
  })

  test('what it throws is 500 and a fault, and what it returns besides is no permission', async () => {
    for (const [authorise, message] of [
      [() => Promise.reject(new Error('no database')), 'no database'],
      [() => undefined, 'authorise: expected true, false or a Response'],
      [() => 1, 'authorise: expected true, false or a Response'],
    ] as const) {
      const onError = vi.fn()
      const { get } = served({ authorise: authorise as never, onError })
      const response = await get('state')
      expect([response.status, await response.text()]).toEqual([500, 'The dashboard has failed.'])
      expect(onError).toHaveBeenCalledWith(
        expect.objectContaining({ message }),
        expect.objectContaining({ kind: 'dashboard', cache: 'dashboard' }),
      )
    }
  })

  test('localOnly admits who sits at this machine, and nobody else', async () => {
    const { get } = served({ authorise: localOnly })
    const status = async (
      address: string | undefined,
      headers: Record<string, string> = {},
    ): Promise<number> => (await get('', { host: 'localhost:3000', ...headers }, { address })).status
    for (const address of ['127.0.0.1', '127.8.8.8', '::1', '::ffff:127.0.0.1'])
      expect(await status(address), address).toBe(200)
    for (const address of [
      undefined,
      '',
      '10.0.0.1',
      '::ffff:10.0.0.1',
      '1270.0.0.1',
      '127.0.0.1.example.com',
    ])
      expect(await status(address), address).toBe(403)
    for (const host of ['[::1]:80', '127.0.0.1', 'shop.localhost:8080'])
      expect(await status('::1', { host }), host).toBe(200)
    // A name that a stranger has given this machine's address to.
    for (const host of ['rebound.example', 'localhost.example', '127.0.0.1.nip.io', '10.0.0.1'])
      expect(await status('127.0.0.1', { host }), host).toBe(403)
    for (const header of ['forwarded', 'x-forwarded-for', 'via'])
      expect(await status('127.0.0.1', { [header]: '127.0.0.1' }), header).toBe(403)
  })
})

describe('26. actions', () => {
  test('are not there by default: their routes answer 404, and the page is told of none', async () => {
    const cache = made({ name: 'untouched' })
    cache.set('k', 1)
    const { act, state } = served()
    for (const action of ['delete', 'clear', 'resize', 'reveal'] as const) {
      const response = await act({
        action,
        cache: 'untouched',
        key: 'k',
        confirm: 'untouched',
        bounds: { maxEntries: 1 },
      })
      expect(response.status).toBe(404)
    }
    expect(cache.get('k')).toBe(1)
    expect((await state()).may).toMatchObject({ actions: [], values: false })
  })

  test('are those of the list, and no others', async () => {
    const cache = made({ name: 'listed-actions' })
    cache.set('k', 1)
    const { act, state } = served({ actions: ['delete'] })
    expect((await state()).may.actions).toEqual(['delete'])
    expect((await act({ action: 'clear', cache: 'listed-actions', confirm: 'listed-actions' })).status).toBe(
      404,
    )
    expect(await (await act({ action: 'delete', cache: 'listed-actions', key: 'k' })).json()).toMatchObject({
      done: true,
    })
    expect(cache.has('k')).toBe(false)
  })

  test('act through the cache, are told to onAction, and say which process has done them', async () => {
    const onAction = vi.fn()
    const cache = made({ name: 'acted-on', maxEntries: 50 })
    const { act, state } = served({ actions: true, onAction })
    const { instance } = await state()
    cache.set(7, 'seven')
    cache.namespace('inner').set('k', 1)
    expect(await (await act({ action: 'delete', cache: 'acted-on', key: 7 })).json()).toEqual({
      instance: instance.id,
      done: true,
    })
    expect(await (await act({ action: 'delete', cache: 'acted-on', key: '7' })).json()).toMatchObject({
      done: false,
    })
    await act({ action: 'resize', cache: 'acted-on', bounds: { maxEntries: 20 } })
    expect(cache.stats().maxEntries).toBe(20)
    cache.set('outer', 1)
    await act({ action: 'clear', cache: 'acted-on', path: ['inner'], confirm: 'acted-on' })
    expect([cache.namespace('inner').size, cache.size]).toEqual([0, 1])
    await act({ action: 'clear', cache: 'acted-on', confirm: 'acted-on' })
    expect(cache.size).toBe(0)
    expect(
      onAction.mock.calls.map(([{ action, cache, key, bounds }]) => ({ action, cache, key, bounds })),
    ).toEqual([
      { action: 'delete', cache: 'acted-on', key: 7, bounds: undefined },
      { action: 'delete', cache: 'acted-on', key: '7', bounds: undefined },
      { action: 'resize', cache: 'acted-on', key: undefined, bounds: { maxEntries: 20 } },
      { action: 'clear', cache: 'acted-on', key: undefined, bounds: undefined },
      { action: 'clear', cache: 'acted-on', key: undefined, bounds: undefined },
    ])
    expect(onAction.mock.calls[0]![0].request).toBeInstanceOf(Request)
  })

  test('clear asks for the name of the cache, typed to the letter', async () => {
    const cache = made({ name: 'Confirmed' })
    cache.set('k', 1)
    const { act } = served({ actions: true })
    for (const confirm of [undefined, '', 'confirmed', 'Confirmed '])
      expect(
        (await act({ action: 'clear', cache: 'Confirmed', ...(confirm !== undefined && { confirm }) }))
          .status,
      ).toBe(400)
    expect(cache.size).toBe(1)
  })

  test('what is not understood is refused in words, and changes nothing', async () => {
    const cache = made({ name: 'unchanged', maxEntries: 10 })
    cache.set('k', 1)
    const { post } = served({ actions: true, values: true })
    const wrong: [unknown, number][] = [
      ['{', 400],
      ['null', 400],
      [[], 400],
      [{ action: 'drop', cache: 'unchanged' }, 400],
      [{ action: 'toString', cache: 'unchanged' }, 400],
      [{ action: 'delete', cache: 'unchanged' }, 400],
      [{ action: 'delete', cache: 'unchanged', key: { toString: 1 } }, 400],
      [{ action: 'delete', cache: 'unchanged', key: { bigint: 'x' } }, 400],
      [{ action: 'delete', cache: 'unchanged', key: 'k', path: ['none'] }, 404],
      [{ action: 'delete', cache: '__proto__', key: 'k' }, 404],
      [{ action: 'resize', cache: 'unchanged' }, 400],
      [{ action: 'resize', cache: 'unchanged', bounds: { maxEntries: 0 } }, 400],
      [{ action: 'resize', cache: 'unchanged', bounds: { maxEntries: '5' } }, 400],
      [{ action: 'resize', cache: 'unchanged', bounds: { maxWeight: 5 } }, 400],
      [`{"action":"delete","cache":"${'x'.repeat(600_000)}"}`, 413],
    ]
    for (const [body, status] of wrong) {
      const response = await post(body)
      expect(response.status, JSON.stringify(body).slice(0, 100)).toBe(status)
      expect(await response.text()).toMatch(/\.$|expected/)
    }
    expect([cache.get('k'), cache.stats().maxEntries]).toEqual([1, 10])
  })

  test('an onAction that throws is a fault, and the action is done', async () => {
    const onError = vi.fn()
    const cache = made({ name: 'audited' })
    cache.set('k', 1)
    const { act } = served({
      actions: true,
      onError,
      onAction() {
        throw new Error('disk full')
      },
    })
    expect((await act({ action: 'delete', cache: 'audited', key: 'k' })).status).toBe(200)
    expect(onError).toHaveBeenCalledOnce()
    expect(cache.has('k')).toBe(false)
  })
})

describe('27. requests of other sites', () => {
  const body = { action: 'delete', cache: 'forged', key: 'k' }
  const without = (name: string): Record<string, string> => {
    const { [name]: _, ...rest } = own
    return rest
  }
  const posted = (headers: Record<string, string>): Promise<Response> =>
    served({ actions: true }).handler(
      new Request('http://shop.example:8080/action', {
        method: 'POST',
        headers: { host: 'shop.example:8080', ...headers },
        body: JSON.stringify(body),
      }),
    )

  test('are refused without the header that needs a preflight, and without JSON', async () => {
    const cache = made({ name: 'forged' })
    cache.set('k', 1)
    expect((await posted(without('nearcache-action'))).status).toBe(403)
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data',
      'text/plain; application/json',
      '',
    ])
      expect((await posted({ ...own, 'content-type': type })).status, type).toBe(403)
    expect(cache.get('k')).toBe(1)
  })

  test('are refused where Sec-Fetch-Site is not same-origin, whatever Origin says', async () => {
    const cache = made({ name: 'forged' })
    cache.set('k', 1)
    for (const site of ['cross-site', 'same-site', 'none', ''])
      expect(
        (await posted({ ...own, 'sec-fetch-site': site, origin: 'http://shop.example:8080' })).status,
        site,
      ).toBe(403)
    expect(cache.get('k')).toBe(1)
  })

  test('without Sec-Fetch-Site need an Origin whose host is that of the page', async () => {
    const cache = made({ name: 'forged' })
    cache.set('k', 1)
    const rest = without('sec-fetch-site')
    for (const origin of [
      'http://evil.example',
      'http://shop.example',
      'http://shop.example:80',
      'null',
      '',
      'shop.example:8080',
    ])
      expect((await posted({ ...rest, origin })).status, origin).toBe(403)
    expect((await posted(rest)).status).toBe(403)
    expect(cache.get('k')).toBe(1)
    expect((await posted({ ...rest, origin: 'http://shop.example:8080' })).status).toBe(200)
    expect(cache.has('k')).toBe(false)
  })

  test('get no answer to a preflight, and reading changes nothing', async () => {
    const { handler, get } = served({ actions: true })
    const preflight = await handler(
      new Request('http://localhost/action', {
        method: 'OPTIONS',
        headers: { origin: 'http://evil.example', 'access-control-request-method': 'POST' },
      }),
    )
    expect(preflight.status).toBe(405)
    expect([...preflight.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([])
    expect((await get('action?action=clear')).status).toBe(405)
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH'])
      expect((await handler(new Request('http://localhost/state', { method }))).status).toBe(405)
  })
})

describe('28. answers', () => {
  test('all bear the headers of a strict page, refusals and failures included', async () => {
    made({ name: 'shown' })
    const { get, post } = served()
    const failing = served({ authorise: () => Promise.reject(new Error('x')), onError() {} })
    const answers = [
      ...(await Promise.all(
        ['', 'app.js', 'app.css', 'state', 'entries?cache=shown', 'nothing'].map((path) => get(path)),
      )),
      await post({}),
      await served({ authorise: () => false }).get(''),
      await failing.get(''),
    ]
    for (const { headers } of answers) {
      expect(headers.get('content-security-policy')).toBe(
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
      )
      expect(headers.get('x-content-type-options')).toBe('nosniff')
      expect(headers.get('referrer-policy')).toBe('no-referrer')
      expect(headers.get('cache-control')).toMatch(/^(no-store|private, no-cache)$/)
      expect(headers.get('set-cookie')).toBeNull()
    }
  })

  test('the page has no script or style of its own in it, and names nothing elsewhere', async () => {
    const { get } = served()
    const html = await (await get('')).text()
    expect(html).not.toMatch(/<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=/)
    const links = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, link]) => link!)
    expect(links.filter((link) => !/^(app\.(js|css)$|data:image\/svg\+xml,)/.test(link))).toEqual([])
    const script = await (await get('app.js')).text()
    expect(script).not.toMatch(
      /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function|https?:(?!\/\/www\.w3\.org\/2000\/svg)|\.style\b|setAttribute\("style/,
    )
    expect(await (await get('app.css')).text()).not.toMatch(/url\(|@import|https?:/)
  })

  test('script and style are asked for again by their ETag', async () => {
    const { get } = served()
    for (const path of ['app.js', 'app.css']) {
      const etag = (await get(path)).headers.get('etag')!
      const again = await get(path, { 'if-none-match': etag })
      expect([again.status, await again.text(), again.headers.get('etag')]).toEqual([304, '', etag])
      expect((await get(path, { 'if-none-match': '"other"' })).status).toBe(200)
    }
  })

  test('a path without its slash at the end leads to the page, and what is outside is not there', async () => {
    const { handler } = served({ base: '/admin/caches' })
    const status = async (path: string) => {
      const response = await handler(new Request(`http://localhost${path}`))
      return [response.status, response.headers.get('location')]
    }
    expect(await status('/admin/caches')).toEqual([302, 'caches/'])
    expect(await status('/admin/caches/')).toEqual([200, null])
    expect(await status('/admin/caches/state')).toEqual([200, null])
    for (const path of ['/', '/admin', '/admin/cachesx/', '/admin/caches/../state', '/admin/caches/x/state'])
      expect(await status(path), path).toEqual([404, null])
  })
})

describe('35. what comes from the application', () => {
  test('is told as it is, in JSON, whatever is in it; and acted on by itself alone', async () => {
    const { state, entries, act } = served({ actions: true, values: true })
    for (const text of hostile) {
      const cache = made({ name: text })
      cache.set(text, { [text]: text }, { tags: [text.slice(0, 500)] })
      cache.set(`${text}2`, 1)
      const seen = await state()
      expect(seen.caches.map(({ name }) => name)).toContain(text)
      expect(seen.details).toBeUndefined()
      const response = await act({ action: 'reveal', cache: text, key: text })
      expect(await response.json()).toMatchObject({ done: true })
      const { cache: named, entries: found } = await entries(text, text)
      expect(named).toBe(text)
      expect(found.map(({ key }) => key)).toEqual(
        [text, `${text}2`].map((key) => ({ text: key, kind: 'string', ref: key })),
      )
      expect(found[0]!.tags).toEqual([text.slice(0, 500)])
      expect(await (await act({ action: 'delete', cache: text, key: text })).json()).toMatchObject({
        done: true,
      })
      expect([cache.has(text), cache.has(`${text}2`)]).toEqual([false, true])
    }
  })
})

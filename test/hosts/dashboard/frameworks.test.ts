import { Cache } from 'nearcache'
import { localOnly } from 'nearcache/dashboard'
import { afterEach, describe, expect, test } from 'vitest'
import type { DashboardOptions } from '../../../src/observe/dashboard/options.ts'
import type { State } from '../../../src/observe/dashboard/wire.ts'
import { servers } from './servers.ts'

let close = async (): Promise<void> => {}
afterEach(() => close())

describe.each(Object.entries(servers))('24. the dashboard in %s, under a prefix', (name, serve) => {
  async function open(options: DashboardOptions) {
    const served = await serve(options)
    close = served.close
    const get = (path: string, init?: RequestInit) =>
      fetch(`${served.url}/admin/caches${path}`, { redirect: 'manual', ...init })
    return { ...served, get }
  }

  test('is found with and without the slash at its end, with script, style and state beside it', async () => {
    const { get, url } = await open({ authorise: localOnly })
    const without = await get('')
    expect([without.status, without.headers.get('location')]).toEqual([302, 'caches/'])
    const page = await get('/')
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8')
    expect(page.headers.get('content-security-policy')).toMatch("default-src 'none'")
    expect(await page.text()).toMatch('<script type="module" src="app.js">')
    const script = await get('/app.js')
    expect(script.headers.get('content-type')).toBe('text/javascript; charset=utf-8')
    expect((await get('/app.js', { headers: { 'if-none-match': script.headers.get('etag')! } })).status).toBe(
      304,
    )
    expect(((await (await get('/state')).json()) as State).instance.pid).toBe(process.pid)
    expect((await get('/nothing')).status).toBe(404)
    expect(await (await fetch(`${url}/`)).text()).toBe('shop')
  })

  test('does what is asked for, whatever has read the body before', async () => {
    const cache = new Cache<string, number>({ name: `of ${name}` })
    cache.set('ключ', 1)
    const { get, url } = await open({ authorise: localOnly, actions: ['delete'] })
    const post = (
      headers: Record<string, string>,
      body: object = { action: 'delete', cache: cache.name, key: 'ключ' },
    ) => get('/action', { method: 'POST', headers, body: JSON.stringify(body) })
    const own = { 'content-type': 'application/json', 'nearcache-action': '1', origin: url }
    for (const headers of [
      { ...own, origin: 'http://evil.example' },
      { ...own, 'sec-fetch-site': 'cross-site' },
      { 'content-type': 'application/json', origin: url },
      { 'content-type': 'text/plain', 'nearcache-action': '1', origin: url },
    ])
      expect((await post(headers)).status).toBe(403)
    expect(cache.has('ключ')).toBe(true)
    const response = await post(own)
    expect([response.status, await response.json()]).toMatchObject([200, { done: true }])
    expect(cache.has('ключ')).toBe(false)
    expect((await post(own, { action: 'clear', cache: cache.name, confirm: cache.name })).status).toBe(404)
    cache.close()
  })

  test("tells authorise of the framework's own request, and of the address", async () => {
    const contexts: unknown[] = []
    const { get } = await open({
      authorise: (_request, _action, { context, address }) => {
        contexts.push(context)
        return /127\.0\.0\.1$/.test(address ?? '')
      },
    })
    expect((await get('/', { headers: { cookie: 'session=1' } })).status).toBe(200)
    const [context] = contexts as {
      headers?: { cookie?: string }
      req?: { headers?: { cookie?: string }; header?: (name: string) => string }
    }[]
    const cookie =
      context!.headers?.cookie ?? context!.req?.headers?.cookie ?? context!.req?.header?.('cookie')
    expect(cookie).toBe('session=1')
    expect((await get('/', { headers: { 'x-forwarded-for': '10.0.0.1' } })).status).toBe(200)
  })
})

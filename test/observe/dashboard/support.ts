import { Cache } from 'nearcache'
import { dashboard } from 'nearcache/dashboard'
import { afterEach } from 'vitest'
import type { DashboardOptions, Visitor } from '../../../src/observe/dashboard/options.ts'
import { type ActionRequest, type Entries, escaped, type State } from '../../../src/observe/dashboard/wire.ts'

/** Names, keys and tags as nobody would wish for them. */
export const hostile: readonly string[] = [
  '<img src=x onerror=alert(1)>',
  '</script><script>alert(1)</script>',
  '"\' onmouseover=alert(1) x="',
  'javascript:alert(1)',
  '\ud800 alone',
  '\u202egnp.exe',
  '\u0000\u0007\u001b[31m',
  '%2e%2e/..\\#?&=',
  '__proto__',
  'k'.repeat(10_000),
]

const opened: Cache[] = []

/** A cache that is closed after the test. */
export function made(options: ConstructorParameters<typeof Cache>[0]): Cache {
  const cache = new Cache(options)
  opened.push(cache)
  return cache
}

afterEach(() => {
  for (const cache of opened.splice(0)) cache.close()
})

/** A dashboard that lets everybody in, and what it answers. */
export function served(options: Partial<DashboardOptions> = {}) {
  const handler = dashboard({ authorise: () => true, ...options })
  const get = (path: string, headers: Record<string, string> = {}, visitor?: Visitor): Promise<Response> =>
    handler(new Request(`http://localhost/${path}`, { headers }), visitor)
  const state = async (query = ''): Promise<State> => (await get(`state${query}`)).json() as Promise<State>
  const entries = async (cache: string, find = '', after = 0): Promise<Entries> =>
    (
      await get(
        `entries?${new URLSearchParams({ cache: escaped(cache), find: escaped(find), after: String(after) })}`,
      )
    ).json() as Promise<Entries>
  const post = (body: unknown, headers: Record<string, string> = {}, visitor?: Visitor): Promise<Response> =>
    handler(
      new Request('http://localhost/action', {
        method: 'POST',
        headers: { ...own, ...headers },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      }),
      visitor,
    )
  const act = (request: ActionRequest): Promise<Response> => post(request)
  return { handler, get, state, entries, post, act }
}

/** What the page sends with an action. */
export const own: Record<string, string> = {
  'content-type': 'application/json',
  'nearcache-action': '1',
  'sec-fetch-site': 'same-origin',
}

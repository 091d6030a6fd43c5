import { storeOf } from '../../cache.ts'
import { Faults } from '../../engine/faults.ts'
import { isThenable } from '../../engine/removal.ts'
import { Refusal, readAction } from './actions.ts'
import { findEntries } from './entries.ts'
import { processHistory } from './history.ts'
import { instance, isWorker } from './instance.ts'
import {
  type DashboardAction,
  type DashboardOptions,
  type DashboardSettings,
  resolveDashboardOptions,
  type Visitor,
} from './options.ts'
import { files } from './page.ts'
import { forgery } from './requests.ts'
import { shownCaches, stateOf } from './state.ts'
import { type ActionResult, unescaped } from './wire.ts'

/** Answers a request of the web's kind. Never rejects. */
export type DashboardHandler = (request: Request, visitor?: Visitor) => Promise<Response>

/** The longest body of an action, in characters. */
const LONGEST_BODY = 500_000

const HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
}

/**
 * A page that shows the caches of this process: what each is worth, whether it is too small, and what is wrong. One handler of requests of
 * the web's kind, for whatever takes one; entries such as `nearcache/dashboard/express` fit it to frameworks. `authorise` is required and
 * asked for every request. Throws a TypeError for wrong options.
 */
export function dashboard(options: DashboardOptions): DashboardHandler {
  const settings = resolveDashboardOptions(options)
  const faults = new Faults({ label: 'dashboard' }, settings.onError)
  const history = processHistory()

  const answer = async (request: Request, visitor: Visitor): Promise<Response> => {
    const route = routeOf(request, visitor.base ?? settings.base)
    const mayView = await permission(settings, request, 'view', visitor)
    if (mayView !== true) return mayView
    if (route === undefined) return text(404, 'There is nothing here.')
    const { method } = request
    if (route.name === 'action') {
      if (method !== 'POST') return text(405, 'Actions are posted.', { allow: 'POST' })
      return act(request, visitor)
    }
    if (method !== 'GET' && method !== 'HEAD')
      return text(405, 'The page is only read.', { allow: 'GET, HEAD' })
    if (route.redirect !== undefined) return text(302, '', { location: route.redirect })
    const file = files.get(route.name)
    if (file !== undefined) return fileOf(request, file)
    const query = new URL(request.url).searchParams
    if (route.name === 'state') return json(stateOf(settings, history, stateRequest(query)))
    if (route.name === 'entries') return entries(query)
    return text(404, 'There is nothing here.')
  }

  const entries = (query: URLSearchParams): Response => {
    const name = unescaped(query.get('cache') ?? '')
    const cache = shownCaches(settings).get(name ?? '')
    if (name === undefined || cache === undefined) return text(404, 'There is no such cache in this process.')
    const { keys } = settings
    const find = keys === 'hashed' ? '' : (unescaped(query.get('find') ?? '') ?? '')
    const found = findEntries(storeOf(cache), { find, after: whole(query.get('after')) ?? 0, keys })
    return json({ instance: instance.id, cache: name, ...found })
  }

  const act = async (request: Request, visitor: Visitor): Promise<Response> => {
    const why = forgery(request)
    if (why !== undefined) return text(403, why)
    const given = visitor.body ?? (await bodyOf(request))
    const body = typeof given === 'string' ? parsed(given) : given
    const action = readAction(body, settings, shownCaches(settings))
    const mayAct = await permission(settings, request, action.kind, visitor)
    if (mayAct !== true) return mayAct
    const { done } = action
    const report = (error: unknown): void =>
      faults.report('dashboard', error, ...('key' in done ? [done.key] : []))
    let result: ActionResult
    try {
      result = await action.run()
    } catch (error) {
      if (error instanceof Refusal) throw error
      report(error)
      return failed()
    }
    try {
      const told: unknown = settings.onAction?.({ request, visitor, ...done })
      if (isThenable(told)) Promise.resolve(told).catch(report)
    } catch (error) {
      report(error)
    }
    return json(result)
  }

  return async (request, visitor = {}) => {
    try {
      return await answer(request, visitor)
    } catch (error) {
      if (error instanceof Refusal) return text(error.status, error.message)
      faults.report('dashboard', error)
      return failed()
    }
  }
}

function failed(): Response {
  return text(500, 'The dashboard has failed.')
}

/** True, or the answer of somebody who may not. */
async function permission(
  { authorise }: DashboardSettings,
  request: Request,
  action: DashboardAction,
  visitor: Visitor,
): Promise<true | Response> {
  const may: unknown = await authorise(request, action, visitor)
  if (may === true) return true
  if (may instanceof Response) return may
  if (may === false) return text(403, 'Forbidden')
  throw new TypeError('authorise: expected true, false or a Response')
}

interface RouteName {
  readonly name: string
  /** Where the page is; for a path without the slash at its end. */
  readonly redirect?: string
}

/** What is meant by the path of a request, of which `base` is the part before; undefined outside of it. */
function routeOf(request: Request, base: string): RouteName | undefined {
  const { pathname } = new URL(request.url)
  const root = base.endsWith('/') ? base : `${base}/`
  if (pathname === root.slice(0, -1))
    return { name: '', redirect: `${root.slice(root.slice(0, -1).lastIndexOf('/') + 1)}` }
  return pathname.startsWith(root) ? { name: pathname.slice(root.length) } : undefined
}

function stateRequest(query: URLSearchParams): Parameters<typeof stateOf>[2] {
  const mine = (query.get('since') ?? '').split(',').find((one) => one.startsWith(`${instance.id}.`))
  const [, minute, from] = mine?.split('.') ?? []
  return {
    minute: whole(minute),
    cache: unescaped(query.get('cache') ?? ''),
    from: whole(from) ?? 0,
    unfolded: query
      .getAll('spaces')
      .slice(0, 20)
      .flatMap((name) => unescaped(name) ?? []),
  }
}

function whole(value: string | null | undefined): number | undefined {
  return value !== null && value !== undefined && /^\d{1,15}$/.test(value) ? Number(value) : undefined
}

async function bodyOf(request: Request): Promise<string> {
  const reader = request.body?.pipeThrough(new TextDecoderStream()).getReader()
  let body = ''
  if (reader === undefined) return body
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    body += part.value
    if (body.length > LONGEST_BODY) {
      await reader.cancel()
      throw new Refusal(413, 'The action is too long.')
    }
  }
  return body
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    throw new Refusal(400, 'body: expected JSON')
  }
}

function fileOf(
  request: Request,
  { type, body, etag }: { type: string; body: string; etag: string },
): Response {
  const isPage = type.startsWith('text/html')
  const headers = {
    'content-type': type,
    ...(isPage ? {} : { etag, 'cache-control': 'private, no-cache' }),
  }
  const known = request.headers.get('if-none-match')
  if (!isPage && known?.split(',').some((one) => one.trim().replace(/^W\//, '') === etag))
    return respond(304, null, headers)
  return respond(200, request.method === 'HEAD' ? null : body, headers)
}

function json(body: unknown): Response {
  // A connection that is kept would lead to one process of a cluster again and again, and the others would not be seen.
  const close = isWorker ? { connection: 'close' } : {}
  return respond(200, JSON.stringify(body), { 'content-type': 'application/json', ...close })
}

function text(status: number, body: string, headers: Readonly<Record<string, string>> = {}): Response {
  return respond(status, body, { 'content-type': 'text/plain; charset=utf-8', ...headers })
}

function respond(status: number, body: string | null, headers: Readonly<Record<string, string>>): Response {
  return new Response(body, { status, headers: { ...HEADERS, ...headers } })
}

import type { DashboardOptions } from './options.ts'

/** The header that an action has. A page of another origin can send it only after a preflight, which is never answered. */
export const ACTION_HEADER = 'nearcache-action'

/**
 * An `authorise` that admits requests that come from this machine, by its own name: the address at the other end of the connection, which
 * adapters tell, and the `Host` are those of the machine itself, and no proxy has passed the request on.
 */
export const localOnly: DashboardOptions['authorise'] = (request, _action, { address }) => {
  const { headers } = request
  if (headers.has('forwarded') || headers.has('x-forwarded-for') || headers.has('via')) return false
  return address !== undefined && isLoopback(address) && isLocalName(hostOf(request))
}

function isLoopback(address: string): boolean {
  return /^(::ffff:)?127(\.\d{1,3}){3}$/.test(address) || address === '::1'
}

/** A name that no server of names can give to another machine: what a page of another origin that was moved here would not have. */
function isLocalName(host: string): boolean {
  const name = host.replace(/:\d+$/, '').toLowerCase()
  return name === 'localhost' || name.endsWith('.localhost') || name === '[::1]' || isLoopback(name)
}

/** What is wrong with a request for an action; undefined where it comes from the page. */
export function forgery(request: Request): string | undefined {
  const { headers } = request
  if (!/^application\/json\s*(;|$)/i.test(headers.get('content-type') ?? ''))
    return 'content-type: expected application/json'
  if (headers.get(ACTION_HEADER) !== '1') return `${ACTION_HEADER}: expected 1`
  const site = headers.get('sec-fetch-site')
  if (site !== null) return site === 'same-origin' ? undefined : 'expected a request of the same origin'
  const origin = headers.get('origin')
  if (origin === null || !URL.canParse(origin)) return 'origin: expected that of the page'
  return new URL(origin).host === hostOf(request) ? undefined : 'origin: expected that of the page'
}

function hostOf(request: Request): string {
  return request.headers.get('host') ?? new URL(request.url).host
}

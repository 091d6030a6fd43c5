import { listed } from './fields.ts'

/** A request as the cache sees it. */
export interface RequestHead {
  readonly method: string
  /** `http` or `https`. */
  readonly scheme: string
  /** Host and port, as the client named them. */
  readonly host: string
  /** Path and query, exactly as sent. */
  readonly path: string
  /** Whether it brings a body. */
  readonly hasBody: boolean
  /** The value of a field by its lower-case name; several are joined as one. */
  field(name: string): string | undefined
}

/**
 * Request fields by which frameworks and proxies are told of another host, path, scheme or method than the request line's. A response
 * may depend on them, so they are always part of what tells responses apart, and nobody poisons the cache by them.
 */
export const ALWAYS_KEYED: readonly string[] = [
  'forwarded',
  'x-forwarded-host',
  'x-forwarded-server',
  'x-forwarded-proto',
  'x-forwarded-scheme',
  'x-forwarded-port',
  'x-forwarded-prefix',
  'x-host',
  'x-original-url',
  'x-rewrite-url',
  'x-http-method',
  'x-http-method-override',
  'x-method-override',
]

/** The key of a URL where the settings give none: host and path with query, exactly as sent. */
export function urlKey(request: RequestHead): string {
  return request.host.toLowerCase() + request.path
}

/** The same key from an absolute URL. */
export function keyOfUrl(url: string): string | undefined {
  if (!URL.canParse(url)) return undefined
  const { host, pathname, search } = new URL(url)
  return host === '' ? undefined : host + pathname + search
}

/** What tells the responses of one URL apart: the values of the fields that they vary by, in one string. */
export function variantOf(
  request: RequestHead,
  varies: readonly string[],
  cookies: readonly string[] | undefined,
): string {
  const values: (string | null)[] = [request.scheme]
  for (const name of ALWAYS_KEYED) {
    const value = request.field(name)
    if (value !== undefined) values.push(name, name === 'forwarded' ? routed(value) : value)
  }
  for (const name of varies) values.push(normalized(name, request.field(name)))
  if (cookies !== undefined && cookies.length > 0) values.push(...cookiesOf(request, cookies))
  return JSON.stringify(values)
}

/** What `Forwarded` says of host and scheme, without the addresses of clients and proxies. */
function routed(forwarded: string): string {
  return forwarded
    .split(/[;,]/)
    .map((pair) => pair.trim())
    .filter((pair) => /^(host|proto)=/i.test(pair))
    .join()
}

/** A field's value without what has no meaning: white space around members, and the order and case of encodings. */
function normalized(name: string, value: string | undefined): string | null {
  if (value === undefined) return null
  if (name === 'accept-encoding') return listed(value).sort().join()
  return value
    .split(',')
    .map((member) => member.trim())
    .join()
}

/** The values of some cookies of a request, in the order of their names. */
function cookiesOf(request: RequestHead, names: readonly string[]): (string | null)[] {
  const pairs = (request.field('cookie') ?? '').split(';').map((pair) => pair.trim())
  return names.map((name) => {
    const found = pairs.find((pair) => pair.startsWith(`${name}=`))
    return found === undefined ? null : found.slice(name.length + 1)
  })
}

import type { Exchange } from './exchange.ts'
import { type Route, type RouteOptions, resolveRoute } from './options.ts'
import type { ResponseCache } from './response-cache.ts'

/** The exchange that a request is part of, so that middleware of a route finds that of the whole application. */
const exchanges = new WeakMap<object, { readonly cache: ResponseCache; readonly exchange: Exchange }>()

/** A cache of responses where a middleware stands, with what that says of its responses. */
export class Mounted {
  readonly cache: ResponseCache
  readonly route: Route
  readonly #options: RouteOptions

  /** Throws for wrong options. */
  constructor(cache: ResponseCache, options: RouteOptions = {}) {
    this.cache = cache
    this.route = cache.route(options)
    this.#options = options
  }

  /** Whether a request is part of an exchange of this cache already. Then this only says what holds for its response. */
  joins(request: object): boolean {
    const outer = exchanges.get(request)
    if (outer?.cache !== this.cache) return false
    outer.exchange.route = resolveRoute(this.#options, outer.exchange.route)
    return true
  }

  /** Notes that a request is part of an exchange. */
  begin(request: object, exchange: Exchange): void {
    exchanges.set(request, { cache: this.cache, exchange })
  }
}

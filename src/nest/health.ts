import { Cache } from '../cache.ts'
import { type CacheHealth, health } from '../observe/health.ts'

/** What Terminus takes as the result of a check. */
export type NearcacheHealthResult = {
  readonly nearcache: {
    readonly status: 'up' | 'down'
    readonly caches: Readonly<Record<string, CacheHealth>>
  }
}

/**
 * A health indicator of the caches of `NearcacheModule`, to be injected: `healthCheckService.check([() => caches.check()])` with Terminus,
 * or by itself. Down is a cache that is closed, or whose loader fails while nothing stale is given instead; tiered caches are left out.
 */
export class NearcacheHealth {
  readonly #caches: readonly (readonly [name: string, cache: Cache])[]

  constructor(caches: Readonly<Record<string, unknown>>) {
    const local = Object.entries(caches).filter(([, cache]) => cache instanceof Cache)
    this.#caches = local as unknown as readonly (readonly [string, Cache])[]
  }

  /** How each cache does, by its name. Makes no call of its own. */
  check(): NearcacheHealthResult {
    const all = this.#caches.map(([name, cache]) => [name, health(cache)] as const)
    const status = all.every(([, { ok }]) => ok) ? 'up' : 'down'
    return { nearcache: { status, caches: Object.fromEntries(all) } }
  }
}

import { type Cache, openCache, storeOf } from '../cache.ts'
import { CacheError, describe } from '../errors.ts'
import { assertNames } from '../named/registry.ts'
import type { Settings } from '../options/options.ts'
import { defaultSerializer } from '../serialize.ts'
import { busTier } from './bus-tier.ts'
import type { RingBounds } from './follower.ts'
import { type Host, type OnFault, systemHost } from './host.ts'
import { openedTiers } from './listed.ts'
import { Near } from './near.ts'
import { plainTier } from './plain-tier.ts'
import { Protocol } from './protocol.ts'
import type { Tier } from './tier.ts'
import {
  isBus,
  type Resolved,
  resolveTieredOptions,
  type TieredOptions,
  type TieredSettings,
} from './tiered-options.ts'

/** What the caches of one name have in common: the local part, the state of the protocol, and what holds where a call says nothing. */
export interface Opened {
  readonly near: Near
  readonly protocol: Protocol
  readonly host: Host
  readonly settings: TieredSettings
  readonly ttl: number
  readonly ttlJitter: number
  readonly staleIfError: number
  readonly negativeTtl: number
  readonly refreshAhead: number | undefined
  readonly encodeKey: ((key: never) => string) | undefined
  /** Keys that live here under their encoding, by it. */
  readonly composites: Composites
  close(): Promise<void>
}

const opened = openedTiers()

/** What the machine is, for simulations, which open a cache for each of their processes. */
export interface Simulated {
  readonly host: Host
  readonly ring: RingBounds
}

/** Opens a cache, or joins the one of its name. Throws a TypeError or RangeError, or a CacheError `NAME_CONFLICT`. */
export function openTiered(options: TieredOptions, simulated?: Simulated): Opened {
  const resolved = resolveTieredOptions(options)
  const { settings, local } = resolved
  const there = simulated === undefined ? opened.get(settings.name) : undefined
  if (there !== undefined) assertJoins(settings, there.settings)
  // In any case the local options are those of the store of this name.
  const { name, ...nameless } = storeOptions(resolved)
  const root = openCache<unknown, unknown>(simulated === undefined ? { name, ...nameless } : nameless, name)
  if (there !== undefined) return there
  const { clock, faults } = storeOf(root)
  const onFault: OnFault = (...fault) => faults.report(...fault)
  const { ttl = 300_000, ttlJitter = 0, staleIfError = 0, staleWhileRevalidate = 0, negativeTtl = 0 } = local
  const near = new Near(root, staleIfError > 0 || staleWhileRevalidate > 0)
  const tier = openStore(options.remote, settings, () => clock.recent())
  const host = simulated?.host ?? systemHost
  const push = options.push === false ? undefined : (options.push ?? tier.push)
  const serializer = options.serializer ?? tier.serializer ?? defaultSerializer
  const protocol = new Protocol(near, settings, serializer, tier, push, host, clock, onFault, simulated?.ring)
  const made: Opened = {
    near,
    protocol,
    host,
    settings,
    ttl,
    ttlJitter,
    staleIfError,
    negativeTtl,
    refreshAhead: local.refreshAhead,
    encodeKey: options.encodeKey as ((key: never) => string) | undefined,
    composites: new Composites(),
    async close() {
      await protocol.close()
      if (opened.get(settings.name) === made) opened.delete(settings.name)
    },
  }
  if (simulated === undefined) opened.set(settings.name, made)
  return made
}

/** Throws the CacheError `NAME_CONFLICT` that opening one cache after the other would meet. */
export function assertOpens(all: readonly Resolved[]): void {
  const first = new Map<string, TieredSettings>()
  for (const { settings } of all) {
    const there = opened.get(settings.name)?.settings ?? first.get(settings.name)
    if (there === undefined) first.set(settings.name, settings)
    else assertJoins(settings, there)
  }
  assertNames(all.map(storeOptions))
}

/** What the local part is opened with. */
function storeOptions({ settings, local }: Resolved): Settings & { readonly name: string } {
  const { name, nearTtl } = settings
  return { ...local, ...(nearTtl !== Infinity && { ttl: nearTtl }), name: `tiered:${name}` }
}

function openStore(remote: TieredOptions['remote'], settings: TieredSettings, now: () => number): Tier {
  if ('open' in remote) return remote.open(settings.name, settings.serializer)
  return isBus(remote) ? busTier(remote, settings, now) : plainTier(remote, settings.name)
}

/** Functions are not compared, as a reloaded module brings new ones. */
function assertJoins(settings: TieredSettings, there: TieredSettings): void {
  for (const option of Object.keys(settings) as (keyof TieredSettings)[]) {
    const [asked, its] = [settings[option], there[option]]
    if (JSON.stringify(asked) === JSON.stringify(its) || asked === its) continue
    throw new CacheError(
      'NAME_CONFLICT',
      `${option}: the tiered cache ${describe(settings.name)} was opened with ${shown(its)}, cannot join it with ${shown(asked)}`,
    )
  }
}

function shown(value: unknown): string {
  return typeof value === 'object' ? JSON.stringify(value) : describe(value)
}

/** As many keys are remembered before those that are held no more are dropped. */
const MANY = 1000

/** The keys that live here under their encoding. */
export class Composites {
  readonly #keys = new Map<string, { readonly key: unknown; readonly space: Cache<unknown, unknown> }>()
  #most = MANY

  get(text: string): unknown {
    return this.#keys.get(text)?.key
  }

  note(text: string, key: unknown, space: Cache<unknown, unknown>): void {
    this.#keys.set(text, { key, space })
    if (this.#keys.size <= this.#most) return
    for (const [one, held] of this.#keys) if (one !== text && !held.space.has(one)) this.#keys.delete(one)
    this.#most = Math.max(MANY, 2 * this.#keys.size)
  }
}

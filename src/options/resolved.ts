import {
  checkLoad,
  checkTags,
  checkWrite,
  type LoadOptions,
  type ResolvedLoadSettings,
  resolveLoadSettings,
  type SetOptions,
  type Settings,
} from './options.ts'
import { milliseconds } from './units.ts'

/** What holds for one write, in milliseconds. */
export interface ResolvedWrite {
  /** More than a ttl. */
  readonly hasExtras: boolean
  /** 0 or less stores nothing. */
  readonly ttl: number
  readonly ttlJitter: number
  readonly tags: readonly string[] | undefined
  /** How long the value is kept past its deadline, for `getOrLoad` alone to see. */
  readonly grace: number
  /** The share of the lifetime after which a read refreshes; 0 for none. */
  readonly refreshAhead: number
}

/** What holds for one load, in milliseconds. */
export interface ResolvedLoad extends ResolvedWrite, ResolvedLoadSettings {
  readonly ttlOf: ((value: never, key: never) => unknown) | undefined
  readonly tagsOf: ((value: never, key: never) => unknown) | undefined
}

const DEFAULTS: ResolvedLoadSettings & { readonly ttl: number; readonly ttlJitter: number } = {
  ttl: 5 * 60_000,
  ttlJitter: 0,
  staleWhileRevalidate: 0,
  staleIfError: 0,
  errorBackoff: 10_000,
  refreshAhead: 0,
  softTimeout: Infinity,
  hardTimeout: Infinity,
  negativeTtl: 0,
  errorTtl: 0,
}

/** What holds where a call says nothing else. */
export function resolveDefaults(settings: Settings): ResolvedLoad {
  const { ttl = DEFAULTS.ttl, ttlJitter = DEFAULTS.ttlJitter } = settings
  return complete({
    ...resolveLoadSettings(settings, DEFAULTS),
    ttl,
    ttlJitter,
    ttlOf: undefined,
    tags: undefined,
    tagsOf: undefined,
  })
}

/** The resolved options of a write with options of its own. Throws a TypeError for a wrong one. */
export function resolveWrite(defaults: ResolvedLoad, options: SetOptions | undefined): ResolvedWrite {
  if (options === undefined) return defaults
  const { ttl, tags } = checkWrite(options)
  const checked = checkTags(tags)
  return {
    hasExtras: defaults.hasExtras || checked !== undefined,
    ttl: ttl === undefined ? defaults.ttl : milliseconds(ttl, 'ttl'),
    ttlJitter: defaults.ttlJitter,
    tags: checked,
    grace: defaults.grace,
    refreshAhead: defaults.refreshAhead,
  }
}

/** The resolved options of a load with options of its own. Throws a TypeError or RangeError for a wrong one. */
export function resolveLoad(
  defaults: ResolvedLoad,
  options: LoadOptions<never, never> | undefined,
): ResolvedLoad {
  if (options === undefined) return defaults
  const { ttl, tags } = checkLoad(options)
  const ttlOf = typeof ttl === 'function' ? ttl : undefined
  return complete({
    ...resolveLoadSettings(options, defaults),
    ttl: ttl === undefined || typeof ttl === 'function' ? defaults.ttl : milliseconds(ttl, 'ttl'),
    ttlJitter: defaults.ttlJitter,
    ttlOf,
    tags: typeof tags === 'function' ? undefined : checkTags(tags),
    tagsOf: typeof tags === 'function' ? tags : undefined,
  })
}

function complete(resolved: Omit<ResolvedLoad, 'grace' | 'hasExtras'>): ResolvedLoad {
  const grace = Math.max(resolved.staleWhileRevalidate, resolved.staleIfError)
  const hasExtras =
    grace !== 0 || resolved.refreshAhead !== 0 || resolved.ttlJitter !== 0 || resolved.tags !== undefined
  return { ...resolved, grace, hasExtras }
}

import { allCaches, type Cache, storeOf } from '../../cache.ts'
import type { Space } from '../../core/space.ts'
import type { CacheStats } from '../../engine/stats.ts'
import type { Store } from '../../engine/store.ts'
import type { Settings } from '../../options/options.ts'
import { resolveDefaults } from '../../options/resolved.ts'
import { tieredAt } from '../../tiers/listed.ts'
import { COMPOSITES } from '../../tiers/near.ts'
import { examinationOf } from '../advice.ts'
import { currentGuard } from '../guard.ts'
import { health } from '../health.ts'
import type { History, SeenFault } from './history.ts'
import { heapOf, instance } from './instance.ts'
import { shownKey } from './keys.ts'
import type { DashboardSettings } from './options.ts'
import { EVERY, KEPT } from './series.ts'
import { pathOf } from './spaces.ts'
import { tierOf } from './tier.ts'
import type { CacheState, Details, FaultState, SpaceState, State } from './wire.ts'

/** How many namespaces of a cache are told, those read most first. */
const SPACES = 50
const MINUTE = 60_000 / EVERY

/** What the page asks for. */
export interface StateRequest {
  /** Minutes of this process that the page has already; undefined before the first. */
  readonly minute: number | undefined
  /** The cache that it shows in full, and the first of its samples that the page has not got. */
  readonly cache: string | undefined
  readonly from: number
  /** Caches whose namespaces it shows in the list. */
  readonly unfolded: readonly string[]
}

/** The caches that a dashboard shows, by name. */
export function shownCaches({ stores }: DashboardSettings): Map<string, Cache> {
  const caches = allCaches()
  if (stores === undefined) return caches
  const chosen = new Set(stores.map((ref) => ref.deref()))
  return new Map([...caches].filter(([, cache]) => chosen.has(storeOf(cache))))
}

/** What the page shows at one moment. */
export function stateOf(settings: DashboardSettings, history: History, request: StateRequest): State {
  const now = Date.now()
  const { tick } = history
  const caches = shownCaches(settings)
  const hasTrend = request.minute !== Math.floor(tick / MINUTE)
  const guard = currentGuard()?.stats()
  const chosen = request.cache === undefined ? undefined : caches.get(request.cache)
  return {
    ...{ instance, now, tick, every: EVERY },
    may: { actions: settings.actions, values: settings.values, keys: settings.keys },
    heap: heapOf(),
    guard: guard ? { live: guard.live, limit: guard.limit, holding: guard.holding, cuts: guard.cuts } : null,
    caches: [...caches].map(([name, cache]) => cacheState(name, cache, history, now, hasTrend)),
    faults: history.faults
      // Those of dashboards belong to no cache, whatever a cache is called.
      .filter(({ kind, cache }) => kind !== 'dashboard' && caches.has(cache))
      .map((fault) => faultState(fault, settings.keys)),
    ...(hasTrend && { traffic: trafficOf(caches.values(), history) }),
    spaces: Object.fromEntries(
      request.unfolded.flatMap((name) => {
        const cache = caches.get(name)
        return cache === undefined ? [] : [[name, spacesOf(storeOf(cache))]]
      }),
    ),
    ...(chosen !== undefined && {
      details: detailsOf(request.cache!, chosen, history, request.from, settings.keys),
    }),
  }
}

function cacheState(
  name: string,
  cache: Cache,
  history: History,
  now: number,
  hasTrend: boolean,
): CacheState {
  const store = storeOf(cache)
  const stats = cache.stats()
  const series = history.of(store)
  const { tick } = history
  const { loader } = health(cache)
  return {
    name,
    size: stats.size,
    maxEntries: bound(stats.maxEntries),
    heldAt: stats.heldAt ?? null,
    heldSince: (stats.heldAt && currentGuard()?.stats().heldSince[name]) ?? null,
    weight: stats.weight,
    maxWeight: bound(stats.maxWeight),
    unit: stats.unit,
    spaces: namespacesOf(store).length,
    failing:
      loader.consecutive === 0
        ? null
        : {
            loads: loader.consecutive,
            error: (loader.lastError ?? '').slice(0, 500),
            stale: loader.servingStale,
          },
    faults: Object.values(stats.faults).reduce((sum, count) => sum + count, 0),
    tier: tierOf(store),
    advice: adviceOf(cache),
    minute: series.span(stats, now, tick, MINUTE),
    hour: series.span(stats, now, tick, KEPT),
    ...(hasTrend && { trend: series.traffic(tick).map(ratio) }),
  }
}

/** What an examination of its size says, once it says anything. */
function adviceOf(cache: Cache): CacheState['advice'] {
  const advice = examinationOf(cache)?.advice()
  if (advice === undefined || advice.verdict === 'too short') return null
  return { sentence: advice.sentence, factor: advice.knee?.factor ?? 0 }
}

/** Everything of one cache. */
function detailsOf(
  name: string,
  cache: Cache,
  history: History,
  from: number,
  keys: 'plain' | 'hashed',
): Details {
  const store = storeOf(cache)
  const stats = cache.stats()
  const series = history.of(store)
  return {
    name,
    settings: settingsOf(store),
    samples: series.samples(from, history.tick),
    loadTimes: series.loadTimes(stats, history.tick),
    removals: stats.removals,
    spaces: spacesOf(store),
    top: history.topKeys(store, keys),
    advice: examinationOf(cache)?.advice() ?? null,
  }
}

/** What the cache was made with, as far as it can be told in a word. */
function settingsOf({ settings }: Store): Details['settings'] {
  const { policy, protect, kind, idleTtl } = settings
  return {
    policy,
    ttl: milliseconds(resolveDefaults(settings as Settings).ttl),
    ...(idleTtl !== Infinity && { idleTtl }),
    ...(protect !== 'none' && { protect }),
    ...(kind !== 'local' && { kind }),
  }
}

function milliseconds(time: number): number {
  return time === Infinity ? -1 : time
}

/** The namespaces and versions of a cache, those read most first. */
function spacesOf(store: Store): SpaceState[] {
  const all: SpaceState[] = []
  for (const space of namespacesOf(store)) {
    const { hits, misses, sets, removals, size, weight }: CacheStats = store.stats(space)
    all.push({
      path: pathOf(space, store),
      ...{ entries: size, weight, hits, misses, sets, evicted: removals.evicted },
    })
  }
  return all.sort((a, b) => b.hits + b.misses - a.hits - a.misses).slice(0, SPACES)
}

/** Key spaces inside a store, without those that a tiered cache has for keys that it may never meet. */
function namespacesOf(store: Store): Space[] {
  const inside = [...store.spaces()].filter((space) => space !== store.root)
  if (tieredAt(store) === undefined) return inside
  return inside.filter((space) => space.name !== COMPOSITES || space.table.size > 0)
}

function faultState({ hasKey, key, ...fault }: SeenFault, keys: 'plain' | 'hashed'): FaultState {
  return { ...fault, key: hasKey ? shownKey(key, keys).text.slice(0, 200) : null }
}

/** Thousandths of the reads that were answered here; null where nothing was read. */
function ratio([answered, missed]: readonly [number, number]): number | null {
  return answered + missed === 0 ? null : Math.round((1000 * answered) / (answered + missed))
}

/** Reads of all caches, minute by minute. */
function trafficOf(caches: Iterable<Cache>, history: History): [number, number][] {
  const sums = Array.from({ length: 60 }, (): [number, number] => [0, 0])
  for (const cache of caches)
    for (const [i, [answered, missed]] of history.of(storeOf(cache)).traffic(history.tick).entries()) {
      sums[i]![0] += answered
      sums[i]![1] += missed
    }
  return sums
}

function bound(value: number): number | null {
  return value === Infinity ? null : value
}

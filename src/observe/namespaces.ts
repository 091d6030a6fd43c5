import type { Counters } from '../core/counters.ts'
import type { Space } from '../core/space.ts'
import type { CacheStats } from '../engine/stats.ts'
import type { Store } from '../engine/store.ts'
import { refusal } from '../options/units.ts'

/** Part of what was counted in a cache. */
export interface Part {
  /** The namespace; undefined for all that is in none of those listed. */
  readonly namespace: string | undefined
  readonly stats: CacheStats
  /** What is the same each time that it is told. */
  readonly identity: object
}

/** The namespaces of one name in a cache, one after the other: a name goes with the last who holds it, and comes back. */
class Succession {
  /** What was counted of those that are gone. */
  private past: CacheStats | undefined
  private counters: Counters | undefined
  private last: CacheStats | undefined

  /** All that was counted so far; undefined while there was none. */
  stats(store: Store, space: Space | undefined): CacheStats | undefined {
    if (space !== undefined && space.counters !== this.counters) {
      this.past = this.all()
      this.counters = space.counters
    }
    if (space !== undefined) this.last = store.stats(space)
    const all = this.all()
    const { size = 0, weight = 0 } = space === undefined ? {} : this.last!
    return all && bare(all, size, weight)
  }

  private all(): CacheStats | undefined {
    if (this.past === undefined || this.last === undefined) return this.last
    return combined(this.past, this.last, 1)
  }
}

/** What is known of the namespaces of a store, and of what is in none of those listed. */
interface Known {
  readonly successions: Map<string, Succession>
  /** By the list. */
  readonly rests: Map<string, object>
}

const known = new WeakMap<Store, Known>()

/** Throws a TypeError for what is no list of names. */
export function checkNamespaces(namespaces: unknown): readonly string[] {
  if (namespaces === undefined) return []
  if (!Array.isArray(namespaces) || !namespaces.every((name) => typeof name === 'string' && name !== ''))
    throw refusal('namespaces', "a list of names such as ['users']", namespaces)
  return [...new Set(namespaces as string[])]
}

/** What was counted in a cache, the listed namespaces that it has ever had apart, so that the sum of the parts is the whole. */
export function partsOf(store: Store, namespaces: readonly string[]): Part[] {
  let rest = store.stats()
  if (namespaces.length === 0) return [{ namespace: undefined, stats: rest, identity: store }]
  const which = JSON.stringify(namespaces)
  const spaces = new Map<string, Space>()
  for (const space of store.spaces())
    if (space.parent === store.root && typeof space.name === 'string') spaces.set(space.name, space)
  const { successions, rests } = known.get(store) ?? { successions: new Map(), rests: new Map() }
  known.set(store, { successions, rests })
  const identity = rests.get(which) ?? {}
  rests.set(which, identity)
  const parts: Part[] = []
  for (const namespace of namespaces) {
    const space = spaces.get(namespace)
    let succession = successions.get(namespace)
    if (succession === undefined) {
      if (space === undefined) continue
      succession = new Succession()
      successions.set(namespace, succession)
    }
    const stats = succession.stats(store, space)
    if (stats === undefined) continue
    parts.push({ namespace, stats, identity: succession })
    const { size, weight, faults, maxEntries, maxWeight } = rest
    rest = {
      ...combined(rest, stats, -1),
      ...{ size: Math.max(0, size - stats.size), weight: Math.max(0, weight - stats.weight) },
      ...{ faults, maxEntries, maxWeight },
    }
  }
  return [{ namespace: undefined, stats: rest, identity }, ...parts]
}

/** What is left of the statistics of a whole cache when those of its parts were told apart. */
export function without(whole: CacheStats, parts: readonly Part[]): CacheStats {
  let rest = whole
  for (const { stats } of parts) rest = combined(rest, stats, -1)
  return { ...rest, size: whole.size, weight: whole.weight, faults: whole.faults }
}

/** Bounds and faults are those of the whole cache, and of none of its parts. */
function bare(stats: CacheStats, size: number, weight: number): CacheStats {
  return { ...stats, size, weight, faults: {}, maxEntries: Infinity, maxWeight: Infinity, heldAt: undefined }
}

/** Each number of one plus, or minus, that of the other. */
function combined<T>(one: T, other: T, sign: 1 | -1): T {
  if (typeof one === 'number') return (one + sign * (other as number)) as T
  if (Array.isArray(one)) return one.map((item, i) => combined(item, (other as unknown[])[i], sign)) as T
  if (typeof one !== 'object' || one === null) return one
  return Object.fromEntries(
    Object.entries(one).map(([name, item]) => {
      const its = (other as Record<string, unknown> | undefined)?.[name]
      return [name, its === undefined ? item : combined(item, its, sign)]
    }),
  ) as T
}

import { allCaches, type Cache, storeOf } from '../cache.ts'
import type { CacheStats } from '../engine/stats.ts'
import type { Store } from '../engine/store.ts'
import { refusal } from '../options/units.ts'
import { checkNamespaces, type Part, partsOf, without } from './namespaces.ts'

/** One cache at one moment, or a namespace of it that is told apart. */
export interface Sample {
  readonly name: string
  /** Undefined for what is in no namespace that is told apart. */
  readonly namespace: string | undefined
  readonly stats: CacheStats
  /** Misses that were not answered by a stale value. They never fall, though a miss may turn out later to be so answered. */
  readonly missed: number
}

interface Closed {
  readonly cache: string
  readonly stats: CacheStats
}

/** What was told of the misses of a cache so far, by its store; of a namespace by its own mark. */
const told = new WeakMap<object, number>()

/** The caches whose statistics are collected: those chosen, or all of the process, those made later included. Keeps none of them. */
export class Sampled {
  private readonly chosen: readonly WeakRef<Store>[] | undefined
  private readonly namespaces: readonly string[]
  /** What was told of namespaces the last time, by the name of the cache. */
  private parts: Map<string, readonly Part[]> = new Map()
  /** The last statistics of those that were closed since the last collection. */
  private ended: Sample[] = []
  private readonly onClose = (message: unknown): void => {
    const { cache, stats } = message as Closed
    if (!this.covers(cache)) return
    const parts = this.parts.get(cache) ?? []
    const rest = { namespace: undefined, stats: without(stats, parts) }
    for (const { namespace, stats } of [rest, ...parts])
      this.ended.push({ name: cache, namespace, stats, missed: stats.misses - stats.staleServed })
  }

  constructor(caches: readonly Cache[] | undefined, namespaces: unknown = undefined) {
    this.namespaces = checkNamespaces(namespaces)
    if (caches !== undefined && !Array.isArray(caches)) throw refusal('caches', 'an array of caches', caches)
    const stores = caches?.map((cache) => {
      if (!(cache instanceof Object) || !('stats' in cache))
        throw refusal('caches', 'an array of caches', cache)
      return storeOf(cache as Cache)
    })
    this.chosen = stores && [...new Set(stores)].map((store) => new WeakRef(store))
    diagnostics()?.subscribe('nearcache:close', this.onClose)
  }

  /** Whether the cache of that name is one of them. */
  covers(name: string): boolean {
    return this.chosen === undefined || this.chosen.some((ref) => ref.deref()?.label === name)
  }

  /** All that are open, and once more those that were closed since the last time. */
  collect(): Sample[] {
    const stores = this.chosen?.flatMap((ref) => ref.deref() ?? []) ?? [...allCaches().values()].map(storeOf)
    const open = stores.filter(({ root }) => !root.closed)
    this.parts = new Map()
    const samples = open.flatMap((store) => {
      const parts = partsOf(store, this.namespaces)
      const { label } = store
      if (parts.length > 1) this.parts.set(label, parts.slice(1))
      return parts.map((part) => sampleOf(label, part))
    })
    const ended = this.ended.filter(({ name }) => !samples.some((one) => one.name === name))
    this.ended = []
    return [...samples, ...ended]
  }

  stop(): void {
    diagnostics()?.unsubscribe('nearcache:close', this.onClose)
  }
}

function sampleOf(name: string, { namespace, stats, identity }: Part): Sample {
  const missed = Math.max(told.get(identity) ?? 0, stats.misses - stats.staleServed)
  told.set(identity, missed)
  return { name, namespace, stats, missed }
}

interface Diagnostics {
  subscribe(name: string, listener: (message: unknown) => void): void
  unsubscribe(name: string, listener: (message: unknown) => void): void
}

/** The module of that name, where the runtime has it. */
export function diagnostics(): Diagnostics | undefined {
  return globalThis.process?.getBuiltinModule?.('node:diagnostics_channel')
}

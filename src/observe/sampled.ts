import { allCaches, type Cache, storeOf } from '../cache.ts'
import type { CacheStats } from '../engine/stats.ts'
import { refusal } from '../options/units.ts'

/** One cache at one moment. */
export interface Sample {
  readonly name: string
  readonly stats: CacheStats
  /** Misses that were not answered by a stale value. They never fall, though a miss may turn out later to be so answered. */
  readonly missed: number
}

interface Closed {
  readonly cache: string
  readonly stats: CacheStats
}

/** What was told of the misses of a cache so far, by its store. */
const told = new WeakMap<object, number>()

/** The caches whose statistics are collected: those chosen, or all of the process, those made later included. Keeps none of them. */
export class Sampled {
  private readonly chosen: readonly WeakRef<Cache>[] | undefined
  private readonly names: Set<string> = new Set()
  /** The last statistics of those that were closed since the last collection. */
  private ended: Sample[] = []
  private readonly onClose = (message: unknown): void => {
    const { cache, stats } = message as Closed
    if (this.covers(cache)) this.ended.push({ name: cache, stats, missed: stats.misses - stats.staleServed })
  }

  constructor(caches: readonly Cache[] | undefined) {
    if (caches !== undefined && !Array.isArray(caches)) throw refusal('caches', 'an array of caches', caches)
    this.chosen = caches?.map((cache) => {
      if (!(cache instanceof Object) || !('stats' in cache))
        throw refusal('caches', 'an array of caches', cache)
      this.names.add((cache as Cache).name)
      return new WeakRef(cache as Cache)
    })
    diagnostics()?.subscribe('nearcache:close', this.onClose)
  }

  /** Whether the cache of that name is one of them. */
  covers(name: string): boolean {
    return this.chosen === undefined || this.names.has(name)
  }

  /** All that are open, and once more those that were closed since the last time. */
  collect(): Sample[] {
    const open: readonly Cache[] = this.chosen
      ?.flatMap((ref) => ref.deref() ?? [])
      .filter((cache) => !isClosed(cache)) ?? [...allCaches().values()]
    const samples = open.map((cache) => sampleOf(cache))
    const ended = this.ended.filter(({ name }) => !samples.some((one) => one.name === name))
    this.ended = []
    return [...samples, ...ended]
  }

  stop(): void {
    diagnostics()?.unsubscribe('nearcache:close', this.onClose)
  }
}

function sampleOf(cache: Cache): Sample {
  const store = storeOf(cache)
  const stats = store.stats()
  const missed = Math.max(told.get(store) ?? 0, stats.misses - stats.staleServed)
  told.set(store, missed)
  return { name: store.label, stats, missed }
}

function isClosed(cache: Cache): boolean {
  return storeOf(cache).root.closed
}

interface Diagnostics {
  subscribe(name: string, listener: (message: unknown) => void): void
  unsubscribe(name: string, listener: (message: unknown) => void): void
}

/** The module of that name, where the runtime has it. */
export function diagnostics(): Diagnostics | undefined {
  return globalThis.process?.getBuiltinModule?.('node:diagnostics_channel')
}

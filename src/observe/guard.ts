import { allCaches, type Cache, storeOf } from '../cache.ts'
import type { Store } from '../engine/store.ts'
import { isRecord, unknownOption } from '../options/options.ts'
import { type Bytes, bytes, refusal } from '../options/units.ts'
import { GuardController } from './controller.ts'
import { type Machine, machineMemory, oldGenerationLimit } from './limits.ts'

/** How much the caches of a process may take. */
export interface GuardOptions {
  /** The share of V8's old generation above which no cache grows, and above which, once a collection has shown it, they are cut. Default 0.75. */
  readonly high?: number | undefined
  /** The share that they are cut down to. Default 0.65. */
  readonly low?: number | undefined
  /**
   * What the process may take in all, Buffers included: bytes, or up to 1 a share of the container's limit or the machine's memory.
   * Default 0.8.
   */
  readonly memory?: Bytes | undefined
  /** Which caches are guarded. Default: all of the process, those opened later included. */
  readonly caches?: readonly Cache[] | undefined
}

/** What a guard has seen and done. */
export interface GuardStats {
  /** Bytes that the old generation held after the last major collection. */
  readonly live: number
  /** Bytes at which the process would die. */
  readonly limit: number
  /** Whether no cache may grow at present. */
  readonly holding: boolean
  /** Major collections seen. */
  readonly collections: number
  /** How often the caches were held. */
  readonly holds: number
  /** How often they were cut. */
  readonly cuts: number
  /** Entries given up in cuts. */
  readonly given: number
  /** Entries by which bounds were raised again. */
  readonly grown: number
  /** The caches that the guard holds below their own bound: how many entries each may have. */
  readonly held: Readonly<Record<string, number>>
  /** Since when they are held, in milliseconds of Unix time. */
  readonly heldSince: Readonly<Record<string, number>>
}

/** A guard at work. */
export interface HeapGuard {
  stats(): GuardStats
  /** Ends it; every cache has its own bound again. A second call does nothing. */
  stop(): void
  [Symbol.dispose](): void
}

const NAMES = ['high', 'low', 'memory', 'caches']
const running = Symbol.for('nearcache.guard')
const shared = globalThis as { [running]?: HeapGuard | undefined }

/** The guard of this process; undefined where none is at work. */
export function currentGuard(): HeapGuard | undefined {
  return shared[running]
}

/**
 * Holds all caches of the process together below a share of the heap, so that it does not die of what they hold. The caches that earn
 * the fewest hits per byte give first, each by its own policy, and all grow back when there is room. Needs Node; throws a TypeError
 * elsewhere, for wrong options, and while another guard is at work.
 */
export function guardHeap(options: GuardOptions = {}): HeapGuard {
  const settings = check(options)
  const node = builtIns()
  if (shared[running] !== undefined)
    throw new TypeError('guardHeap: expected no other guard at work; stop() the other first')
  const machine = machineOf(node)
  const { limit, isKnown } = oldGenerationLimit(machine)
  const { high, low, memory } = settings
  const all = machineMemory(machine)
  if (isKnown && machine.heapLimit - limit > limit / 4)
    process.emitWarning(
      'the young generation is more than a quarter of the old one, which makes for many collections near the limit; try --max-semi-space-size=16',
      { type: 'NearcacheWarning', code: 'NEARCACHE_YOUNG_GENERATION' },
    )
  const { v8, diagnostics } = node
  const controller = new GuardController(
    {
      used: () => oldGeneration(v8),
      rss: () => process.memoryUsage.rss(),
      now: () => performance.now(),
      later: (callback) => void setImmediate(callback).unref(),
      stores: settings.stores,
    },
    {
      ...{ limit, high: high * limit, low: low * limit },
      memory: memory <= 1 ? memory * all : Math.min(memory, all),
    },
  )
  const adopt = (): void => controller.adopt()
  diagnostics.subscribe('nearcache:open', adopt)
  const stopWatching = watchCollections(() => controller.collected())
  const stop = (): void => {
    if (shared[running] !== guard) return
    shared[running] = undefined
    stopWatching()
    diagnostics.unsubscribe('nearcache:open', adopt)
    controller.stop()
  }
  const guard: HeapGuard = {
    stats() {
      const held = controller.guarded.filter(({ heldAt }) => heldAt !== Infinity)
      return {
        ...{ live: controller.live, limit, holding: controller.holding },
        ...controller.counts,
        held: Object.fromEntries(held.map(({ name, heldAt }) => [name, heldAt])),
        heldSince: Object.fromEntries(held.map(({ name, heldSince = 0 }) => [name, heldSince])),
      }
    },
    stop,
    [Symbol.dispose]: stop,
  }
  shared[running] = guard
  return guard
}

/** A survivor of so many collections, of whichever kind, is in the old generation. */
const SURVIVES = 3

/**
 * Calls back after each major collection, which alone finds an object of the old generation that nobody holds any more. A young one is
 * found by scavenges too in newer versions of V8: so an object is held until it is old, at first for some collections of any kind, which
 * are taken for major ones, later from one major collection to the next.
 */
function watchCollections(callback: () => void): () => void {
  let isOn = true
  let begun = 0
  let held: object = {}
  const registry = new FinalizationRegistry<undefined>(() => {
    if (!isOn) return
    const next = {}
    registry.register(next, undefined)
    if (++begun >= SURVIVES) held = next
    callback()
  })
  registry.register(held, undefined)
  registry.register({}, undefined)
  return () => {
    isOn = false
  }
}

interface HeapStatistics {
  getHeapStatistics(): { readonly heap_size_limit: number }
  getHeapSpaceStatistics(): readonly { readonly space_name: string; readonly space_used_size: number }[]
}

interface BuiltIns {
  readonly v8: HeapStatistics
  readonly os: { totalmem(): number }
  readonly threads: {
    readonly isMainThread: boolean
    readonly resourceLimits?: { readonly maxOldGenerationSizeMb?: number | undefined }
  }
  readonly diagnostics: {
    subscribe(name: string, listener: () => void): void
    unsubscribe(name: string, listener: () => void): void
  }
}

function builtIns(): BuiltIns {
  const { process } = globalThis
  const found =
    process?.release?.name === 'node' && !('bun' in process.versions || 'deno' in process.versions)
  if (!found || process.getBuiltinModule === undefined)
    throw new TypeError(
      'guardHeap: expected Node, whose module v8 tells how full the heap is; use maxBytes here',
    )
  return {
    v8: process.getBuiltinModule('node:v8'),
    os: process.getBuiltinModule('node:os'),
    threads: process.getBuiltinModule('node:worker_threads'),
    diagnostics: process.getBuiltinModule('node:diagnostics_channel'),
  }
}

function machineOf({ v8, os, threads }: BuiltIns): Machine {
  return {
    execArgv: process.execArgv,
    nodeOptions: process.env.NODE_OPTIONS ?? '',
    heapLimit: v8.getHeapStatistics().heap_size_limit,
    workerLimit: threads.isMainThread ? undefined : threads.resourceLimits?.maxOldGenerationSizeMb,
    constrained: process.constrainedMemory?.(),
    total: os.totalmem(),
  }
}

/** Bytes in the generation that fills up. What dies in the young one costs nothing. */
function oldGeneration(v8: HeapStatistics): number {
  let used = 0
  for (const space of v8.getHeapSpaceStatistics())
    if (!space.space_name.startsWith('new_')) used += space.space_used_size
  return used
}

function check(options: GuardOptions): {
  readonly high: number
  readonly low: number
  readonly memory: number
  readonly stores: () => Iterable<Store>
} {
  const given: unknown = options
  if (!isRecord(given)) throw refusal('options', 'an object such as { high: 0.75 }', given)
  for (const name of Object.keys(given))
    if (!NAMES.includes(name)) throw unknownOption(`guardHeap.${name}`, name, NAMES)
  const { high = 0.75, low = 0.65, memory = 0.8, caches } = options
  share(high, 'high')
  share(low, 'low')
  if (low >= high) throw new RangeError(`low: expected a share below high, ${high}, got ${low}`)
  const most = bytes(memory, 'memory')
  if (!(most > 0)) throw new RangeError(`memory: expected more than 0, got ${most}`)
  if (caches !== undefined && !Array.isArray(caches)) throw refusal('caches', 'an array of caches', caches)
  const chosen = caches?.map((cache) => {
    if (!(cache instanceof Object) || !('stats' in cache))
      throw refusal('caches', 'an array of caches', cache)
    const store = storeOf(cache)
    if (store.settings.guard === false)
      throw new TypeError(
        `caches: expected caches to be guarded, got ${store.label}, which says guard: false`,
      )
    return new WeakRef(store)
  })
  const stores = (): Iterable<Store> =>
    chosen?.flatMap((ref) => ref.deref() ?? []) ?? [...allCaches().values()].map(storeOf)
  return { high, low, memory: most, stores }
}

function share(value: unknown, option: string): void {
  if (typeof value !== 'number') throw refusal(option, 'a share between 0 and 1', value)
  if (!(value > 0 && value < 1))
    throw new RangeError(refusal(option, 'a share between 0 and 1', value).message)
}

import { setImmediate as nextTurn } from 'node:timers/promises'
import { builtPackage } from './peers/nearcache.ts'
import { load, type New } from './peers/peer.ts'

/** What the cases call. */
interface Cache {
  readonly size: number
  get(key: unknown): unknown
  set(key: unknown, value: unknown, options?: object): void
  clear(): void
  close(): void
  resize(maxEntries: number): void
  deleteByTag(tag: string): void
  expireAll(): void
  incrVersion(key: unknown): number
  namespace(name: string): Cache
  getOrLoad(key: unknown, loader: () => unknown, options?: object): Promise<unknown>
  stats(): { readonly size: number }
}

/** The longest single turn of work seen, in milliseconds: calls that were timed, and the callbacks of timers. */
class Turns {
  longest = 0
  /** Number of calls that were timed. */
  slices = 0

  /** Counts no time in which other processes had the core. */
  time<T>(call: () => T): T {
    const startOfWork = process.cpuUsage()
    const start = performance.now()
    try {
      return call()
    } finally {
      this.slices++
      const passed = performance.now() - start
      if (passed > this.longest) {
        const { user, system } = process.cpuUsage(startOfWork)
        this.longest = Math.max(this.longest, Math.min(passed, (user + system) / 1000))
      }
    }
  }
}

export const turns = new Turns()
const setTimer = globalThis.setTimeout
// The sweeper's slices are timed as any user could: they are callbacks of a timer.
globalThis.setTimeout = ((callback: () => void, delay?: number) =>
  setTimer(() => turns.time(callback), delay)) as typeof setTimeout
export const { Cache } = await load<{ Cache: New<[object], Cache> }>(new URL('index.js', builtPackage).href)

export const ENTRIES = 1_000_000
/** How many small caches are due at once, and namespaces of one cache. */
export const MANY = 100_000

let time = 0
export const clock = (): number => time
export const listener = { onRemoval: () => {} }

export function full(options: object = {}, entryOptions?: (key: number) => object | undefined): Cache {
  const cache = new Cache({ maxEntries: ENTRIES, ttl: Infinity, clock, ...options })
  for (let key = 0; key < ENTRIES; key++) cache.set(key, key, entryOptions?.(key))
  return cache
}

export function fullMap(size = ENTRIES): Map<number, number> {
  const map = new Map<number, number>()
  for (let key = 0; key < size; key++) map.set(key, key)
  return map
}

/** Waits until a cache, its namespaces included, holds so many entries in all, and the sweep has ended. */
export async function swept(cache: Cache, size: number): Promise<void> {
  time += 1_000_000
  while (cache.stats().size > size) await nextTurn()
  for (let i = 0; i < 50; i++) await new Promise((resolve) => setTimer(resolve, 1))
}

/** Empties young and old space, so that a case does not pay for its preparation. */
export function settle(): void {
  globalThis.gc!()
  turns.longest = 0
}

/** The time of all entries that have one is over; and as one of this cache ended first, the sweeper looks again soon. */
export function end(cache: Cache): void {
  cache.set('soon', 1, { ttl: 1 })
  time += 1_000_000
}

/** Entries that end at once, but for one in `step`, which live on. */
export async function expire(step: number, options: object = {}): Promise<void> {
  const cache = full({ maxEntries: Infinity, ...options }, (key) =>
    step > 0 && key % step === 0 ? undefined : { ttl: 1000 },
  )
  settle()
  end(cache)
  await swept(cache, step > 0 ? Math.ceil(ENTRIES / step) : 0)
}

/** One by one out of a Map, all but one in `step`. */
export function deleteFromMap(step: number, size: number = ENTRIES): void {
  const map = fullMap(size)
  settle()
  for (let key = 0; key < size; key++) if (step === 0 || key % step !== 0) turns.time(() => map.delete(key))
}

export async function resize(to: number, options: object = {}): Promise<void> {
  const cache = full(options)
  settle()
  turns.time(() => cache.resize(to))
  await swept(cache, to)
}

/** What one operation does to a full cache, and what comes of it afterwards. */
export async function once(
  call: (cache: Cache) => unknown,
  left: number,
  ...[options, entryOptions]: Parameters<typeof full>
): Promise<void> {
  const cache = full(options, entryOptions)
  settle()
  await turns.time(() => call(cache))
  await swept(cache, left)
}

export function grow(to: number, maxEntries: number, caches = 1): void {
  const cache = new Cache({ maxEntries, ttl: Infinity })
  // A Map takes no more than 2^24 keys.
  const parts = Array.from({ length: caches }, (_, i) => (i === 0 ? cache : cache.namespace(String(i))))
  settle()
  for (const part of parts) for (let key = 0; key < to / caches; key++) turns.time(() => part.set(key, key))
}

export function growMap(to: number, maps = 1): void {
  settle()
  for (let i = 0; i < maps; i++) {
    const map = new Map<number, number>()
    for (let key = 0; key < to / maps; key++) turns.time(() => map.set(key, key))
  }
}

/** The longest of the few sets around the one with which something grows that holds so many. */
export function growthAt(target: { set(key: number, value: number): void }, size: number): void {
  for (let key = 0; key < size - 3; key++) target.set(key, key)
  settle()
  for (let key = size - 3; key < size + 1; key++) turns.time(() => target.set(key, key))
}

/** Waits until the sweeper has nothing left to do at once: no slice of it for a while. */
export async function rested(): Promise<void> {
  for (let idle = 0; idle < 20; idle++) {
    const { slices } = turns
    await new Promise((resolve) => setTimer(resolve, 5))
    if (turns.slices > slices) idle = 0
  }
}

export function clearMap(): void {
  const map = fullMap()
  settle()
  turns.time(() => map.clear())
}

export function manyNamespaces(options: object = {}): Cache {
  const cache = new Cache({ maxEntries: ENTRIES, ttl: Infinity, clock, ...options })
  for (let i = 0; i < MANY; i++) cache.namespace(String(i)).set(i, i, { ttl: 1000 })
  return cache
}

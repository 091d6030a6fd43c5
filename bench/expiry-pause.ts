import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { Cache, storeOf } from '../src/cache.ts'
import type { CacheOptions } from '../src/options/options.ts'

/*
 * How long the event loop is held while very many entries end at once: `node --expose-gc --import tsx bench/expiry-pause.ts`.
 * Each slice of the sweeper is timed by itself, without the time in which other processes had the core; the longest delay of the event
 * loop shows what garbage collections, and the other processes, add to it.
 */

const { values } = parseArgs({ options: { entries: { type: 'string', default: '1000000' } } })
const entries = Number(values.entries)

interface Pauses {
  /** Milliseconds. */
  readonly longestSlice: number
  readonly longestDelay: number
  readonly slices: number
  /** From the end of the entries until the last one was swept out. */
  readonly whole: number
}

const cases: Record<string, { readonly options: CacheOptions<number, object>; readonly live: number }> = {
  'all end': { options: {}, live: 0 },
  'all end, lru': { options: { policy: 'lru' }, live: 0 },
  'all end, with a listener': { options: { onRemoval: () => {} }, live: 0 },
  'all end, with weights': { options: { maxWeight: Number.MAX_SAFE_INTEGER, weigh: () => 1 }, live: 0 },
  'one in 200 lives': { options: {}, live: 1 / 200 },
  'one in ten lives': { options: {}, live: 1 / 10 },
  'half live': { options: {}, live: 1 / 2 },
  'all are cleared': { options: { onRemoval: () => {} }, live: -1 },
}

console.log(`${entries} entries, Node ${process.version}; milliseconds\n`)
for (const [name, { options, live }] of Object.entries(cases)) {
  const { longestSlice, longestDelay, slices, whole } = await measure(options, live)
  console.log(
    `${name.padEnd(26)} longest slice ${longestSlice.toFixed(1).padStart(6)}   longest delay ${longestDelay.toFixed(1).padStart(6)}` +
      `   ${slices} slices in ${whole.toFixed(0)}`,
  )
}

async function measure(options: CacheOptions<number, object>, live: number): Promise<Pauses> {
  let time = 0
  const cache = new Cache<number, object>({ maxEntries: Infinity, ...options, clock: () => time })
  const step = live > 0 ? Math.round(1 / live) : 0
  for (let key = 0; key < entries; key++)
    cache.set(key, { key }, { ttl: step > 0 && key % step === 0 ? Infinity : 1000 })
  const left = step > 0 ? Math.ceil(entries / step) : 0
  globalThis.gc?.()

  const { expiry } = storeOf(cache)
  const sweep = expiry.sweep.bind(expiry)
  let longestSlice = 0
  let slices = 0
  expiry.sweep = (late) => {
    const start = performance.now()
    const startOfWork = process.cpuUsage()
    const done = sweep(late)
    const { user, system } = process.cpuUsage(startOfWork)
    longestSlice = Math.max(longestSlice, Math.min(performance.now() - start, (user + system) / 1000))
    slices++
    return done
  }
  const histogram = monitorEventLoopDelay({ resolution: 1 })
  if (live < 0) cache.clear()
  else time = 1_000_000
  // Whatever ends soon has the sweeper look again soon.
  cache.set(-1, { key: -1 }, { ttl: 1 })
  time += 1_000_000
  await pause(10)
  histogram.enable()
  const start = performance.now()
  while (storeOf(cache).size > left) await pause(5)
  const whole = performance.now() - start
  histogram.disable()
  cache.close()
  return { longestSlice, longestDelay: histogram.max / 1e6, slices, whole }
}

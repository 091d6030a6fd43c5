// A service whose caches ask for more than the heap has: node guard-service.mjs <dist> <scenario> [guard | none] [scale]
//
// Sizes are for a heap of 256 MB; a scale of 0.25 is for one of 64 MB.
//
//   grow     1.2 million requests while the service's own data grows to 64 MB
//   burst    besides, 40 MB in one turn, held for a while
//   sync     600,000 sets in one turn
//   swell    60,000 sets of small values, then as many of values that are a thousand times larger, in one turn
//   recover  the service's own data is released after a third
//   buffers  200,000 Buffers of 4 KB: what `memory` is for
//   container  the same by default, in a container with a limit
//   worker   sync, in a worker with a limit of its own
import { availableParallelism } from 'node:os'
import { isMainThread, Worker } from 'node:worker_threads'

const [, file, dist, scenario, mode, scaled = '1'] = process.argv
const scale = Number(scaled)
const { Cache } = await import(`${dist}/index.js`)
const { guardHeap } = await import(`${dist}/observe/guard.js`)

if (scenario === 'worker' && isMainThread) {
  const worker = new Worker(file, {
    argv: [dist, 'worker', mode, scaled],
    resourceLimits: { maxOldGenerationSizeMb: 256 * scale, maxYoungGenerationSizeMb: 16 },
  })
  worker.on('error', (error) => {
    console.error(error.code)
    process.exit(5)
  })
} else serve()

function serve() {
  const hasBuffers = scenario === 'buffers' || scenario === 'container'
  const options = scenario === 'buffers' ? { memory: '400mb' } : {}
  const guard = mode === 'guard' ? guardHeap(options) : undefined
  const caches = [1, 2, 3].map(
    () => new Cache({ maxEntries: hasBuffers ? 200_000 : 200_000 * scale, ttl: '1h' }),
  )
  const value = (i) => ({ id: i, name: 'product', body: new Array(100).fill(i + 0.5) })
  const total = { grow: 1_200_000, burst: 1_200_000, recover: 3_000_000 }[scenario] * scale
  let random = 7
  const draw = () => {
    random = (Math.imul(random, 1664525) + 1013904223) | 0
    return (random >>> 0) / 2 ** 32
  }
  let own = []
  let burst
  let next = 0
  let done = 0
  let last = performance.now()
  let peak = 0
  let least = Infinity
  const turns = []
  const report = () => {
    turns.sort((a, b) => a - b)
    const round = (ms) => Math.round(ms * 10) / 10
    console.log(
      JSON.stringify({
        node: process.version,
        scenario,
        entries: caches.map((c) => c.size),
        least,
        hitRatios: caches.map((c) => Math.round(c.stats().hitRatio * 1000) / 1000),
        longestTurn: round(turns.at(-1)),
        p999: round(turns[Math.floor(turns.length * 0.999)]),
        peakMegabytes: peak >> 20,
        guard: guard?.stats(),
        cores: availableParallelism(),
      }),
    )
    process.exit(0)
  }
  const look = () => {
    peak = Math.max(peak, process.memoryUsage.rss())
  }
  if (scenario === 'sync' || scenario === 'worker') {
    for (let i = 0; i < 600_000 * scale; i++) caches[i % 3].set(i, value(i))
    turns.push(performance.now() - last)
    report()
    return
  }
  if (scenario === 'swell') {
    const count = 60_000 * scale
    for (let i = 0; i < count; i++) caches[i % 3].set(i, i)
    for (let i = count; i < 2 * count; i++) caches[i % 3].set(i, new Array(1000).fill(i + 0.5))
    turns.push(performance.now() - last)
    report()
    return
  }
  if (hasBuffers) {
    const fill = () => {
      for (let i = 0; i < 50; i++, done++) caches[0].set(done, Buffer.alloc(4096, 1))
      if (done % 5000 === 0) look()
      turns.push(performance.now() - last)
      last = performance.now()
      if (done < 200_000) setImmediate(fill)
      else report()
    }
    fill()
    return
  }
  const request = () => {
    const r = draw()
    const [cache, key] =
      r < 0.5
        ? [caches[0], Math.floor((100_000 * scale) ** draw())]
        : r < 0.75
          ? [caches[1], next++]
          : [caches[2], Math.floor(draw() * 150_000 * scale)]
    if (cache.get(key) === undefined) cache.set(key, value(key))
    // What a request leaves behind.
    return new Array(300).fill(key + 0.5).length
  }
  const turn = () => {
    for (let i = 0; i < 50; i++, done++) request()
    const t = done / total
    if (scenario === 'recover') {
      if (t > 0.35) own = []
      else while (own.length < Math.min(1, t * 5) * 80_000 * scale) own.push(new Array(100).fill(1.5))
      if (t > 0.2 && t < 0.4)
        least = Math.min(
          least,
          caches.reduce((sum, cache) => sum + cache.size, 0),
        )
    } else while (own.length < Math.min(1, t * 1.6) * 80_000 * scale) own.push(new Array(100).fill(1.5))
    if (scenario === 'burst' && t > 0.7)
      burst =
        t < 0.8
          ? (burst ?? Array.from({ length: 50_000 * scale }, (_, i) => new Array(100).fill(i + 0.5)))
          : undefined
    const now = performance.now()
    turns.push(now - last)
    last = now
    if (done < total) setImmediate(turn)
    else report()
  }
  turn()
}

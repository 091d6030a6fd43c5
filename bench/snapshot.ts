import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { Cache } from '../src/cache.ts'
import { restore, save } from '../src/snapshot/index.ts'
import { worksOf } from './hit-ratio/traces.ts'
import { random, zipf } from './keys.ts'
import { median } from './statistics.ts'

/*
 * Misses after a restart beside those of a process that went on, and what saving and restoring takes: `npm run bench:snapshot` writes
 * docs/benchmarks/snapshot.md. Over the traces of a folder (given by `--traces` or NEARCACHE_TRACES, bench/traces otherwise) and a
 * made-up workload; of each so many reads at most as `--most` says. With `--only misses` or `--only costs` a part is printed.
 */

/** Restarts are spread over the trace, each looked at for so many bounds of reads. */
const RESTARTS = 4
const LOOK = 5

type Trace = ArrayLike<number>

interface Row {
  readonly trace: string
  readonly bound: number
  readonly misses: number
  /** By how much more there are after a restart: with the whole snapshot, with entries in their order alone, with nothing. */
  readonly more: readonly [whole: number, order: number, none: number]
}

interface Workload {
  readonly name: string
  readonly keys: Trace
  readonly unique: number
}

async function* workloads(folder: string, most: number): AsyncGenerator<Workload> {
  for await (const { name, trace } of worksOf(folder)) {
    const keys = trace.keys.subarray(0, most)
    yield { name, keys, unique: new Set(keys).size }
  }
  const next = random(1)
  const draw = zipf(20_000, 0.9, next)
  // One in ten is a key that comes once.
  const mixed = Uint32Array.from({ length: 120_000 }, (_, i) => (next() < 0.1 ? 20_000 + i : draw()))
  yield { name: 'Zipf 0.9, one-off keys', keys: mixed, unique: new Set(mixed).size }
}

function read(cache: Cache<number, number>, trace: Trace, from: number, to: number): number {
  let misses = 0
  for (let i = from; i < to; i++) {
    if (cache.get(trace[i]!) !== undefined) continue
    misses++
    cache.set(trace[i]!, i)
  }
  return misses
}

async function restarts(name: string, trace: Trace, bound: number, folder: string): Promise<Row> {
  const options = { maxEntries: bound, ttl: Infinity } as const
  const path = join(folder, 'snapshot')
  const sums = [0, 0, 0, 0]
  const going = new Cache<number, number>(options)
  let at = 0
  for (let restart = 1; restart <= RESTARTS; restart++) {
    const to = Math.floor((trace.length * restart) / (RESTARTS + 1))
    read(going, trace, at, to)
    at = Math.min(trace.length, to + LOOK * bound)
    await save(going, path)
    const whole = new Cache<number, number>(options)
    await restore(whole, path)
    const order = new Cache<number, number>(options)
    order.setMany(going)
    for (const [i, cache] of [going, whole, order, new Cache<number, number>(options)].entries())
      sums[i]! += read(cache, trace, to, at)
  }
  const [misses, ...others] = sums as [number, number, number, number]
  const more = others.map((one) => one / misses - 1) as [number, number, number]
  return { trace: name, bound, misses, more }
}

/** Seconds, bytes and the longest time that the event loop was kept busy, in milliseconds. */
async function costs(count: number, folder: string, ending: string) {
  const path = join(folder, `large${ending}`)
  const cache = new Cache<string, object>({ maxEntries: count })
  for (let i = 0; i < count; i++)
    cache.set(`user:${i}`, { id: i, name: `user ${i}`, tags: ['a', 'b'], score: i / 7 })
  const saved = await timed(() => save(cache, path))
  const copy = new Cache<string, object>({ maxEntries: count })
  const restored = await timed(() => restore(copy, path))
  if (copy.size !== count) throw new Error(`${copy.size} of ${count} entries were restored`)
  return { count, ending, bytes: saved.result.bytes!, saved, restored }
}

function enough(): never {
  throw new Error('enough was seen')
}

/** What the first turn of a save of a million entries takes: the median of some, in milliseconds. */
async function begins(folder: string, hasNamespaces: boolean): Promise<number> {
  const cache = new Cache<string, number>({ maxEntries: 1_000_000 })
  const views = hasNamespaces
    ? Array.from({ length: 100 }, (_, i) => cache.namespace<string, number>(`${i}`))
    : [cache]
  for (let i = 0; i < 1_300_000; i++) views[i % views.length]!.set(`user:${i}`, i)
  const times: number[] = []
  for (let i = 0; i < 9; i++) {
    const start = performance.now()
    // Ends with the first entry.
    const saving = save(cache, join(folder, 'begun'), { filter: enough })
    times.push(performance.now() - start)
    await saving.catch(() => {})
  }
  cache.close()
  return median(times)
}

async function timed<T>(work: () => Promise<T>): Promise<{ result: T; seconds: number; longest: number }> {
  const start = performance.now()
  let last = start
  let longest = 0
  let isOver = false
  const watching = (async () => {
    while (!isOver) {
      await setImmediate()
      const now = performance.now()
      longest = Math.max(longest, now - last)
      last = now
    }
  })()
  const result = await work()
  const seconds = (performance.now() - start) / 1000
  isOver = true
  await watching
  return { result, seconds, longest }
}

const percent = (share: number): string => `${share < 0 ? '−' : '+'}${(Math.abs(share) * 100).toFixed(1)} %`
const count = (number: number): string => number.toLocaleString('en')

const { values } = parseArgs({
  options: { traces: { type: 'string' }, most: { type: 'string' }, only: { type: 'string' } },
})
const most = Number(values.most ?? 1_000_000)
const traces =
  values.traces ?? process.env.NEARCACHE_TRACES ?? fileURLToPath(new URL('traces', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'nearcache-bench-'))
try {
  const lines = [
    '| trace | bound | misses | restored | values alone, in any order | nothing |',
    '|---|--:|--:|--:|--:|--:|',
  ]
  const wants = (part: string): boolean => (values.only ?? part) === part
  if (wants('misses'))
    for await (const { name, keys, unique } of workloads(traces, most))
      for (const share of [0.02, 0.1]) {
        const bound = Math.round(unique * share)
        // Looks that overlap would count reads twice.
        if (bound < 50 || RESTARTS * LOOK * bound > keys.length) continue
        const row = await restarts(name, keys, bound, folder)
        lines.push(
          `| ${row.trace} | ${count(row.bound)} | ${count(row.misses)} | ${row.more.map(percent).join(' | ')} |`,
        )
        console.error(lines.at(-1))
      }
  const times = [
    '| entries | file | size | saved in | longest pause | restored in | longest pause |',
    '|--:|---|--:|--:|--:|--:|--:|',
  ]
  const sizes: readonly (readonly [number, string])[] = wants('costs')
    ? [
        [100_000, ''],
        [100_000, '.gz'],
        [500_000, ''],
      ]
    : []
  for (const [entries, ending] of sizes) {
    const { bytes, saved, restored } = await costs(entries, folder, ending)
    const cells = [saved, restored].map(
      ({ seconds, longest }) => `${seconds.toFixed(1)} s | ${longest.toFixed(0)} ms`,
    )
    times.push(
      `| ${count(entries)} | ${ending || 'plain'} | ${(bytes / 1e6).toFixed(1)} MB | ${cells.join(' | ')} |`,
    )
  }
  const first = wants('costs') ? [await begins(folder, false), await begins(folder, true)] : []
  const text = `# Snapshots

<!-- Written by npm run bench:snapshot. -->

Misses in the reads after a restart (${LOOK} times as many as the bound, ${RESTARTS} restarts spread over the trace) of a process that went on, and by how
much more there are after a restart: with a [snapshot](../operations.md#snapshots) restored; with the same entries put back without
their standing; and with nothing. Of each trace ${count(most)} reads at most. Node ${process.version}.

${lines.join('\n')}

What saving and restoring take, with small objects, and the longest that the event loop was kept from other work. What the
garbage collector does is in it.

${times.join('\n')}

The first turn of a save copies the order of the cache, and nothing else: ${first.map((ms) => ms.toFixed(1)).join(' ms at a million entries, and ')} ms
where they are in a hundred namespaces.
`
  console.log(text)
  if (values.only === undefined)
    writeFileSync(new URL('../docs/benchmarks/snapshot.md', import.meta.url), text)
} finally {
  rmSync(folder, { recursive: true, force: true })
}

/**
 * What operations cost reads and writes: `npm run bench:operations` writes docs/benchmarks/operations.md. In a process for each means, two
 * caches do the same in turn, one that it concerns and one that it does not; a ratio is formed within a round. `--time 300` is quicker,
 * `--only guard,page` does a part and prints it.
 */
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { cpus } from 'node:os'
import { setImmediate } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import type { Cache as CacheType } from '../src/cache.ts'
import installHosts from '../test/hosts/install.ts'
import { items, random, shuffled } from './keys.ts'
import { type Figure, ratio } from './statistics.ts'

const SIZES = [1000, 100_000]
const SAMPLE = 50_000
/** Rounds that do not count, and the least that do. */
const WARM_UP = 8
const ROUNDS = 12

/** A module of the built package. */
function built<T>(path: string): Promise<T> {
  return import(new URL(`../dist/${path}`, import.meta.url).href)
}

const { Cache } = await built<typeof import('../src/index.ts')>('index.js')
const { adviseOn } = await built<typeof import('../src/observe/advice.ts')>('observe/advice.js')
const { guardHeap } = await built<typeof import('../src/observe/guard.ts')>('observe/guard.js')
const { instrument } = await built<typeof import('../src/observe/otel.ts')>('observe/otel.js')
const { metricsText, register } =
  await built<typeof import('../src/observe/prometheus.ts')>('observe/prometheus.js')
const { dashboard } = await built<typeof import('../src/observe/dashboard/index.ts')>(
  'observe/dashboard/index.js',
)

const { values } = parseArgs({
  options: {
    mode: { type: 'string' },
    only: { type: 'string' },
    // Milliseconds of measuring for each figure.
    time: { type: 'string', default: '1500' },
  },
})

installHosts()
/** What is installed for test/hosts. */
const host = createRequire(new URL('../test/hosts/package.json', import.meta.url))
const api = host('@opentelemetry/api')
const { MeterProvider } = host('@opentelemetry/sdk-metrics')
const { Registry } = host('prom-client')

type AnyCache = CacheType<string | number, number>

/** Something that is at work on a cache, until it is stopped. */
interface AtWork {
  /** Done between rounds, as it would be now and then. */
  turn?(): unknown
  /** Whether it is at work at the moment; those rounds alone count. */
  isAtWork?(): boolean
  stop(): void
}

interface Mode {
  readonly label: string
  begin(cache: AnyCache): AtWork
}

const modes: Record<string, Mode> = {
  none: { label: 'nothing, two caches alike', begin: () => ({ stop() {} }) },
  metrics: {
    label: 'metrics: OpenTelemetry and prom-client registered, the text made between all rounds',
    begin(cache) {
      const instrumentation = instrument(api, { meterProvider: new MeterProvider(), caches: [cache] })
      register(new Registry(), [cache])
      return { turn: () => void metricsText([cache]), stop: () => instrumentation.stop() }
    },
  },
  advice: {
    label: 'advice: while keys are watched, before it rests for its budget',
    begin(cache) {
      const examination = adviseOn(cache, { budget: 1, reads: 1e12 })
      return {
        isAtWork: () => examination.advice().state !== 'resting',
        stop: () => void examination.stop(),
      }
    },
  },
  guard: {
    label: 'the heap guard, nothing held',
    begin(cache) {
      const guard = guardHeap({ caches: [cache] })
      return { stop: () => guard.stop() }
    },
  },
  list: {
    label: 'the dashboard open, the list of caches',
    begin: () => page('state'),
  },
  page: {
    label: 'the dashboard open, this cache in full, its keys sampled',
    begin: (cache) => page(`state?cache=${cache.name}`),
  },
}

/** A page that asks for the state before each round: more often than every two seconds, as it does. */
function page(path: string): AtWork {
  const handler = dashboard({ authorise: () => true })
  return {
    async turn() {
      const answer = await handler(new Request(`http://localhost/${path}`))
      if (answer.status !== 200) throw new Error(`${path}: ${answer.status}`)
    },
    stop() {},
  }
}

type Loop = (cache: AnyCache, keys: readonly (string | number)[]) => void

const operations: Record<
  string,
  { keys(size: number): (round: number) => readonly (string | number)[]; run: Loop }
> = {
  hit: {
    keys(size) {
      const next = random(1)
      const all = items('held', size)
      const rounds = Math.ceil(SAMPLE / size)
      const sample = Array.from({ length: rounds }, () => shuffled(all, next))
        .flat()
        .slice(0, SAMPLE)
      return () => sample
    },
    run(cache, keys) {
      let found = 0
      for (let i = 0; i < keys.length; i++) if (cache.get(keys[i]!) !== undefined) found++
      if (found !== keys.length) throw new Error(`${keys.length - found} reads missed`)
    },
  },
  insertion: {
    keys(size) {
      // A key comes again after four times as many others as fit.
      const all = items('held', Math.max(4 * size, 4 * SAMPLE), size)
      return (round) => {
        const from = (round * SAMPLE) % all.length
        return all.slice(from, from + SAMPLE)
      }
    },
    run(cache, keys) {
      for (let i = 0; i < keys.length; i++) cache.set(keys[i]!, i)
    },
  },
}

interface Row {
  readonly mode: string
  readonly size: number
  readonly operation: string
  readonly on: Figure
  readonly after: Figure
  readonly rounds: number
}

async function measure(mode: Mode, size: number, operation: string): Promise<Omit<Row, 'mode'>> {
  const { keys, run } = operations[operation]!
  const caches = ['with', 'without'].map(
    (name) => new Cache<string | number, number>({ name: `${name} ${operation} ${size}`, maxEntries: size }),
  )
  for (const cache of caches) for (const [i, key] of items('held', size).entries()) cache.set(key, i)
  const [own, other] = caches as [AnyCache, AnyCache]
  const sample = keys(size)
  let round = 0
  const one = (cache: AnyCache, list: readonly (string | number)[]): number => {
    const start = performance.now()
    run(cache, list)
    return performance.now() - start
  }
  const paired = async (work: AtWork | undefined): Promise<[number[], number[]]> => {
    const times: [number[], number[]] = [[], []]
    const end = performance.now() + Number(values.time)
    for (let i = 0; i < WARM_UP + ROUNDS || performance.now() < end; i++, round++) {
      await work?.turn?.()
      // What was put off is done, and the clock goes on.
      await setImmediate()
      const isCounted = i >= WARM_UP && (work?.isAtWork?.() ?? true)
      const list = sample(round)
      const isFirst = round % 2 === 0
      const a = isFirst ? one(own, list) : 0
      const b = one(other, list)
      const c = isFirst ? a : one(own, list)
      if (isCounted) {
        times[0].push(c)
        times[1].push(b)
      }
    }
    return times
  }
  const work = mode.begin(own)
  const on = await paired(work)
  work.stop()
  const after = await paired(undefined)
  for (const cache of caches) cache.close()
  return { size, operation, on: ratio(...on), after: ratio(...after), rounds: on[0].length }
}

const file = fileURLToPath(import.meta.url)

if (values.mode !== undefined) {
  const mode = modes[values.mode]!
  const rows: object[] = []
  for (const operation of Object.keys(operations))
    for (const size of SIZES) rows.push({ mode: values.mode, ...(await measure(mode, size, operation)) })
  console.log(JSON.stringify(rows))
  process.exit(0)
}

const shown = ({ median, low, high }: Figure): string =>
  `${median.toFixed(2)} (${low.toFixed(2)}–${high.toFixed(2)})`

const lines: string[] = []
for (const [name, { label }] of Object.entries(modes)) {
  if (values.only !== undefined && !values.only.split(',').includes(name)) continue
  const output = execFileSync(
    process.execPath,
    [...process.execArgv, file, '--mode', name, '--time', values.time],
    {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  const rows = JSON.parse(output) as Row[]
  for (const size of SIZES) {
    const of = (operation: string): Row =>
      rows.find((one) => one.operation === operation && one.size === size)!
    const [hit, insertion] = [of('hit'), of('insertion')]
    const cells = [hit.on, insertion.on, hit.after, insertion.after].map(shown)
    lines.push(`| ${label} | ${size.toLocaleString('en')} | ${cells.join(' | ')} |`)
    console.error(lines.at(-1))
  }
}
const text = `# What operations cost

<!-- Written by npm run bench:operations. -->

What reads and writes take while something looks at a cache, as a multiple of what they take in a cache beside it that nobody looks at, and
the same once it was stopped or the page was closed. Medians of paired rounds of ${SAMPLE.toLocaleString('en')} operations, with their quartiles. Hits are
\`get\` of a key that is there, insertions \`set\` of a new key in a full cache. Quartiles that lie far apart tell of a machine with other
work; the first rows tell how far two caches alike are from 1. ${cpus()[0]?.model.trim()}, Node ${process.version}.

| what | entries | hit | insertion | hit afterwards | insertion afterwards |
|---|--:|--:|--:|--:|--:|
${lines.join('\n')}

The goals: with metrics, hits and insertions as without; with the heap guard, insertions at most 1.10 times and hits as without. What is looked at
while nobody looks (whether there is a listener, a watcher, a count of insertions) is in both caches of a row; \`npm run bench:compare -- REVISION\` puts
it beside a build that lacks it.

Of a service that does anything besides, an [examination](../advice.md) takes 1 % of one core at most: it rests for the time between. The page asks
every two seconds, and here before each round. Its keys are [sampled](../dashboard.md#what-it-shows) until half a minute after it was closed, so
that is what the columns *afterwards* of the last row show.
`
console.log(text)
if (values.only === undefined)
  writeFileSync(new URL('../docs/benchmarks/operations.md', import.meta.url), text)

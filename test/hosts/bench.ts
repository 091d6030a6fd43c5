/**
 * What a hit costs through each host: with nearcache behind it, with the host's own default store, and nearcache's adapter alone.
 * `npm run build && npm run bench:hosts`, with the names of hosts to measure only those, or with `--save` to write down all.
 */
import { readdirSync, writeFileSync } from 'node:fs'
import { caption, describeEnvironment } from '../../bench/report.ts'
import { nanoseconds, toMarkdown } from '../../bench/tables.ts'

/** One way of reading through a host. All three are called again and again and must hit each time. */
export interface HostCase {
  /** What is read, as a row of the table: `keyv 6 get`. */
  name: string
  /** What the host's own default store is called: `Keyv with its Map`. */
  own: string
  /** Fills the stores and gives the three calls. `alone` is what the host calls of the adapter for such a hit. */
  setUp(): Promise<HostCalls>
}

export interface HostCalls {
  withNearcache(): unknown
  withOwn(): unknown
  alone(): unknown
  /** Closes what was opened. */
  tearDown?(): unknown
}

const ROUNDS = 31
const ROUND_MS = 8

type Figures = Record<'withNearcache' | 'withOwn' | 'alone', number>

/** A case measured: nanoseconds per call. */
interface Row extends Figures {
  readonly name: string
  readonly own: string
}

const here = new URL('./', import.meta.url)
const isSaved = process.argv.includes('--save')
const only = process.argv.slice(2).filter((word) => word !== '--save')
if (isSaved && only.length > 0)
  throw new TypeError(`--save: expected no names of hosts beside it, got ${only}`)

const rows: Row[] = []
for (const host of readdirSync(here).sort()) {
  if (only.length > 0 && !only.includes(host)) continue
  const cases = await import(new URL(`${host}/bench.ts`, here).href).catch((error) => {
    if (error.code === 'ERR_MODULE_NOT_FOUND' && error.message.includes(`${host}/bench.ts`)) return undefined
    throw error
  })
  for (const one of (cases?.default ?? []) as HostCase[]) {
    const row = { name: one.name, own: one.own, ...(await measure(one)) }
    rows.push(row)
    console.log(line(row))
  }
}
console.log(`Medians of ${ROUNDS} interleaved rounds, Node ${process.version}`)
if (isSaved) save()

/** Nanoseconds per call of each kind: the medians over rounds in which all take their turns. */
async function measure(one: HostCase): Promise<Figures> {
  const calls = await one.setUp()
  const kinds = ['withNearcache', 'withOwn', 'alone'] as const
  const times = { withNearcache: [] as number[], withOwn: [] as number[], alone: [] as number[] }
  for (let round = -3; round < ROUNDS; round++) {
    for (const kind of kinds) {
      const time = await timed(() => calls[kind]())
      if (round >= 0) times[kind].push(time)
    }
  }
  await calls.tearDown?.()
  return {
    withNearcache: median(times.withNearcache),
    withOwn: median(times.withOwn),
    alone: median(times.alone),
  }
}

async function timed(call: () => unknown): Promise<number> {
  const begin = performance.now()
  let calls = 0
  do {
    for (let i = 0; i < 16; i++) await call()
    calls += 16
  } while (performance.now() - begin < ROUND_MS)
  return ((performance.now() - begin) / calls) * 1e6
}

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[values.length >> 1]!
}

function line({ name, own, withNearcache, withOwn, alone }: Row): string {
  return [
    `${name}: ${Math.round(withNearcache)} ns with nearcache`,
    `${Math.round(withOwn)} ns with ${own} (${(withOwn / withNearcache).toFixed(2)} x)`,
    `the adapter alone ${Math.round(alone)} ns: ${hostShare({ withNearcache, alone })} is the host's own`,
  ].join(', ')
}

/** How much of a hit is spent outside of the adapter. */
function hostShare({ withNearcache, alone }: Pick<Figures, 'withNearcache' | 'alone'>): string {
  return `${Math.round(100 * Math.max(0, 1 - alone / withNearcache))} %`
}

function save(): void {
  const environment = describeEnvironment()
  const table = toMarkdown([
    ['hit', 'with nearcache', "with the host's own store", 'times', 'the adapter alone', "the host's share"],
    ...rows.map(({ name, own, withNearcache, withOwn, alone }) => [
      name,
      `${nanoseconds(withNearcache)} ns`,
      `${nanoseconds(withOwn)} ns: ${own}`,
      (withOwn / withNearcache).toFixed(2),
      `${nanoseconds(alone)} ns`,
      hostShare({ withNearcache, alone }),
    ]),
  ])
  const page = [
    '# Hits behind other libraries',
    `${caption(environment)}. Written by \`npm run build && npm run bench:hosts -- --save\`.`,
    `What one awaited hit takes through each library: with nearcache behind it, with the store that the library brings, and what the adapter takes when it is called alone. *Times* is how many times as long the library's own store takes. Medians of ${ROUNDS} rounds of ${ROUND_MS} ms in which all take turns.`,
    table,
  ]
  const docs = new URL('../../docs/benchmarks/', here)
  writeFileSync(new URL('hosts.md', docs), `${page.join('\n\n')}\n`)
  const rounded = (_: string, value: unknown) =>
    typeof value === 'number' ? Number(value.toFixed(1)) : value
  writeFileSync(new URL('hosts.json', docs), `${JSON.stringify({ environment, rows }, rounded, 1)}\n`)
}

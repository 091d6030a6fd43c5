/**
 * What a hit costs through each host: with nearcache behind it, with the host's own default store, and nearcache's adapter alone.
 * Run by `npm run bench:hosts`, with the names of hosts to measure only those.
 */
import { readdirSync } from 'node:fs'

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

const here = new URL('./', import.meta.url)
const only = process.argv.slice(2)
for (const host of readdirSync(here).sort()) {
  if (only.length > 0 && !only.includes(host)) continue
  const cases = await import(new URL(`${host}/bench.ts`, here).href).catch((error) => {
    if (error.code === 'ERR_MODULE_NOT_FOUND' && error.message.includes(`${host}/bench.ts`)) return undefined
    throw error
  })
  for (const one of (cases?.default ?? []) as HostCase[]) console.log(format(one, await measure(one)))
}
console.log(`Medians of ${ROUNDS} interleaved rounds, Node ${process.version}`)

type Figures = Record<'withNearcache' | 'withOwn' | 'alone', number>

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

function format({ name, own }: HostCase, { withNearcache, withOwn, alone }: Figures): string {
  const share = Math.max(0, 1 - alone / withNearcache)
  return [
    `${name}: ${Math.round(withNearcache)} ns with nearcache`,
    `${Math.round(withOwn)} ns with ${own} (${(withOwn / withNearcache).toFixed(2)} x)`,
    `the adapter alone ${Math.round(alone)} ns: ${Math.round(share * 100)} % is the host's own`,
  ].join(', ')
}

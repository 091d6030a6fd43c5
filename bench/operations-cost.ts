/**
 * What operations cost reads and writes: `npm run bench:operations` writes docs/benchmarks/operations.md, with its goals. In processes for each
 * means, two caches do the same in turn, one that it concerns and one that it does not; a ratio is formed within a round. `--quick` measures
 * for a short time and `--only hooks,guard` a part; both only print.
 */
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { setImmediate } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { items } from './keys.ts'
import { operations, ownLoop } from './operations-loops.ts'
import { type AnyCache, type AtWork, built, type Mode, modes } from './operations-modes.ts'
import { pageOf, type Ratio, type Row } from './operations-page.ts'
import { figure, quantile } from './statistics.ts'
import { unhooked } from './unhooked.ts'

const SIZES = [1000, 100_000]
/** Rounds that do not count, and the least that do. */
const WARM_UP = 8
const ROUNDS = 12

const { values } = parseArgs({
  options: {
    mode: { type: 'string' },
    only: { type: 'string' },
    quick: { type: 'boolean', default: false },
    // Which of the two caches is made first, in a process of a mode.
    turn: { type: 'string', default: '0' },
  },
})
/** Milliseconds of measuring for each figure of a process. */
const TIME = values.quick ? 100 : 1000

/** The ratios of all rounds of one process. */
interface Rounds extends Omit<Row, 'on' | 'after'> {
  readonly on: readonly number[]
  readonly after: readonly number[]
}

const { Cache } = await built<typeof import('../src/index.ts')>('index.js')

/** The mode of a cache that nothing is at work on, beside one of a package that does not ask whether something is. */
const HOOKS = 'hooks'
const Other = values.mode === HOOKS ? await unhooked() : Cache

async function measure(name: string, size: number, operation: keyof typeof operations): Promise<Rounds> {
  const mode: Mode | undefined = modes[name]
  const { keys } = operations[operation]
  const made = (Class: typeof Cache, role: string): AnyCache => {
    const cache = new Class<string | number, number>({
      name: `${role} ${operation} ${size}`,
      maxEntries: size,
    })
    for (const [i, key] of items('held', size).entries()) cache.set(key, i)
    return cache
  }
  // What was made first lies elsewhere in memory.
  const isFirst = values.turn === '0'
  const early = isFirst ? made(Cache, 'with') : made(Other, 'without')
  const late = isFirst ? made(Other, 'without') : made(Cache, 'with')
  const [own, other] = isFirst ? [early, late] : [late, early]
  const { run } = operations[operation]
  // Two caches of one class share what the runtime learns of it.
  const loops = Cache === Other ? [run, run] : [ownLoop(run), ownLoop(run)]
  const sample = keys(size)
  let round = 0
  const one = async (cache: AnyCache, list: ReturnType<typeof sample>): Promise<number> => {
    const loop = loops[cache === own ? 0 : 1]!
    const start = performance.now()
    await loop(cache, list)
    return performance.now() - start
  }
  const paired = async (work: AtWork | undefined): Promise<number[]> => {
    const ratios: number[] = []
    const end = performance.now() + TIME
    for (let i = 0; i < WARM_UP + ROUNDS || performance.now() < end; i++, round++) {
      await work?.turn?.()
      // What was put off is done, and the clock goes on.
      await setImmediate()
      const isCounted = i >= WARM_UP && (work?.isAtWork?.() ?? true)
      const list = sample(round)
      const goesFirst = round % 2 === 0
      const a = goesFirst ? await one(own, list) : 0
      const b = await one(other, list)
      const c = goesFirst ? a : await one(own, list)
      if (isCounted) ratios.push(c / b)
    }
    return ratios
  }
  const work = mode?.begin(own)
  const on = await paired(work)
  work?.stop()
  const after = mode === undefined ? [] : await paired(undefined)
  for (const cache of [own, other]) cache.close()
  return { mode: name, size, operation, on, after }
}

const file = fileURLToPath(import.meta.url)

if (values.mode !== undefined) {
  const rows: Rounds[] = []
  const names =
    values.mode === HOOKS ? (['hit', 'insertion', 'load'] as const) : (['hit', 'insertion'] as const)
  for (const operation of names)
    for (const size of SIZES) rows.push(await measure(values.mode, size, operation))
  console.log(JSON.stringify(rows))
  process.exit(0)
}

/** With the interval that the median lies in by 95 %, from the order of the rounds. */
function ratioOf(rounds: readonly number[]): Ratio | undefined {
  if (rounds.length === 0) return undefined
  const reach = 0.98 / Math.sqrt(rounds.length)
  return {
    ...figure(rounds),
    least: quantile(rounds, Math.max(0, 0.5 - reach)),
    most: quantile(rounds, Math.min(1, 0.5 + reach)),
  }
}

/** How the two classes are compiled differs from process to process, so that it takes more of them. */
function processesOf(mode: string): number {
  if (values.quick) return 1
  return mode === HOOKS ? 10 : 4
}

function roundsOf(mode: string, turn: number): Rounds[] {
  const quick = values.quick ? ['--quick'] : []
  const args = [...process.execArgv, file, '--mode', mode, '--turn', String(turn % 2), ...quick]
  console.error(`${mode}, process ${turn + 1} of ${processesOf(mode)}`)
  return JSON.parse(
    execFileSync(process.execPath, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }),
  )
}

const wanted = [HOOKS, ...Object.keys(modes)].filter((name) => values.only?.split(',').includes(name) ?? true)
const rows = wanted.flatMap((mode): Row[] => {
  const all = Array.from({ length: processesOf(mode) }, (_, turn) => roundsOf(mode, turn))
  return all[0]!.map(({ size, operation }, i) => ({
    ...{ mode, size, operation },
    on: ratioOf(all.flatMap((rounds) => rounds[i]!.on))!,
    after: ratioOf(all.flatMap((rounds) => rounds[i]!.after)),
  }))
})
const labels = Object.fromEntries(Object.entries(modes).map(([name, { label }]) => [name, label]))
const text = pageOf(rows, labels)
console.log(text)
if (values.only === undefined && !values.quick)
  writeFileSync(new URL('../docs/benchmarks/operations.md', import.meta.url), text)

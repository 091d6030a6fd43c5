// Whether a service survives caches that ask for more than its heap has, with the heap guard and without:
// npm run bench:guard -- [--node 20,22,24,26] [--times 10] [--only grow,burst,sync] [--resume]
//
// Each row is written to docs/benchmarks/guard.json after each run, in the place of the one before, and the page is drawn from all of them:
// what was ended goes on with `--resume`, which adds to a row until it has so many runs.
import { spawn } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { installNode, nodeVersions } from './install.ts'

const SCENARIOS: Readonly<Record<string, string>> = {
  grow: "1.2 million requests while the service's own data grows to 64 MB",
  burst: 'besides, 40 MB in one turn, held for a while',
  sync: '600,000 sets in one turn',
  swell: '60,000 sets of small values, then as many of values a thousand times larger, in one turn',
  recover: "3 million requests; the service's own data is released after a third",
  buffers:
    '200,000 Buffers of 4 KB, with `memory: "400mb"`; without the guard nothing dies of them, but the process takes more',
  worker: '*sync* in a worker with a limit of its own',
}

const { values } = parseArgs({
  options: {
    node: { type: 'string', default: Object.keys(nodeVersions).join(',') },
    times: { type: 'string', default: '10' },
    only: { type: 'string', default: Object.keys(SCENARIOS).join(',') },
    resume: { type: 'boolean', default: false },
    // Draws the page from the rows that there are, and runs nothing.
    draw: { type: 'boolean', default: false },
  },
})

const path = (name: string): string => fileURLToPath(new URL(`../${name}`, import.meta.url))
const service = path('test/observe/guard-service.mjs')
const data = path('docs/benchmarks/guard.json')

interface Run {
  readonly survived: boolean
  readonly entries: number
  readonly longestTurn: number
  readonly p999: number
  readonly peakMegabytes: number
  readonly cuts: number
}

/** One scenario on one Node. */
interface Row {
  readonly node: string
  readonly scenario: string
  readonly without: Run
  readonly runs: readonly Run[]
}

const DIED: Run = { survived: false, entries: 0, longestTurn: 0, p999: 0, peakMegabytes: 0, cuts: 0 }

/** Runs one scenario once; what it printed, or that it died. */
async function run(node: string, scenario: string, mode: 'guard' | 'none'): Promise<Run> {
  const flags = scenario === 'buffers' || scenario === 'worker' ? [] : ['--max-old-space-size=256']
  const child = spawn(node, [...flags, service, path('dist'), scenario, mode], {
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { ...process.env, NODE_OPTIONS: '' },
  })
  let text = ''
  child.stdout.on('data', (chunk) => {
    text += chunk
  })
  await new Promise((resolve) => child.on('close', resolve))
  if (text === '') return DIED
  const { entries, guard, longestTurn, p999, peakMegabytes } = JSON.parse(text)
  const sum = (entries as number[]).reduce((all, one) => all + one, 0)
  return { survived: true, entries: sum, longestTurn, p999, peakMegabytes, cuts: guard?.cuts ?? 0 }
}

function known(): Row[] {
  return existsSync(data) ? (JSON.parse(readFileSync(data, 'utf8')) as Row[]) : []
}

/** Puts a row in the place of an older one, and draws the page. */
function keep(row: Row): void {
  const order = ({ node, scenario }: Row): number =>
    Number.parseInt(node, 10) * 100 + Object.keys(SCENARIOS).indexOf(scenario)
  const others = known().filter(
    ({ node, scenario }) =>
      Number.parseInt(node, 10) !== Number.parseInt(row.node, 10) || scenario !== row.scenario,
  )
  const rows = [...others, row].sort((a, b) => order(a) - order(b))
  writeFileSync(data, `${JSON.stringify(rows, undefined, 1)}\n`)
  writeFileSync(path('docs/benchmarks/guard.md'), page(rows))
}

const median = (numbers: readonly number[]): number =>
  numbers.length === 0 ? Number.NaN : [...numbers].sort((a, b) => a - b)[numbers.length >> 1]!

const whole = (number: number): string =>
  Number.isNaN(number) ? '–' : Math.round(number).toLocaleString('en')

function line({ node, scenario, without, runs }: Row): string {
  const alive = runs.filter(({ survived }) => survived)
  const of = (name: 'entries' | 'longestTurn' | 'p999' | 'cuts' | 'peakMegabytes'): string =>
    whole(median(alive.map((one) => one[name])))
  const isOneTurn = scenario === 'sync' || scenario === 'worker'
  const hasPeak = scenario === 'buffers'
  const cells = [
    node,
    scenario,
    without.survived ? 'survives' : 'dies',
    `${alive.length} of ${runs.length}`,
    `${of('entries')} (${whole(Math.min(...alive.map(({ entries }) => entries)))})`,
    of('cuts'),
    isOneTurn ? of('longestTurn') : `${of('longestTurn')} / ${of('p999')}`,
    hasPeak ? `${of('peakMegabytes')} instead of ${whole(without.peakMegabytes)}` : '',
  ]
  return `| ${cells.join(' | ')} |`
}

function page(rows: readonly Row[]): string {
  return `# The heap guard

<!-- Written by npm run bench:guard. -->

A service of three caches, each of 200,000 entries at most, with values of about 0.9 KB, so that they ask for 600 MB of a heap of 256 MB: once
without the [guard](../operations.md#the-heap-guard), and several times with it. Figures are medians of the runs that survived. What
[the service](../../test/observe/guard-service.mjs) does in each scenario:

${Object.entries(SCENARIOS)
  .filter(([name]) => rows.some(({ scenario }) => scenario === name))
  .map(([name, about]) => `- *${name}*: ${about.replaceAll('"', "'")}`)
  .join('\n')}

Times were taken on a machine that had other work too: they tell the order of magnitude.

| Node | scenario | without | survived with it | entries at the end (least) | cuts | longest turn / P99.9 of turns, ms | peak of the process, MB |
|---|---|---|--:|--:|--:|--:|--:|
${rows.map(line).join('\n')}
`
}

const started = performance.now()
function tell(text: string): void {
  console.error(`${((performance.now() - started) / 1000).toFixed(0)} s: ${text}`)
}

if (values.draw) writeFileSync(path('docs/benchmarks/guard.md'), page(known()))

for (const major of values.draw ? [] : values.node.split(',')) {
  const node = installNode(major)
  const version = nodeVersions[major]!
  for (const scenario of values.only.split(',')) {
    if (SCENARIOS[scenario] === undefined)
      throw new Error(`--only ${scenario}: expected some of ${Object.keys(SCENARIOS).join(', ')}`)
    const before = values.resume
      ? known().find((row) => row.node === version && row.scenario === scenario)
      : undefined
    const without = before?.without ?? (await run(node, scenario, 'none'))
    tell(`Node ${version}, ${scenario}, without: ${without.survived ? 'survives' : 'dies'}`)
    const runs: Run[] = [...(before?.runs ?? [])]
    for (let i = runs.length; i < Number(values.times); i++) {
      runs.push(await run(node, scenario, 'guard'))
      const last = runs.at(-1)!
      tell(`  ${i + 1}: ${last.survived ? `survives with ${whole(last.entries)} entries` : 'DIES'}`)
      keep({ node: version, scenario, without, runs })
    }
    console.log(line({ node: version, scenario, without, runs }))
  }
}

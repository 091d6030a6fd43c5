import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { drawCharts } from './draw.ts'
import { goalTable } from './goals.ts'
import { entryOf, operationNames } from './operations.ts'
import { caption, type Report } from './report.ts'
import {
  entries,
  foundTable,
  latencyTable,
  memoryTable,
  nanoseconds,
  speedTable,
  type Table,
  toMarkdown,
  unique,
} from './tables.ts'

const docs = new URL('../docs/benchmarks/', import.meta.url)

/** Writes results.json, the tables as README.md and the charts of a run; where they are. */
export function writeReport(report: Report): string {
  const major = report.environment.node.slice(1).split('.')[0]
  const name = report.quick ? 'quick' : `node-${major}`
  const folder = new URL(`${name}/`, docs)
  mkdirSync(folder, { recursive: true })
  writeFileSync(new URL('results.json', folder), `${JSON.stringify(report, rounded, 1)}\n`)
  const charts = drawCharts(report, folder)
  writeFileSync(new URL('README.md', folder), page(report, charts))
  if (!report.quick) writeFileSync(new URL('README.md', docs), index())
  return fileURLToPath(folder)
}

function page(report: Report, charts: readonly { name: string; title: string }[]): string {
  const { environment, speed, async, latency, bytes, garbage, longRuns } = report
  const parts: string[] = []
  const add = (...words: string[]): number => parts.push(...words)
  const addTable = (title: string, table: Table): number => add(`### ${title}`, toMarkdown(table))

  add(`# Benchmark on Node ${environment.node}`, `${caption(environment)}. Written by \`npm run bench\`.`)
  if (report.quick) add('This was a quick run; `npm run bench` measures more, and more often.')
  add('## Goals', toMarkdown(goalTable(report)))
  add('## Charts', ...charts.map(({ name, title }) => `![${title}](${name}.svg)`))

  add('## Speed')
  add(
    'Nanoseconds per operation; × how many times those of nearcache (its default, adaptive policy), as the median over rounds of the ratio within a round, with its quartiles in brackets.',
  )
  add(operationNames.map((name) => `- **${entryOf(name).label}**: ${entryOf(name).about}`).join('\n'))
  for (const keys of unique(speed.map((one) => one.keys))) {
    const ofKind = speed.filter((one) => one.keys === keys)
    for (const size of unique(ofKind.map((one) => one.size)))
      addTable(
        `${entries(size)} entries, ${KINDS[keys]}`,
        speedTable(ofKind.filter((one) => one.size === size)),
      )
  }
  const zipf = speed.filter((one) => one.operation === 'Zipf read-through' && one.keys === 'held')
  if (zipf.length > 0) addTable('Hit ratio of the Zipf read-through', foundTable(zipf))

  add('## The asynchronous read path')
  add('One read awaited after the other; loaders resolve at once.')
  if (async.length > 0) addTable(`${entries(async[0]!.size)} entries`, speedTable(async))

  add('## Latency')
  add(
    `${entries(latency.capacity)} entries; 90 % get, 9 % set, 1 % delete over 1.1 times as many keys; objects as values. Each operation was timed by itself; the ${nanoseconds(latency.clock)} ns that reading the clock takes are taken off.`,
  )
  for (const operation of ['get', 'set', 'delete'])
    addTable(operation, latencyTable(latency.figures.filter((one) => one.operation === operation)))
  for (const run of longRuns) {
    const { peer, size, sets, median, p99, p999, max, firstOfTurn, collected, p999WithoutCollections } = run
    const first =
      firstOfTurn === undefined
        ? ''
        : `, and ${(100 * firstOfTurn).toFixed(0)} % were the first of their turn of the event loop`
    add(
      `${entries(sets)} sets of new keys into **${peer}** with ${entries(size)} entries${peer === 'Map' ? ' (the first in goes first, nothing expires)' : ' that expire after 2 seconds'}, the clock's time included: median ${nanoseconds(median)} ns, P99 ${nanoseconds(p99)} ns, P99.9 ${nanoseconds(p999)} ns, maximum ${(max / 1e6).toFixed(1)} ms. Of the slowest thousandth ${(100 * collected).toFixed(0)} % fell into a garbage collection${first}; P99.9 of the others: ${nanoseconds(p999WithoutCollections)} ns.`,
    )
  }

  add('## Memory')
  add('Keys and values are not counted. Garbage collection while new keys are set in a full cache.')
  if (bytes.length > 0) add(toMarkdown(memoryTable(bytes, garbage)))

  add('## The peers', toMarkdown(peerTable(report)))
  for (const { name, reason } of report.absent) add(`Not measured on this Node: ${name} (${reason}).`)
  return `${parts.join('\n\n')}\n`
}

const KINDS = {
  held: 'strings held by the caller',
  built: 'strings built for each call',
  integer: 'integers',
}

function peerTable({ peers }: Report): Table {
  const rows = peers.map(({ name, version, ttl, note }) => [name, version, ttl ? 'yes' : 'no', note])
  return [['peer', 'version', 'ttl', 'note'], ...rows]
}

/** A page for all the Nodes that results are there of. */
function index(): string {
  const reports = readdirSync(docs)
    .filter((name) => name.startsWith('node-') && existsSync(new URL(`${name}/results.json`, docs)))
    .sort()
    .map((name) => ({
      name,
      report: JSON.parse(readFileSync(new URL(`${name}/results.json`, docs), 'utf8')) as Report,
    }))
  const parts = [
    '# Benchmarks',
    'Written by `npm run bench` (all measurements, some minutes) and `npm run bench -- --node 24` (on another Node, or `all`). `npm run bench:quick` takes less than a minute and writes to `quick/`. How it measures: [bench/README.md](../../bench/README.md).',
    ...reports.map(
      ({ name, report }) =>
        `- [Node ${report.environment.node}](${name}/README.md): ${caption(report.environment)}`,
    ),
    '## Goals',
    'What nearcache is to reach, and what it does. Where it does not, [where the time goes](profile.md) tells what is in the way.',
    ...reports.flatMap(({ report }) => [
      `### Node ${report.environment.node}`,
      toMarkdown(goalTable(report)),
    ]),
  ]
  return `${parts.join('\n\n')}\n`
}

/** Figures need no more than five digits. */
function rounded(_: string, value: unknown): unknown {
  return typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(5)) : value
}

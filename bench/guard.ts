// Whether a service survives caches that ask for more than its heap has, with the heap guard and without:
// npm run bench:guard -- [--node 20,22,24,26] [--times 10] [--only grow,sync]
import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { installNode, nodeVersions } from './install.ts'

const { values } = parseArgs({
  options: {
    node: { type: 'string', default: Object.keys(nodeVersions).join(',') },
    times: { type: 'string', default: '10' },
    only: { type: 'string', default: 'grow,burst,sync,recover,buffers,worker' },
  },
})

const path = (name: string): string => fileURLToPath(new URL(`../${name}`, import.meta.url))
const service = path('test/observe/guard-service.mjs')

interface Run {
  readonly survived: boolean
  readonly entries: number
  readonly least: number | null
  readonly longestTurn: number
  readonly p999: number
  readonly peakMegabytes: number
  readonly cuts: number
}

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
  if (text === '')
    return { survived: false, entries: 0, least: null, longestTurn: 0, p999: 0, peakMegabytes: 0, cuts: 0 }
  const { entries, guard, ...rest } = JSON.parse(text)
  const sum = (entries as number[]).reduce((all, one) => all + one, 0)
  return { survived: true, ...rest, entries: sum, cuts: guard?.cuts ?? 0 }
}

const median = (numbers: readonly number[]): number =>
  numbers.length === 0 ? Number.NaN : [...numbers].sort((a, b) => a - b)[numbers.length >> 1]!

const whole = (number: number): string =>
  Number.isNaN(number) ? '' : Math.round(number).toLocaleString('en')

const rows: string[] = []
for (const major of values.node.split(',')) {
  const node = installNode(major)
  for (const scenario of values.only.split(',')) {
    const runs: Run[] = []
    for (let i = 0; i < Number(values.times); i++) runs.push(await run(node, scenario, 'guard'))
    const alive = runs.filter(({ survived }) => survived)
    const without = await run(node, scenario, 'none')
    const of = (name: 'entries' | 'longestTurn' | 'p999' | 'cuts' | 'peakMegabytes'): string =>
      whole(median(alive.map((one) => one[name])))
    const bare =
      scenario === 'buffers' ? `${whole(without.peakMegabytes)} MB` : without.survived ? 'survives' : 'dies'
    const row = `| ${nodeVersions[major]} | ${scenario} | ${bare} | ${alive.length} of ${runs.length} | ${of('entries')} | ${of('cuts')} | ${of('longestTurn')} / ${of('p999')} | ${scenario === 'buffers' ? `${of('peakMegabytes')} MB` : ''} |`
    console.log(row)
    rows.push(row)
  }
}

const text = `# The heap guard

What \`npm run bench:guard\` measured: a service of three caches, each of 200,000 entries at most, with values of about 0.9 KB, so that they
ask for 600 MB of a heap of 256 MB. Figures are medians of the runs that survived. What each scenario does is told in
[the service](../../test/observe/guard-service.mjs) that runs; *buffers* is held to 400 MB in all.

| Node | scenario | without the guard | survived with it | entries held at the end | cuts | longest turn / P99.9 of turns, ms | peak of the process |
|---|---|---|---|---|---|---|---|
${rows.join('\n')}
`
writeFileSync(path('docs/benchmarks/guard.md'), text)

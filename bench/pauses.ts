/**
 * The longest single turn of work at a million entries, for every operation that may take long, beside what a bare Map takes for the same:
 * `npm run bench:pauses`, on the Nodes named by `--node` (20 and 24 unless said otherwise). Writes docs/benchmarks/pauses.md, unless
 * `--only <text>` picks cases by their names. `--large` adds those that take gigabytes. Each is measured in `--processes` processes (3), of
 * which the best counts: the others show what else the machine did.
 */
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { installNode } from './install.ts'
import { cases } from './pauses-cases.ts'
import { caption, describeEnvironment } from './report.ts'
import { toMarkdown } from './tables.ts'

const { values: options } = parseArgs({
  options: {
    node: { type: 'string', multiple: true, default: ['20', '24'] },
    only: { type: 'string' },
    large: { type: 'boolean', default: false },
    processes: { type: 'string', default: '3' },
  },
})
const nodes = options.node.map(installNode)
const versions = nodes.map((node) => execFileSync(node, ['--version'], { encoding: 'utf8' }).trim())
const names = Object.keys(cases).filter(
  (name) => name.includes(options.only ?? '') && (options.large || !cases[name]!.large),
)

const rows = [['', ...versions.flatMap((version) => [version, 'a Map'])]]
for (const name of names) {
  const row = [name]
  for (const node of nodes)
    for (const side of ['run', 'map'] as const)
      row.push(cases[name]![side] === undefined ? '–' : milliseconds(best(node, name, side)))
  console.log(row.join('   '))
  rows.push(row)
}
if (options.only === undefined) {
  const file = new URL('../docs/benchmarks/pauses.md', import.meta.url)
  writeFileSync(file, page())
  console.log(`Written to ${fileURLToPath(file)}`)
}

function best(node: string, name: string, side: string): number {
  const script = fileURLToPath(new URL('pauses-process.ts', import.meta.url))
  const flags = ['--expose-gc', '--max-old-space-size=8192', '--import', 'tsx']
  const times = Array.from({ length: Number(options.processes) }, () =>
    Number(execFileSync(node, [...flags, script, name, side], { encoding: 'utf8' })),
  )
  return Math.min(...times)
}

function milliseconds(time: number): string {
  return time < 0.1 ? '< 0.1' : time.toFixed(1)
}

function page(): string {
  return `${[
    '# Pauses',
    `${caption({ ...describeEnvironment(), node: versions.map((version) => version.slice(1)).join(' and ') })}. Written by \`npm run bench:pauses\`.`,
    `How long the event loop is held at most by a single turn of work, in milliseconds: the longest of all calls, and of all slices in which the rest is done afterwards. Caches of a million entries, integers as keys and values; beside it what a bare Map takes for the same, one key after the other, which no cache on a Map can save: it copies itself when it has become too small, and again when it has become much too large. What \`clear\`, \`close\` and \`expireAll\` do to many namespaces reaches each when it is next used, and all of them in slices; so do the entries of a large namespace follow \`expireAll\`. The first tag, the first namespace and the first \`incrVersion\` make an array with a place for each entry there may be, 8 MB here, and the last two fill it in one pass with whose each entry is; no entry is looked at, and it happens once. The best of ${options.processes} processes for each figure.`,
    toMarkdown(rows),
  ].join('\n\n')}\n`
}

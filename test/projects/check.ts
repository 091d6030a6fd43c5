/**
 * Makes a project of each kind with the packed package in it, by plain `npm install`, and runs it. `npm run check:projects -- --only
 * "Jest 30"` runs one kind, and may be repeated; `--ci` those that `.ci/run` tries; `--keep` leaves the folders;
 * `--table` runs nothing and writes the table of docs/projects.md.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { run } from '../package/run.ts'
import { pack } from '../package/tarball.ts'
import { type Kind, kinds } from './kinds.ts'
import { writeTable } from './table.ts'

const { values: options } = parseArgs({
  options: {
    only: { type: 'string', multiple: true },
    ci: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
    table: { type: 'boolean', default: false },
  },
})
const known = kinds.map(({ name }) => name)
const unknown = options.only?.find((name) => !known.includes(name))
if (unknown !== undefined) throw new Error(`--only ${unknown}: expected ${known.join(', ')}`)

/** Makes the project and runs its commands; throws what the first that fails wrote. */
function attempt({ packages, type = 'commonjs', files, commands }: Kind, project: string): void {
  write(
    project,
    'package.json',
    JSON.stringify({ name: 'project', private: true, type, dependencies: packages }),
  )
  for (const [file, text] of Object.entries(files)) write(project, file, text)
  run('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error', '../package.tgz'], project)
  for (const command of commands) {
    const [program = '', ...args] = command.split(' ')
    const own = Object.keys(packages).find((name) => name.startsWith('node-'))
    if (program === 'node') {
      const binary = own === undefined ? process.execPath : join('node_modules', own, 'bin/node')
      run(binary, args, project)
    } else run(join(project, 'node_modules/.bin', program), args, project)
  }
}

function write(project: string, file: string, text: string): void {
  mkdirSync(dirname(join(project, file)), { recursive: true })
  writeFileSync(join(project, file), text)
}

if (options.table) {
  writeTable()
  process.exit()
}

const folder = mkdtempSync(join(tmpdir(), 'nearcache-projects-'))
const chosen = kinds.filter(
  ({ name, inCi = false }) => (options.only?.includes(name) ?? true) && (inCi || !options.ci),
)
const failed: string[] = []
try {
  console.log(pack(folder))
  const width = Math.max(...chosen.map(({ name }) => name.length))
  for (const [i, kind] of chosen.entries()) {
    process.stdout.write(`${kind.name.padEnd(width)}  `)
    const start = performance.now()
    try {
      attempt(kind, join(folder, String(i)))
      const seconds = ((performance.now() - start) / 1000).toFixed(1)
      console.log(`ok  ${seconds.padStart(5)} s  ${kind.ways.replaceAll('`', '')}`)
    } catch (error) {
      console.log('FAILED')
      console.log((error instanceof Error ? error.message : String(error)).replaceAll(/^/gm, '    '))
      failed.push(kind.name)
    }
  }
} finally {
  if (options.keep) console.log(`The projects are in ${folder}.`)
  else rmSync(folder, { recursive: true, force: true })
}
console.log(failed.length === 0 ? `\nAll ${chosen.length} work.` : `\nFailed: ${failed.join(', ')}.`)
process.exitCode = failed.length === 0 ? 0 : 1

/**
 * Runs the packed package in every runtime: the contract, and each entry where there are processes. Runtimes are installed from
 * npm into .cache/ the first time. `npm run check:runtimes -- --only node` runs some of them; may be repeated.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { entriesOf, install, pack, userFolder } from '../package/tarball.ts'
import { type Installed, type Runtime, runtimes } from './runtimes.ts'

const kinds = [...new Set(runtimes.map(({ kind }) => kind))]
const { only = kinds } = parseArgs({ options: { only: { type: 'string', multiple: true } } }).values
const unknown = only.find((kind) => !kinds.includes(kind))
if (unknown !== undefined) throw new Error(`--only ${unknown}: expected ${kinds.join(', ')}`)

type Row = readonly [runtime: string, version: string, cases: string, entries: string, result: string]

async function rowOf(
  { kind, version, missing, hasEntries, run }: Runtime,
  installed: Installed,
): Promise<Row> {
  if (missing !== undefined) {
    console.log(`skipped, ${missing}`)
    return [kind, version, '', '', 'skipped']
  }
  const entries = hasEntries ? String(installed.entries.length) : 'the core'
  const start = performance.now()
  try {
    const { cases, failures } = await run(installed)
    const seconds = ((performance.now() - start) / 1000).toFixed(1)
    console.log(failures.length === 0 ? `ok, ${seconds} s` : 'FAILED')
    for (const failure of failures) console.log(`    ${failure}`)
    return [kind, version, String(cases), entries, failures.length === 0 ? 'ok' : `${failures.length} failed`]
  } catch (error) {
    console.log('FAILED')
    console.log((error instanceof Error ? error.message : String(error)).replaceAll(/^/gm, '    '))
    return [kind, version, '', '', 'failed']
  }
}

function table(rows: readonly Row[]): string {
  const all = [['runtime', 'version', 'cases', 'entries', 'result'], ...rows]
  const widths = all[0]!.map((_, column) => Math.max(...all.map((row) => row[column]!.length)))
  return all
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

const folder = mkdtempSync(join(tmpdir(), 'nearcache-runtimes-'))
try {
  console.log(pack(folder))
  install(folder)
  const installed = { user: userFolder(folder), entries: entriesOf(folder).map(({ name }) => name) }
  const rows: Row[] = []
  for (const runtime of runtimes.filter(({ kind }) => only.includes(kind))) {
    process.stdout.write(`${runtime.kind} (${runtime.version}) … `)
    rows.push(await rowOf(runtime, installed))
  }
  console.log(`\n${table(rows)}`)
  if (rows.some(([, , , , result]) => result.endsWith('failed'))) process.exitCode = 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}

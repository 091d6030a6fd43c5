import { mkdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { nodePage } from './pages.ts'
import { redraw } from './redraw.ts'
import type { Report } from './report.ts'

const docs = new URL('../docs/benchmarks/', import.meta.url)

/** Writes results.json and the tables of a run, and, unless it was a quick one, draws everything anew; where the tables are. */
export function writeReport(report: Report): string {
  const major = report.environment.node.slice(1).split('.')[0]
  const folder = new URL(`${report.quick ? 'quick' : `node-${major}`}/`, docs)
  mkdirSync(folder, { recursive: true })
  writeFileSync(new URL('results.json', folder), `${JSON.stringify(report, rounded, 1)}\n`)
  if (report.quick) writeFileSync(new URL('README.md', folder), nodePage(report))
  else redraw()
  return fileURLToPath(folder)
}

/** Figures need no more than five digits. */
function rounded(_: string, value: unknown): unknown {
  return typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(5)) : value
}

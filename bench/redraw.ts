/** Draws all charts anew, and writes all pages, from the results in docs/benchmarks: `npm run bench:draw`. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { writeAdvicePage } from './advice/write.ts'
import { drawCharts } from './draw.ts'
import { readHitRatios, writeHitRatioPage } from './hit-ratio/write.ts'
import { comparisonPage, goalPage, nodePage } from './pages.ts'
import { withFigures } from './readme.ts'
import type { Report } from './report.ts'
import { writeTiersPage } from './tiers/page.ts'

const root = new URL('../', import.meta.url)
const docs = new URL('docs/benchmarks/', root)

/** The Node whose results are drawn; those of the others are in tables. */
const DRAWN = 'node-24'

export function redraw(): void {
  const reports = readReports()
  for (const { name, report } of reports) writeFileSync(new URL(`${name}/README.md`, docs), nodePage(report))
  for (const name of ['hit-ratio', 'hit-ratio-synthetic'] as const)
    if (readHitRatios(docs, name) !== undefined) writeHitRatioPage(docs, name)
  writeAdvicePage(docs)
  writeTiersPage(docs)
  writeFileSync(new URL('goals.md', import.meta.url), goalPage(reports))
  const drawn = reports.find(({ name }) => name === DRAWN) ?? reports.at(-1)
  const hitRatios = readHitRatios(docs, 'hit-ratio')
  if (drawn === undefined || hitRatios === undefined) return
  const charts = drawCharts(drawn.report, docs)
  writeFileSync(new URL('README.md', docs), comparisonPage(reports, drawn.report, charts, hitRatios.pairs))
  const readme = new URL('README.md', root)
  writeFileSync(readme, withFigures(readFileSync(readme, 'utf8'), drawn.report, hitRatios.pairs))
}

/** The results of the last run on each Node. */
export function readReports(): { name: string; report: Report }[] {
  return readdirSync(docs)
    .filter((name) => name.startsWith('node-') && existsSync(new URL(`${name}/results.json`, docs)))
    .sort()
    .map((name) => ({
      name,
      report: JSON.parse(readFileSync(new URL(`${name}/results.json`, docs), 'utf8')),
    }))
}

if (process.argv[1] === import.meta.filename) redraw()

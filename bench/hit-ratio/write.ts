import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { writeChart } from '../charts/chart.ts'
import { hitRatioChart } from './chart.ts'
import { gapChart } from './gap-chart.ts'
import { toPage, toSyntheticPage } from './page.ts'
import type { Measured } from './score.ts'
import type { Source } from './traces.ts'

export type Workloads = 'hit-ratio' | 'hit-ratio-synthetic'

/** What a run has measured, as it is written to a file. */
export interface HitRatios {
  readonly pairs: readonly Measured[]
  readonly sources: readonly Source[]
}

/** The results of the last run in a folder, if there are any. */
export function readHitRatios(folder: URL, name: Workloads): HitRatios | undefined {
  const file = new URL(`${name}.json`, folder)
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined
}

/** Writes the page and the charts of the results in a folder; the page. */
export function writeHitRatioPage(folder: URL, name: Workloads): string {
  const { pairs, sources } = readHitRatios(folder, name)!
  const real = name === 'hit-ratio'
  writeChart(hitRatioChart(pairs, real ? 'traces' : 'synthetic workloads'), folder, name)
  if (real) writeChart(gapChart(pairs), folder, 'gap-closed')
  const page = real ? toPage(pairs, sources) : toSyntheticPage(pairs)
  writeFileSync(new URL(`${name}.md`, folder), page)
  return page
}

/**
 * Measures the hit ratios of the engine over all traces of a folder, at the sizes of its `reference-hit-ratios.csv`, and writes
 * docs/benchmarks/hit-ratio.{json,md,svg,png}. The folder is given by `--traces`, or NEARCACHE_TRACES; bench/traces otherwise.
 * With `--synthetic` instead over workloads made from fixed seeds: docs/benchmarks/hit-ratio-synthetic.{json,md,svg,png}.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { toPng, toSvg } from './charts/chart.ts'
import { hitRatioChart } from './hit-ratio/chart.ts'
import { scores, toPage, toSyntheticPage } from './hit-ratio/page.ts'
import type { Measured } from './hit-ratio/score.ts'
import { doubledHitRatio, hitRatio, sourcesOf, syntheticWorks, worksOf } from './hit-ratio/traces.ts'

const { values } = parseArgs({
  options: { traces: { type: 'string' }, synthetic: { type: 'boolean' }, out: { type: 'string' } },
})
const folder = values.traces ?? process.env.NEARCACHE_TRACES ?? path('traces')
const out = values.out ?? path('../docs/benchmarks')
const name = values.synthetic ? 'hit-ratio-synthetic' : 'hit-ratio'

const pairs: Measured[] = []
for await (const { name, trace, pairs: own } of values.synthetic ? syntheticWorks() : worksOf(folder)) {
  for (const pair of own) {
    const ours = hitRatio(trace, 'adaptive', pair.capacity)
    pairs.push({ ...pair, ours, oursDoubled: doubledHitRatio(trace, 'adaptive', pair.capacity) })
  }
  console.error(`${name}: ${trace.keys.length.toLocaleString('en')} reads, ${own.length} sizes`)
}
if (pairs.length === 0) throw new Error(`${folder}: expected files *.trace.u32.br, found none`)

const svg = toSvg(hitRatioChart(pairs))
mkdirSync(out, { recursive: true })
writeFileSync(
  join(out, `${name}.json`),
  `${JSON.stringify({ scores: toObject(), pairs: pairs.map(rounded) }, undefined, 1)}\n`,
)
const page = values.synthetic ? toSyntheticPage(pairs) : toPage(pairs, sourcesOf(folder))
writeFileSync(join(out, `${name}.md`), page)
writeFileSync(join(out, `${name}.svg`), svg)
writeFileSync(join(out, `${name}.png`), toPng(svg))
console.log(page)

function toObject(): object {
  return Object.fromEntries(scores(pairs).map(([name, score]) => [name.replaceAll('*', ''), rounded(score)]))
}

/** Numbers with six decimals, which is what the reference has. */
function rounded<T extends object>(value: T): T {
  return JSON.parse(
    JSON.stringify(value, (_, item) => (typeof item === 'number' ? Number(item.toFixed(6)) : item)),
  )
}

function path(relative: string): string {
  return fileURLToPath(new URL(relative, import.meta.url))
}

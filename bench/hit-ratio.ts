/**
 * Measures the hit ratios of the engine over all traces of a folder, at the sizes of its `reference-hit-ratios.csv`, and writes
 * docs/benchmarks/hit-ratio.json and what is drawn of it. The folder is given by `--traces`, or NEARCACHE_TRACES; bench/traces
 * otherwise. With `--synthetic` instead over workloads made from fixed seeds: docs/benchmarks/hit-ratio-synthetic.json. With
 * `--seed N` over workloads drawn anew from that seed: prints where LRU is more than a point better, and writes nothing.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { scores } from './hit-ratio/page.ts'
import { simulateOthers } from './hit-ratio/policies.ts'
import { isBelowLru, type Measured, score } from './hit-ratio/score.ts'
import {
  doubledHitRatio,
  drawnWorks,
  hitRatio,
  sourcesOf,
  syntheticWorks,
  worksOf,
} from './hit-ratio/traces.ts'
import { writeHitRatioPage } from './hit-ratio/write.ts'
import { redraw } from './redraw.ts'

const { values } = parseArgs({
  options: {
    traces: { type: 'string' },
    synthetic: { type: 'boolean' },
    seed: { type: 'string' },
    out: { type: 'string' },
  },
})
if (values.seed !== undefined) {
  compareDrawn(Number(values.seed))
  process.exit()
}
const folder =
  values.traces ?? process.env.NEARCACHE_TRACES ?? fileURLToPath(new URL('traces', import.meta.url))
const out =
  values.out === undefined
    ? new URL('../docs/benchmarks/', import.meta.url)
    : pathToFileURL(`${resolve(values.out)}/`)
const name = values.synthetic ? 'hit-ratio-synthetic' : 'hit-ratio'

const pairs: Measured[] = []
for await (const { name, trace, pairs: own } of values.synthetic ? syntheticWorks() : worksOf(folder)) {
  for (const pair of own) {
    const ours = hitRatio(trace, 'adaptive', pair.capacity)
    const oursDoubled = doubledHitRatio(trace, 'adaptive', pair.capacity)
    const { once, twice } = simulateOthers(trace, pair.capacity, pair.others)
    pairs.push({ ...pair, ours, oursDoubled, othersSimulated: once, othersDoubled: twice })
  }
  console.error(`${name}: ${trace.keys.length.toLocaleString('en')} reads, ${own.length} sizes`)
}
if (pairs.length === 0) throw new Error(`${folder}: expected files *.trace.u32.br, found none`)

mkdirSync(out, { recursive: true })
const sources = values.synthetic
  ? []
  : sourcesOf(folder).map(({ name, notes, source, licence }) => ({ name, notes, source, licence }))
writeFileSync(
  new URL(`${name}.json`, out),
  `${JSON.stringify({ scores: toObject(), sources, pairs: pairs.map(rounded) }, undefined, 1)}\n`,
)
console.log(writeHitRatioPage(out, name))
if (values.out === undefined) redraw()

/** Each workload beside LRU, without the doubled reads. */
function compareDrawn(seed: number): void {
  const pairs: Measured[] = []
  for (const { trace, pairs: own } of drawnWorks(seed))
    for (const pair of own)
      pairs.push({ ...pair, ours: hitRatio(trace, 'adaptive', pair.capacity), oursDoubled: 0 })
  for (const size of [1_000, Infinity]) {
    const chosen = pairs.filter(({ capacity }) => capacity <= size)
    const { gapClosed, belowLru } = score(chosen, ({ ours }) => ours)
    console.log(
      `up to ${size} entries: ${(100 * gapClosed).toFixed(1)} % of the gap closed, ${belowLru} of ${chosen.length} more than a point below LRU`,
    )
  }
  for (const pair of pairs)
    if (isBelowLru(pair, pair.ours))
      console.log(
        `${pair.trace}@${pair.capacity}: ${(100 * (pair.others.LRU! - pair.ours)).toFixed(1)} points`,
      )
}

function toObject(): object {
  return Object.fromEntries(scores(pairs).map(([name, score]) => [name.replaceAll('*', ''), rounded(score)]))
}

/** Numbers with six decimals, which is what the reference has. */
function rounded<T extends object>(value: T): T {
  return JSON.parse(
    JSON.stringify(value, (_, item) => (typeof item === 'number' ? Number(item.toFixed(6)) : item)),
  )
}

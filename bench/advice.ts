/**
 * Measures how far advice on the size of a running cache is from what caches of those sizes do: over the traces of a folder (given by
 * `--traces` or NEARCACHE_TRACES, bench/traces otherwise), over synthetic workloads, with weights, and with other lifetimes. Writes
 * docs/benchmarks/advice.json and what is drawn of it. With `--most`, of each workload so many reads at most.
 */
import { writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { type Case, measureCase } from './advice/measure.ts'
import { writeAdvicePage } from './advice/write.ts'
import { syntheticWorks, worksOf } from './hit-ratio/traces.ts'

const { values } = parseArgs({
  options: { traces: { type: 'string' }, most: { type: 'string' }, out: { type: 'string' } },
})
const folder =
  values.traces ?? process.env.NEARCACHE_TRACES ?? fileURLToPath(new URL('traces', import.meta.url))
const most = Number(values.most ?? 1_000_000)
/** A workload of fewer bounds of reads has too few for a warm-up and a count. */
const LEAST_BOUNDS = 60
const out =
  values.out === undefined
    ? new URL('../docs/benchmarks/', import.meta.url)
    : pathToFileURL(`${resolve(values.out)}/`)

const cases: (Case & { readonly group: string })[] = []
const start = performance.now()
function run(group: string, name: string, all: Uint32Array, unique: number): void {
  const workload = { name, keys: all.subarray(0, most) }
  const { length } = workload.keys
  const bounds = [500, 1000, Math.round(unique / 10)].filter(
    (bound, i, list) =>
      bound >= 64 && length >= LEAST_BOUNDS * bound && list.indexOf(bound) === i && 2 * bound < unique,
  )
  const add = (one: Case): void => {
    if (one.curve.length > 0) cases.push({ group, ...one })
  }
  for (const bound of bounds) add(measureCase(workload, { of: 'entries', bound, ttl: Infinity }))
  const bound = bounds[0]
  if (bound === undefined) return
  add(measureCase(workload, { of: 'weight', bound: bound * 1500, ttl: Infinity }))
  add(measureCase(workload, { of: 'ttl', bound, ttl: length / 60 }))
  console.error(
    `${((performance.now() - start) / 1000).toFixed(0)} s: ${name}, ${length.toLocaleString('en')} reads`,
  )
}

for await (const { name, trace } of worksOf(folder)) run('traces', name, trace.keys, trace.unique)
for (const { name, trace } of syntheticWorks()) run('synthetic', name, trace.keys, trace.unique)

writeFileSync(
  new URL('advice.json', out),
  `${JSON.stringify(cases, (_, item) => (typeof item === 'number' ? Number(item.toFixed(5)) : item), 1)}\n`,
)
console.log(writeAdvicePage(out))

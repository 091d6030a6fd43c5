import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { picture, writeChart } from '../charts/chart.ts'
import { adviceChart } from './chart.ts'
import type { Advised, Case } from './measure.ts'

/** A case of the traces or of the synthetic workloads. */
export type Grouped = Case & { readonly group: string }

/** Writes the page and the chart of the results in a folder; the page, or undefined where there are no results. */
export function writeAdvicePage(folder: URL): string | undefined {
  const file = new URL('advice.json', folder)
  if (!existsSync(file)) return undefined
  const cases: Grouped[] = JSON.parse(readFileSync(file, 'utf8'))
  const sizes = cases.filter(({ of }) => of === 'entries')
  writeChart(adviceChart(sizes), folder, 'advice')
  const page = `# How exact advice on sizes is

What [\`adviseOn\`](../advice.md) says of a running cache, beside what caches of those sizes do with the same reads from the beginning on. The
cache is examined from a quarter of the workload on; what is read after the warm-up counts. Errors are in percentage points of hit ratio. An
interval is meant to hold in nine cases of ten. Written by \`npm run bench:advice\`.

${picture('advice', 'Advised and true hit ratios by size')}

| advised | cases | mean error | 90th percentile | worst | in the interval | mean half interval |
|---|--:|--:|--:|--:|--:|--:|
${rows(cases).join('\n')}

Where doubling brings or would bring more than two points, it is rightly said whether it brings more than one in ${doublings(sizes)}.

| workload | entries | ¼× | ½× | 2× | 4× | what is said |
|---|--:|--:|--:|--:|--:|---|
${sizes.map(row).join('\n')}

In each field: the true hit ratio, and what was advised.
`
  writeFileSync(new URL('advice.md', folder), page)
  return page
}

function rows(cases: readonly Grouped[]): string[] {
  const all: string[] = []
  for (const [of, words] of [
    ['entries', 'another number of entries'],
    ['weight', 'another bound by weight, weights varying a hundredfold'],
    ['ttl', 'a longer ttl: hits'],
  ] as const)
    for (const group of ['traces', 'synthetic']) {
      const chosen = cases.filter((one) => one.of === of && one.group === group)
      if (chosen.length > 0)
        all.push(
          summary(
            `${words}; ${group}`,
            chosen.map(({ curve }) => curve),
          ),
        )
    }
  const stale = cases.filter(({ of }) => of === 'ttl').map((one) => one.stale)
  all.push(summary('a longer ttl: stale reads', stale, false))
  for (const factor of [0.25, 0.5, 2, 4])
    all.push(
      summary(
        `${factor} × the entries, all workloads`,
        cases
          .filter(({ of }) => of === 'entries')
          .map(({ curve }) => curve.filter((one) => one.factor === factor)),
      ),
    )
  return all
}

function summary(words: string, curves: readonly (readonly Advised[])[], hasInterval = true): string {
  const points = curves.flat().filter(({ advised }) => advised !== null && !Number.isNaN(advised))
  const errors = points.map(({ advised, real }) => Math.abs(advised - real)).sort((a, b) => a - b)
  const inside = points.filter(({ low, high, real }) => real >= low - 1e-5 && real <= high + 1e-5).length
  const mean = errors.reduce((sum, one) => sum + one, 0) / errors.length
  const half = points.reduce((sum, { low, high }) => sum + (high - low) / 2, 0) / points.length
  const at = (share: number): number =>
    errors[Math.min(errors.length - 1, Math.floor(share * errors.length))]!
  const interval = hasInterval
    ? [`${Math.round((100 * inside) / points.length)} %`, inPoints(half)]
    : ['', '']
  return `| ${[words, points.length, inPoints(mean), inPoints(at(0.9)), inPoints(at(1)), ...interval].join(' | ')} |`
}

function doublings(cases: readonly Grouped[]): string {
  let right = 0
  let all = 0
  for (const { curve, present } of cases) {
    const double = curve.find(({ factor }) => factor === 2)
    if (double === undefined) continue
    const real = double.real - present
    if (real <= 0.02) continue
    all++
    if (double.advised - present > 0.01) right++
  }
  return `${right} of ${all} cases`
}

function row({ workload, bound, curve, sentence }: Grouped): string {
  const fields = [0.25, 0.5, 2, 4].map((factor) => {
    const one = curve.find((point) => point.factor === factor)
    return one === undefined ? '' : `${inPoints(one.real)}, ${inPoints(one.advised)}`
  })
  return `| ${[workload, bound.toLocaleString('en'), ...fields, sentence].join(' | ')} |`
}

function inPoints(ratio: number): string {
  return (100 * ratio).toFixed(1)
}

import { cpus } from 'node:os'
import { SAMPLE } from './operations-loops.ts'
import type { Figure } from './statistics.ts'

/** How many times an operation took of what it takes without, with the interval that its median lies in by 95 %. */
export interface Ratio extends Figure {
  readonly least: number
  readonly most: number
}

/** Ratios of one means at one size, by operation; of a cache that something was at work on, also after that was stopped. */
export interface Row {
  readonly mode: string
  readonly size: number
  readonly operation: string
  readonly on: Ratio
  readonly after: Ratio | undefined
}

interface Goal {
  readonly what: string
  readonly mode: string
  readonly operation: string
  readonly bound: number
}

const goals: readonly Goal[] = [
  { what: 'nothing at work, hit', mode: 'hooks', operation: 'hit', bound: 1.05 },
  { what: 'nothing at work, insertion', mode: 'hooks', operation: 'insertion', bound: 1.02 },
  { what: 'nothing at work, load', mode: 'hooks', operation: 'load', bound: 1.03 },
  { what: 'metrics, hit', mode: 'metrics', operation: 'hit', bound: 1.02 },
  { what: 'metrics, insertion', mode: 'metrics', operation: 'insertion', bound: 1.02 },
  { what: 'the heap guard, hit', mode: 'guard', operation: 'hit', bound: 1.02 },
  { what: 'the heap guard, insertion', mode: 'guard', operation: 'insertion', bound: 1.1 },
]

/** Whether a goal is met: what the interval of the median does not tell is not said. */
function verdict({ median, least }: Ratio, bound: number): string {
  if (median <= bound) return 'yes'
  return least > bound ? '**no**' : 'cannot be told'
}

const times = (value: number): string => value.toFixed(2)
const shown = (ratio: Ratio | undefined): string =>
  ratio === undefined ? '' : `${times(ratio.median)} (${times(ratio.low)}–${times(ratio.high)})`
const entries = (size: number): string => size.toLocaleString('en')

export function goalLines(rows: readonly Row[]): string[] {
  return goals.flatMap(({ what, mode, operation, bound }) =>
    rows
      .filter((row) => row.mode === mode && row.operation === operation)
      .map(({ size, on }) => {
        const interval = `${times(on.median)} (${times(on.least)}–${times(on.most)})`
        return `| ${what} | ${entries(size)} | ≤ ${times(bound)} | ${interval} | ${verdict(on, bound)} |`
      }),
  )
}

/** The rows of a table for each means and size. */
export function rowLines(
  rows: readonly Row[],
  labels: Readonly<Record<string, string>>,
  operations: readonly string[],
  hasAfter: boolean,
): string[] {
  return Object.entries(labels).flatMap(([mode, label]) =>
    [...new Set(rows.filter((row) => row.mode === mode).map(({ size }) => size))].map((size) => {
      const of = (operation: string): Row | undefined =>
        rows.find((row) => row.mode === mode && row.size === size && row.operation === operation)
      const on = operations.map((operation) => shown(of(operation)?.on))
      const after = hasAfter ? operations.map((operation) => shown(of(operation)?.after)) : []
      return `| ${[label, entries(size), ...on, ...after].join(' | ')} |`
    }),
  )
}

export function pageOf(rows: readonly Row[], labels: Readonly<Record<string, string>>): string {
  return `# What operations cost

<!-- Written by npm run bench:operations. -->

What reads, writes and loads take while something looks at a cache, as a multiple of what they take in a cache that nobody looks at. Medians of
paired rounds of ${SAMPLE.toLocaleString('en')} operations, in several processes. Hits are \`get\` of a key that is there, insertions \`set\` of a new
key in a full cache, loads \`getOrLoad\` of a new key, ${(SAMPLE / 10).toLocaleString('en')} a round. ${cpus()[0]?.model.trim()}, Node ${process.version}.

## Goals

With the interval that the median lies in by 95 %, as far as rounds go; a goal is missed where all of it is above the bound. What differs between
two processes, such as where things lie in memory, is not in it: the first rows of the last table tell how far two caches alike are from 1.

| goal | entries | bound | measured | met |
|---|--:|--:|--:|--:|
${goalLines(rows).join('\n')}

## Nothing at work

What is asked while nobody looks: whether there is a listener, a watcher of keys or of insertions. Beside a copy of the built package
[that does not ask](../../bench/unhooked.ts), with quartiles.

| what | entries | hit | insertion | load |
|---|--:|--:|--:|--:|
${rowLines(rows, { hooks: 'the package, nothing at work' }, ['hit', 'insertion', 'load'], false).join('\n')}

## Something at work

Beside a cache of the same package that it does not concern, and the same once it was stopped or the page was closed, with quartiles. Quartiles
that lie far apart tell of a machine with other work.

| what | entries | hit | insertion | hit afterwards | insertion afterwards |
|---|--:|--:|--:|--:|--:|
${rowLines(rows, labels, ['hit', 'insertion'], true).join('\n')}

Of a service that does anything besides, an [examination](../advice.md) takes 1 % of one core at most: it rests for the time between. The page asks
every two seconds, and here before each round. Its keys are [sampled](../dashboard.md#what-it-shows) until half a minute after it was closed, so
that is what the columns *afterwards* of the last row show.
`
}

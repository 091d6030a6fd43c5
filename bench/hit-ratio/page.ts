import { picture } from '../charts/chart.ts'
import { bestOther, gapClosed, isBelowLru, isPrototype, type Measured, type Score, score } from './score.ts'
import { isTrusted, simulations } from './simulations.ts'
import { workloads } from './synthetic.ts'
import { table } from './table.ts'
import type { Source } from './traces.ts'

/** The results as a page of the documentation. */
export function toPage(pairs: readonly Measured[], sources: readonly Source[]): string {
  const traces = new Set(pairs.map((pair) => pair.trace))
  return `${[
    '# Hit ratios on real traces',
    `The engine replays ${traces.size} ${traces.size === 1 ? 'trace' : 'traces'} at several sizes, ${pairs.length} pairs of trace and size. Every read is a \`get\`; a miss is followed by a \`set\`. Written by \`npm run bench:hit-ratio -- --traces DIR\`; the figures of each pair are in [hit-ratio.json](hit-ratio.json).`,
    picture('gap-closed', 'The share of the gap between LRU and the optimum that each policy closes'),
    '## All policies',
    "*Gap closed* is the share of the way from LRU to the optimum, `(policy − LRU) / (optimum − LRU)`, the mean over all pairs where the optimum is more than half a point above LRU; a pair counts as −100 % at worst. The last column is of reads made twice in a row, as in `if (get(key) === undefined) set(key, …); return get(key)`: the share of the first that is answered. What LRU and FIFO hold that does not change; the others [are simulated](#how-the-others-are-simulated), and – is where the simulation does not give the reference's figures of single reads.",
    policies(pairs),
    ...below(pairs),
    ...loops(pairs),
    ...simulations(pairs),
    '## Each trace',
    picture('hit-ratio', 'Hit ratio by cache size, one plot per trace'),
    'The mean over its sizes:',
    byTrace(pairs, [...traces]),
    ...credits(sources.filter(({ name }) => traces.has(name))),
  ].join('\n\n')}\n`
}

/** The results over workloads that the policy was not tuned to, as a page. */
export function toSyntheticPage(pairs: readonly Measured[]): string {
  const traces = [...new Set(pairs.map((pair) => pair.trace))]
  return `${[
    '# Hit ratios on synthetic workloads',
    `The engine replays ${traces.length} workloads made from fixed seeds, at several sizes, ${pairs.length} pairs in all. None of them played a part in the choice of the policy. Written by \`npm run bench:hit-ratio -- --synthetic\`; see [hit ratios on real traces](hit-ratio.md) for what the figures mean, and [hit-ratio-synthetic.json](hit-ratio-synthetic.json) for those of each pair.`,
    picture('hit-ratio-synthetic', 'Hit ratio by cache size, one plot per synthetic workload'),
    policies(pairs),
    ...below(pairs),
    '## Each workload',
    'The mean over its sizes.',
    byTrace(pairs, traces),
    table(
      ['workload', 'reads'],
      traces.map((name) => [name, workloads[name]!.about]),
    ),
  ].join('\n\n')}\n`
}

function policies(pairs: readonly Measured[]): string {
  return table(
    [
      'policy',
      'gap closed',
      'mean hit ratio',
      'pairs more than a point below LRU',
      'mean, each read made twice',
    ],
    scores(pairs)
      .filter(([name]) => name !== TWICE)
      .map(([name, { gapClosed: gap, meanHitRatio, belowLru }]) => [
        name,
        percent(gap),
        percent(meanHitRatio),
        `${belowLru} of ${pairs.length}`,
        twice(pairs, name),
      ]),
  )
}

/** The share of the first reads that a policy answers where each read is made twice in a row. */
function twice(pairs: readonly Measured[], name: string): string {
  if (!isTrusted(pairs, name)) return '–'
  const ratioOf = (pair: Measured): number =>
    name === OURS ? pair.oursDoubled : (pair.othersDoubled?.[name] ?? Number.NaN)
  const { meanHitRatio } = score(pairs, ratioOf)
  return Number.isNaN(meanHitRatio) ? '–' : percent(meanHitRatio)
}

const OURS = '**nearcache, adaptive**'
const TWICE = `${OURS}, each read made twice`

function credits(sources: readonly Source[]): string[] {
  if (sources.length === 0) return []
  const rows = sources.map(({ name, notes, source, licence }) => [name, notes, source, licence])
  return ['## Where the traces come from', table(['trace', 'what', 'source', 'licence'], rows)]
}

/** The policies by what they close of the gap, ours in bold. */
export function scores(pairs: readonly Measured[]): [name: string, score: Score][] {
  const names = Object.keys(pairs[0]!.others).filter((name) => name !== 'OPT' && !isPrototype(name))
  const others = names.map((name): [string, Score] => [name, score(pairs, (pair) => pair.others[name]!)])
  const all: [string, Score][] = [
    [OURS, score(pairs, (pair) => pair.ours)],
    [TWICE, score(pairs, (pair) => pair.oursDoubled)],
    ...others,
  ]
  return all.sort((a, b) => b[1].gapClosed - a[1].gapClosed)
}

function below(pairs: readonly Measured[]): string[] {
  const worse = pairs.filter((pair) => isBelowLru(pair, pair.ours))
  if (worse.length === 0) return []
  const rows = worse.map((pair) => [pair.trace, pair.size, percent(pair.ours), percent(pair.others.LRU!)])
  return ['## Where LRU is more than a point better', table(['trace', 'size', 'nearcache', 'LRU'], rows)]
}

function loops(pairs: readonly Measured[]): string[] {
  const looping = pairs.filter((pair) => pair.trace.startsWith('lirs-'))
  if (looping.length === 0) return []
  const rows = looping.map((pair) => {
    const { name, ratio } = bestOther(pair)
    return [
      pair.trace,
      pair.capacity.toLocaleString('en'),
      percent(pair.ours),
      `${percent(ratio)} (${name})`,
      percent(pair.others.OPT!),
    ]
  })
  return [
    '## Loops',
    'Traces that go round a set of keys larger than the cache, where LRU finds nothing.',
    table(['trace', 'entries', 'nearcache', 'best other', 'optimum'], rows),
  ]
}

function byTrace(pairs: readonly Measured[], traces: string[]): string {
  const policies = [
    ['nearcache', (pair: Measured) => pair.ours],
    ...['LRU', 'Caffeine-HEAD', 'OPT']
      .filter((name) => pairs[0]!.others[name] !== undefined)
      .map((name) => [SHORT[name] ?? name, (pair: Measured) => pair.others[name]!] as const),
  ] as const
  const rows = traces.map((trace) => {
    const own = pairs.filter((pair) => pair.trace === trace)
    return [
      trace,
      own[0]!.keys.toLocaleString('en'),
      ...policies.map(([, ratio]) => percent(score(own, ratio).meanHitRatio)),
      own.some((pair) => gapClosed(pair, pair.ours) !== undefined)
        ? percent(score(own, (pair) => pair.ours).gapClosed)
        : '',
    ]
  })
  return table(['trace', 'keys', ...policies.map(([name]) => name), 'gap closed'], rows)
}

const SHORT: Record<string, string> = { 'Caffeine-HEAD': 'Caffeine', OPT: 'optimum' }

function percent(ratio: number): string {
  return `${(ratio * 100).toFixed(1)} %`.replace('-', '−')
}

import { picture } from './charts/chart.ts'
import { fasterThan } from './comparisons.ts'
import { goalTable } from './goals.ts'
import type { Measured } from './hit-ratio/score.ts'
import { TIMES } from './memory.ts'
import { entryOf, operationNames } from './operations.ts'
import { awaitedWords, gapWords, hitWords } from './readme.ts'
import { caption, type Report } from './report.ts'
import {
  BEYOND,
  CLOCK_STEP,
  entries,
  foundTable,
  latencyTable,
  memoryTable,
  nanoseconds,
  speedTable,
  type Table,
  toMarkdown,
  unique,
} from './tables.ts'

type Reports = readonly { readonly name: string; readonly report: Report }[]

/** How nearcache compares with others: the page that the benchmarks begin with. */
export function comparisonPage(
  reports: Reports,
  drawn: Report,
  charts: readonly { name: string; title: string }[],
  pairs: readonly Measured[],
): string {
  const chart = (name: string): string[] =>
    charts.filter((one) => one.name === name).map(({ title }) => picture(name, title))
  const slower = operationNames.flatMap((name) => {
    const { label } = entryOf(name)
    const peers = fasterThan(drawn, label)
    return peers.length === 0 ? [] : [`- ${label}: ${peers.join(', ')}`]
  })
  const parts = [
    '# Benchmarks',
    `How nearcache compares with other caches, in what it finds and in how fast it is. The charts of speed are of Node ${drawn.environment.node}; the tables of [each Node](#every-figure) have every figure.`,
    '## What stays in the cache',
    `${gapWords(pairs)} A miss costs a query, a hit nothing, so this is what decides how much work a cache saves. [All policies, traces and sizes](hit-ratio.md).`,
    picture('gap-closed', 'The share of the gap between LRU and the optimum that each policy closes'),
    '## A hit that is awaited',
    awaitedWords(drawn),
    ...chart('awaited-hits'),
    '## A hit that is not',
    hitWords(drawn),
    ...chart('hits'),
    '## Every operation',
    'Each field is how many times as long another cache takes: blue where it takes longer than nearcache, orange where it is faster.',
    ...chart('ratios-1000'),
    ...chart('ratios-100000'),
    'Faster than nearcache by more than a tenth, at 1,000 entries:',
    slower.join('\n'),
    'Most of these keep no deadline per entry, or no order of use, or up to twice as many entries as they were told; the tables of the peers tell which. [Where the time goes](profile.md) shows what is left to gain.',
    '## Filling up',
    ...chart('fill'),
    '## Memory',
    ...chart('bytes'),
    '## Every figure',
    'With its spread, also of latencies and memory, in the tables of each Node:',
    reports
      .map(
        ({ name, report: { environment } }) =>
          `- [Node ${environment.node}](${name}/README.md), measured ${environment.date}`,
      )
      .join('\n'),
    '## More',
    [
      '- [Hit ratios on recorded traces](hit-ratio.md), and [on synthetic workloads](hit-ratio-synthetic.md)',
      '- [Hits behind other libraries](hosts.md): Keyv, Apollo, DataLoader and the rest',
      "- [Responses under load](http.md): beside apicache, @fastify/caching, Hono's own and none",
      '- [Two tiers beside others](tiers.md): BentoCache, cache-manager, Keyv and node-redis over the same Redis',
      '- [Where the time goes](profile.md), [the longest pauses](pauses.md), [what each entry weighs in a bundle](size.md)',
      '- [What operations cost](operations.md): metrics, advice, the guard, the dashboard; [what survives with the heap guard](guard.md)',
      '- [How close live advice is](advice.md), [misses after a restart from a snapshot](snapshot.md), [the estimate of bytes](estimate.md)',
      '- [How all this is measured](../../bench/README.md), and how to repeat it',
    ].join('\n'),
  ]
  return `${parts.join('\n\n')}\n`
}

/** What nearcache is to reach on each Node, and whether it does: for those who work on it. */
export function goalPage(reports: Reports): string {
  const parts = [
    '# Goals',
    'What nearcache is to reach, and what it does, from the results in [docs/benchmarks](../docs/benchmarks/README.md). Written by `npm run bench`.',
    goalNotes,
    ...reports.flatMap(({ report }) => [`## Node ${report.environment.node}`, toMarkdown(goalTable(report))]),
  ]
  return `${parts.join('\n\n')}\n`
}

const goalNotes = `Each is the median of ratios within rounds, with the default policy unless it says \`lru\`, and a ttl. *Floor* is what a Map by itself reaches in the same run, which keeps no order of use, no deadline and no count, and drops what came first.

- **Hits** are measured by what any bounded cache has to do, a Map to places in an array. An order drawn anew is what an application asks for; of one short list that is repeated the processor learns which branches come, which halves the time of a Map. [What a hit is made of](../docs/benchmarks/profile.md#what-a-hit-is-made-of) tells what stands in the way where a bound is missed: to see that nothing has expired, the count, and the note for the policy.
- **Insertions**: a Map alone looks up, inserts and removes a key; [where the time goes](../docs/benchmarks/profile.md) tells its share, and why a cache of up to 2,048 keys can take less than that: it puts a copy in the place of its Map now and then. \`adaptive\` keeps the keys of ghosts in its Map besides, three or four for ten entries, or as many as entries in a cache of 512 or fewer, and the two are more than what the fastest do, who keep neither deadlines nor counts. toad-cache has no Map: its keys are names of a plain object, so that 1 and \`'1'\` are one key, and V8 changes such an object in place where it copies a Map now and then.
- **Loads** are reckoned: the time of a read-through, and what its misses take at so many microseconds each. The peer is the one that takes least of those that find less.
- **P99.9 of sets** is held against that of a Map which takes the same keys in the same run.`

/** All tables of a run. */
export function nodePage(report: Report): string {
  const { environment, speed, async, latency, bytes, garbage, longRuns } = report
  const parts: string[] = []
  const add = (...words: string[]): number => parts.push(...words)
  const addTable = (title: string, table: Table): number => add(`### ${title}`, toMarkdown(table))

  add(`# Benchmark on Node ${environment.node}`, `${caption(environment)}. Written by \`npm run bench\`.`)
  if (report.quick) add('This was a quick run; `npm run bench` measures more, and more often.')

  add('## Speed')
  add(
    'Nanoseconds per operation; × how many times those of nearcache (its default, adaptive policy), as the median over rounds of the ratio within a round, with its quartiles in brackets.',
  )
  add(operationNames.map((name) => `- **${entryOf(name).label}**: ${entryOf(name).about}`).join('\n'))
  for (const keys of unique(speed.map((one) => one.keys))) {
    const ofKind = speed.filter((one) => one.keys === keys)
    for (const size of unique(ofKind.map((one) => one.size)))
      addTable(
        `${entries(size)} entries, ${KINDS[keys]}`,
        speedTable(ofKind.filter((one) => one.size === size)),
      )
  }
  const zipf = speed.filter((one) => one.operation === 'Zipf read-through' && one.keys === 'held')
  if (zipf.length > 0) addTable('Hit ratio of the Zipf read-through', foundTable(zipf))

  add('## The asynchronous read path')
  add('One read awaited after the other; loaders resolve at once.')
  if (async.length > 0) addTable(`${entries(async[0]!.size)} entries`, speedTable(async))

  add('## Latency')
  add(
    `${entries(latency.capacity)} entries; 90 % get, 9 % set, 1 % delete over 1.1 times as many keys; objects as values. Each operation was timed by itself; the ${nanoseconds(latency.clock)} ns that reading the clock takes are taken off. The clock goes in steps of ${CLOCK_STEP} ns, so the tables are for the slow tail: how fast an operation is, [speed](#speed) tells. A quantile with fewer than ${BEYOND} samples beyond it is left out.`,
  )
  for (const operation of ['get', 'set', 'delete'])
    addTable(operation, latencyTable(latency.figures.filter((one) => one.operation === operation)))
  for (const run of longRuns) {
    const { peer, size, sets, median, p99, p999, max, firstOfTurn, collected, p999WithoutCollections } = run
    const first =
      firstOfTurn === undefined
        ? ''
        : `, and ${(100 * firstOfTurn).toFixed(0)} % were the first of their turn of the event loop`
    add(
      `${entries(sets)} sets of new keys into **${peer}** with ${entries(size)} entries${peer === 'Map' ? ' (the first in goes first, nothing expires)' : ' that expire after 2 seconds'}, the clock's time included: median ${nanoseconds(median)} ns, P99 ${nanoseconds(p99)} ns, P99.9 ${nanoseconds(p999)} ns, maximum ${(max / 1e6).toFixed(1)} ms. Of the slowest thousandth ${(100 * collected).toFixed(0)} % fell into a garbage collection${first}; P99.9 of the others: ${nanoseconds(p999WithoutCollections)} ns.`,
    )
  }

  add('## Memory')
  add(
    `Bytes on the heap and in buffers, after ${TIMES} times as many keys were set as fit and a forced collection; keys and values are not counted. Garbage collection while new keys are set in a full cache.`,
  )
  if (bytes.length > 0) add(toMarkdown(memoryTable(bytes, garbage)))

  add('## The peers', toMarkdown(peerTable(report)))
  for (const { name, reason } of report.absent) add(`Not measured on this Node: ${name} (${reason}).`)
  return `${parts.join('\n\n')}\n`
}

const KINDS = {
  held: 'strings held by the caller',
  built: 'strings built for each call',
  integer: 'integers',
}

function peerTable({ peers }: Report): Table {
  const rows = peers.map(({ name, version, ttl, note }) => [name, version, ttl ? 'yes' : 'no', note])
  return [['peer', 'version', 'ttl', 'note'], ...rows]
}

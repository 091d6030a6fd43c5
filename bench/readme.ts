import { picture } from './charts/chart.ts'
import { awaitedHits, faster, hits, type Speed } from './comparisons.ts'
import { gapsClosed } from './hit-ratio/gap-chart.ts'
import type { Measured } from './hit-ratio/score.ts'
import type { Report } from './report.ts'
import { nanoseconds } from './tables.ts'

const START = '<!-- benchmarks:start (written by npm run bench:draw) -->'
const END = '<!-- benchmarks:end -->'

/** The README with the figures and charts of these results. */
export function withFigures(readme: string, report: Report, pairs: readonly Measured[]): string {
  const start = readme.indexOf(START)
  const end = readme.indexOf(END)
  if (start < 0 || end < start) throw new Error(`README.md: expected the lines ${START} and ${END}`)
  const parts = [
    START,
    `**It keeps the right entries.** ${gapWords(pairs)} ([all traces](docs/benchmarks/hit-ratio.md))`,
    picture(
      'docs/benchmarks/gap-closed',
      'The share of the gap between LRU and the optimum that each policy closes',
    ),
    `**It is fast.** ${awaitedWords(report)} ${hitWords(report)} ([every operation](docs/benchmarks/README.md), also those where others are faster)`,
    picture('docs/benchmarks/awaited-hits', 'Cached reads per second of nearcache and ten other ways'),
    END,
  ]
  return readme.slice(0, start) + parts.join('\n\n') + readme.slice(end + END.length)
}

export function gapWords(pairs: readonly Measured[]): string {
  const gaps = gapsClosed(pairs)
  const traces = new Set(pairs.map(({ trace }) => trace)).size
  const share = (name: string): string =>
    `${Math.round(100 * gaps.find((gap) => gap.name === name)!.share)} %`
  const best = gaps.find(({ ours }) => !ours)!
  return `On ${traces} traces, the default policy closes ${share('nearcache')} of the gap between LRU and the best hit ratio that is possible at all; the next best, ${best.name}, closes ${share(best.name)}.`
}

export function awaitedWords(report: Report): string {
  const all = awaitedHits(report)
  const ours = all.find(({ isReference }) => isReference)!
  const times = (peer: string): string => timesOf(all, peer, ours)
  const even = all.filter((one) => !one.isReference && one.peer !== 'Map' && one.ns < 1.5 * ours.ns)
  return `A hit through \`await cache.getOrLoad(key, load)\` takes ${nanoseconds(ours.ns)} ns: ${times('cache-manager wrap')} as fast as cache-manager's \`wrap\`, ${times('cacheable getOrSet')} as cacheable's \`getOrSet\`, ${times('Keyv')} as Keyv, ${times('BentoCache')} as BentoCache${even.length === 0 ? '' : `, and about as fast as ${even.map(({ peer }) => peer).join(' and ')}`}.`
}

export function hitWords(report: Report): string {
  const all = hits(report)
  const ours = all.find(({ isReference }) => isReference)!
  const others = faster(report, 'hit').filter((peer) => peer !== 'Map')
  const map = all.find(({ peer }) => peer === 'Map')!
  return `A synchronous \`get\` takes ${nanoseconds(ours.ns)} ns, ${timesOf(all, 'lru-cache', ours)} as fast as lru-cache and ${timesOf(all, 'node-cache', ours)} as node-cache${others.length === 0 ? '' : `; faster are ${others.join(' and ')}, and`}${others.length === 0 ? ';' : ''} a bare \`Map\`, which never evicts or expires, takes ${nanoseconds(map.ns)} ns.`
}

function timesOf(all: readonly Speed[], peer: string, ours: Speed): string {
  const times = all.find((one) => one.peer === peer)!.ns / ours.ns
  return `${times >= 9.5 ? times.toFixed(0) : times.toFixed(1)} times`
}

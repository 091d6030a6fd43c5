import { awaitedHits, fasterThan, hits } from './comparisons.ts'
import { gapsClosed } from './hit-ratio/gap-chart.ts'
import type { Measured } from './hit-ratio/score.ts'
import { floors } from './peers/floor.ts'
import type { Report } from './report.ts'
import { nanoseconds } from './tables.ts'

const START = '<!-- benchmarks:start (written by npm run bench:draw) -->'
const END = '<!-- benchmarks:end -->'

/** The README with the figures and charts of these results: one picture each, since npm resolves no path in a `srcset`. */
export function withFigures(readme: string, report: Report, pairs: readonly Measured[]): string {
  const start = readme.indexOf(START)
  const end = readme.indexOf(END)
  if (start < 0 || end < start) throw new Error(`README.md: expected the lines ${START} and ${END}`)
  const parts = [
    START,
    `**It keeps the right entries.** ${gapWords(pairs)} ([all traces](docs/benchmarks/hit-ratio.md))`,
    '![The share of the gap between LRU and the optimum that each policy closes](docs/benchmarks/gap-closed.svg)',
    `**It is fast.** ${awaitedWords(report)} ${hitWords(report)} ([every operation](docs/benchmarks/README.md), also those where others are faster)`,
    '![Cached reads per second of nearcache and ten other ways](docs/benchmarks/awaited-hits.svg)',
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

/** What is compared in words, as far as it was measured: the operation as it is called there. */
const AWAITED: Readonly<Record<string, string>> = {
  'cache-manager wrap': "cache-manager's `wrap`",
  'cacheable getOrSet': "cacheable's `getOrSet`",
  Keyv: 'Keyv',
  BentoCache: 'BentoCache',
}

export function awaitedWords(report: Report): string {
  const all = awaitedHits(report)
  const ours = all.find(({ isReference }) => isReference)!
  const slower = all
    .filter(({ peer }) => AWAITED[peer] !== undefined)
    .reverse()
    .map(({ peer, ns }, i) => `${times(ns / ours.ns)} times as ${i === 0 ? 'fast as ' : ''}${AWAITED[peer]}`)
  const even = all
    .filter(({ isReference, peer, ns }) => !isReference && !floors.includes(peer) && ns < 1.5 * ours.ns)
    .map(({ peer }) => peer)
  const parts = even.length === 0 ? slower : [...slower, `and about as fast as ${even.join(' and ')}`]
  return `A hit through \`await cache.getOrLoad(key, load)\` takes ${nanoseconds(ours.ns)} ns: ${parts.join(', ')}.`
}

export function hitWords(report: Report): string {
  const all = hits(report)
  const ours = all.find(({ isReference }) => isReference)!
  const slower = ['lru-cache', 'node-cache']
    .flatMap((name) => all.find(({ peer, ns }) => peer === name && ns > ours.ns) ?? [])
    .map(({ peer, ns }, i) => `${times(ns / ours.ns)} times as ${i === 0 ? 'fast as ' : ''}${peer}`)
  const faster = fasterThan(report, 'hit').filter((peer) => !floors.includes(peer))
  const map = all.find(({ peer }) => peer === 'Map')!
  const rest =
    faster.length === 0 ? '' : ` ${faster.join(' and ')} ${faster.length === 1 ? 'is' : 'are'} faster.`
  return `A synchronous \`get\` takes ${nanoseconds(ours.ns)} ns: ${slower.join(' and ')}; a bare \`Map\`, which never evicts or expires, takes ${nanoseconds(map.ns)} ns.${rest}`
}

function times(quotient: number): string {
  return quotient >= 9.5 ? quotient.toFixed(0) : quotient.toFixed(1)
}

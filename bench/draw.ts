import { writeFileSync } from 'node:fs'
import * as Plot from '@observablehq/plot'
import { type Chart, colors, toPng, toSvg } from './charts/chart.ts'
import { apart } from './charts/labels.ts'
import type { Latency } from './latency.ts'
import { BESIDE } from './measure.ts'
import { caption, type Report } from './report.ts'
import { entries, nanoseconds, unique } from './tables.ts'

/** Ticks of a logarithmic axis. */
const ONE_TWO_FIVE = [1, 10, 100, 1_000, 10_000, 100_000].flatMap((ten) => [ten, 2 * ten, 5 * ten])
const OURS = colors.series[0]
const THEIRS = '#9aa5b1'
const bold = (peer: string): 'bold' | 'normal' => (peer.startsWith('nearcache') ? 'bold' : 'normal')
/** As a channel, which Plot's types do not know for this option. */
const boldPeer = (({ peer }: { readonly peer: string }) => bold(peer)) as unknown as string
const colorOf = (peer: string): string => (peer.startsWith('nearcache') ? OURS : THEIRS)

/** Draws all charts of a report into a folder, each as SVG and PNG; their names and titles. */
export function drawCharts(report: Report, folder: URL): { name: string; title: string }[] {
  const charts = chartsOf(report)
  for (const { name, chart } of charts) {
    const svg = toSvg({ ...chart, caption: [...chart.caption, caption(report.environment)] })
    writeFileSync(new URL(`${name}.svg`, folder), svg)
    writeFileSync(new URL(`${name}.png`, folder), toPng(svg))
  }
  return charts.map(({ name, chart }) => ({ name, title: chart.title }))
}

function chartsOf(report: Report): { name: string; chart: Chart }[] {
  const charts: { name: string; chart: Chart }[] = []
  for (const operation of ['get', 'set', 'delete'] as const) {
    const figures = report.latency.figures.filter((one) => one.operation === operation)
    if (figures.length > 0) charts.push({ name: operation, chart: latencyChart(report, operation, figures) })
  }
  for (const size of [1_000, 100_000]) {
    const results = report.speed.filter((one) => one.size === size && one.keys === 'held')
    if (results.length > 0) charts.push({ name: `ratios-${size}`, chart: ratioChart(report, size) })
  }
  if (report.async.length > 0) charts.push({ name: 'await', chart: awaitChart(report) })
  if (report.fill.length > 0) charts.push({ name: 'fill', chart: fillChart(report) })
  if (report.bytes.length > 0) charts.push({ name: 'bytes', chart: bytesChart(report) })
  return charts
}

/** Median, P90 and P99 on one line per peer, as in the original's tables. */
function latencyChart({ latency }: Report, operation: string, figures: readonly Latency[]): Chart {
  const rows = [...figures].sort((a, b) => a.median - b.median || a.p90 - b.p90)
  const marks = ['median', 'P90', 'P99'] as const
  const at = (one: Latency, mark: (typeof marks)[number]): number =>
    Math.max(1, mark === 'median' ? one.median : mark === 'P90' ? one.p90 : one.p99)
  const room = (one: Latency): number =>
    Math.min(at(one, 'P90') / at(one, 'median'), at(one, 'P99') / at(one, 'P90'))
  const labelled = rows.reduce((widest, one) => (room(one) > room(widest) ? one : widest))
  const domain = [
    Math.min(...rows.map((one) => at(one, 'median'))) / 1.25,
    Math.max(...rows.map((one) => at(one, 'P99'))) * 1.1,
  ] as const
  const ticks = ONE_TWO_FIVE.filter((ns) => ns >= domain[0] && ns <= domain[1])
  const points = rows.flatMap((one) => marks.map((mark) => ({ one, mark, ns: at(one, mark) })))
  return {
    title: `${operation}: median, P90 and P99`,
    subtitle: `Nanoseconds, ${entries(latency.capacity)} entries; 90 % get, 9 % set, 1 % delete over 1.1 times as many keys`,
    caption: [
      `${entries(latency.perRound)} operations each, timed one by one; the ${nanoseconds(latency.clock)} ns that reading the clock takes are taken off.`,
    ],
    plot: {
      height: 70 + 26 * rows.length,
      marginLeft: 168,
      marginTop: 34,
      marginRight: 40,
      x: { type: 'log', domain, axis: null },
      y: { domain: rows.map(({ peer }) => peer), label: null, grid: false },
      marks: [
        Plot.gridX(ticks),
        Plot.text(ticks, { x: (ns: number) => ns, text: plain, frameAnchor: 'bottom', dy: 24 }),
        Plot.ruleY(rows, {
          y: 'peer',
          x1: (one: Latency) => at(one, 'median'),
          x2: (one: Latency) => at(one, 'P99'),
          stroke: ({ peer }: Latency) => colorOf(peer),
          strokeWidth: 3,
          strokeOpacity: 0.35,
        }),
        Plot.dot(points, {
          y: ({ one }) => one.peer,
          x: 'ns',
          r: ({ mark }) => (mark === 'median' ? 6 : 4.5),
          fill: ({ one, mark }) => (mark === 'P99' ? colors.paper : colorOf(one.peer)),
          fillOpacity: ({ mark }) => (mark === 'P90' ? 0.45 : 1),
          stroke: ({ one }) => colorOf(one.peer),
          strokeWidth: 1.5,
        }),
        Plot.text(
          points.filter(({ one }) => one === labelled),
          { y: ({ one }) => one.peer, x: 'ns', text: 'mark', dy: -13, fill: colors.ink, fontSize: 11 },
        ),
      ],
    },
  }
}

/** A field per peer and operation: how many times nearcache's time it takes. */
function ratioChart({ speed }: Report, size: number): Chart {
  const results = speed.filter(
    (one) => one.size === size && one.keys === 'held' && one.flaw === undefined && one.peer !== BESIDE,
  )
  const operations = unique(results.map(({ operation }) => operation))
  const peers = unique(results.map(({ peer }) => peer))
  const strength = (ratio: number): number => Math.min(1, Math.abs(Math.log2(ratio)) / 3)
  return {
    title: `Time per operation, as a multiple of nearcache's: ${entries(size)} entries`,
    subtitle:
      'Above 1: slower than nearcache (adaptive policy, with a ttl). Below 1: faster. String keys held by the caller.',
    caption: [
      'Median over rounds of the ratio within a round. Zipf: what a lower hit ratio costs the caller is not in it.',
      'Without a ttl: Map, lru.min, flru, mnemonist. Holding up to twice as much: quick-lru, flru. Without a bound: node-cache.',
    ],
    plot: {
      height: 90 + 29 * peers.length,
      marginLeft: 168,
      marginTop: 58,
      marginBottom: 16,
      x: {
        domain: operations,
        axis: 'top',
        label: null,
        tickFormat: (name: string) => name.replace(/ (?=\S+$)/, '\n'),
        labelOffset: 0,
      },
      y: { domain: peers, label: null, grid: false },
      marks: [
        Plot.cell(results, {
          x: 'operation',
          y: 'peer',
          inset: 1.5,
          rx: 3,
          fill: ({ ratio, peer }) =>
            peer === 'nearcache' ? '#e8edf3' : ratio.median >= 1 ? OURS : colors.series[1],
          fillOpacity: ({ ratio, peer }) => (peer === 'nearcache' ? 1 : 0.08 + 0.6 * strength(ratio.median)),
        }),
        Plot.text(results, {
          x: 'operation',
          y: 'peer',
          text: ({ ratio }) => (ratio.median >= 10 ? ratio.median.toFixed(0) : ratio.median.toFixed(2)),
          fill: ({ ratio, peer }) =>
            peer !== 'nearcache' && strength(ratio.median) > 0.75 ? colors.paper : colors.ink,
          fontWeight: boldPeer,
          fontSize: 13,
        }),
      ],
    },
  }
}

function awaitChart({ async: all }: Report): Chart {
  const rows = all
    .filter(({ operation }) => operation === 'await a hit')
    .sort((a, b) => a.ns.median - b.ns.median)
  const slowest = Math.max(...rows.map(({ ns }) => ns.median))
  return {
    title: 'Awaiting a hit',
    subtitle: `Nanoseconds per awaited read of a value that is there, ${entries(rows[0]!.size)} entries`,
    caption: ['Times that of nearcache in brackets. Map: await Promise.resolve(map.get(key)).'],
    plot: {
      height: 70 + 28 * rows.length,
      marginLeft: 170,
      marginRight: 40,
      x: { domain: [0, slowest * 1.16], grid: true, label: 'nanoseconds', tickFormat: plain },
      y: { domain: rows.map(({ peer }) => peer), label: null, grid: false },
      marks: [
        Plot.barX(rows, {
          y: 'peer',
          x: ({ ns }) => ns.median,
          fill: ({ peer }) => colorOf(peer),
          rx: 2,
          insetTop: 2,
          insetBottom: 2,
        }),
        Plot.text(rows, {
          y: 'peer',
          x: ({ ns }) => ns.median,
          text: ({ ns, ratio }) => `${nanoseconds(ns.median)} (×${ratio.median.toFixed(1)})`,
          textAnchor: 'start',
          dx: 6,
          fill: colors.ink,
          fontWeight: boldPeer,
        }),
      ],
    },
  }
}

const FILL_PEERS = ['nearcache', 'nearcache lru', 'lru-cache', 'mnemonist LRUMap', 'Map']

function fillChart({ fill }: Report): Chart {
  const rows = fill.filter(({ peer, level }) => FILL_PEERS.includes(peer) && level >= 0.5)
  const ends = FILL_PEERS.flatMap((peer) => rows.filter((one) => one.peer === peer).at(-1) ?? [])
  const highest = Math.max(...rows.map(({ ns }) => ns)) * 1.15
  const places = apart(
    ends.map(({ ns }) => ns),
    highest / 16,
  )
  const lift = Math.max(0, highest / 40 - Math.min(...places))
  const labels = ends.map((end, i) => ({ ...end, place: places[i]! + lift }))
  const range = FILL_PEERS.map((_, i) => colors.series[i]!)
  return {
    title: 'Setting new keys while a cache fills up and goes on',
    subtitle: `Nanoseconds per set of a new key, ${entries(rows[0]!.size)} entries`,
    caption: [
      'Median over rounds, each with fresh caches; every point stands for an eighth of the capacity. Peaks: the Map inside grows.',
    ],
    plot: {
      marginRight: 176,
      x: {
        label: 'keys set, as a share of the capacity',
        tickFormat: percent,
        ticks: [0.5, 0.75, 1, 1.25, 1.5, 1.75, 2],
      },
      y: { domain: [0, highest], label: null },
      color: { domain: FILL_PEERS, range },
      marks: [
        Plot.ruleX([1], { stroke: colors.muted, strokeDasharray: '3,4' }),
        Plot.text([1], {
          x: (full: number) => full,
          y: highest,
          text: () => 'full',
          dx: 6,
          dy: 8,
          textAnchor: 'start',
          fill: colors.muted,
        }),
        Plot.lineY(rows, { x: 'level', y: 'ns', stroke: 'peer', strokeWidth: 2.5 }),
        Plot.text(labels, {
          x: 'level',
          y: 'place',
          text: 'peer',
          fill: 'peer',
          textAnchor: 'start',
          dx: 10,
          fontWeight: 'bold',
        }),
      ],
    },
  }
}

function bytesChart({ bytes }: Report): Chart {
  const size = 100_000
  const rows = bytes.filter((one) => one.size === size).sort((a, b) => a.perEntry - b.perEntry)
  return {
    title: `Bytes per entry at ${entries(size)} entries`,
    subtitle: 'What the cache itself takes, with all it remembers; keys and values are not counted',
    caption: [
      'After twice as many keys were set as fit, and a forced collection. Up to twice as many entries: quick-lru, flru.',
    ],
    plot: {
      height: 60 + 28 * rows.length,
      marginLeft: 168,
      marginRight: 60,
      x: { grid: true, label: 'bytes per entry of the capacity' },
      y: { domain: rows.map(({ peer }) => peer), label: null, grid: false },
      marks: [
        Plot.barX(rows, {
          y: 'peer',
          x: 'perEntry',
          fill: ({ peer }) => colorOf(peer),
          rx: 2,
          insetTop: 2,
          insetBottom: 2,
        }),
        Plot.text(rows, {
          y: 'peer',
          x: 'perEntry',
          text: ({ perEntry }) => perEntry.toFixed(0),
          textAnchor: 'start',
          dx: 6,
          fill: colors.ink,
          fontWeight: boldPeer,
        }),
      ],
    },
  }
}

function plain(n: number): string {
  return n.toLocaleString('en')
}

function percent(share: number): string {
  return `${Math.round(100 * share)} %`
}

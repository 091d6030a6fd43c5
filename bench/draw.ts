import * as Plot from '@observablehq/plot'
import { bars } from './charts/bars.ts'
import { type Drawing, writeChart } from './charts/chart.ts'
import { apart } from './charts/labels.ts'
import { awaitedHits, hits, type Speed } from './comparisons.ts'
import { BESIDE } from './measure.ts'
import { TIMES } from './memory.ts'
import { caption, type Report } from './report.ts'
import { entries, unique } from './tables.ts'

const bold = (peer: string): 'bold' | 'normal' => (peer.startsWith('nearcache') ? 'bold' : 'normal')
/** As a channel, which Plot's types do not know for this option. */
const boldPeer = (({ peer }: { readonly peer: string }) => bold(peer)) as unknown as string

/** Draws all charts of a report into a folder; their names and titles. */
export function drawCharts(report: Report, folder: URL): { name: string; title: string }[] {
  return chartsOf(report).map(({ name, drawing }) => {
    let title = ''
    const withCaption: Drawing = (colors) => {
      const chart = drawing(colors)
      title = chart.title
      return { ...chart, caption: [...chart.caption, caption(report.environment)] }
    }
    writeChart(withCaption, folder, name)
    return { name, title }
  })
}

function chartsOf(report: Report): { name: string; drawing: Drawing }[] {
  const charts: { name: string; drawing: Drawing }[] = []
  if (report.async.length > 0) charts.push({ name: 'awaited-hits', drawing: awaitedHitsChart(report) })
  if (hits(report).length > 0) charts.push({ name: 'hits', drawing: hitsChart(report) })
  for (const size of [1_000, 100_000]) {
    const results = report.speed.filter((one) => one.size === size && one.keys === 'held')
    if (results.length > 0) charts.push({ name: `ratios-${size}`, drawing: ratioChart(report, size) })
  }
  if (report.fill.length > 0) charts.push({ name: 'fill', drawing: fillChart(report) })
  if (report.bytes.length > 0) charts.push({ name: 'bytes', drawing: bytesChart(report) })
  return charts
}

function awaitedHitsChart(report: Report): Drawing {
  return throughput(
    awaitedHits(report),
    'Cached reads per second, awaited',
    'The value is there; the call would load it if it were not. 1,000 entries, one read after the other',
    ['Map: await Promise.resolve(map.get(key)), the least that an awaited read can take.'],
  )
}

function hitsChart(report: Report): Drawing {
  return throughput(
    hits(report),
    'Cached reads per second, synchronous',
    '1,000 entries, a ttl of five minutes where a cache has one, string keys held by the caller',
    [
      'Without a ttl: Map, lru.min, flru, mnemonist. Holding up to twice as much: quick-lru, flru. Without a bound: node-cache.',
    ],
  )
}

/** A bar per cache, and how many times as fast or slow as nearcache it is: the quotient of the two bars. */
function throughput(speeds: readonly Speed[], title: string, subtitle: string, small: string[]): Drawing {
  const ours = speeds.find(({ isReference }) => isReference)!.perSecond
  const rows = speeds.map(({ peer, perSecond, isReference }) => {
    const slower = ours / perSecond
    const times = slower >= 1 ? `${factor(slower)} × slower` : `${factor(1 / slower)} × faster`
    const beside = Math.abs(slower - 1) < 0.05 ? 'as fast' : times
    return {
      name: peer,
      value: perSecond,
      label: `${millions(perSecond)}${isReference ? '' : `  ·  ${beside}`}`,
      ours: peer.startsWith('nearcache'),
    }
  })
  return (colors) => ({ title, subtitle, caption: small, plot: bars(rows, colors) })
}

/** Three digits, so that the factor is the quotient of what is printed, too. */
function millions(perSecond: number): string {
  return `${(perSecond / 1e6).toPrecision(3)} million`
}

function factor(times: number): string {
  return times >= 9.5 ? times.toFixed(0) : times.toFixed(1)
}

/** A field per peer and operation: how many times nearcache's time it takes. */
function ratioChart({ speed }: Report, size: number): Drawing {
  const results = speed.filter(
    (one) => one.size === size && one.keys === 'held' && one.flaw === undefined && one.peer !== BESIDE,
  )
  const operations = unique(results.map(({ operation }) => operation))
  const peers = unique(results.map(({ peer }) => peer))
  const strength = (ratio: number): number => Math.min(1, Math.abs(Math.log2(ratio)) / 3)
  return (colors) => ({
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
        // In lines of ten characters.
        tickFormat: (name: string) => name.replace(/(.{1,10})(?: |(?<=-)|$)/g, '$1\n').trimEnd(),
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
            peer === 'nearcache' ? colors.quiet : ratio.median >= 1 ? colors.series[0]! : colors.series[1]!,
          fillOpacity: ({ ratio, peer }) =>
            peer === 'nearcache' ? 0.25 : 0.08 + 0.6 * strength(ratio.median),
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
  })
}

const FILL_PEERS = ['nearcache', 'nearcache lru', 'lru-cache', 'mnemonist LRUMap', 'Map']

function fillChart({ fill }: Report): Drawing {
  const rows = fill.filter(({ peer, level }) => FILL_PEERS.includes(peer) && level >= 0.5)
  const ends = FILL_PEERS.flatMap((peer) => rows.filter((one) => one.peer === peer).at(-1) ?? [])
  const highest = Math.max(...rows.map(({ ns }) => ns)) * 1.15
  const places = apart(
    ends.map(({ ns }) => ns),
    highest / 16,
  )
  const lift = Math.max(0, highest / 40 - Math.min(...places))
  const labels = ends.map((end, i) => ({ ...end, place: places[i]! + lift }))
  return (colors) => ({
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
      color: { domain: FILL_PEERS, range: colors.series },
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
  })
}

function bytesChart({ bytes }: Report): Drawing {
  const size = 100_000
  const rows = bytes
    .filter((one) => one.size === size)
    .sort((a, b) => a.perEntry - b.perEntry)
    .map(({ peer, perEntry }) => ({
      name: peer,
      value: perEntry,
      label: perEntry.toFixed(0),
      ours: peer.startsWith('nearcache'),
    }))
  return (colors) => ({
    title: `Bytes per entry at ${entries(size)} entries`,
    subtitle: 'What the cache itself takes, with all it remembers; keys and values are not counted',
    caption: [
      `After ${TIMES} times as many keys were set as fit, and a forced collection. Up to twice as many entries: quick-lru, flru.`,
    ],
    plot: bars(rows, colors),
  })
}

function percent(share: number): string {
  return `${Math.round(100 * share)} %`
}

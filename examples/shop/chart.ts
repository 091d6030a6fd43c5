import * as Plot from '@observablehq/plot'
import type { Colors, Drawing } from '../../bench/charts/chart.ts'
import { apart } from '../../bench/charts/labels.ts'
import type { Replay } from './replay.ts'
import { count, hitRatio, percent } from './report.ts'

/** The hit ratio of all runs that had hits, as a moving average, as the trace goes on; the last run on top. */
export function hitRatioChart(runs: Map<string, Replay>, caption: string[]): Drawing {
  const cached = [...runs].filter(([, run]) => hitRatio(run) > 0)
  const lines = cached.map(([, run]) => movingHitRatio(run))
  const stroke = (colors: Colors, line: number) => colors.series[cached.length - 1 - line]!
  const labels = cached.map(([name, run], line) => ({
    line,
    text: `${name} ${percent(hitRatio(run))}`,
    last: lines[line]!.at(-1)!,
  }))
  const heights = apart(
    labels.map(({ last }) => last.ratio),
    spread(lines) * labelHeight,
  )
  return (colors) => ({
    title: 'Hit ratio as the trace goes on',
    subtitle: `Share of the last ${count(movingWindow)} requests that needed no query; at the right, of all requests`,
    caption,
    plot: {
      marginRight: 190,
      x: { label: 'requests served', domain: [0, cached[0]![1].hits.length], ticks: 6, tickFormat: count },
      y: { label: null, nice: true, ticks: 6, tickFormat: (ratio: number) => `${Math.round(100 * ratio)} %` },
      marks: [
        ...lines.map((points, line) =>
          Plot.lineY(points, { x: 'request', y: 'ratio', stroke: stroke(colors, line), strokeWidth: 2.4 }),
        ),
        Plot.text(labels, {
          x: ({ last }) => last.request,
          y: (_, line) => heights[line],
          text: 'text',
          fill: ({ line }) => stroke(colors, line),
          textAnchor: 'start',
          dx: 10,
          fontSize: 14,
          fontWeight: 'bold',
        }),
      ],
    },
  })
}

interface Point {
  request: number
  ratio: number
}

/** Requests over which one point of a line averages, and requests from one point to the next. */
const movingWindow = 4_000
const step = 500

/** The height of a label as a share of the height that the lines take. */
const labelHeight = 0.07

function movingHitRatio({ hits }: Replay): Point[] {
  const hitsBefore = [0]
  for (const hit of hits) hitsBefore.push(hitsBefore.at(-1)! + hit)
  const points: Point[] = []
  for (let request = step; request <= hits.length; request += step) {
    const from = Math.max(0, request - movingWindow)
    points.push({ request, ratio: (hitsBefore[request]! - hitsBefore[from]!) / (request - from) })
  }
  return points
}

function spread(lines: Point[][]): number {
  const ratios = lines.flat().map(({ ratio }) => ratio)
  return Math.max(...ratios) - Math.min(...ratios)
}

import * as Plot from '@observablehq/plot'
import type { Drawing } from '../charts/chart.ts'
import type { Case } from './measure.ts'

const COLUMNS = 4
const ROW_HEIGHT = 190
const MOST = 16

/** Advised and true hit ratios by size, one plot per workload. */
export function adviceChart(cases: readonly Case[]): Drawing {
  const chosen = distinct(cases).slice(0, MOST)
  const columns = Math.min(COLUMNS, chosen.length)
  const rows = Math.ceil(chosen.length / columns)
  const place = (i: number): { fx: number; fy: number } => ({ fx: i % columns, fy: Math.floor(i / columns) })
  const dots = chosen.flatMap(({ curve, present }, i) =>
    [...curve, { factor: 1, advised: present, low: present, high: present, real: present }]
      .sort((a, b) => a.factor - b.factor)
      .map((one) => ({ ...one, ...place(i) })),
  )
  const titles = chosen.map(({ workload, bound }, i) => ({
    ...place(i),
    title: `${workload}, ${bound.toLocaleString('en')} entries`,
  }))
  const facets = { fx: 'fx', fy: 'fy', x: 'factor' }
  return (colors) => ({
    title: 'What is advised of a running cache, and what is true',
    subtitle:
      'Hit ratio by size, as a multiple of the present one. Line: caches of that size. Dots and bars: advised, with the interval',
    caption: [],
    plot: {
      height: rows * ROW_HEIGHT + 80,
      width: columns === COLUMNS ? 1080 : 160 + columns * 400,
      marginTop: 36,
      x: { type: 'log', label: 'size / present size', ticks: [0.25, 0.5, 1, 2, 4], tickFormat: String },
      y: {
        domain: [0, 1],
        label: null,
        ticks: 4,
        tickFormat: (ratio: number) => `${Math.round(ratio * 100)} %`,
      },
      fx: { axis: null, padding: 0.12 },
      fy: { axis: null, padding: 0.22 },
      marks: [
        Plot.line(dots, { ...facets, y: 'real', stroke: colors.quiet, strokeWidth: 2.5 }),
        Plot.ruleX(dots, {
          ...facets,
          y1: 'low',
          y2: 'high',
          stroke: colors.series[0]!,
          strokeWidth: 3.5,
          strokeOpacity: 0.6,
        }),
        Plot.dot(dots, { ...facets, y: 'advised', fill: colors.series[0]!, r: 3 }),
        Plot.text(titles, {
          ...{ fx: 'fx', fy: 'fy', text: 'title', frameAnchor: 'top', dy: -16 },
          ...{ fill: colors.ink, fontWeight: 'bold', fontSize: 12 },
        }),
      ],
    },
  })
}

/** One case of each workload first, then the others. */
function distinct(cases: readonly Case[]): Case[] {
  const met = new Set<string>()
  const first = cases.filter(({ workload }) => !met.has(workload) && met.add(workload))
  return [...first, ...cases.filter((one) => !first.includes(one))]
}

import * as Plot from '@observablehq/plot'
import type { Drawing } from '../charts/chart.ts'
import type { Measured } from './score.ts'

const COLUMNS = 4
const ROW_HEIGHT = 190

/** In the order of drawing; the one that the chart is about comes last. */
const LINES = [
  { name: 'optimum', ratio: (pair: Measured) => pair.others.OPT!, series: 4 },
  { name: 'LRU', ratio: (pair: Measured) => pair.others.LRU!, series: 1 },
  { name: 'Caffeine', ratio: (pair: Measured) => pair.others['Caffeine-HEAD'], series: 2 },
  { name: 'nearcache', ratio: (pair: Measured) => pair.ours, series: 0 },
]

interface Dot {
  trace: string
  share: number
  ratio: number
  line: string
}

/** Hit ratio by size, one plot per trace; `what` they are, such as "traces". */
export function hitRatioChart(pairs: readonly Measured[], what: string): Drawing {
  const traces = [...new Set(pairs.map((pair) => pair.trace))]
  const columns = Math.min(COLUMNS, traces.length)
  const rows = Math.ceil(traces.length / columns)
  const place = (trace: string) => {
    const i = traces.indexOf(trace)
    return { fx: i % columns, fy: Math.floor(i / columns) }
  }
  const facets = {
    fx: (d: { trace: string }) => place(d.trace).fx,
    fy: (d: { trace: string }) => place(d.trace).fy,
  }
  const dots = LINES.flatMap(({ name, ratio }) =>
    pairs.flatMap((pair): Dot[] => {
      const value = ratio(pair)
      return value === undefined
        ? []
        : [{ trace: pair.trace, share: pair.capacity / pair.keys, ratio: value, line: name }]
    }),
  ).sort((a, b) => a.share - b.share)
  const drawn = LINES.filter(({ name }) => dots.some((dot) => dot.line === name))
  const first = dots.filter((dot) => dot.trace === traces[0])
  return (colors) => ({
    title: `Hit ratio by cache size on ${traces.length} ${what}`,
    subtitle: 'The size as a share of the keys that are asked for',
    caption: [],
    plot: {
      height: rows * ROW_HEIGHT + 80,
      width: columns === COLUMNS ? 1080 : 160 + columns * 400,
      marginTop: 36,
      x: {
        type: 'log',
        label: 'cache size / keys',
        ticks: [0.001, 0.01, 0.1],
        tickFormat: (share: number) => `${share * 100} %`,
      },
      y: {
        domain: [0, 1],
        label: null,
        ticks: 4,
        tickFormat: (ratio: number) => `${Math.round(ratio * 100)} %`,
      },
      fx: { axis: null, padding: 0.12 },
      fy: { axis: null, padding: 0.22 },
      color: {
        domain: drawn.map(({ name }) => name),
        range: drawn.map(({ series }) => colors.series[series]!),
      },
      marks: [
        ...drawn.map(({ name }) =>
          Plot.line(
            dots.filter((dot) => dot.line === name),
            {
              ...facets,
              x: 'share',
              y: 'ratio',
              stroke: 'line',
              z: 'trace',
              strokeWidth: name === 'nearcache' ? 2.5 : 1.6,
              strokeDasharray: name === 'optimum' ? '4 3' : '',
            },
          ),
        ),
        Plot.text(
          traces.map((trace) => ({ trace })),
          {
            ...facets,
            frameAnchor: 'top-left',
            dy: -18,
            text: 'trace',
            fill: colors.ink,
            fontWeight: 'bold',
          },
        ),
        legend(
          drawn.map(({ name, series }) => ({ name, color: colors.series[series]! })),
          traces[0]!,
          facets,
        ),
      ],
    },
  })

  /** The names of the lines, in their colours, in the corner of the first plot. */
  function legend(
    lines: readonly { name: string; color: string }[],
    trace: string,
    at: typeof facets,
  ): Plot.Markish {
    const corner = first.some((dot) => dot.ratio > 0.6 && dot.share < 0.01) ? 'bottom-right' : 'top-left'
    return lines.map(({ name, color }, i) =>
      Plot.text([{ trace, name }], {
        ...at,
        frameAnchor: corner,
        dx: corner === 'top-left' ? 6 : -6,
        dy: corner === 'top-left' ? 6 + i * 15 : -6 - i * 15,
        text: 'name',
        fill: color,
        fontWeight: 'bold',
        fontSize: 11,
      }),
    ) as Plot.Markish
  }
}

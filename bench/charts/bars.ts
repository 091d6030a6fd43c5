import * as Plot from '@observablehq/plot'
import type { Chart, Colors } from './chart.ts'

export interface Bar {
  readonly name: string
  readonly value: number
  /** What stands beside the bar. */
  readonly label: string
  /** Whether it is what the chart is about. */
  readonly ours: boolean
}

/** One bar per name, with its label at its end; bars below zero go to the left. */
export function bars(rows: readonly Bar[], colors: Colors, plot: Plot.PlotOptions = {}): Chart['plot'] {
  const highest = Math.max(...rows.map(({ value }) => value))
  const lowest = Math.min(0, ...rows.map(({ value }) => value))
  return {
    height: 16 + 30 * rows.length,
    marginLeft: 196,
    marginRight: 24,
    marginTop: 6,
    marginBottom: 10,
    ...plot,
    x: { domain: [lowest * 1.25, highest * 1.36], axis: null, ...plot.x },
    y: { domain: rows.map(({ name }) => name), label: null, grid: false, axis: null },
    marks: [
      Plot.barX(rows, {
        y: 'name',
        x: 'value',
        fill: ({ ours }: Bar) => (ours ? colors.series[0] : colors.quiet),
        rx: 3,
        insetTop: 4,
        insetBottom: 4,
      }),
      ...[true, false].map((ours) =>
        Plot.text(
          rows.filter((row) => row.ours === ours),
          {
            y: 'name',
            frameAnchor: 'left',
            text: 'name',
            textAnchor: 'end',
            dx: -12,
            fill: ours ? colors.ink : colors.muted,
            fontWeight: ours ? 'bold' : 'normal',
            fontSize: 14,
          },
        ),
      ),
      ...rows.map((row) =>
        Plot.text([row], {
          y: 'name',
          x: 'value',
          text: 'label',
          textAnchor: row.value < 0 ? 'end' : 'start',
          dx: row.value < 0 ? -7 : 7,
          fill: colors.ink,
          fontWeight: row.ours ? 'bold' : 'normal',
          fontSize: 14,
        }),
      ),
      ...(plot.marks ?? []),
    ],
  }
}

import * as Plot from '@observablehq/plot'
import type { Drawing } from '../../bench/charts/chart.ts'
import type { Account } from './account.ts'
import { count, duration, hitRatio, percent } from './screen.ts'
import type { Scene } from './story.ts'
import { bound, wayNames } from './ways.ts'

interface Run {
  readonly begin: number
  readonly end: number
  readonly turns: readonly { readonly scene: Scene; readonly at: number }[]
  readonly caption: string[]
}

/** For each way a row: when reads gave old values, and how old they were. */
export function oldReadsChart(account: Account, { begin, end, turns, caption }: Run): Drawing {
  const figures = wayNames.map((_, way) => account.figures(way))
  const dots = wayNames.flatMap((way, i) =>
    grouped(
      figures[i]!.old.filter(({ start }) => start < begin + end).map(({ start, age = 0 }) => ({
        x: (start - begin) / 1_000,
        y: age / 1_000,
      })),
    ).map((dot) => ({ ...dot, way })),
  )
  const bands = turns.map(({ scene, at }, i) => ({
    name: scene.name,
    from: at / 1_000,
    to: (turns[i + 1]?.at ?? end) / 1_000,
    isFault: scene.isFault,
  }))
  const highest = Math.max(bound / 1_000, ...dots.map(({ y }) => y)) * 1.05
  const words = wayNames.map((way, i) => {
    const { queries, old, worst } = figures[i]!
    return {
      way,
      name: way,
      text: [
        `${percent(hitRatio(figures[i]!))} hits, ${count(queries)} queries`,
        `${count(old.length)} old reads`,
        `the oldest ${duration(worst)} late`,
      ].join('\n'),
    }
  })
  return (colors) => ({
    title: 'Old values that were served after a row had changed',
    subtitle:
      'A dot is a read that gave an old value; its height, how long after the answer to the write it came',
    caption,
    plot: {
      height: 560,
      marginRight: 230,
      marginLeft: 60,
      marginTop: 58,
      fy: { domain: [...wayNames].reverse(), axis: null, padding: 0.16 },
      x: { label: 'seconds', domain: [0, end / 1_000], ticks: 6 },
      y: { label: null, domain: [0, highest], ticks: 5, tickFormat: (age: number) => `${age} s` },
      r: { range: [1.5, 7] },
      marks: [
        Plot.rect(
          bands.filter(({ isFault }) => isFault),
          { x1: 'from', x2: 'to', y1: 0, y2: highest, fill: colors.series[1]!, fillOpacity: 0.1 },
        ),
        Plot.ruleX(bands.slice(1), { x: 'from', stroke: colors.quiet, strokeOpacity: 0.5 }),
        Plot.ruleY([bound / 1_000], { stroke: colors.muted, strokeDasharray: '4 4' }),
        Plot.text([`${bound / 1_000} s`], {
          x: end / 1_000,
          y: bound / 1_000,
          dx: 6,
          text: (words: string) => words,
          textAnchor: 'start',
          fill: colors.muted,
        }),
        Plot.dot(dots, {
          x: 'x',
          y: 'y',
          fy: 'way',
          r: 'reads',
          fill: ({ way }: { way: (typeof wayNames)[number] }) =>
            colors.series[wayNames.length - 1 - wayNames.indexOf(way)],
          fillOpacity: 0.65,
        }),
        Plot.text(
          bands.map((band) => ({ ...band, way: wayNames.at(-1) })),
          {
            x: ({ from, to }: { from: number; to: number }) => (from + to) / 2,
            fy: 'way',
            frameAnchor: 'top',
            dy: -28,
            lineWidth: 8,
            lineAnchor: 'middle',
            text: 'name',
            fill: colors.ink,
            fontSize: 11.5,
          },
        ),
        Plot.text(words, {
          fy: 'way',
          frameAnchor: 'top-right',
          dx: 16,
          text: 'name',
          textAnchor: 'start',
          fill: ({ way }: { way: (typeof wayNames)[number] }) =>
            colors.series[wayNames.length - 1 - wayNames.indexOf(way)],
          fontSize: 16,
          fontWeight: 'bold',
        }),
        Plot.text(words, {
          fy: 'way',
          frameAnchor: 'top-right',
          dx: 16,
          dy: 26,
          text: 'text',
          textAnchor: 'start',
          fill: colors.ink,
          fontSize: 13.5,
          lineHeight: 1.4,
        }),
      ],
    },
  })
}

/** Dots that would lie upon each other as one, with how many they are: a picture of thousands stays small. */
function grouped(dots: readonly { x: number; y: number }[]): { x: number; y: number; reads: number }[] {
  const cells = new Map<string, { x: number; y: number; reads: number }>()
  for (const dot of dots) {
    const [x, y] = [Math.round(dot.x * 4) / 4, Math.round(dot.y * 4) / 4]
    const cell = cells.get(`${x} ${y}`) ?? { x, y, reads: 0 }
    cell.reads++
    cells.set(`${x} ${y}`, cell)
  }
  return [...cells.values()]
}

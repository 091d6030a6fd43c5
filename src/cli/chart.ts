import type { Point } from '../sizing/recommendation.ts'
import { count, percent } from '../sizing/words.ts'
import { curve, type Simulation } from './simulate.ts'
import { boundOf } from './table.ts'

const WIDTH = 860
const HEIGHT = 520
const PLOT = { left: 76, right: 720, top: 96, bottom: 448 }
const INK = '#1b2430'
const MUTED = '#5d6b7a'
const GRID = '#e3e7ec'
const FONT = "'DejaVu Sans', Verdana, sans-serif"

/** The last is on top, and thin enough to show what it lies on. */
const LINES = [
  { name: 'optimum', color: '#7a7f87', dash: '6 5', width: 2 },
  { name: 'adaptive', color: '#0b62c4', dash: '', width: 3.5 },
  { name: 'lru', color: '#d9702a', dash: '', width: 1.5 },
] as const

/** Draws hit ratios over the size as a complete SVG document. */
export function toSvg(simulation: Simulation): string {
  const { rows, recommendation, trace } = simulation
  const x = logScale(rows.map((row) => row.size))
  const y = ratioScale(rows.flatMap((row) => [row.adaptive, row.lru, row.optimum]))
  const unit = boundOf(trace)
  const curves = LINES.map((line) => ({ ...line, points: curve(rows, line.name) }))
  const ends = apart(
    curves.map(({ points }) => y.at(points.at(-1)!.hitRatio)),
    18,
  )
  const title = 'Hit ratio by cache size'
  const estimate = simulation.optimumIsEstimate ? '; the optimum is an estimate' : ''
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${HEIGHT}" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="${FONT}" font-size="13" role="img" aria-label="${title}">`,
    '<rect width="100%" height="100%" fill="#ffffff"/>',
    text(28, 38, title, INK, 'font-size="20" font-weight="bold"'),
    text(
      28,
      62,
      `${shorten(trace.name)}: ${count(trace.reads)} reads of ${count(trace.keys)} keys${estimate}`,
      MUTED,
    ),
    ...y.ticks.map((tick) => rule(PLOT.left, y.at(tick), PLOT.right, y.at(tick))),
    ...y.ticks.map((tick) =>
      text(PLOT.left - 10, y.at(tick) + 4, `${Math.round(tick * 100)} %`, MUTED, 'text-anchor="end"'),
    ),
    ...x.ticks.map((tick) => text(x.at(tick), PLOT.bottom + 24, count(tick), MUTED, 'text-anchor="middle"')),
    text((PLOT.left + PLOT.right) / 2, PLOT.bottom + 54, unit, MUTED, 'text-anchor="middle"'),
    ...curves.map(({ points, color, dash, width }) =>
      path(points, x, y, `stroke="${color}" stroke-width="${width}" stroke-dasharray="${dash}"`),
    ),
    ...curves.map(({ name, color }, i) =>
      text(PLOT.right + 14, ends[i]! + 4, name, color, 'font-weight="bold"'),
    ),
    ...(simulation.verdict !== 'take'
      ? []
      : mark(recommendation, LINES.find(({ name }) => name === recommendation.policy)!.color, x, y)),
    '</svg>',
  ].join('\n')}\n`
}

interface Scale {
  readonly ticks: readonly number[]
  at(value: number): number
}

/** Sizes by their logarithm, with ticks at the sizes themselves that keep apart. */
function logScale(sizes: readonly number[]): Scale {
  const from = Math.log(sizes[0]!)
  const span = Math.log(sizes.at(-1)!) - from
  const at = (size: number): number =>
    span === 0
      ? (PLOT.left + PLOT.right) / 2
      : PLOT.left + ((Math.log(size) - from) / span) * (PLOT.right - PLOT.left)
  const ticks: number[] = []
  // From the right, so that the largest size always has its tick.
  for (const size of [...sizes].reverse()) {
    const room = ticks.length === 0 ? Infinity : at(ticks.at(-1)!) - at(size)
    if (room >= 8 * count(ticks.at(-1) ?? 0).length + 14) ticks.push(size)
  }
  return { ticks, at }
}

/** Ratios from zero to a round number above the highest. */
function ratioScale(ratios: readonly number[]): Scale {
  const highest = Math.max(0.01, ...ratios)
  const step = [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2].find((each) => highest / each <= 6) ?? 0.2
  const steps = Math.ceil(highest / step - 1e-9)
  const at = (ratio: number): number => PLOT.bottom - (ratio / (steps * step)) * (PLOT.bottom - PLOT.top)
  return { ticks: Array.from({ length: steps + 1 }, (_, i) => i * step), at }
}

function path(points: readonly Point[], x: Scale, y: Scale, style: string): string {
  const places = points.map(({ size, hitRatio }) => `${x.at(size).toFixed(1)},${y.at(hitRatio).toFixed(1)}`)
  // A single point is drawn as a dot, which a line of no length with round ends is.
  const d = places.length === 1 ? `M${places[0]}h0` : `M${places.join('L')}`
  return `<path d="${d}" fill="none" stroke-linejoin="round" stroke-linecap="round" ${style}/>`
}

/** A dot where the recommendation is, with its words on the side where there is room. */
function mark(point: Point, color: string, x: Scale, y: Scale): string[] {
  const left = x.at(point.size)
  const top = y.at(point.hitRatio)
  const anchor = left > (PLOT.left + PLOT.right) / 2 ? 'end' : 'start'
  const below = PLOT.bottom - 34
  // White around the letters keeps them legible where they meet a line.
  const style = `text-anchor="${anchor}" paint-order="stroke" stroke="#ffffff" stroke-width="5"`
  const shift = anchor === 'end' ? -10 : 10
  return [
    `<line x1="${left.toFixed(1)}" y1="${top.toFixed(1)}" x2="${left.toFixed(1)}" y2="${PLOT.bottom}" stroke="${color}" stroke-dasharray="2 4"/>`,
    `<circle cx="${left.toFixed(1)}" cy="${top.toFixed(1)}" r="6" fill="${color}" stroke="#ffffff" stroke-width="2"/>`,
    text(left + shift, below, `recommended: ${count(point.size)}`, INK, `font-weight="bold" ${style}`),
    text(left + shift, below + 19, `${percent(point.hitRatio)} of reads hit`, MUTED, style),
  ]
}

function rule(x1: number, y1: number, x2: number, y2: number): string {
  return `<line x1="${x1}" y1="${y1.toFixed(1)}" x2="${x2}" y2="${y2.toFixed(1)}" stroke="${GRID}"/>`
}

function text(x: number, y: number, words: string, color: string, style = ''): string {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" fill="${color}" ${style}>${escapeXml(words)}</text>`
}

/** A file without its folders. */
function shorten(name: string): string {
  const file = name.split(/[/\\]/).at(-1)!
  return file.length > 48 ? `…${file.slice(-47)}` : file
}

function escapeXml(words: string): string {
  return words.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;')
}

/** Moves values apart until neighbours keep a distance, as evenly as they can. */
function apart(values: readonly number[], distance: number): number[] {
  const moved = [...values]
  const order = [...values.keys()].sort((a, b) => values[a]! - values[b]!)
  for (let round = 0; round < values.length; round++) {
    for (const [i, above] of order.entries()) {
      const below = order[i - 1]
      const missing = below === undefined ? 0 : distance - (moved[above]! - moved[below]!)
      if (missing <= 0) continue
      moved[above]! += missing / 2
      moved[below!]! -= missing / 2
    }
  }
  return moved
}

import { writeFileSync } from 'node:fs'
import * as Plot from '@observablehq/plot'
import { parseHTML } from 'linkedom'

/** A plot with words around it. Everything is part of the picture, so that it can be shown anywhere. */
export interface Chart {
  title: string
  subtitle: string
  /** Lines of small print below the plot. */
  caption: string[]
  plot: Plot.PlotOptions
}

export interface Colors {
  readonly ink: string
  readonly muted: string
  /** What the picture is drawn on: a page may be light for readers who asked for dark ones. */
  readonly paper: string
  /** What the chart does not want to show off. */
  readonly quiet: string
  /** One per line or bar, told apart by colour-blind eyes too; the first is for what the chart is about. */
  readonly series: readonly string[]
}

/** A chart in the colours of a page, light or dark. */
export type Drawing = (colors: Colors) => Chart

const light: Colors = {
  ink: '#1b2430',
  muted: '#5d6b7a',
  paper: '#ffffff',
  quiet: '#a3aebb',
  series: ['#0b62c4', '#d9702a', '#2a8a5d', '#8a5bb5', '#7a7f87'],
}

const dark: Colors = {
  ink: '#e6edf3',
  muted: '#9aa7b4',
  paper: '#0d1117',
  quiet: '#566270',
  series: ['#58a6ff', '#f0883e', '#56c08d', '#bc8cff', '#9198a1'],
}

/** Writes `name.svg` for light pages and `name-dark.svg` for dark ones. */
export function writeChart(drawing: Drawing, folder: URL, name: string): void {
  writeFileSync(new URL(`${name}.svg`, folder), toSvg(drawing(light), light))
  writeFileSync(new URL(`${name}-dark.svg`, folder), toSvg(drawing(dark), dark))
}

/** A chart in a page, as Markdown: the one of the two pictures that fits the reader's colours. */
export function picture(path: string, words: string): string {
  const alt = words.replaceAll('"', '&quot;')
  return `<picture><source media="(prefers-color-scheme: dark)" srcset="${path}-dark.svg"><img src="${path}.svg" alt="${alt}"></picture>`
}

/** Draws a chart as a complete SVG document. */
function toSvg({ title, subtitle, caption, plot }: Chart, colors: Colors): string {
  const { document } = parseHTML('<!doctype html><html><body></body></html>')
  const options = { ...frame, ...plot }
  const drawing = Plot.plot({
    ...options,
    x: {
      tickSize: 0,
      tickPadding: 10,
      labelAnchor: 'center',
      labelArrow: 'none',
      labelOffset: 42,
      ...plot.x,
    },
    y: { grid: true, tickSize: 0, tickPadding: 10, ...plot.y },
    style: { fontFamily, fontSize: '13px', color: colors.muted },
    document,
  })
  drawing.setAttribute('y', String(headHeight))
  drawing.setAttribute('role', 'img')
  drawing.setAttribute('aria-label', subtitle)
  for (const style of drawing.querySelectorAll('style')) style.remove()

  const height = headHeight + options.height + captionLine * caption.length + margin
  const captionTop = headHeight + options.height + captionLine
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${options.width}" height="${height}" viewBox="0 0 ${options.width} ${height}" font-family="${fontFamily}" role="img" aria-label="${escapeXml(title)}">`,
    `<rect class="paper" width="100%" height="100%" rx="10" fill="${colors.paper}"/>`,
    text(margin, 38, 20, colors.ink, title, 'bold'),
    text(margin, 62, 14, colors.muted, subtitle),
    drawing.outerHTML,
    ...caption.map((line, i) => text(margin, captionTop + i * captionLine, 12, colors.muted, line)),
    '</svg>\n',
  ].join('\n')
}

const fontFamily = 'system-ui, -apple-system, Segoe UI, Roboto, Helvetica Neue, Arial, sans-serif'
const margin = 28
const headHeight = 72
const frame = { width: 860, height: 400, marginLeft: 78, marginTop: 18, marginBottom: 50 }
const captionLine = 19

function text(x: number, y: number, size: number, color: string, words: string, weight = 'normal'): string {
  return `<text x="${x}" y="${y}" font-size="${size}" font-weight="${weight}" fill="${color}">${escapeXml(words)}</text>`
}

function escapeXml(words: string): string {
  return words.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;')
}

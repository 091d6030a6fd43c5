import { createRequire } from 'node:module'
import * as Plot from '@observablehq/plot'
import { Resvg } from '@resvg/resvg-js'
import { parseHTML } from 'linkedom'

/** A plot with words around it. Everything is part of the picture, so that it can be shown anywhere. */
export interface Chart {
  title: string
  subtitle: string
  /** Lines of small print below the plot. */
  caption: string[]
  plot: Plot.PlotOptions
}

export const colors = {
  ink: '#1b2430',
  muted: '#5d6b7a',
  paper: '#ffffff',
  /** One per line or bar, told apart by colour-blind eyes too; the first is for what the chart is about. */
  series: ['#0b62c4', '#d9702a', '#2a8a5d', '#8a5bb5', '#7a7f87'],
} as const

/** Draws a chart as a complete SVG document. */
export function toSvg({ title, subtitle, caption, plot }: Chart): string {
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
    `<rect width="100%" height="100%" fill="${colors.paper}"/>`,
    text(margin, 38, 20, colors.ink, title, 'bold'),
    text(margin, 62, 14, colors.muted, subtitle),
    drawing.outerHTML,
    ...caption.map((line, i) => text(margin, captionTop + i * captionLine, 12, colors.muted, line)),
    '</svg>\n',
  ].join('\n')
}

/** Renders an SVG document at twice its size, with the font that comes from npm: no font of the system is used. */
export function toPng(svg: string): Uint8Array {
  const font = { fontFiles, loadSystemFonts: false, defaultFontFamily: 'DejaVu Sans' }
  return new Resvg(svg, { font, fitTo: { mode: 'zoom', value: 2 } }).render().asPng()
}

// Verdana is a sister of DejaVu Sans: where a browser has only that, the words take as much room.
const fontFamily = 'DejaVu Sans, Verdana, sans-serif'
const margin = 28
const headHeight = 72
const frame = { width: 860, height: 400, marginLeft: 78, marginTop: 18, marginBottom: 50 }
const captionLine = 19

const require = createRequire(import.meta.url)
const fontFiles = ['DejaVuSans', 'DejaVuSans-Bold'].map((name) =>
  require.resolve(`dejavu-fonts-ttf/ttf/${name}.ttf`),
)

function text(x: number, y: number, size: number, color: string, words: string, weight = 'normal'): string {
  return `<text x="${x}" y="${y}" font-size="${size}" font-weight="${weight}" fill="${color}">${escapeXml(words)}</text>`
}

function escapeXml(words: string): string {
  return words.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;')
}

import { h, type VNode } from './dom.ts'
import * as format from './format.ts'

type Values = readonly (number | null)[]

export interface Line {
  readonly name: string
  readonly values: Values
  /** Its colour, by the name of a class; and how it is drawn. */
  readonly kind: string
  readonly form: 'area' | 'line' | 'dashed'
}

export interface Chart {
  readonly title: string
  readonly lines: readonly Line[]
  readonly format: (value: number) => string
  /** The top of the scale; by default a round number above the greatest value. */
  readonly most?: number
  /** Areas stand upon each other. */
  readonly isStacked?: boolean
  /** When the last value ends, in Unix time, and milliseconds between values. */
  readonly end: number
  readonly every: number
  /** Which value is pointed at; undefined for the last. */
  readonly at: number | undefined
  readonly point: (at: number | undefined) => void
}

const HEIGHT = 100

/** A chart of the last hour: a picture with its words, and a table behind it. */
export function chart(options: Chart): VNode {
  const { title, lines, every, end } = options
  const length = lines[0]?.values.length ?? 0
  const shown = options.isStacked ? stacked(lines) : lines
  const top =
    options.most ?? roundTop(Math.max(0, ...shown.flatMap(({ values }) => values.map((v) => v ?? 0))))
  const at = options.at === undefined ? undefined : Math.min(length - 1, options.at)
  const index = at ?? lastOf(lines)
  const label = `${title}. ${lines.map((line) => spoken(line, options.format)).join(' ')}`
  const x = (i: number): number => (length < 2 ? 0 : (i / (length - 1)) * 1000)
  const y = (value: number): number => HEIGHT - (Math.min(value, top) / top) * HEIGHT
  const point = (event: PointerEvent): void => {
    const box = (event.currentTarget as Element).getBoundingClientRect()
    options.point(clamp(Math.round(((event.clientX - box.left) / box.width) * (length - 1)), length))
  }
  const step = (event: KeyboardEvent): void => {
    const by = { ArrowLeft: -1, ArrowRight: 1, PageUp: -30, PageDown: 30, Home: -length, End: length }[
      event.key
    ]
    if (event.key === 'Escape') options.point(undefined)
    if (by === undefined) return
    event.preventDefault()
    options.point(clamp((at ?? length - 1) + by, length))
  }
  return h(
    'figure',
    { class: 'chart' },
    h(
      'figcaption',
      null,
      h('span', { class: 'title' }, title),
      h(
        'span',
        { class: 'when' },
        at === undefined ? 'now' : format.clock(end - (length - 1 - at) * every, true),
      ),
      h(
        'span',
        { class: 'legend' },
        lines.map((line) =>
          h(
            'span',
            { class: 'item' },
            h(
              'svg',
              { class: `swatch ${line.kind} ${line.form}`, viewBox: '0 0 14 8', 'aria-hidden': 'true' },
              h('path', { d: 'M0 4h14' }),
            ),
            `${line.name} `,
            h('b', null, valueAt(line, index, options.format)),
          ),
        ),
      ),
    ),
    h(
      'div',
      { class: 'plot' },
      h(
        'div',
        { class: 'scale', 'aria-hidden': 'true' },
        [top, top / 2, 0].map((value) => h('span', null, options.format(value))),
      ),
      h(
        'svg',
        {
          viewBox: `0 0 1000 ${HEIGHT}`,
          preserveAspectRatio: 'none',
          role: 'img',
          tabindex: 0,
          'aria-label': label,
          onpointermove: point,
          onpointerleave: () => options.point(undefined),
          onkeydown: step,
          onblur: () => options.point(undefined),
        },
        [0, 0.5, 1].map((share) =>
          h('line', { class: 'grid', x1: 0, x2: 1000, y1: share * HEIGHT, y2: share * HEIGHT }),
        ),
        shown.map((line, i) => {
          const below = options.isStacked && i > 0 ? shown[i - 1]!.values : undefined
          return h(
            'g',
            { class: `${line.kind} ${line.form}` },
            line.form === 'area' && h('path', { class: 'fill', d: areaOf(line.values, below, x, y) }),
            h('path', { class: 'stroke', d: lineOf(line.values, x, y) }),
          )
        }),
        at !== undefined && h('line', { class: 'cursor', x1: x(at), x2: x(at), y1: 0, y2: HEIGHT }),
      ),
      h(
        'div',
        { class: 'times', 'aria-hidden': 'true' },
        [length - 1, Math.round((length - 1) / 2), 0].map((ago) =>
          h('span', null, ago === 0 ? 'now' : format.clock(end - ago * every)),
        ),
      ),
    ),
    h(
      'details',
      { class: 'numbers' },
      h('summary', null, 'Table', h('span', { class: 'unseen' }, ` of ${title}`)),
      table(options, length),
    ),
  )
}

/** Every fifth minute as a table. */
function table({ title, lines, end, every, format: show }: Chart, length: number): VNode {
  const each = Math.max(1, Math.round(300_000 / every))
  const rows: number[] = []
  for (let i = length - 1; i >= 0; i -= each) rows.unshift(i)
  return h(
    'div',
    { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': `${title}, as a table` },
    h(
      'table',
      null,
      h('caption', { class: 'unseen' }, title),
      h(
        'thead',
        null,
        h(
          'tr',
          null,
          h('th', { scope: 'col' }, 'at'),
          lines.map(({ name }) => h('th', { scope: 'col' }, name)),
        ),
      ),
      h(
        'tbody',
        null,
        rows.map((i) =>
          h(
            'tr',
            null,
            h('th', { scope: 'row' }, format.clock(end - (length - 1 - i) * every)),
            lines.map((line) => h('td', null, valueAt(line, i, show))),
          ),
        ),
      ),
    ),
  )
}

/** A line in words: its first, last, least and greatest value. */
function spoken({ name, values }: Line, show: (value: number) => string): string {
  const known = values.filter((value) => value !== null)
  if (known.length === 0) return `${name}: nothing yet.`
  return `${name}: from ${show(known[0]!)} to ${show(known.at(-1)!)}, least ${show(Math.min(...known))}, greatest ${show(Math.max(...known))}.`
}

function valueAt({ values }: Line, index: number, show: (value: number) => string): string {
  const value = values[index]
  return value === null || value === undefined ? '–' : show(value)
}

function lastOf(lines: readonly Line[]): number {
  const length = lines[0]?.values.length ?? 0
  for (let i = length - 1; i >= Math.max(0, length - 3); i--)
    if (lines.some(({ values }) => values[i] !== null)) return i
  return length - 1
}

function stacked(lines: readonly Line[]): Line[] {
  const sums: number[] = []
  return lines.map((line) => ({
    ...line,
    values: line.values.map((value, i) => {
      if (value === null) return null
      sums[i] = (sums[i] ?? 0) + value
      return sums[i]!
    }),
  }))
}

type Scale = (value: number) => number

export function lineOf(values: Values, x: Scale, y: Scale): string {
  let path = ''
  let isDown = false
  values.forEach((value, i) => {
    if (value === null) {
      isDown = false
      return
    }
    path += `${isDown ? 'L' : 'M'}${x(i).toFixed(1)} ${y(value).toFixed(1)}`
    if (!isDown && (values[i + 1] ?? null) === null) path += 'h.1'
    isDown = true
  })
  return path
}

export function areaOf(values: Values, below: Values | undefined, x: Scale, y: Scale): string {
  let path = ''
  for (let from = 0; from < values.length; from++) {
    if (values[from] === null) continue
    let to = from
    while (to + 1 < values.length && values[to + 1] !== null) to++
    path += `M${x(from).toFixed(1)} ${y(below?.[from] ?? 0).toFixed(1)}`
    for (let i = from; i <= to; i++) path += `L${x(i).toFixed(1)} ${y(values[i]!).toFixed(1)}`
    for (let i = to; i >= from; i--) path += `L${x(i).toFixed(1)} ${y(below?.[i] ?? 0).toFixed(1)}`
    path += 'z'
    from = to
  }
  return path
}

/** The hit ratio of the last hour in little. */
export function spark(values: Values, label: string): VNode {
  const x = (i: number): number => (i / Math.max(1, values.length - 1)) * 96
  const y = (value: number): number => 23 - (value / 1000) * 22
  return h(
    'svg',
    { class: 'spark', viewBox: '0 0 96 24', preserveAspectRatio: 'none', role: 'img', 'aria-label': label },
    h('path', { class: 'fill', d: areaOf(values, undefined, x, y) }),
    h('path', { class: 'stroke', d: lineOf(values, x, y) }),
  )
}

/** A share of a whole as a bar. */
export function bar(share: number, kind: string): VNode {
  return h(
    'svg',
    { class: `bar ${kind}`, viewBox: '0 0 100 6', preserveAspectRatio: 'none', 'aria-hidden': 'true' },
    h('rect', { class: 'track', width: 100, height: 6 }),
    h('rect', { class: 'full', width: (100 * Math.max(0, Math.min(1, share))).toFixed(2), height: 6 }),
  )
}

/** A share as a ring, with its number in the middle. */
export function ring(share: number | undefined, kind: string): VNode {
  const whole = 2 * Math.PI * 42
  const filled = whole * (share ?? 0)
  return h(
    'svg',
    { class: `ring ${kind}`, viewBox: '0 0 100 100', 'aria-hidden': 'true' },
    h('circle', { class: 'track', cx: 50, cy: 50, r: 42 }),
    filled > 0.5 &&
      h('circle', {
        class: 'full',
        cx: 50,
        cy: 50,
        r: 42,
        transform: 'rotate(-90 50 50)',
        'stroke-dasharray': `${filled.toFixed(1)} ${whole.toFixed(1)}`,
      }),
    h('text', { x: 50, y: 57, 'text-anchor': 'middle' }, share === undefined ? '–' : ringText(share)),
  )
}

function ringText(share: number): string {
  const value = 100 * share
  return value >= 99.95 ? '100' : value.toFixed(value < 10 ? 1 : value > 99 ? 1 : 0)
}

function roundTop(value: number): number {
  if (value <= 0) return 1
  const unit = 10 ** Math.floor(Math.log10(value))
  for (const step of [1, 1.5, 2, 3, 4, 5, 6, 8, 10]) if (value <= step * unit) return step * unit
  return 10 * unit
}

function clamp(value: number, length: number): number {
  return Math.max(0, Math.min(length - 1, value))
}

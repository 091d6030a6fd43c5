import type { Details } from '../src/observe/dashboard/wire.ts'
import { bar } from './charts.ts'
import { type Child, h, type VNode } from './dom.ts'
import * as format from './format.ts'
import type { Model } from './model.ts'

type Advice = NonNullable<Details['advice']>
type Point = Advice['curve'][number]

/** What other sizes would answer, or the offer to find out. */
export function advice(model: Model, { name, advice }: Details): VNode {
  const begin = async (): Promise<void> => {
    const result = await model.act({ action: 'examine', cache: name })
    if (typeof result === 'string') model.notice = result
    await model.poll()
  }
  const isOver = advice === null || advice.state === 'over'
  return h(
    'section',
    { key: 'advice', class: 'card advice', 'aria-labelledby': 'advice' },
    h(
      'div',
      { class: 'head' },
      h('h2', { id: 'advice' }, 'What would another size answer?'),
      isOver &&
        h(
          'button',
          { type: 'button', class: advice === null ? 'primary' : 'plain', onclick: begin },
          advice === null ? 'Find out' : 'Find out again',
        ),
    ),
    advice === null
      ? h(
          'p',
          { class: 'hint' },
          'Watches a share of its keys for a while, and says what a quarter to four times the room, the other policy and other lifetimes would have answered. It takes about 1 % of one core, and changes nothing.',
        )
      : found(advice),
  )
}

function found(advice: Advice): Child {
  const { curve, sentence, state, progress, misses } = advice
  return [
    h('p', { class: 'sentence' }, sentence),
    state !== 'over' &&
      h(
        'div',
        { class: 'progress' },
        bar(progress, 'good'),
        h('span', null, `${state}, ${format.percent(progress)} of the reads to examine`),
      ),
    curve.length > 1 && h('div', { class: 'curve' }, picture(curve, advice), sizes(curve, advice)),
    h(
      'ul',
      { class: 'also' },
      advice.policies.map(({ policy, gain, low, high }) =>
        h(
          'li',
          null,
          `The policy ${policy} would answer ${points(gain)} (${points(low)} to ${points(high)}).`,
        ),
      ),
      advice.lifetimes.map(({ ttl, gain, stale }) =>
        h(
          'li',
          null,
          `A ttl of ${format.duration(ttl)} would answer ${points(gain)}${stale === undefined ? '' : `, and ${format.percent(stale)} of reads would be given a value older than now`}.`,
        ),
      ),
      misses.first + misses.room + misses.time > 0 &&
        h(
          'li',
          null,
          `Of the misses, ${format.percent(misses.first)} were for keys not seen before, ${format.percent(misses.room)} for want of room, ${format.percent(misses.time)} because their time was over.`,
        ),
    ),
  ]
}

/** The curve, with the interval of each point; the present size is filled. */
function picture(curve: readonly Point[], { knee }: Advice): VNode {
  const x = (i: number): number => 60 + (i / (curve.length - 1)) * 880
  const top = Math.min(1, Math.ceil(Math.max(...curve.map(({ high }) => high)) * 10 + 0.3) / 10)
  const bottom = Math.max(0, Math.floor(Math.min(...curve.map(({ low }) => low)) * 10 - 0.3) / 10)
  const y = (ratio: number): number => 8 + (1 - (ratio - bottom) / (top - bottom || 1)) * 184
  const line = curve
    .map(({ hitRatio }, i) => `${i === 0 ? 'M' : 'L'}${x(i).toFixed(1)} ${y(hitRatio).toFixed(1)}`)
    .join('')
  const band =
    curve.map(({ high }, i) => `${i === 0 ? 'M' : 'L'}${x(i).toFixed(1)} ${y(high).toFixed(1)}`).join('') +
    [...curve]
      .reverse()
      .map(({ low }, i) => `L${x(curve.length - 1 - i).toFixed(1)} ${y(low).toFixed(1)}`)
      .join('')
  const label = curve
    .map(({ factor, hitRatio }) => `${multiple(factor)} ${format.percent(hitRatio)}`)
    .join(', ')
  return h(
    'div',
    { class: 'plot' },
    h(
      'div',
      { class: 'scale', 'aria-hidden': 'true' },
      [top, bottom].map((ratio) => h('span', null, `${Math.round(100 * ratio)} %`)),
    ),
    h(
      'svg',
      {
        viewBox: '0 0 1000 200',
        role: 'img',
        'aria-label': `Hit ratio by size: ${label}`,
        preserveAspectRatio: 'none',
      },
      [8, 100, 192].map((at) => h('line', { class: 'grid', x1: 0, x2: 1000, y1: at, y2: at })),
      h(
        'g',
        { class: 'hits' },
        h('path', { class: 'fill', d: `${band}z` }),
        h('path', { class: 'stroke', d: line }),
      ),
      curve.map((point, i) =>
        h('line', {
          class: point.factor === 1 ? 'here' : point.factor === knee?.factor ? 'knee' : 'point',
          x1: x(i),
          x2: x(i) + 0.01,
          y1: y(point.hitRatio),
          y2: y(point.hitRatio),
        }),
      ),
    ),
    h(
      'div',
      { class: 'times', 'aria-hidden': 'true' },
      curve.map(({ factor }) =>
        h('span', { class: factor === 1 ? 'now' : undefined }, factor === 1 ? 'now' : multiple(factor)),
      ),
    ),
  )
}

function sizes(curve: readonly Point[], { unit, knee }: Advice): VNode {
  const size = (point: Point): string =>
    unit === 'bytes' ? format.bytes(point.size) : format.short(point.size)
  return h(
    'table',
    { class: 'plain' },
    h('caption', { class: 'unseen' }, 'What each size would answer'),
    h(
      'thead',
      null,
      h(
        'tr',
        null,
        ['Size', 'Hit ratio', 'Misses/s', 'Takes'].map((title, i) =>
          h('th', { scope: 'col', class: i > 0 ? 'number' : undefined }, title),
        ),
      ),
    ),
    h(
      'tbody',
      null,
      curve.map((point) =>
        h(
          'tr',
          { key: point.factor, class: point.factor === 1 ? 'now' : undefined },
          h(
            'th',
            { scope: 'row' },
            h('b', null, size(point)),
            ` ${point.factor === 1 ? 'now' : multiple(point.factor)}`,
            point.factor === knee?.factor && point.factor !== 1 && h('span', { class: 'badge' }, 'enough'),
          ),
          h(
            'td',
            { class: 'number' },
            format.percent(point.hitRatio),
            point.high - point.low > 0.001 &&
              h('small', null, ` ±${(50 * (point.high - point.low)).toFixed(1)}`),
          ),
          h('td', { class: 'number' }, format.rate(point.missesPerSecond)),
          h('td', { class: 'number' }, format.bytes(point.bytes)),
        ),
      ),
    ),
  )
}

function multiple(factor: number): string {
  const name = { 0.25: '¼', 0.5: '½' }[factor]
  return name ?? `${factor}×`
}

function points(gain: number): string {
  const value = Math.abs(100 * gain).toFixed(1)
  return `${value} points ${gain < 0 ? 'less' : 'more'}`
}

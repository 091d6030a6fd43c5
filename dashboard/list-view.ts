import type { CacheState, SpaceState } from '../src/observe/dashboard/wire.ts'
import { type Answers, fill, held, hitRatio, readsOf, spared, urgency } from './answers.ts'
import { bar, spark } from './charts.ts'
import { type Child, h, type VNode } from './dom.ts'
import * as format from './format.ts'
import { mark } from './icons.ts'
import type { Model, Process, Sorting } from './model.ts'
import { linkTo, name, pathText } from './names.ts'

/** A cache, with what is said of it. */
export interface Row {
  readonly cache: CacheState
  readonly answers: Answers
  readonly span: CacheState['minute']
}

interface Column {
  readonly sort: Sorting
  readonly title: string
  readonly class: string
  readonly of: (row: Row) => number | string
}

const perSecond =
  (what: 'sets' | 'evicted' | 'expired') =>
  ({ span }: Row): number =>
    span[what] / span.seconds

const columns: readonly Column[] = [
  { sort: 'name', title: 'Cache', class: 'name', of: ({ cache }) => cache.name },
  { sort: 'ratio', title: 'Hit ratio', class: 'ratio', of: ({ span }) => hitRatio(span) ?? -1 },
  { sort: 'reads', title: 'Reads/s', class: 'number', of: ({ span }) => readsOf(span).all / span.seconds },
  {
    sort: 'spared',
    title: 'Spares',
    class: 'number',
    of: ({ cache, span }) => spared(span, cache.hour.mean) ?? -1,
  },
  { sort: 'room', title: 'Room', class: 'room', of: ({ cache }) => fill(cache) ?? -1 },
  { sort: 'sets', title: 'Sets/s', class: 'number wide', of: perSecond('sets') },
  { sort: 'evicted', title: 'Evicted/s', class: 'number', of: perSecond('evicted') },
  { sort: 'expired', title: 'Expired/s', class: 'number wide', of: perSecond('expired') },
  { sort: 'load', title: 'Load p50 · p95', class: 'number load', of: ({ span }) => span.p95 ?? -1 },
  {
    sort: 'failed',
    title: 'Failed',
    class: 'number',
    of: ({ span }) => (span.loads === 0 ? -1 : span.failed / span.loads),
  },
]

/** Each cache in a row, with its namespaces where they are unfolded. */
export function list(model: Model, process: Process, rows: readonly Row[]): VNode {
  const wanted = model.filter.toLowerCase()
  const found = rows.filter(({ cache }) => cache.name.toLowerCase().includes(wanted))
  const by = columns.find(({ sort }) => sort === model.sort)
  const key = (row: Row): number | string =>
    by === undefined
      ? urgency(row.answers.first) * 1e9 + readsOf(row.span).all / row.span.seconds
      : by.of(row)
  const sorted = [...found].sort((a, b) => compare(key(a), key(b)) * (model.isDescending ? -1 : 1))
  return h(
    'section',
    { class: 'list', 'aria-label': 'Caches' },
    h(
      'div',
      { class: 'tools' },
      h(
        'label',
        { class: 'filter' },
        h('span', { class: 'unseen' }, 'Filter by name'),
        h('input', {
          type: 'search',
          placeholder: 'Filter caches',
          value: model.filter,
          oninput: (event: Event) => {
            model.filter = (event.target as HTMLInputElement).value
            model.change()
          },
        }),
      ),
      windows(model),
    ),
    h(
      'div',
      { class: 'card table' },
      h(
        'table',
        { class: 'caches', role: 'table' },
        h('caption', { class: 'unseen' }, `Caches of this process, over the last ${model.window}`),
        h(
          'thead',
          { role: 'rowgroup' },
          h(
            'tr',
            { class: 'questions', role: 'row' },
            h('td', { role: 'cell' }),
            question('Worth having?', 3),
            question('Large enough?', 4),
            question('All well?', 2),
          ),
          h(
            'tr',
            { role: 'row' },
            columns.map((column) => heading(model, column)),
          ),
        ),
        h(
          'tbody',
          { role: 'rowgroup' },
          sorted.flatMap((row) => [cacheRow(model, process, row), ...spaceRows(model, process, row)]),
        ),
      ),
      sorted.length === 0 &&
        h('p', { class: 'none' }, `No cache has “${format.visible(model.filter, 40)}” in its name.`),
    ),
  )
}

export function windows(model: Model): VNode {
  return h(
    'div',
    { class: 'windows', role: 'group', 'aria-label': 'Figures over' },
    (['minute', 'hour'] as const).map((window) =>
      h(
        'button',
        {
          type: 'button',
          'aria-pressed': model.window === window ? 'true' : 'false',
          onclick: () => {
            model.window = window
            model.change()
          },
        },
        `Last ${window}`,
      ),
    ),
  )
}

function question(text: string, span: number): VNode {
  return h('th', { colspan: span, scope: 'colgroup', role: 'columnheader' }, text)
}

function heading(model: Model, { sort, title, class: kind }: Column): VNode {
  const isSorted = model.sort === sort
  const order = model.isDescending ? 'descending' : 'ascending'
  return h(
    'th',
    { scope: 'col', role: 'columnheader', class: kind, 'aria-sort': isSorted ? order : 'none' },
    h(
      'button',
      {
        type: 'button',
        onclick: () => {
          model.isDescending = isSorted ? !model.isDescending : sort !== 'name'
          model.sort = sort
          model.change()
        },
      },
      title,
      h('span', { class: 'order', 'aria-hidden': 'true' }, isSorted ? (model.isDescending ? '↓' : '↑') : ''),
    ),
  )
}

function cacheRow(model: Model, process: Process, { cache, answers, span }: Row): VNode {
  const { seconds } = span
  const ratio = hitRatio(span)
  const saves = spared(span, cache.hour.mean)
  const trend = process.trends.get(cache.name) ?? []
  const isOpen = model.unfolded.has(cache.name)
  const { first } = answers
  return h(
    'tr',
    { key: `cache ${cache.name}`, class: `cache ${first.level}`, role: 'row' },
    h(
      'th',
      { scope: 'row', class: 'name', role: 'rowheader' },
      h(
        'div',
        null,
        mark(first.level),
        h('a', { href: linkTo(cache.name) }, name(cache.name)),
        cache.tier !== null && h('span', { class: 'badge' }, 'tiered'),
        cache.spaces > 0 &&
          h(
            'button',
            {
              type: 'button',
              class: 'unfold',
              'aria-expanded': isOpen ? 'true' : 'false',
              'aria-label': `Namespaces of ${format.visible(cache.name, 60)}`,
              onclick: () => {
                if (isOpen) model.unfolded.delete(cache.name)
                else model.unfolded.add(cache.name)
                model.change()
                void model.poll()
              },
            },
            `${cache.spaces}`,
            h(
              'svg',
              { viewBox: '0 0 10 10', 'aria-hidden': 'true' },
              h('path', { d: isOpen ? 'M2 3.5l3 3 3-3' : 'M3.5 2l3 3-3 3' }),
            ),
          ),
      ),
      h('p', { class: 'verdict' }, urgency(first) > 1 ? first.brief : ''),
    ),
    cell(
      'ratio',
      'Hit ratio',
      h('b', null, ratio === undefined ? '–' : format.percent(ratio)),
      spark(trend, spoken(trend)),
    ),
    cell('number', 'Reads/s', format.rate(readsOf(span).all / seconds)),
    cell('number', 'Spares', saves === undefined ? '–' : format.duration(saves)),
    cell('room', 'Room', bar(fill(cache) ?? 0, answers.room.level), h('span', null, held(cache))),
    cell('number wide', 'Sets/s', format.rate(span.sets / seconds)),
    cell('number', 'Evicted/s', format.rate(span.evicted / seconds)),
    cell('number wide', 'Expired/s', format.rate(span.expired / seconds)),
    cell(
      'number load',
      'Load p50 · p95',
      span.p50 === null ? '–' : `${format.duration(span.p50)} · ${format.duration(span.p95!)}`,
    ),
    cell('number', 'Failed', span.loads === 0 ? '–' : format.percent(span.failed / span.loads)),
  )
}

function cell(kind: string, title: string, ...children: readonly Child[]): VNode {
  return h('td', { class: kind, role: 'cell', 'data-title': title }, children)
}

function spoken(trend: readonly (number | null)[]): string {
  const known = trend.filter((value) => value !== null)
  if (known.length === 0) return 'Nothing read over the hour'
  const show = (value: number): string => format.percent(value / 1000)
  return `Over the hour from ${show(known[0]!)} to ${show(known.at(-1)!)}, least ${show(Math.min(...known))}, greatest ${show(Math.max(...known))}`
}

function spaceRows(model: Model, process: Process, { cache }: Row): VNode[] {
  if (!model.unfolded.has(cache.name)) return []
  return (process.spaces.get(cache.name) ?? []).map((space) => spaceRow(cache, space))
}

/** A namespace, with its figures since it was made. */
function spaceRow(cache: CacheState, { path, entries, hits, misses, sets, evicted }: SpaceState): VNode {
  const reads = hits + misses
  return h(
    'tr',
    { key: `space ${cache.name} ${JSON.stringify(path)}`, class: 'space', role: 'row' },
    h(
      'th',
      { scope: 'row', class: 'name', role: 'rowheader' },
      h('span', null, pathText(path, cache)),
      h('small', null, 'since its start'),
    ),
    cell('ratio', 'Hit ratio', h('b', null, reads === 0 ? '–' : format.percent(hits / reads))),
    cell('number', 'Reads', format.short(reads)),
    cell('number', 'Spares', ''),
    cell('room', 'Entries', h('span', null, `${format.count(entries)} entries`)),
    cell('number wide', 'Sets', format.short(sets)),
    cell('number', 'Evicted', format.short(evicted)),
    cell('number wide', '', ''),
    cell('number load', '', ''),
    cell('number', '', ''),
  )
}

function compare(a: number | string, b: number | string): number {
  return typeof a === 'string' ? a.localeCompare(b as string) : a - (b as number)
}

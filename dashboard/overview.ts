import {
  type CacheState,
  escaped,
  type SpacePath,
  type SpaceState,
  unescaped,
} from '../src/observe/dashboard/wire.ts'
import { type Answers, answersTo, fill, held, hitRatio, readsOf, spared, urgency } from './answers.ts'
import { areaOf, bar, spark } from './charts.ts'
import { type Child, h, type VNode } from './dom.ts'
import * as format from './format.ts'
import { mark } from './icons.ts'
import type { Model, Process, Sorting } from './model.ts'

/** All caches of a process: what they do together, which of them to look at, and each in a row. */
export function overview(model: Model, process: Process): Child {
  const { caches } = process.state
  if (caches.length === 0)
    return h(
      'section',
      { class: 'empty' },
      h('h1', null, 'No caches yet'),
      h('p', null, 'As soon as this process makes a ', h('code', null, 'Cache'), ', it is shown here.'),
    )
  const rows = caches.map((cache) => ({
    cache,
    answers: answersTo(cache, cache[model.window]),
    span: cache[model.window],
  }))
  return [hero(rows, process), model.processes.size > 1 && processes(model), list(model, process, rows)]
}

interface Row {
  readonly cache: CacheState
  readonly answers: Answers
  readonly span: CacheState['minute']
}

/** The first thing to be read. */
function hero(rows: readonly Row[], process: Process): VNode {
  let answered = 0
  let all = 0
  let reads = 0
  let saves = 0
  let knows = false
  let loads = 0
  for (const { cache, span } of rows) {
    const its = readsOf(span)
    answered += its.answered
    all += its.all
    reads += its.all / span.seconds
    loads += span.loads / span.seconds
    const time = spared(span, cache.hour.mean)
    if (time !== undefined) knows = true
    saves += time ?? 0
  }
  const concerns = rows
    .filter(({ answers }) => urgency(answers.first) > 1)
    .sort((a, b) => urgency(b.answers.first) - urgency(a.answers.first))
  return h(
    'section',
    { class: 'hero' },
    h(
      'div',
      { class: 'say' },
      h(
        'h1',
        null,
        all === 0
          ? 'Nothing was read lately.'
          : [h('em', null, format.percent(answered / all)), ' of reads are answered from memory.'],
      ),
      h(
        'dl',
        { class: 'figures' },
        figure('reads a second', format.rate(reads)),
        knows && figure('of loading spared, every second', format.duration(saves)),
        figure('loads a second', format.rate(loads)),
        figure(rows.length === 1 ? 'cache' : 'caches', format.count(rows.length)),
      ),
    ),
    concerns.length === 0
      ? h('p', { class: 'calm' }, mark('good'), 'Nothing asks to be looked at.')
      : h(
          'ul',
          { class: 'concerns', 'aria-label': 'Worth a look' },
          concerns
            .slice(0, 3)
            .map(({ cache, answers: { first } }) =>
              h(
                'li',
                { class: first.level },
                mark(first.level),
                h(
                  'div',
                  null,
                  h('a', { href: linkTo(cache.name) }, name(cache.name)),
                  h('p', null, first.text),
                ),
              ),
            ),
          concerns.length > 3 &&
            h('li', { class: 'rest' }, `and ${concerns.length - 3} more, first in the list below`),
        ),
    tide(process),
  )
}

function figure(what: string, value: string): VNode {
  return h('div', null, h('dt', null, what), h('dd', null, value))
}

/** All reads of the hour, minute by minute: what was answered here, and on top of it what was not. */
function tide({ traffic, state }: Process): VNode {
  const most = Math.max(1, ...traffic.map(([answered, missed]) => answered + missed))
  const x = (i: number): number => (i / 59) * 1000
  const y = (value: number): number => 64 - (62 * value) / most
  const answered = traffic.map(([one]) => one)
  const all = traffic.map(([one, other]) => one + other)
  const sum = (values: readonly number[]): number => values.reduce((total, one) => total + one, 0)
  return h(
    'figure',
    { class: 'tide' },
    h(
      'svg',
      {
        viewBox: '0 0 1000 64',
        preserveAspectRatio: 'none',
        role: 'img',
        'aria-label': `Reads of the last hour: ${format.count(sum(answered))} answered from memory, ${format.count(sum(all) - sum(answered))} not`,
      },
      h('path', { class: 'missed', d: areaOf(all, answered, x, y) }),
      h('path', { class: 'answered', d: areaOf(answered, undefined, x, y) }),
    ),
    h(
      'figcaption',
      { 'aria-hidden': 'true' },
      h('span', null, format.clock(state.now - 3_600_000)),
      h(
        'span',
        { class: 'keys' },
        h('i', { class: 'answered' }),
        'answered from memory',
        h('i', { class: 'missed' }),
        'not',
      ),
      h('span', null, 'now'),
    ),
  )
}

/** The processes that answer at this address. */
function processes(model: Model): VNode {
  return h(
    'section',
    { class: 'card processes', 'aria-label': 'Processes' },
    h('h2', null, 'Processes'),
    h(
      'p',
      { class: 'hint' },
      `${model.processes.size} have answered at this address. Each has caches of its own; choose which to see.`,
    ),
    h(
      'ul',
      null,
      [...model.processes].map(([id, { state, seenAt }]) => {
        const { pid, host, started } = state.instance
        const sums = state.caches.map((cache) => readsOf(cache.minute))
        const all = sums.reduce((sum, one) => sum + one.all, 0)
        const answered = sums.reduce((sum, one) => sum + one.answered, 0)
        const quiet = Date.now() - seenAt > 20_000
        return h(
          'li',
          { key: id },
          h(
            'button',
            {
              type: 'button',
              class: 'process',
              'aria-pressed': id === model.chosen ? 'true' : 'false',
              onclick: () => {
                model.chosen = id
                model.change()
              },
            },
            h('b', null, `${pid}`),
            h('span', null, format.visible(host, 40)),
            h('span', null, `up ${format.duration(state.now - started)}`),
            h(
              'span',
              null,
              all === 0 ? 'no reads' : `${format.percent(answered / all)} of ${format.rate(all / 60)}/s`,
            ),
            quiet && h('span', { class: 'quiet' }, `not heard for ${format.duration(Date.now() - seenAt)}`),
          ),
        )
      }),
    ),
  )
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

function list(model: Model, process: Process, rows: readonly Row[]): VNode {
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
      h('span', null, pathText(path)),
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

export function pathText(path: SpacePath): string {
  return path
    .map((part) =>
      typeof part === 'number'
        ? `version ${part}`
        : typeof part === 'string'
          ? format.visible(part, 60)
          : `prefix ${part.prefix}`,
    )
    .join(' / ')
}

/** A name that comes from the application: by itself, whichever way its letters run. */
export function name(text: string): VNode {
  return h(
    'bdi',
    { title: text.length > 60 ? format.visible(text, 400) : undefined },
    format.visible(text, 60),
  )
}

/** The address of a cache within the page. Whatever is in its name can stand there. */
export function linkTo(cache: string): string {
  return `#${encodeURIComponent(escaped(cache))}`
}

/** The cache that an address within the page means; undefined for the list of all. */
export function cacheAt(hash: string): string | undefined {
  try {
    return hash.length < 2 ? undefined : unescaped(decodeURIComponent(hash.slice(1)))
  } catch {
    return undefined
  }
}

function compare(a: number | string, b: number | string): number {
  return typeof a === 'string' ? a.localeCompare(b as string) : a - (b as number)
}

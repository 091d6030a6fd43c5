import type { CacheState, Details, SampleRow } from '../src/observe/dashboard/wire.ts'
import { sampleFields } from '../src/observe/dashboard/wire.ts'
import { advice } from './advice-view.ts'
import { type Answer, answersTo, fill, hitRatio } from './answers.ts'
import { bar, chart, ring } from './charts.ts'
import { type Child, h, type VNode } from './dom.ts'
import { entries } from './entries-view.ts'
import * as format from './format.ts'
import { mark } from './icons.ts'
import type { Model, Process } from './model.ts'
import { linkTo, name, pathText, windows } from './overview.ts'

/** One cache in full. */
export function cacheView(model: Model, process: Process, wanted: string): Child {
  const cache = process.state.caches.find((one) => one.name === wanted)
  if (cache === undefined)
    return h(
      'section',
      { class: 'empty' },
      h('h1', null, 'There is no such cache here'),
      h('p', null, 'This process has no cache ', name(wanted), '. It may have been closed.'),
      h('p', null, h('a', { href: '#' }, 'All caches')),
    )
  const details = process.details.get(wanted)
  const answers = answersTo(cache, cache[model.window])
  return [
    h(
      'div',
      { class: 'title' },
      h(
        'nav',
        { 'aria-label': 'Caches' },
        h('a', { href: '#', class: 'back' }, '‹ All caches'),
        process.state.caches.length > 1 && switcher(process, wanted),
      ),
      h('div', { class: 'line' }, h('h1', null, name(wanted)), windows(model)),
      details !== undefined &&
        h(
          'p',
          { class: 'settings' },
          settingsText(cache, details).map((one) => h('span', { class: 'badge' }, one)),
        ),
    ),
    h(
      'section',
      { class: 'answers', 'aria-label': 'In short' },
      answer('Worth having?', answers.worth, ring(hitRatio(cache[model.window]), answers.worth.level)),
      answer('Large enough?', answers.room, ring(fill(cache), answers.room.level)),
      answer('Something wrong?', answers.trouble, mark(answers.trouble.level)),
    ),
    details !== undefined && charts(model, process, cache),
    details !== undefined && advice(model, details),
    details !== undefined && h('div', { class: 'pair' }, loadTimes(details), removals(details)),
    cache.tier !== null && tier(cache),
    details !== undefined && details.spaces.length > 0 && spaces(cache, details),
    entries(model, process, cache),
    faults(process, wanted),
    process.state.may.actions.some((one) => one !== 'delete') && actions(model, process, wanted),
  ]
}

function switcher(process: Process, wanted: string): VNode {
  return h(
    'label',
    { class: 'switch' },
    h('span', { class: 'unseen' }, 'Show another cache'),
    h(
      'select',
      {
        value: wanted,
        onchange: (event: Event) => {
          location.hash = linkTo((event.target as HTMLSelectElement).value)
        },
      },
      [...process.state.caches]
        .sort((a, b) => a.name.localeCompare(b.name))
        .map((one) =>
          h('option', { value: one.name, selected: one.name === wanted }, format.visible(one.name, 60)),
        ),
    ),
  )
}

function settingsText(cache: CacheState, { settings }: Details): string[] {
  const { policy, ttl, idleTtl, protect, kind } = settings
  const { maxEntries, maxWeight, unit } = cache
  const life = (ms: unknown): string => (ms === -1 ? 'for ever' : format.duration(Number(ms)))
  return [
    `${policy}`,
    `lives ${life(ttl)}`,
    ...(idleTtl === undefined ? [] : [`unread ${life(idleTtl)}`]),
    ...(maxEntries === null ? [] : [`at most ${format.count(maxEntries)} entries`]),
    ...(maxWeight === null
      ? []
      : [`at most ${unit === 'bytes' ? format.bytes(maxWeight) : `weight ${format.count(maxWeight)}`}`]),
    ...(protect === undefined ? [] : [`${protect === 'clone' ? 'clones' : 'freezes'} values`]),
    ...(kind === undefined ? [] : ['keeps nothing']),
    ...(cache.spaces === 0
      ? []
      : [`${format.count(cache.spaces)} ${cache.spaces === 1 ? 'namespace' : 'namespaces'}`]),
  ]
}

function answer(question: string, { level, title, text }: Answer, picture: VNode): VNode {
  return h(
    'article',
    { class: `card answer ${level}` },
    h('h2', null, question),
    h(
      'div',
      null,
      picture,
      h('div', null, h('p', { class: 'word' }, title), h('p', { class: 'text' }, text)),
    ),
  )
}

const field = (row: SampleRow, name: (typeof sampleFields)[number]): number =>
  row[sampleFields.indexOf(name) + 1] ?? 0

/** Four pictures of the last hour, pointed at together. */
function charts(model: Model, process: Process, cache: CacheState): VNode {
  const { tick, every, now } = process.state
  const rows: (SampleRow | undefined)[] = new Array(360).fill(undefined)
  for (const row of process.samples.get(cache.name) ?? []) rows[row[0]! - tick + 360] = row
  const first = rows.findIndex((row) => row !== undefined)
  // What is not known yet is not drawn, but for a little that shows how the chart grows.
  const shown = first === -1 ? rows.slice(-30) : rows.slice(Math.min(first, 330))
  const of = (value: (row: SampleRow) => number | null): (number | null)[] =>
    shown.map((row) => (row === undefined ? null : value(row)))
  const perSecond = (name: (typeof sampleFields)[number]): (number | null)[] =>
    of((row) => field(row, name) / (every / 1000))
  const reads = (row: SampleRow): number => field(row, 'hits') + field(row, 'stale') + field(row, 'misses')
  const hasStale = shown.some((row) => row !== undefined && field(row, 'stale') > 0)
  const isWeighed = cache.maxWeight !== null
  const common = {
    end: now,
    every,
    at: model.at,
    point: (at: number | undefined) => {
      if (model.at === at) return
      model.at = at
      model.change()
    },
  }
  const each = (value: number): string => `${format.rate(value)}/s`
  return h(
    'section',
    { class: 'charts', 'aria-label': 'The last hour' },
    chart({
      ...common,
      title: 'Hit ratio',
      most: 1,
      format: (value) =>
        value === 0.5 || value === 0 || value === 1 ? `${100 * value} %` : format.percent(value),
      lines: [
        {
          name: 'answered here',
          kind: 'hits',
          form: 'area',
          values: of((row) =>
            reads(row) === 0 ? null : (field(row, 'hits') + field(row, 'stale')) / reads(row),
          ),
        },
      ],
    }),
    chart({
      ...common,
      title: 'Reads',
      isStacked: true,
      format: each,
      lines: [
        { name: 'hits', kind: 'hits', form: 'area', values: perSecond('hits') },
        ...(hasStale
          ? [{ name: 'stale', kind: 'stale', form: 'area', values: perSecond('stale') } as const]
          : []),
        { name: 'misses', kind: 'misses', form: 'area', values: perSecond('misses') },
      ],
    }),
    chart({
      ...common,
      title: 'Time of loads',
      format: format.duration,
      lines: [
        {
          name: '95 % take at most',
          kind: 'misses',
          form: 'area',
          values: of((row) => row[sampleFields.indexOf('p95') + 1] ?? null),
        },
        {
          name: 'half',
          kind: 'hits',
          form: 'line',
          values: of((row) => row[sampleFields.indexOf('p50') + 1] ?? null),
        },
      ],
    }),
    chart({
      ...common,
      title: 'Entries come and go',
      format: each,
      lines: [
        { name: 'set', kind: 'hits', form: 'line', values: perSecond('sets') },
        { name: 'evicted', kind: 'misses', form: 'dashed', values: perSecond('evicted') },
        { name: 'expired', kind: 'stale', form: 'line', values: perSecond('expired') },
      ],
    }),
    chart({
      ...common,
      title: 'Room',
      most: (isWeighed ? cache.maxWeight : cache.maxEntries) ?? undefined!,
      format: isWeighed && cache.unit === 'bytes' ? format.bytes : format.short,
      lines: [
        {
          name: isWeighed ? 'held' : 'entries',
          kind: 'hits',
          form: 'area',
          values: of((row) => field(row, isWeighed ? 'weight' : 'size')),
        },
      ],
    }),
    chart({
      ...common,
      title: 'Loads',
      format: each,
      lines: [
        { name: 'loads', kind: 'hits', form: 'line', values: perSecond('loads') },
        { name: 'failed', kind: 'failed', form: 'dashed', values: perSecond('failed') },
      ],
    }),
  )
}

const CLASSES = [
  '1 ms',
  '2 ms',
  '5 ms',
  '10 ms',
  '25 ms',
  '50 ms',
  '100 ms',
  '250 ms',
  '500 ms',
  '1 s',
  '2.5 s',
  '5 s',
  '10 s',
  'more',
]

/** How long loads of the last hour took, as a row of bars that is a table. */
function loadTimes({ loadTimes }: Details): VNode {
  const all = loadTimes.reduce((sum, one) => sum + one, 0)
  const from = loadTimes.findIndex((one) => one > 0)
  const to = loadTimes.findLastIndex((one) => one > 0)
  const most = Math.max(...loadTimes)
  return h(
    'section',
    { class: 'card' },
    h('h2', null, 'How long loads take'),
    all === 0
      ? h('p', { class: 'none' }, 'Nothing was loaded in the last hour.')
      : h(
          'table',
          { class: 'bars' },
          h('caption', { class: 'unseen' }, 'Loads of the last hour by their time'),
          h(
            'thead',
            { class: 'unseen' },
            h('tr', null, h('th', { scope: 'col' }, 'up to'), h('th', { scope: 'col' }, 'share'), h('td')),
          ),
          h(
            'tbody',
            null,
            loadTimes.map((one, i) =>
              i < Math.max(0, from - 1) || i > to
                ? null
                : h(
                    'tr',
                    { key: i },
                    h('th', { scope: 'row' }, CLASSES[i]!),
                    h('td', { class: 'picture' }, bar(one / most, i > 9 ? 'warn' : 'good')),
                    h('td', { class: 'number' }, one === 0 ? '0' : format.percent(one / all)),
                  ),
            ),
          ),
        ),
  )
}

const REASONS: Readonly<Record<string, string>> = {
  evicted: 'evicted, for want of room',
  expired: 'expired',
  replaced: 'replaced by a new value',
  deleted: 'deleted',
  cleared: 'cleared',
  invalidated: 'invalidated by a tag',
}

function removals({ removals }: Details): VNode {
  const listed = Object.entries(removals).filter(([, value]) => value > 0)
  const all = listed.reduce((sum, [, value]) => sum + value, 0)
  return h(
    'section',
    { class: 'card' },
    h('h2', null, 'Why entries have left'),
    all === 0
      ? h('p', { class: 'none' }, 'None has left yet.')
      : h(
          'table',
          { class: 'bars' },
          h('caption', { class: 'unseen' }, 'Entries that left since the cache was made, by reason'),
          h(
            'thead',
            { class: 'unseen' },
            h(
              'tr',
              null,
              h('th', { scope: 'col' }, 'reason'),
              h('th', { scope: 'col' }, 'share'),
              h('th', { scope: 'col' }, 'entries'),
            ),
          ),
          h(
            'tbody',
            null,
            listed
              .sort((a, b) => b[1] - a[1])
              .map(([reason, value]) =>
                h(
                  'tr',
                  { key: reason },
                  h('th', { scope: 'row' }, REASONS[reason] ?? reason),
                  h(
                    'td',
                    { class: 'picture' },
                    bar(value / listed[0]![1], reason === 'evicted' ? 'warn' : 'good'),
                  ),
                  h('td', { class: 'number' }, format.short(value)),
                ),
              ),
          ),
        ),
  )
}

function tier({ tier }: CacheState): VNode {
  const state = tier!
  const asked = state.hits + state.misses
  const items: readonly (readonly [string, string, (string | undefined)?])[] = [
    ['Bus', state.bus === 'listening' ? 'listening' : 'polling', state.bus === 'listening' ? 'good' : 'warn'],
    ['Last proof', state.knownFor === null ? 'none yet' : `${format.duration(state.knownFor)} ago`],
    ['Breaker', state.breaker, state.breaker === 'closed' ? 'good' : 'bad'],
    ['Waiting to be sent', format.count(state.queued), state.queued > 0 ? 'warn' : undefined],
    ['Found there', asked === 0 ? '–' : `${format.percent(state.hits / asked)} of ${format.short(asked)}`],
    ['Given up for a while', `${format.count(state.openings)}×`],
    ['Distrusted all held here', `${format.count(state.distrusts)}×`],
    ['News missed, read again', `${format.count(state.gaps)}×`],
  ]
  return h(
    'section',
    { class: 'card' },
    h('h2', null, 'Second tier'),
    h(
      'dl',
      { class: 'facts' },
      items.map(([what, value, level]) =>
        h('div', null, h('dt', null, what), h('dd', { class: level }, value)),
      ),
    ),
  )
}

function spaces(cache: CacheState, { spaces }: Details): VNode {
  return h(
    'section',
    { class: 'card table' },
    h('h2', null, 'Namespaces'),
    h(
      'div',
      { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'Namespaces' },
      h(
        'table',
        { class: 'plain' },
        h(
          'caption',
          { class: 'unseen' },
          `Namespaces of ${format.visible(cache.name, 60)}, since each was made`,
        ),
        h(
          'thead',
          null,
          h(
            'tr',
            null,
            ['Namespace', 'Hit ratio', 'Reads', 'Sets', 'Evicted', 'Entries'].map((title, i) =>
              h('th', { scope: 'col', class: i > 0 ? 'number' : undefined }, title),
            ),
          ),
        ),
        h(
          'tbody',
          null,
          spaces.map(({ path, entries, hits, misses, sets, evicted }) =>
            h(
              'tr',
              { key: JSON.stringify(path) },
              h('th', { scope: 'row' }, h('bdi', null, pathText(path))),
              [
                hits + misses === 0 ? '–' : format.percent(hits / (hits + misses)),
                format.short(hits + misses),
                format.short(sets),
                format.short(evicted),
                format.count(entries),
              ].map((text) => h('td', { class: 'number' }, text)),
            ),
          ),
        ),
      ),
    ),
    cache.spaces > spaces.length &&
      h(
        'p',
        { class: 'hint' },
        `The ${spaces.length} that were read most, of ${format.count(cache.spaces)}.`,
      ),
  )
}

function faults(process: Process, wanted: string): Child {
  const own = process.state.faults.filter(({ cache }) => cache === wanted)
  if (own.length === 0) return null
  return h(
    'section',
    { class: 'card' },
    h('h2', null, 'Faults'),
    h(
      'ul',
      { class: 'faults' },
      own.map(({ kind, message, key, at, count }) =>
        h(
          'li',
          { key: kind },
          mark('warn'),
          h(
            'div',
            null,
            h('b', null, kind),
            ` ${format.count(count)}×, last at ${format.clock(at, true)}`,
            key !== null && [', key ', h('bdi', { class: 'key' }, format.visible(key, 60))],
            h('p', null, format.visible(message, 300)),
          ),
        ),
      ),
    ),
  )
}

function actions(model: Model, process: Process, wanted: string): VNode {
  const open = (kind: 'clear' | 'resize') => () => {
    model.dialog = { kind, cache: wanted, typed: '', trouble: '' }
    model.change()
  }
  const may = process.state.may.actions
  return h(
    'section',
    { class: 'card acts' },
    h('h2', null, 'Actions'),
    h(
      'p',
      { class: 'hint' },
      model.processes.size > 1
        ? 'They are done by the process that answers, and by no other.'
        : 'They are done at once.',
    ),
    h(
      'div',
      { class: 'buttons' },
      may.includes('resize') &&
        h('button', { type: 'button', class: 'plain', onclick: open('resize') }, 'Change its size …'),
      may.includes('clear') &&
        h('button', { type: 'button', class: 'danger', onclick: open('clear') }, 'Clear it …'),
    ),
  )
}

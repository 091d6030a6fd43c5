import type { CacheState, Details } from '../src/observe/dashboard/wire.ts'
import { advice } from './advice-view.ts'
import { type Answer, answersTo, fill, hitRatio } from './answers.ts'
import { loadTimes, removals } from './bars-view.ts'
import { ring } from './charts.ts'
import { type Child, h, type VNode } from './dom.ts'
import { entries } from './entries-view.ts'
import * as format from './format.ts'
import { hour } from './hour-view.ts'
import { mark } from './icons.ts'
import { keys } from './keys-view.ts'
import { windows } from './list-view.ts'
import type { Model, Process } from './model.ts'
import { linkTo, name } from './names.ts'
import { spaces } from './spaces-view.ts'
import { tier } from './tier-view.ts'

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
    details !== undefined && hour(model, process, cache),
    details !== undefined && keys(cache, details),
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
  const isTiered = process.state.caches.some(({ name, tier }) => name === wanted && tier !== null)
  return h(
    'section',
    { class: 'card acts' },
    h('h2', null, 'Actions'),
    h(
      'p',
      { class: 'hint' },
      isTiered && may.includes('clear')
        ? 'Clearing reaches the second tier and all processes.'
        : model.processes.size > 1
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

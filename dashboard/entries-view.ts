import type { ActionRequest, CacheState, EntryState } from '../src/observe/dashboard/wire.ts'
import { type Child, h, type VNode } from './dom.ts'
import * as format from './format.ts'
import type { Model, Process } from './model.ts'
import { pathText } from './names.ts'

let pause: ReturnType<typeof setTimeout> | undefined

/** The entries of a cache: a field to look for keys, and what was found. */
export function entries(model: Model, process: Process, cache: CacheState): VNode {
  const { search } = model
  const isOpen = search.cache === cache.name
  const hashed = process.state.may.keys === 'hashed'
  const look = (find: string): void => {
    clearTimeout(pause)
    pause = setTimeout(() => void model.find(cache.name, find), 200)
  }
  return h(
    'section',
    { class: 'card table entries', key: `entries ${cache.name}` },
    h(
      'div',
      { class: 'head' },
      h('h2', null, 'Entries'),
      hashed
        ? h(
            'button',
            { type: 'button', class: 'plain', onclick: () => void model.find(cache.name, '') },
            isOpen ? 'List again' : 'List them',
          )
        : h(
            'label',
            { class: 'filter' },
            h('span', { class: 'unseen' }, 'Find entries by a part of their key'),
            h('input', {
              type: 'search',
              placeholder: 'Find by a part of the key',
              maxlength: 500,
              oninput: (event: Event) => look((event.target as HTMLInputElement).value),
              onkeydown: (event: KeyboardEvent) => {
                if (event.key === 'Enter') look((event.target as HTMLInputElement).value)
              },
            }),
          ),
      !hashed &&
        !isOpen &&
        h(
          'button',
          { type: 'button', class: 'plain', onclick: () => void model.find(cache.name, '') },
          'List all',
        ),
    ),
    isOpen && found(model, process, cache),
  )
}

function found(model: Model, process: Process, cache: CacheState): Child {
  const { search } = model
  const { may } = process.state
  if (search.trouble !== '') return h('p', { class: 'trouble' }, search.trouble)
  if (search.entries.length === 0)
    return h(
      'p',
      { class: 'none' },
      search.isBusy ? 'Looking …' : search.find === '' ? 'It holds no entries.' : 'No key has that in it.',
    )
  const acts = may.values || may.actions.includes('delete')
  const columns = COLUMNS.filter(({ isKnown }) => search.entries.some(isKnown))
  return [
    h(
      'div',
      { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'Entries found' },
      h(
        'table',
        { class: 'plain', role: 'table' },
        h('caption', { class: 'unseen' }, 'Entries found'),
        h(
          'thead',
          { role: 'rowgroup' },
          h(
            'tr',
            { role: 'row' },
            h('th', HEADER, 'Key'),
            columns.map(({ title, class: kind }) => h('th', { ...HEADER, class: kind }, title)),
            acts && h('th', HEADER, h('span', { class: 'unseen' }, 'Actions')),
          ),
        ),
        h(
          'tbody',
          { role: 'rowgroup' },
          search.entries.map((entry) => row(model, process, cache, entry, columns, acts)),
        ),
      ),
    ),
    h(
      'p',
      { class: 'hint' },
      `${format.count(search.entries.length)} shown, in no particular order. `,
      search.after !== null &&
        h(
          'button',
          { type: 'button', class: 'plain', disabled: search.isBusy, onclick: () => void model.more() },
          'More',
        ),
    ),
  ]
}

/** Roles are said, as a narrow page lays the table out as something else. */
const HEADER = { scope: 'col', role: 'columnheader' }

/** What is told of an entry besides its key, where it is known of some. */
interface Column {
  readonly title: string
  readonly class: string
  readonly isKnown: (entry: EntryState) => boolean
  readonly of: (entry: EntryState) => Child
}

const COLUMNS: readonly Column[] = [
  {
    title: 'Age',
    class: 'number',
    isKnown: ({ age }) => age !== null,
    of: ({ age }) => (age === null ? '–' : format.left(age)),
  },
  {
    title: 'Left',
    class: 'number',
    isKnown: () => true,
    of: ({ left }) => (left === null ? 'for ever' : format.left(left)),
  },
  {
    title: 'Standing',
    class: 'standing',
    isKnown: ({ standing }) => standing !== null,
    of: ({ standing }) => standing ?? '–',
  },
  {
    title: 'Tags',
    class: 'tags',
    isKnown: ({ tags }) => tags.length > 0,
    of: ({ tags }) =>
      h(
        'div',
        null,
        tags.map((tag) => h('span', { class: 'badge' }, h('bdi', null, format.visible(tag, 40)))),
      ),
  },
  {
    title: 'Weight',
    class: 'number',
    isKnown: ({ weight }) => weight !== null,
    of: ({ weight }) => (weight === null ? '–' : format.count(weight)),
  },
  {
    title: 'Bytes',
    class: 'number',
    isKnown: ({ bytes }) => bytes !== null,
    of: ({ bytes }) => (bytes === null ? '–' : format.bytes(bytes)),
  },
]

function row(
  model: Model,
  process: Process,
  cache: CacheState,
  entry: EntryState,
  columns: readonly Column[],
  acts: boolean,
): Child {
  const { key, path } = entry
  const { may } = process.state
  const id = idOf(entry)
  const value = model.search.values.get(id)
  const label = format.visible(key.text, 60)
  const canAct = key.ref !== undefined
  const ask = (action: 'delete' | 'reveal'): ActionRequest => ({
    action,
    cache: cache.name,
    path,
    key: key.ref!,
  })
  return [
    h(
      'tr',
      { key: id, role: 'row' },
      h(
        'th',
        { scope: 'row', role: 'rowheader', class: 'key' },
        path.length > 0 && h('small', null, `${pathText(path, cache)} / `),
        h('bdi', { class: key.kind }, format.visible(key.text)),
      ),
      columns.map(({ title, class: kind, of }) =>
        h('td', { class: kind, role: 'cell', 'data-title': title }, of(entry)),
      ),
      acts &&
        h(
          'td',
          { class: 'acts', role: 'cell' },
          may.values &&
            canAct &&
            h(
              'button',
              {
                type: 'button',
                class: 'plain',
                'aria-label': `${value === undefined ? 'Show' : 'Hide'} the value of ${label}`,
                'aria-expanded': value === undefined ? 'false' : 'true',
                onclick: async () => {
                  if (value !== undefined) model.search.values.delete(id)
                  else {
                    const result = await model.act(ask('reveal'))
                    const text =
                      typeof result === 'string'
                        ? result
                        : result.done
                          ? (result.text ?? '')
                          : 'It is not there any more, or not in the process that answered.'
                    model.search.values.set(id, text)
                  }
                  model.change()
                },
              },
              value === undefined ? 'Show' : 'Hide',
            ),
          may.actions.includes('delete') &&
            canAct &&
            h(
              'button',
              {
                type: 'button',
                class: 'plain',
                'aria-label': `Delete ${label}`,
                onclick: async () => {
                  const result = await model.act(ask('delete'))
                  if (typeof result === 'string') model.notice = result
                  else {
                    model.search.entries = model.search.entries.filter((one) => idOf(one) !== id)
                    model.tell(result.done ? `Deleted ${label}.` : `${label} was not there any more.`, result)
                  }
                  model.change()
                },
              },
              'Delete',
            ),
        ),
    ),
    value !== undefined &&
      h(
        'tr',
        { key: `${id} value`, class: 'value', role: 'row' },
        h(
          'td',
          { colspan: columns.length + 2, role: 'cell' },
          h(
            'pre',
            { tabindex: 0, 'aria-label': `The value of ${label}` },
            format.visible(value, 20_000).replaceAll('\\u000a', '\n').replaceAll('\\u0009', '\t'),
          ),
        ),
      ),
  ]
}

function idOf({ key, path }: EntryState): string {
  return JSON.stringify([path, key.ref ?? null, key.text])
}

import { bar } from './charts.ts'
import { type Child, h, type VNode } from './dom.ts'
import * as format from './format.ts'
import { logo } from './icons.ts'
import type { Model, Process } from './model.ts'

/** What stands above every view: which process this is, how its heap does, whether the page is up to date. */
export function top(model: Model, toContent: (event: Event) => void): VNode {
  const { process } = model
  return h(
    'header',
    { class: 'top' },
    h('a', { class: 'skip', href: '#', onclick: toContent }, 'To the content'),
    h('a', { href: '#', class: 'brand' }, logo(), 'nearcache'),
    process !== undefined && where(model, process),
    process !== undefined && heap(process),
    pulse(model),
  )
}

function where(model: Model, { state }: Process): VNode {
  const { host, pid, started } = state.instance
  const several = model.processes.size > 1
  const text = `${format.visible(host, 40)} · ${pid}`
  return h(
    'div',
    { class: 'where' },
    several
      ? h(
          'label',
          null,
          h('span', { class: 'unseen' }, 'Process'),
          h(
            'select',
            {
              value: model.chosen ?? '',
              onchange: (event: Event) => {
                model.chosen = (event.target as HTMLSelectElement).value
                model.change()
              },
            },
            [...model.processes].map(([id, one], i) =>
              h(
                'option',
                { value: id, selected: id === model.chosen },
                `process ${one.state.instance.pid} (${i + 1} of ${model.processes.size} seen)`,
              ),
            ),
          ),
        )
      : h('span', null, text),
    h('span', { class: 'up' }, `up ${format.duration(state.now - started)}`),
  )
}

function heap({ state: { heap, guard } }: Process): Child {
  if (heap === null) return null
  const used = guard?.live ?? heap.used
  const limit = guard?.limit ?? heap.limit
  const share = used / limit
  const level = guard?.holding ? 'warn' : share > 0.9 ? 'bad' : share > 0.75 ? 'warn' : 'good'
  return h(
    'div',
    { class: 'heap' },
    h('span', null, 'heap'),
    bar(share, level),
    h('span', null, `${format.bytes(used)} of ${format.bytes(limit)}`),
    guard !== null &&
      h(
        'span',
        { class: level },
        guard.holding ? 'guard: holding' : guard.cuts > 0 ? `guard: ${guard.cuts} cuts` : 'guard: calm',
      ),
  )
}

function pulse({ lost, process }: Model): VNode {
  if (lost !== undefined)
    return h('div', { class: 'pulse lost' }, h('i'), `lost at ${format.clock(lost.since, true)}`)
  return h(
    'div',
    { class: process === undefined ? 'pulse' : 'pulse live' },
    h('i'),
    process === undefined ? 'connecting' : 'live',
  )
}

/** What stands in the way, where nothing can be shown or what is shown is old. */
export function banner({ lost, process }: Model): Child {
  if (lost === undefined) return null
  return h(
    'div',
    { class: 'banner', role: 'alert' },
    h('b', null, process === undefined ? 'Nothing to show.' : 'What you see is old.'),
    ` ${lost.why} It is tried again and again.`,
  )
}

/** The window in which an action is confirmed. */
export function dialog(model: Model): Child {
  const open = model.dialog
  if (open === undefined) return null
  const cache = model.cacheState(open.cache)
  const close = (): void => {
    model.dialog = undefined
    model.change()
  }
  const isClear = open.kind === 'clear'
  const isWeighed = cache?.maxWeight != null
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault()
    const typed = open.typed.trim()
    const result = isClear
      ? await model.act({ action: 'clear', cache: open.cache, confirm: open.typed })
      : await model.act({
          action: 'resize',
          cache: open.cache,
          bounds: { [isWeighed ? 'maxWeight' : 'maxEntries']: Number(typed) },
        })
    if (typeof result === 'string') {
      open.trouble = result
      model.change()
      return
    }
    model.dialog = undefined
    model.tell(
      isClear
        ? `Cleared ${format.visible(open.cache, 60)}.`
        : `Changed the size of ${format.visible(open.cache, 60)}.`,
      result,
    )
    void model.poll()
  }
  const shown = format.visible(open.cache, 200)
  return h(
    'dialog',
    {
      key: 'dialog',
      'aria-labelledby': 'asked',
      made: (element: HTMLDialogElement) => element.showModal(),
      onclose: close,
    },
    h(
      'form',
      { method: 'dialog', onsubmit: submit },
      h(
        'h2',
        { id: 'asked' },
        isClear ? 'Clear ' : 'Change the size of ',
        h('bdi', null, format.visible(open.cache, 60)),
        isClear && '?',
      ),
      h(
        'p',
        null,
        isClear
          ? `${cache === undefined ? 'Its' : `All ${format.count(cache.size)}`} entries go, and whoever asks for them next waits for a load. Type the name of the cache to confirm.`
          : isWeighed
            ? `It may hold ${cache?.unit === 'bytes' ? `${format.count(cache.maxWeight!)} bytes` : `a weight of ${format.count(cache!.maxWeight!)}`}. How much from now on?`
            : `It may hold ${cache?.maxEntries == null ? 'any number of' : format.count(cache.maxEntries)} entries. How many from now on?`,
      ),
      h(
        'label',
        null,
        h('span', null, isClear ? 'Name of the cache' : isWeighed ? 'Bound by weight' : 'Entries at most'),
        h('input', {
          type: isClear ? 'text' : 'number',
          ...(isClear ? {} : { min: 1, step: 1 }),
          value: open.typed,
          placeholder: isClear ? shown : '',
          autocomplete: 'off',
          spellcheck: 'false',
          oninput: (event: Event) => {
            open.typed = (event.target as HTMLInputElement).value
            model.change()
          },
        }),
      ),
      open.trouble !== '' && h('p', { class: 'trouble', role: 'alert' }, open.trouble),
      h(
        'div',
        { class: 'buttons' },
        h('button', { type: 'button', class: 'plain', onclick: close }, 'Cancel'),
        h(
          'button',
          {
            type: 'submit',
            class: isClear ? 'danger' : 'primary',
            disabled: isClear ? open.typed !== open.cache : !(Number(open.typed) >= 1),
          },
          isClear ? 'Clear it' : 'Change it',
        ),
      ),
    ),
  )
}

import { answersTo, readsOf, spared, urgency } from './answers.ts'
import { areaOf } from './charts.ts'
import { type Child, h, type VNode } from './dom.ts'
import * as format from './format.ts'
import { mark } from './icons.ts'
import { list, type Row } from './list-view.ts'
import type { Model, Process } from './model.ts'
import { linkTo, name } from './names.ts'

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

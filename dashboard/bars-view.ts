import type { Details } from '../src/observe/dashboard/wire.ts'
import { bar } from './charts.ts'
import { h, type VNode } from './dom.ts'
import * as format from './format.ts'

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
export function loadTimes({ loadTimes }: Details): VNode {
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

/** Why entries have left, likewise. */
export function removals({ removals }: Details): VNode {
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

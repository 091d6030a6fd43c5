import type { CacheState } from '../src/observe/dashboard/wire.ts'
import { h, type VNode } from './dom.ts'
import * as format from './format.ts'

/** How a tiered cache stands with its second tier, or its bus. */
export function tier({ tier }: CacheState): VNode {
  const state = tier!
  const asked = state.hits + state.misses
  const items: readonly (readonly [string, string, (string | undefined)?])[] = [
    [
      'News',
      state.bus === 'listening' ? 'listening' : 'polling',
      state.bus === 'listening' ? 'good' : 'warn',
    ],
    ['Last proof', state.knownFor === null ? 'none yet' : `${format.duration(state.knownFor)} ago`],
    ['Breaker', state.breaker, state.breaker === 'closed' ? 'good' : 'bad'],
    ...(state.awayFor === null ? [] : [['Away for', format.duration(state.awayFor), 'bad'] as const]),
    ['Waiting to be sent', format.count(state.queued), state.queued > 0 ? 'warn' : undefined],
    ['Found there', asked === 0 ? '–' : `${format.percent(state.hits / asked)} of ${format.short(asked)}`],
    ['Given up for a while', `${format.count(state.openings)}×`],
    ['Distrusted all held here', `${format.count(state.distrusts)}×`],
    ['News missed, read again', `${format.count(state.gaps)}×`],
  ]
  return h(
    'section',
    { class: 'card' },
    h('h2', null, state.isBus ? 'Bus' : 'Second tier'),
    h(
      'dl',
      { class: 'facts' },
      items.map(([what, value, level]) =>
        h('div', null, h('dt', null, what), h('dd', { class: level }, value)),
      ),
    ),
  )
}

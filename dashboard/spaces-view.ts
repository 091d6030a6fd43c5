import type { CacheState, Details } from '../src/observe/dashboard/wire.ts'
import { h, type VNode } from './dom.ts'
import * as format from './format.ts'
import { pathText } from './names.ts'

/** The namespaces of a cache, those read most first. */
export function spaces(cache: CacheState, { spaces }: Details): VNode {
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
              h('th', { scope: 'row' }, h('bdi', null, pathText(path, cache))),
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

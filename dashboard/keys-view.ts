import type { CacheState, Details, TopKey } from '../src/observe/dashboard/wire.ts'
import { bar } from './charts.ts'
import { h, type VNode } from './dom.ts'
import * as format from './format.ts'
import { pathText } from './names.ts'

/** The keys that are read most, found and not found apart, as rows of bars that are tables. */
export function keys(cache: CacheState, { top: { sampled, hits, misses } }: Details): VNode {
  return h(
    'div',
    { class: 'pair', key: 'keys' },
    list(cache, 'Keys read most', 'Reads that found a value, by key', hits, sampled, 'good'),
    list(cache, 'Keys missed most', 'Reads that found none, by key', misses, sampled, 'warn'),
  )
}

function list(
  cache: CacheState,
  title: string,
  caption: string,
  keys: readonly TopKey[],
  sampled: number,
  level: 'good' | 'warn',
): VNode {
  return h(
    'section',
    { class: 'card' },
    h('h2', null, title),
    keys.length === 0
      ? h('p', { class: 'none' }, nothing(sampled))
      : h(
          'table',
          { class: 'bars keys' },
          h('caption', { class: 'unseen' }, caption),
          h(
            'thead',
            { class: 'unseen' },
            h(
              'tr',
              null,
              h('th', { scope: 'col' }, 'key'),
              h('td'),
              h('th', { scope: 'col' }, 'share of all reads'),
            ),
          ),
          h(
            'tbody',
            null,
            keys.map(({ key, path, share }) =>
              h(
                'tr',
                { key: JSON.stringify([path, key.text]) },
                h(
                  'th',
                  { scope: 'row', class: 'key' },
                  path.length > 0 && h('small', null, `${pathText(path, cache)} / `),
                  h('bdi', { class: key.kind }, format.visible(key.text, 60)),
                ),
                h('td', { class: 'picture' }, bar(share / keys[0]!.share, level)),
                h('td', { class: 'number' }, format.percent(share)),
              ),
            ),
          ),
        ),
    keys.length > 0 &&
      h(
        'p',
        { class: 'hint' },
        `Of all reads of late; one in 64 was looked at, ${format.count(sampled)} in all.`,
      ),
  )
}

function nothing(sampled: number): string {
  if (sampled < 100) return 'One read in 64 is looked at while this page is open. Too few have come so far.'
  return `No key stands out among ${format.count(sampled)} reads that were looked at.`
}

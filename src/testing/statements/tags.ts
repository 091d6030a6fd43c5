import { equal, is, refuses, show } from '../assert.ts'
import { type Statement, statement } from '../statement.ts'

export const tagsStatements: readonly Statement[] = [
  statement(
    38,
    'deleteByTag makes every entry with the tag unreadable before it returns',
    ['peek', 'expiresIn', 'touch', 'getMany', 'deleteByTag', 'size', 'keys', 'entries'],
    ({ open }) => {
      const cache = open()
      cache.set('a', 1, { tags: ['red'] })
      cache.set('b', 2, { tags: ['red', 'blue'] })
      cache.set('c', 3, { tags: ['blue'] })
      cache.set('d', 4)
      cache.deleteByTag('red')
      equal(
        new Map(cache.entries()),
        new Map([
          ['c', 3],
          ['d', 4],
        ]),
      )
      is(cache.get('a'), undefined)
      is(cache.has('b'), false)
      is(cache.peek('b'), undefined)
      is(cache.expiresIn('b'), undefined)
      is(cache.getMany(['a', 'b', 'c']).size, 1)
      is(cache.touch('a'), false)
      cache.deleteByTag('unknown')
      equal(new Set(cache.keys()), new Set(['c', 'd']))
    },
  ),

  statement(38, 'what is written after deleteByTag lives', ['deleteByTag', 'entries'], ({ open }) => {
    const cache = open()
    cache.set('k', 1, { tags: ['t'] })
    cache.deleteByTag('t')
    cache.set('k', 2, { tags: ['t'] })
    cache.set('other', 3, { tags: ['t'] })
    is(cache.get('k'), 2)
    cache.deleteByTag('t')
    equal([...cache.entries()], [])
  }),

  statement(
    38,
    'every way of writing takes tags',
    ['add', 'setMany', 'getOrSet', 'getOrLoad', 'deleteByTag', 'entries'],
    async ({ open }) => {
      const cache = open()
      const options = { tags: ['t'] }
      cache.set('set', 1, options)
      cache.add('add', 1, options)
      cache.setMany([['setMany', 1]], options)
      cache.getOrSet('getOrSet', () => 1, options)
      await cache.getOrLoad('getOrLoad', () => 1, options)
      is([...cache.entries()].length, 5)
      cache.deleteByTag('t')
      is([...cache.entries()].length, 0)
    },
  ),

  statement(38, 'an entry bears the tags of its last write', ['incr', 'deleteByTag'], ({ open }) => {
    const cache = open()
    cache.set('k', 1, { tags: ['old'] })
    cache.set('k', 2, { tags: ['new'] })
    cache.deleteByTag('old')
    is(cache.get('k'), 2)
    cache.set('k', 3)
    cache.deleteByTag('new')
    is(cache.get('k'), 3)
    cache.set('k', 4, { tags: ['new'] })
    is(cache.incr('k'), 5)
    cache.deleteByTag('new')
    is(cache.has('k'), false)
  }),

  statement(38, 'a tag may be any string, and may be said twice', ['deleteByTag', 'keys'], ({ open }) => {
    const cache = open()
    for (const tag of ['', '__proto__', 'constructor', 'a:b', '\ud800']) {
      cache.set('k', 1, { tags: [tag, tag] })
      cache.set('untagged', 1, { tags: [] })
      cache.deleteByTag(tag)
      equal([...cache.keys()], ['untagged'], tag)
    }
  }),

  statement(
    38,
    'deleteByTag reaches into namespaces inside, not out of its own',
    ['deleteByTag', 'namespace'],
    ({ open }) => {
      const cache = open()
      const a = cache.namespace('a')
      const deep = a.namespace('deep')
      const b = cache.namespace('b')
      const parts = [cache, a, deep, b]
      const fill = () => {
        for (const part of parts) part.set('k', 1, { tags: ['t'] })
      }
      const live = () => parts.map((part) => part.has('k'))
      fill()
      a.deleteByTag('t')
      equal(live(), [true, false, false, true])
      fill()
      deep.deleteByTag('t')
      equal(live(), [true, true, false, true])
      cache.deleteByTag('t')
      equal(live(), [false, false, false, false])
    },
  ),

  statement(38, 'entries that lost their tag leave as invalidated, once', ['deleteByTag'], ({ open }) => {
    const removals: unknown[] = []
    const cache = open({ onRemoval: (removal) => removals.push(removal) })
    cache.set('k', 1, { tags: ['t', 'u'] })
    cache.deleteByTag('t')
    cache.deleteByTag('u')
    cache.set('k', 2)
    equal(removals, [{ key: 'k', value: 1, reason: 'invalidated' }])
  }),

  ...[5, null, {}, ['t', 5], 't'].map((tags) =>
    statement(38, `refuses ${show(tags)} for tags`, ['add', 'setMany', 'getOrSet', 'entries'], ({ open }) => {
      const cache = open()
      cache.set('k', 1)
      refuses(
        'tags: expected an array of strings',
        () => cache.set('k', 2, { tags: tags as string[] }),
        () => cache.add('new', 2, { tags: tags as string[] }),
        () => cache.setMany([['k', 2]], { tags: tags as string[] }),
        () => cache.getOrSet('new', () => 2, { tags: tags as string[] }),
      )
      equal([...cache.entries()], [['k', 1]])
    }),
  ),

  ...[undefined, 5, null, ['t']].map((tag) =>
    statement(38, `deleteByTag refuses ${show(tag)}`, ['deleteByTag'], ({ open }) => {
      const cache = open()
      refuses('tag: expected a string', () => cache.deleteByTag(tag as never))
    }),
  ),
]

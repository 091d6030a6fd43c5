import { atMost, equal, hasCode, is, matches, refuses, show, thrownBy } from '../assert.ts'
import { type Statement, statement } from '../statement.ts'

export const namespacesStatements: readonly Statement[] = [
  statement(35, 'a namespace is a key space of its own', ['namespace', 'size', 'entries'], ({ open }) => {
    const cache = open()
    const users = cache.namespace('users')
    const posts = cache.namespace('posts')
    cache.set('k', 'outside')
    users.set('k', 'user')
    posts.set('k', 'post')
    equal([cache.get('k'), users.get('k'), posts.get('k')], ['outside', 'user', 'post'])
    equal([cache.size, users.size, posts.size], [1, 1, 1])
    equal([...users.entries()], [['k', 'user']])
    is(users.delete('k'), true)
    equal([cache.has('k'), users.has('k'), posts.has('k')], [true, false, true])
  }),

  statement(35, 'the same name is the same namespace', ['namespace'], ({ open }) => {
    const cache = open()
    cache.namespace('users').set('k', 1)
    is(cache.namespace('users').get('k'), 1)
  }),

  statement(35, 'namespaces nest, and no name runs into another', ['namespace', 'stats'], ({ open }) => {
    const cache = open()
    cache.namespace('a').namespace('b').set('c', 1)
    cache.namespace('a:b').set('c', 2)
    cache.namespace('a').set('b:c', 3)
    cache.set('a:b:c', 4)
    is(cache.namespace('a').namespace('b').get('c'), 1)
    is(cache.namespace('a:b').get('c'), 2)
    is(cache.namespace('a').get('b:c'), 3)
    is(cache.namespace('b').has('c'), false)
    is(cache.stats().size, 4)
  }),

  ...['__proto__', 'constructor', ' ', '2', '\0'].map((name) =>
    statement(35, `a namespace may be called ${show(name)}`, ['namespace', 'version'], ({ open }) => {
      const cache = open()
      cache.namespace(name).set('k', 1)
      is(cache.namespace(name).get('k'), 1)
      is(cache.has('k'), false)
      is(cache.version(2).has('k'), false)
    }),
  ),

  ...['', undefined, null, 5, {}].map((name) =>
    statement(35, `a namespace cannot be called ${show(name)}`, ['namespace'], ({ open }) => {
      const cache = open()
      refuses('namespace: expected a string of at least one character', () => cache.namespace(name as string))
    }),
  ),

  statement(
    35,
    'a namespace shares bounds, policy, statistics and lifetimes of the cache',
    ['expiresIn', 'namespace', 'size', 'resize', 'stats'],
    ({ open }) => {
      const cache = open({ maxEntries: 5, ttl: 100 })
      const inside = cache.namespace('inside')
      for (let i = 0; i < 10; i++) inside.set(`k${i}`, i)
      is(inside.size, 5)
      equal(inside.stats(), cache.stats())
      matches(cache.stats(), { size: 5, sets: 10, evictions: 5 })
      inside.set('last', 1)
      is(inside.expiresIn('last'), 100)
      inside.resize(2)
      cache.set('a', 1)
      cache.set('b', 1)
      cache.set('c', 1)
      is(cache.stats().size, 2)
    },
  ),

  statement(
    40,
    'a namespace or version has counters of its own, which are among those around it',
    ['clear', 'close', 'namespace', 'version', 'stats'],
    ({ open }) => {
      const cache = open()
      const users = cache.namespace('users')
      const inside = users.namespace('inside')
      const second = users.version(2)
      cache.set('k', 1)
      users.set('k', 1)
      inside.set('k', 1)
      inside.get('k')
      second.get('k')
      users.delete('k')
      matches(inside.stats(), { sets: 1, hits: 1, misses: 0, deletes: 0, size: 1 })
      matches(second.stats(), { sets: 0, hits: 0, misses: 1, size: 0 })
      matches(users.stats(), { sets: 2, hits: 1, misses: 1, deletes: 1, size: 1 })
      matches(cache.namespace('others').stats(), { sets: 0, hits: 0, misses: 0, size: 0 })
      matches(cache.stats(), { sets: 3, hits: 1, misses: 1, deletes: 1, size: 2 })
      users.close()
      matches(users.stats(), { sets: 2, hits: 1, misses: 1, deletes: 1, size: 0 })
      matches(cache.stats(), { sets: 3, hits: 1, misses: 1, deletes: 1, size: 1 })
      cache.namespace('users').set('k', 1)
      matches(cache.namespace('users').stats(), { sets: 1, hits: 0 })
      matches(cache.stats(), { sets: 4, hits: 1 })
    },
  ),

  statement(
    25,
    'clear of a namespace empties it and those inside it, and nothing else',
    ['clear', 'namespace', 'size', 'stats'],
    ({ open }) => {
      const removals: unknown[] = []
      const cache = open({ onRemoval: (removal) => removals.push(removal) })
      const users = cache.namespace('users')
      const deep = users.namespace('deep')
      const posts = cache.namespace('posts')
      for (const part of [cache, users, deep, posts]) part.set('k', 1)
      users.clear()
      equal(
        [cache, users, deep, posts].map((part) => part.has('k')),
        [true, false, false, true],
      )
      equal(
        [cache, users, deep, posts].map((part) => part.size),
        [1, 0, 0, 1],
      )
      is(cache.stats().size, 2)
      users.set('k', 2)
      is(users.get('k'), 2)
      cache.clear()
      equal(
        [cache, users, deep, posts].map((part) => part.has('k')),
        [false, false, false, false],
      )
      is(cache.stats().size, 0)
    },
  ),

  statement(35, 'an object may be a key in a namespace', ['namespace'], ({ open }) => {
    const cache = open()
    const key = {}
    cache.namespace('a').set(key, 1)
    is(cache.namespace('a').get(key), 1)
    is(cache.namespace('b').get(key), undefined)
  }),

  statement(35, 'entries outlive the view that wrote them', ['namespace'], ({ open }) => {
    const cache = open()
    for (let i = 0; i < 100; i++) cache.namespace(`n${i}`).set('k', i)
    for (let i = 0; i < 100; i++) is(cache.namespace(`n${i}`).get('k'), i)
  }),

  statement(36, 'entries of another version are invisible', ['version'], ({ open }) => {
    const cache = open()
    const second = cache.version(2)
    cache.set('k', 'first')
    is(second.has('k'), false)
    second.set('k', 'second')
    equal([cache.get('k'), second.get('k')], ['first', 'second'])
    is(cache.version(2).get('k'), 'second')
    is(second.version(1).get('k'), 'first')
    is(cache.version(1).get('k'), 'first')
    is(second.version(3).has('k'), false)
    second.version(3).set('k', 'third')
    is(cache.version(3).get('k'), 'third')
    is(cache.version(-1).has('k'), false)
    is(cache.version(0).has('k'), false)
  }),

  ...[1.5, Number.NaN, Infinity, '2', undefined, null, 2n].map((wrong) =>
    statement(36, `a version is an integer, not ${show(wrong)}`, ['version'], ({ open }) => {
      const cache = open()
      refuses('version: expected an integer', () => cache.version(wrong as number))
    }),
  ),

  statement(
    36,
    'incrVersion moves a live entry, with its value and remaining lifetime',
    ['expiresIn', 'version', 'incrVersion', 'decrVersion', 'stats'],
    ({ open, clock }) => {
      const removals: unknown[] = []
      const cache = open({
        ttl: 100,
        onRemoval: (removal) => removals.push(removal),
      })
      const value = {}
      cache.set('k', value)
      clock.advance(30)
      is(cache.incrVersion('k'), 2)
      is(cache.has('k'), false)
      is(cache.version(2).get('k'), value)
      is(cache.version(2).expiresIn('k'), 70)
      is(cache.version(2).incrVersion('k', 3), 5)
      is(cache.version(5).decrVersion('k', 4), 1)
      is(cache.get('k'), value)
      is(cache.decrVersion('k'), 0)
      is(cache.version(0).get('k'), value)
      is(cache.stats().size, 1)
      equal(removals, [])
    },
  ),

  statement(
    36,
    'incrVersion replaces what stood under the key there',
    ['version', 'incrVersion', 'stats'],
    ({ open }) => {
      const removals: unknown[] = []
      const cache = open({ onRemoval: (removal) => removals.push(removal) })
      cache.set('k', 'first')
      cache.version(2).set('k', 'second')
      cache.incrVersion('k')
      is(cache.version(2).get('k'), 'first')
      is(cache.stats().size, 1)
      equal(removals, [{ key: 'k', value: 'second', reason: 'replaced' }])
    },
  ),

  statement(36, 'incrVersion keeps the tags', ['deleteByTag', 'version', 'incrVersion'], ({ open }) => {
    const cache = open()
    cache.set('k', 1, { tags: ['t'] })
    cache.incrVersion('k')
    cache.version(2).deleteByTag('t')
    is(cache.version(2).has('k'), false)
  }),

  statement(
    36,
    'incrVersion and decrVersion of nothing are KEY_NOT_FOUND',
    ['incrVersion', 'decrVersion'],
    ({ open, clock }) => {
      const cache = open({ ttl: 100 })
      cache.set('expired', 1)
      clock.advance(100)
      for (const key of ['missing', 'expired']) {
        for (const call of [() => cache.incrVersion(key), () => cache.decrVersion(key)]) {
          hasCode(thrownBy(call), 'KEY_NOT_FOUND')
        }
      }
    },
  ),

  statement(36, 'a delta of 0 moves nothing', ['incrVersion'], ({ open }) => {
    const cache = open()
    cache.set('k', 1)
    is(cache.incrVersion('k', 0), 1)
    is(cache.get('k'), 1)
  }),

  ...[1.5, Number.NaN, '1', null].map((wrong) =>
    statement(36, `a delta is an integer, not ${show(wrong)}`, ['incrVersion', 'decrVersion'], ({ open }) => {
      const cache = open()
      cache.set('k', 1)
      refuses(
        'delta: expected an integer',
        () => cache.incrVersion('k', wrong as number),
        () => cache.decrVersion('k', wrong as number),
      )
      is(cache.get('k'), 1)
    }),
  ),

  statement(
    36,
    'a namespace has versions of its own',
    ['namespace', 'version', 'incrVersion'],
    ({ open }) => {
      const cache = open()
      const inside = cache.namespace('users')
      inside.set('k', 1)
      cache.set('k', 2)
      inside.incrVersion('k')
      is(cache.version(2).has('k'), false)
      is(inside.version(2).get('k'), 1)
      is(cache.get('k'), 2)
    },
  ),

  statement(
    36,
    'moved entries stay under the bounds and are evicted as usual',
    ['version', 'incrVersion', 'size', 'stats'],
    ({ open }) => {
      const cache = open({ maxEntries: 5 })
      for (let i = 0; i < 50; i++) {
        cache.set(i, i)
        cache.incrVersion(i)
        atMost(cache.stats().size, 5)
      }
      is(cache.size, 0)
      is(cache.version(2).size, 5)
    },
  ),
]

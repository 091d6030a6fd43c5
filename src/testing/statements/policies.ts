import { atLeast, equal, is, thrownBy } from '../assert.ts'
import { type Scene, type Statement, statement } from '../statement.ts'
import type { ContractOptions, Method, Whole, With } from '../subject.ts'

/** A cache of three entries, of which the one under `a` was used longest ago. */
function full<M extends Method>(open: Scene<M>['open'], options: Partial<ContractOptions> = {}): With<M> {
  const cache = open({ policy: 'lru', maxEntries: 3, ...options })
  for (const key of ['a', 'b', 'c']) cache.set(key, 1)
  return cache
}

/** Which of the keys are there. */
function kept(cache: Pick<Whole, 'has'>): string[] {
  return ['a', 'b', 'c', 'd', 'e'].filter((key) => cache.has(key))
}

type Use = readonly [name: string, needs: readonly Method[], use: (cache: Whole) => unknown]

const uses: readonly Use[] = [
  ['get', [], (cache) => cache.get('a')],
  ['getMany', ['getMany'], (cache) => cache.getMany(['a'])],
  ['set', [], (cache) => cache.set('a', 2)],
  ['setting the same value again', [], (cache) => cache.set('a', 1)],
  ['setMany', ['setMany'], (cache) => cache.setMany([['a', 2]])],
  ['incr', ['incr'], (cache) => cache.incr('a')],
  ['decr', ['decr'], (cache) => cache.decr('a')],
  ['a hit of getOrSet', ['getOrSet'], (cache) => cache.getOrSet('a', () => 2)],
  ['a hit of getOrLoad', ['getOrLoad'], (cache) => cache.getOrLoad('a', () => 2)],
]

const looks: readonly Use[] = [
  ['has', [], (cache) => cache.has('a')],
  ['peek', ['peek'], (cache) => cache.peek('a')],
  ['touch', ['touch'], (cache) => cache.touch('a', '1h')],
  ['a failing add', ['add'], (cache) => cache.add('a', 2)],
  ['expiresIn', ['expiresIn'], (cache) => cache.expiresIn('a')],
  ['iteration', ['entries'], (cache) => [...cache.entries()]],
  ['keys', ['keys'], (cache) => [...cache.keys()]],
  ['a failing get', [], (cache) => cache.get('missing')],
  ['a failing incr', ['incr'], (cache) => thrownBy(() => cache.incr('missing'))],
]

export const policiesStatements: readonly Statement[] = [
  statement(33, 'a set at capacity evicts the least recently used', [], ({ open }) => {
    const cache = full(open)
    cache.set('d', 1)
    equal(kept(cache), ['b', 'c', 'd'])
    cache.set('e', 1)
    equal(kept(cache), ['c', 'd', 'e'])
  }),

  statement(
    33,
    'iteration goes from the most to the least recently used',
    ['keys', 'values', 'entries'],
    ({ open }) => {
      const cache = full(open)
      equal([...cache.keys()], ['c', 'b', 'a'])
      cache.get('a')
      cache.set('b', 2)
      equal(
        [...cache.entries()],
        [
          ['b', 2],
          ['a', 1],
          ['c', 1],
        ],
      )
      equal([...cache.values()], [2, 1, 1])
      cache.set('d', 4)
      equal([...cache.keys()], ['d', 'b', 'a'])
      // Uses meanwhile change nothing of an iteration under way.
      const met: unknown[] = []
      for (const key of cache.keys()) {
        met.push(key)
        cache.get('a')
        if (key === 'd') cache.delete('b')
      }
      equal(met, ['d', 'a'])
    },
  ),

  statement(33, 'iteration of a namespace keeps to that order', ['keys', 'namespace'], ({ open }) => {
    const cache = full(open, { maxEntries: 6 })
    const users = cache.namespace('users')
    users.set('a', 1)
    users.set('b', 1)
    cache.get('b')
    users.get('a')
    equal([...users.keys()], ['a', 'b'])
    equal([...cache.keys()], ['b', 'c', 'a'])
  }),

  statement(33, 'an add at capacity evicts the least recently used', ['add'], ({ open }) => {
    const cache = full(open)
    is(cache.add('d', 1), true)
    equal(kept(cache), ['b', 'c', 'd'])
  }),

  ...uses.map(([name, needs, use]) =>
    statement(33, `counts as a use: ${name}`, needs, async ({ open }) => {
      const cache = full(open)
      await use(cache as Whole)
      cache.set('d', 1)
      equal(kept(cache), ['a', 'c', 'd'])
    }),
  ),

  ...looks.map(([name, needs, look]) =>
    statement(33, `does not count as a use: ${name}`, needs, ({ open }) => {
      const cache = full(open)
      look(cache as Whole)
      cache.set('d', 1)
      equal(kept(cache), ['b', 'c', 'd'])
    }),
  ),

  statement(33, 'uses of guarded entries count alike', [], ({ open }) => {
    const cache = full(open, { idleTtl: '1h' })
    cache.set('a', 1, { tags: ['t'] })
    cache.set('b', 1)
    cache.set('c', 1)
    cache.get('a')
    cache.set('d', 1)
    equal(kept(cache), ['a', 'c', 'd'])
  }),

  statement(33, 'agrees with a Map whose order is that of use', ['entries'], ({ open }) => {
    const cache = open({ policy: 'lru', maxEntries: 16 })
    const model = new Map<number, number>()
    let state = 7
    for (let i = 0; i < 2000; i++) {
      state = (state * 48_271) % 2_147_483_647
      const key = state % 40
      const known = model.get(key)
      if (state % 3 === 0) {
        is(cache.get(key), known)
        if (known !== undefined) {
          model.delete(key)
          model.set(key, known)
        }
      } else {
        cache.set(key, i)
        model.delete(key)
        model.set(key, i)
        if (model.size > 16) model.delete(model.keys().next().value!)
      }
    }
    equal(new Map(cache.entries()), model)
  }),

  statement(32, 'resize evicts the least recently used', ['resize'], ({ open }) => {
    const cache = full(open)
    cache.get('a')
    cache.resize(2)
    equal(kept(cache), ['a', 'c'])
    cache.resize(1)
    equal(kept(cache), ['a'])
  }),
  statement(34, 'what was just set can be read at once', [], ({ open }) => {
    const cache = open({ maxEntries: 20 })
    let state = 1
    for (let i = 0; i < 2000; i++) {
      state = (state * 48_271) % 2_147_483_647
      const key = state % 100
      cache.set(key, i)
      is(cache.get(key), i)
      for (let j = 0; j < 3; j++) cache.get((state >> j) % 100)
    }
  }),
  statement(34, 'a read right after the insertion teaches nothing', [], ({ open }) => {
    const cache = open({ policy: 'adaptive', maxEntries: 100 })
    const hot = Array.from({ length: 50 }, (_, i) => `hot${i}`)
    for (let round = 0; round < 20; round++)
      for (const key of hot) if (cache.get(key) === undefined) cache.set(key, 1)
    for (let i = 0; i < 400; i++) {
      cache.set(`scan${i}`, i)
      is(cache.get(`scan${i}`), i)
    }
    atLeast(hot.filter((key) => cache.has(key)).length, 45)
  }),
  statement(34, 'keeps what is used often through scans of one-off keys', ['getOrSet'], ({ open }) => {
    const cache = open({ maxEntries: 100 })
    const hot = Array.from({ length: 50 }, (_, i) => `hot${i}`)
    for (let round = 0; round < 10; round++) for (const key of hot) cache.getOrSet(key, () => 1)
    for (let i = 0; i < 2000; i++) {
      cache.set(`scan${i}`, i)
      if (i % 10 === 0) for (const key of hot.slice(i % 50, (i % 50) + 10)) cache.get(key)
    }
    const kept = hot.filter((key) => cache.has(key)).length
    atLeast(kept, 45)
  }),

  statement(
    34,
    'keeps part of a loop larger than the cache, of which lru keeps nothing',
    ['getOrSet', 'stats'],
    ({ open }) => {
      const hits = (policy: 'lru' | 'adaptive') => {
        const cache = open({ policy, maxEntries: 100 })
        for (let i = 0; i < 3000; i++) cache.getOrSet(i % 150, () => i)
        return cache.stats().hitRatio
      }
      is(hits('lru'), 0)
      is(hits('adaptive') > 0.2, true)
    },
  ),

  statement(34, 'follows a workload that changes', ['getOrSet', 'keys'], ({ open }) => {
    const cache = open({ maxEntries: 100 })
    for (let round = 0; round < 20; round++) for (let i = 0; i < 80; i++) cache.getOrSet(`old${i}`, () => 1)
    for (let round = 0; round < 20; round++) for (let i = 0; i < 80; i++) cache.getOrSet(`new${i}`, () => 1)
    atLeast([...cache.keys()].filter((key) => String(key).startsWith('new')).length, 70)
  }),

  statement(
    34,
    'does not count has, peek and touch as uses',
    ['peek', 'add', 'touch', 'keys', 'entries'],
    ({ open }) => {
      const run = (look: (cache: Whole) => void) => {
        const cache = open({ maxEntries: 10 })
        for (let i = 0; i < 10; i++) cache.set(`k${i}`, i)
        for (let i = 0; i < 20; i++) look(cache as Whole)
        for (let i = 0; i < 30; i++) cache.set(`new${i}`, i)
        return [...cache.keys()]
      }
      const plain = run(() => {})
      equal(
        run((cache) => cache.has('k0')),
        plain,
      )
      equal(
        run((cache) => cache.peek('k0')),
        plain,
      )
      equal(
        run((cache) => cache.touch('k0')),
        plain,
      )
      equal(
        run((cache) => cache.add('k0', 1)),
        plain,
      )
      equal(
        run((cache) => [...cache.entries()]),
        plain,
      )
    },
  ),
]

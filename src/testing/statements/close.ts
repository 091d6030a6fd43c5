import { equal, hasCode, is, matches, rejectionOf, thrownBy } from '../assert.ts'
import { recorded } from '../recorded.ts'
import { type Scene, type Statement, statement } from '../statement.ts'
import type { ContractOptions, Method, Whole, With } from '../subject.ts'

/** All that can be asked of a cache, with what each needs. */
const calls: readonly (readonly [name: string, needs: readonly Method[], call: (cache: Whole) => unknown])[] =
  [
    ['get', [], (cache) => cache.get('k')],
    ['get with a fallback', [], (cache) => cache.get('k', 1)],
    ['has', [], (cache) => cache.has('k')],
    ['peek', ['peek'], (cache) => cache.peek('k')],
    ['getMany', ['getMany'], (cache) => cache.getMany(['k'])],
    ['expiresIn', ['expiresIn'], (cache) => cache.expiresIn('k')],
    ['set', [], (cache) => cache.set('k', 1)],
    ['add', ['add'], (cache) => cache.add('k', 1)],
    ['setMany', ['setMany'], (cache) => cache.setMany([['k', 1]])],
    ['touch', ['touch'], (cache) => cache.touch('k')],
    ['delete', [], (cache) => cache.delete('k')],
    ['deleteMany', ['deleteMany'], (cache) => cache.deleteMany(['k'])],
    ['take', ['take'], (cache) => cache.take('k')],
    ['deleteByTag', ['deleteByTag'], (cache) => cache.deleteByTag('t')],
    ['clear', ['clear'], (cache) => cache.clear()],
    ['expireAll', ['expireAll'], (cache) => cache.expireAll()],
    ['incr', ['incr'], (cache) => cache.incr('k')],
    ['incr with an initial value', ['incr'], (cache) => cache.incr('k', 1, { initial: 1 })],
    ['decr', ['decr'], (cache) => cache.decr('k')],
    ['getOrSet', ['getOrSet'], (cache) => cache.getOrSet('k', () => 1)],
    ['namespace', ['namespace'], (cache) => cache.namespace('n')],
    ['version', ['version'], (cache) => cache.version(2)],
    ['incrVersion', ['incrVersion'], (cache) => cache.incrVersion('k')],
    ['decrVersion', ['decrVersion'], (cache) => cache.decrVersion('k')],
    ['resize', ['resize'], (cache) => cache.resize(5)],
    ['keys', ['keys'], (cache) => [...cache.keys()]],
    ['values', ['values'], (cache) => [...cache.values()]],
    ['entries', ['entries'], (cache) => [...cache.entries()]],
    ['iteration', [Symbol.iterator], (cache) => [...cache]],
  ]

/** A cache with an entry, also in a namespace where it has such. */
function filled<M extends Method>({ open }: Scene<M>, options: Partial<ContractOptions> = {}): With<M> {
  const cache = open(options)
  cache.set('k', 1, { tags: ['t'] })
  return cache
}

export const closeStatements: readonly Statement[] = [
  ...calls.flatMap(([name, needs, call]) => [
    statement(44, `${name} after close is CLOSED`, [...needs, 'close'], (scene) => {
      const cache = filled(scene)
      cache.close()
      hasCode(
        thrownBy(() => call(cache as Whole)),
        'CLOSED',
      )
    }),

    statement(
      44,
      `${name} in a namespace after close is CLOSED`,
      [...needs, 'close', 'namespace'],
      (scene) => {
        const cache = filled(scene)
        const inside = cache.namespace('n')
        inside.set('k', 1)
        cache.close()
        hasCode(
          thrownBy(() => call(inside as Whole)),
          'CLOSED',
        )
      },
    ),
  ]),

  statement(
    44,
    'getOrLoad after close rejects with CLOSED, and does not load',
    ['getOrLoad', 'close'],
    async (scene) => {
      const cache = filled(scene)
      cache.close()
      const load = recorded(async () => 1)
      hasCode(await rejectionOf(cache.getOrLoad('k', load)), 'CLOSED')
      is(load.calls.length, 0)
    },
  ),

  statement(
    44,
    'close drops the entries and tells of each',
    ['namespace', 'stats', 'size', 'close'],
    (scene) => {
      const told: string[] = []
      const cache = filled(scene, { onRemoval: ({ key, reason }) => told.push(`${key} ${reason}`) })
      cache.namespace('n').set('b', 1)
      cache.set('c', 1)
      cache.close()
      equal(told.sort(), ['b cleared', 'c cleared', 'k cleared'])
      matches(cache.stats(), { size: 0, weight: 0 })
      is(cache.size, 0)
    },
  ),

  statement(44, 'a second close does nothing', ['close'], (scene) => {
    const cache = filled(scene)
    cache.close()
    cache.close()
    hasCode(
      thrownBy(() => cache.get('k')),
      'CLOSED',
    )
  }),

  statement(44, 'Symbol.dispose closes, once', ['close', Symbol.dispose], (scene) => {
    const cache = filled(scene)
    cache[Symbol.dispose]()
    cache[Symbol.dispose]()
    cache.close()
    hasCode(
      thrownBy(() => cache.get('k')),
      'CLOSED',
    )
  }),

  statement(
    44,
    'closing a namespace ends it and those inside it, and nothing else',
    ['namespace', 'close'],
    (scene) => {
      const cache = filled(scene)
      const inside = cache.namespace('n')
      const deep = inside.namespace('deep')
      deep.set('k', 1)
      inside.close()
      inside.close()
      hasCode(
        thrownBy(() => inside.get('k')),
        'CLOSED',
      )
      hasCode(
        thrownBy(() => deep.set('k', 1)),
        'CLOSED',
      )
      is(cache.get('k'), 1)
      const again = cache.namespace('n')
      is(again.has('k'), false)
      again.set('k', 2)
      is(again.get('k'), 2)
    },
  ),
]

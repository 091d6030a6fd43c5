import type { Removal, RemovalReason } from '../../engine/removal.ts'
import { equal, is } from '../assert.ts'
import { recorded } from '../recorded.ts'
import { type Scene, type Statement, statement } from '../statement.ts'
import type { ContractOptions, Method, With } from '../subject.ts'

/** A cache, and all that its listener is told. */
function listening<M extends Method>(
  { open }: Scene<M>,
  options: Partial<ContractOptions> = {},
): { cache: With<M>; removals: Removal[] } {
  const removals: Removal[] = []
  const cache = open({ ttl: 100, onRemoval: (removal) => removals.push(removal), ...options })
  return { cache, removals }
}

export const removalsStatements: readonly Statement[] = [
  statement(39, 'a value that has become too heavy is told once when it is set again', [], ({ open }) => {
    const removals: unknown[] = []
    const value = { weight: 1 }
    const cache = open({
      maxWeight: 10,
      weigh: (one) => (one as typeof value).weight,
      onRemoval: (removal) => removals.push(removal),
    })
    cache.set('k', value)
    value.weight = 11
    cache.set('k', value)
    is(cache.has('k'), false)
    equal(removals, [{ key: 'k', value, reason: 'evicted' }])
  }),
  statement(
    39,
    'tells key, value and reason of every value that leaves',
    ['take', 'setMany', 'deleteMany', 'incr'],
    (scene) => {
      const { cache, removals } = listening(scene, { maxEntries: 2 })
      const expectTold = (...told: [key: string, value: unknown, reason: RemovalReason][]) => {
        equal(
          removals.splice(0),
          told.map(([key, value, reason]) => ({ key, value, reason })),
        )
      }
      cache.set('a', 1)
      expectTold()
      cache.set('a', 2)
      expectTold(['a', 1, 'replaced'])
      cache.incr('a')
      expectTold(['a', 2, 'replaced'])
      cache.delete('a')
      expectTold(['a', 3, 'deleted'])
      cache.set('b', 1)
      cache.take('b')
      expectTold(['b', 1, 'deleted'])
      cache.setMany([
        ['c', 1],
        ['d', 1],
      ])
      cache.deleteMany(['c', 'd', 'c'])
      expectTold(['c', 1, 'deleted'], ['d', 1, 'deleted'])
      cache.set('e', 1)
      cache.set('e', 2, { ttl: 0 })
      expectTold(['e', 1, 'expired'])
      cache.set('f', 1)
      scene.clock.advance(100)
      cache.set('f', 2)
      expectTold(['f', 1, 'expired'])
      cache.set('g', 1)
      cache.set('h', 1)
      equal(
        removals.map(({ reason }) => reason),
        ['evicted'],
      )
    },
  ),

  statement(
    39,
    'tells of what was cleared at the latest when its room is needed or the cache is closed',
    ['clear', 'close'],
    (scene) => {
      const { cache, removals } = listening(scene, { maxEntries: 3 })
      for (const key of ['a', 'b', 'c']) cache.set(key, key)
      cache.clear()
      for (const key of ['d', 'e', 'f']) cache.set(key, key)
      equal(removals.map(({ key, reason }) => `${key} ${reason}`).sort(), [
        'a cleared',
        'b cleared',
        'c cleared',
      ])
      cache.close()
      is(removals.length, 6)
      equal(
        removals.slice(3).map(({ reason }) => reason),
        ['cleared', 'cleared', 'cleared'],
      )
    },
  ),

  statement(39, 'what had expired when it was cleared left as expired', ['clear', 'close'], (scene) => {
    const { cache, removals } = listening(scene, { maxEntries: 4 })
    cache.set('a', 1, { ttl: 100 })
    cache.set('b', 1, { ttl: 1000 })
    scene.clock.advance(100)
    cache.clear()
    scene.clock.advance(10_000)
    cache.set('c', 1, { ttl: 100 })
    cache.set('d', 1, { ttl: 1000 })
    scene.clock.advance(100)
    cache.close()
    equal(removals.map(({ key, reason }) => `${key} ${reason}`).sort(), [
      'a expired',
      'b cleared',
      'c expired',
      'd cleared',
    ])
  }),

  statement(39, 'setting the same reference again is no removal', ['setMany'], (scene) => {
    const { cache, removals } = listening(scene)
    for (const value of [{}, 1, Number.NaN, null, 'text']) {
      cache.set('k', value)
      removals.length = 0
      cache.set('k', value)
      cache.setMany([['k', value]])
      equal(removals, [])
    }
    cache.set('k', {})
    removals.length = 0
    cache.set('k', {})
    is(removals.length, 1)
  }),

  statement(
    39,
    'tells exactly once of each value that leaves, and not of those that stay',
    ['take', 'clear', 'deleteByTag', 'namespace', 'incrVersion', 'close'],
    (scene) => {
      const { cache, removals } = listening(scene, { maxEntries: 8, ttl: 40 })
      const stored: object[] = []
      const names = Array.from({ length: 16 }, (_, i) => `k${i}`)
      let state = 3
      const random = (below: number) => {
        state = (state * 48_271) % 2_147_483_647
        return state % below
      }
      for (let i = 0; i < 3000; i++) {
        const key = names[random(16)]!
        const part = random(4) === 0 ? cache.namespace('n') : cache
        const action = random(100)
        if (action < 50) {
          const value = { i }
          stored.push(value)
          part.set(key, value, random(3) === 0 ? { tags: [`t${random(3)}`] } : {})
        } else if (action < 70) part.get(key)
        else if (action < 80) part.delete(key)
        else if (action < 83) part.deleteByTag(`t${random(3)}`)
        else if (action < 84) part.clear()
        else if (action < 86) part.take(key)
        else if (action < 88 && part.has(key)) part.incrVersion(key)
        else scene.clock.advance(random(4))
      }
      cache.close()
      const told = removals.map(({ value }) => value)
      is(new Set(told).size, told.length)
      equal(new Set(told), new Set(stored))
      equal(
        removals.filter(({ key, value }) => !key || !value),
        [],
      )
    },
  ),

  statement(39, 'runs after the cache is consistent, and may call back into it', ['size'], ({ open }) => {
    const seen: unknown[] = []
    const cache: With<'size'> = open({
      maxEntries: 2,
      onRemoval: ({ key, value }) => {
        seen.push([key, value, cache.get(key), cache.size])
      },
    })
    cache.set('a', 1)
    cache.set('a', 2)
    cache.delete('a')
    equal(seen, [
      ['a', 1, 2, 1],
      ['a', 2, undefined, 0],
    ])
  }),

  statement(
    39,
    'what the listener removes itself is told after it returns, in order',
    ['deleteMany'],
    ({ open }) => {
      const order: string[] = []
      const cache: With<'deleteMany'> = open({
        onRemoval: ({ key }) => {
          order.push(`${key} begins`)
          if (key === 'a') cache.deleteMany(['b', 'c'])
          order.push(`${key} ends`)
        },
      })
      for (const key of ['a', 'b', 'c']) cache.set(key, 1)
      cache.delete('a')
      equal(order, ['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends'])
    },
  ),

  statement(39, 'an error of the listener goes to onError, never to the caller', [], ({ open }) => {
    const error = new Error('listener')
    const onError = recorded((_error: unknown) => {})
    const cache = open({
      onRemoval: () => {
        throw error
      },
      onError,
    })
    cache.set('k', 1)
    cache.set('k', 2)
    is(cache.get('k'), 2)
    is(cache.delete('k'), true)
    equal(
      onError.calls.map(([told]) => told),
      [error, error],
    )
  }),

  statement(39, 'moving, touching and reading remove nothing', ['add', 'touch', 'incrVersion'], (scene) => {
    const { cache, removals } = listening(scene)
    cache.set('k', 1)
    cache.touch('k', 50)
    cache.get('k')
    cache.add('k', 2)
    cache.incrVersion('k')
    equal(removals, [])
  }),
]

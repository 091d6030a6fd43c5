import { equal, is, matches, refuses, thrownBy } from '../assert.ts'
import { recorded } from '../recorded.ts'
import { type Statement, statement } from '../statement.ts'

export const computingStatements: readonly Statement[] = [
  statement(
    22,
    'getOrSet computes on a miss, once, and stores',
    ['expiresIn', 'getOrSet', 'deleteByTag', 'stats'],
    ({ open }) => {
      const cache = open()
      const compute = recorded((key: unknown) => `${key}!`)
      is(cache.getOrSet('k', compute, { ttl: 70, tags: ['t'] }), 'k!')
      is(cache.getOrSet('k', compute), 'k!')
      equal(compute.calls, [['k']])
      is(cache.expiresIn('k'), 70)
      matches(cache.stats(), { hits: 1, misses: 1, sets: 1 })
      cache.deleteByTag('t')
      is(cache.has('k'), false)
    },
  ),

  statement(22, 'an error of getOrSet passes through and nothing is stored', ['getOrSet'], ({ open }) => {
    const cache = open()
    const error = new Error('no')
    const fail = () => {
      throw error
    }
    is(
      thrownBy(() => cache.getOrSet('k', fail)),
      error,
    )
    is(cache.has('k'), false)
    is(
      cache.getOrSet('k', () => 1),
      1,
    )
  }),

  statement(22, 'getOrSet returns undefined without storing it', ['getOrSet'], ({ open }) => {
    const cache = open()
    const compute = recorded(() => undefined)
    is(cache.getOrSet('k', compute), undefined)
    is(cache.getOrSet('k', compute), undefined)
    is(compute.calls.length, 2)
    is(cache.has('k'), false)
  }),

  ...(
    [
      ['a Promise', () => Promise.resolve(1)],
      ['another thenable', () => Object.defineProperty({}, 'then', { value: () => {} })],
    ] as [string, () => unknown][]
  ).map(([name, compute]) =>
    statement(22, `getOrSet refuses ${name} and names getOrLoad`, ['getOrSet'], ({ open }) => {
      const cache = open()
      refuses('getOrLoad', () => cache.getOrSet('k', compute))
      is(cache.has('k'), false)
    }),
  ),

  statement(
    23,
    'what compute itself sets under the key stands and is returned',
    ['expiresIn', 'getOrSet'],
    ({ open }) => {
      const cache = open()
      const value = cache.getOrSet('k', () => {
        cache.set('k', 'set inside', { ttl: 33 })
        return 'returned'
      })
      is(value, 'set inside')
      is(cache.get('k'), 'set inside')
      is(cache.expiresIn('k'), 33)
    },
  ),
]

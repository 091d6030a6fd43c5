import { equal, hasCode, is, isError, refuses, show, thrownBy } from '../assert.ts'
import { type Statement, statement } from '../statement.ts'

export const countersStatements: readonly Statement[] = [
  statement(
    21,
    'incr and decr give the new number and keep the deadline',
    ['expiresIn', 'incr', 'decr'],
    ({ open, clock }) => {
      const cache = open({ ttl: 100 })
      cache.set('k', 10)
      clock.advance(40)
      is(cache.incr('k'), 11)
      is(cache.incr('k', 5), 16)
      is(cache.incr('k', -0.5), 15.5)
      is(cache.decr('k'), 14.5)
      is(cache.decr('k', 4), 10.5)
      is(cache.get('k'), 10.5)
      is(cache.expiresIn('k'), 60)
    },
  ),

  statement(21, 'incr counts bigints too', ['incr', 'decr'], ({ open }) => {
    const cache = open()
    cache.set('k', 2n ** 64n)
    is(cache.incr('k'), 2n ** 64n + 1n)
    is(cache.incr('k', 9n), 2n ** 64n + 10n)
    is(cache.decr('k', 10n), 2n ** 64n)
    is(cache.get('k'), 2n ** 64n)
  }),

  statement(
    21,
    'incr of nothing is KEY_NOT_FOUND, and makes nothing',
    ['incr', 'decr', 'size'],
    ({ open }) => {
      const cache = open()
      for (const call of [() => cache.incr('k'), () => cache.decr('k')]) {
        hasCode(thrownBy(call), 'KEY_NOT_FOUND')
      }
      is(cache.size, 0)
    },
  ),

  ...['a string', null, Number.NaN, Infinity, true, {}, '5'].map((value) =>
    statement(
      21,
      `incr of ${show(value)} is a TypeError, and leaves it`,
      ['expiresIn', 'incr', 'decr'],
      ({ open, clock }) => {
        const cache = open({ ttl: 100 })
        cache.set('k', value)
        clock.advance(40)
        refuses('expected a finite number or a bigint', () => cache.incr('k'))
        refuses('expected a finite number or a bigint', () => cache.decr('k', 1, { initial: 5 }))
        is(cache.get('k'), value)
        is(cache.expiresIn('k'), 60)
      },
    ),
  ),

  ...['1', null, Number.NaN, Infinity, {}].map((delta) =>
    statement(21, `a delta of ${show(delta)} is a TypeError`, ['incr', 'decr'], ({ open }) => {
      const cache = open()
      cache.set('k', 1)
      refuses(
        'delta: expected a finite number or a bigint',
        () => cache.incr('k', delta as number),
        () => cache.decr('k', delta as number),
      )
      is(cache.get('k'), 1)
    }),
  ),

  statement(21, 'a sum that is no finite number is refused, and the value stays', ['incr'], ({ open }) => {
    const cache = open()
    cache.set('k', Number.MAX_VALUE)
    isError(
      thrownBy(() => cache.incr('k', Number.MAX_VALUE)),
      RangeError,
      'not finite',
    )
    is(cache.get('k'), Number.MAX_VALUE)
    cache.set('big', 1n)
    refuses('delta: expected an integer', () => cache.incr('big', 0.5))
    is(cache.get('big'), 1n)
  }),

  statement(
    21,
    'incr with an initial value creates it instead',
    ['expiresIn', 'incr', 'decr'],
    ({ open }) => {
      const cache = open({ ttl: 100 })
      is(cache.incr('k', 1, { initial: 5, ttl: 20 }), 5)
      is(cache.expiresIn('k'), 20)
      is(cache.incr('k', 1, { initial: 5, ttl: 50 }), 6)
      is(cache.expiresIn('k'), 20)
      is(cache.decr('other', 1, { initial: 5 }), 5)
      is(cache.expiresIn('other'), 100)
    },
  ),

  statement(
    21,
    'wrong options of incr are refused whether or not the key is there',
    ['incr', 'entries'],
    ({ open }) => {
      const cache = open()
      cache.set('there', 1)
      for (const key of ['there', 'missing']) {
        refuses(/initial/, () => cache.incr(key, 1, { initial: Number.NaN }))
        refuses(/ttl/, () => cache.incr(key, 1, { initial: 1, ttl: '5x' as '5s' }))
        refuses(/did you mean 'initial'/, () => cache.incr(key, 1, { initail: 1 } as object))
      }
      equal([...cache.entries()], [['there', 1]])
    },
  ),
]

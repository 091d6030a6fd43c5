import { atLeast, atMost, equal, hasCode, is, isError, refuses, show, thrownBy } from '../assert.ts'
import { type Scene, type Statement, statement } from '../statement.ts'
import type { Method, Whole, With } from '../subject.ts'

const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE

const durations: readonly (readonly [ttl: unknown, time: number])[] = [
  [250, 250],
  ['500ms', 500],
  ['90s', 90_000],
  ['10m', 10 * MINUTE],
  ['1h', 60 * MINUTE],
  ['1.5h', 90 * MINUTE],
  ['30d', 30 * DAY],
  ['2w', 14 * DAY],
]

const wrong: readonly unknown[] = [
  ...[
    '',
    ' ',
    '10',
    'ten minutes',
    '5x',
    '10 parsecs',
    'm',
    '1h30m',
    '10m ',
    'Infinity',
    'NaNms',
    '1__proto__',
    `${'9'.repeat(400)}d`,
  ],
  ...[Number.NaN, null, true, 10n, {}],
]

/** Ways to write under a key that holds nothing, with a ttl. */
const writes: readonly (readonly [
  method: (Method & string) | 'set',
  write: (cache: Whole, ttl: never) => unknown,
])[] = [
  ['set', (cache, ttl) => cache.set('k', 1, { ttl })],
  ['add', (cache, ttl) => cache.add('k', 1, { ttl })],
  ['setMany', (cache, ttl) => cache.setMany([['k', 1]], { ttl })],
  ['getOrSet', (cache, ttl) => cache.getOrSet('k', () => 1, { ttl })],
  ['incr', (cache, ttl) => cache.incr('k', 1, { initial: 1, ttl })],
]

type Act = readonly [name: string, needs: readonly Method[], act: (cache: Whole) => unknown]

/** Ways to read the key `k`, with what they give where nothing live is. */
const reads: readonly (readonly [...Act, nothing: unknown])[] = [
  ['get', [], (cache) => cache.get('k'), undefined],
  ['get with a fallback', [], (cache) => cache.get('k', 'fallback'), 'fallback'],
  ['has', [], (cache) => cache.has('k'), false],
  ['peek', ['peek'], (cache) => cache.peek('k'), undefined],
  ['expiresIn', ['expiresIn'], (cache) => cache.expiresIn('k'), undefined],
  ['getMany', ['getMany'], (cache) => [...cache.getMany(['k'])], []],
  ['take', ['take'], (cache) => cache.take('k'), undefined],
  ['keys', ['keys'], (cache) => [...cache.keys()], []],
  ['values', ['values'], (cache) => [...cache.values()], []],
  ['entries', ['entries'], (cache) => [...cache.entries()], []],
  ['touch', ['touch'], (cache) => cache.touch('k'), false],
  ['delete', [], (cache) => cache.delete('k'), false],
  ['deleteMany', ['deleteMany'], (cache) => cache.deleteMany(['k']), 0],
  ['add', ['add'], (cache) => cache.add('k', 2), true],
  ['getOrSet', ['getOrSet'], (cache) => cache.getOrSet('k', () => 2), 2],
  ['getOrLoad', ['getOrLoad'], (cache) => cache.getOrLoad('k', async () => 2), 2],
]

/** Ways to use an entry, which begin its idle time anew. */
const uses: readonly Act[] = [
  ['get', [], (cache) => cache.get('k')],
  ['getMany', ['getMany'], (cache) => cache.getMany(['k'])],
  ['getOrSet', ['getOrSet'], (cache) => cache.getOrSet('k', () => 2)],
  ['getOrLoad', ['getOrLoad'], (cache) => cache.getOrLoad('k', () => 2)],
  ['incr', ['incr'], (cache) => cache.incr('k')],
  ['set', [], (cache) => cache.set('k', 2)],
]

/** Ways to look at an entry that are no use of it. */
const looks: readonly Act[] = [
  ['has', [], (cache) => cache.has('k')],
  ['peek', ['peek'], (cache) => cache.peek('k')],
  ['iteration', ['entries'], (cache) => [...cache.entries()]],
  ['expiresIn', ['expiresIn'], (cache) => cache.expiresIn('k')],
  ['touch', ['touch'], (cache) => cache.touch('k')],
  ['a failing add', ['add'], (cache) => cache.add('k', 2)],
]

/** A cache with an entry under `k`, tagged or not, that has just reached its deadline. */
function expired<M extends Method>({ open, clock }: Scene<M>, tags: readonly string[] | undefined): With<M> {
  const cache = open({ ttl: 1000 })
  cache.set('k', 1, { ttl: 100, tags })
  clock.advance(99)
  is(cache.has('k'), true)
  clock.advance(1)
  return cache
}

/** A cache whose entries expire unless they are read. */
function idling<M extends Method>({ open }: Scene<M>, ttl: number): With<M> {
  const cache = open({ ttl, idleTtl: 100 })
  cache.set('k', 1)
  return cache
}

const tagged = [
  ['', undefined],
  [', of a tagged entry', ['tag']],
] as const

export const timeStatements: readonly Statement[] = [
  statement(6, 'lets an entry live five minutes by default', [], ({ open, clock }) => {
    const cache = open()
    cache.set('k', 1)
    clock.advance(5 * MINUTE - 1)
    is(cache.get('k'), 1)
    clock.advance(1)
    is(cache.get('k'), undefined)
  }),

  statement(6, 'lets an entry live for ever when asked to', [], ({ open, clock }) => {
    const cache = open({ ttl: Infinity })
    cache.set('k', 1)
    clock.advance(500 * DAY)
    is(cache.get('k'), 1)
    cache.set('short', 1, { ttl: 5 })
    clock.advance(5)
    is(cache.get('short'), undefined)
  }),

  ...durations.map(([ttl, time]) =>
    statement(7, `a ttl of ${show(ttl)} overrides the default`, [], ({ open, clock }) => {
      const cache = open({ ttl: 1234 })
      cache.set('k', 1, { ttl: ttl as number })
      clock.advance(time - 1)
      is(cache.get('k'), 1)
      clock.advance(1)
      is(cache.get('k'), undefined)
    }),
  ),

  statement(7, 'a ttl of Infinity overrides the default', [], ({ open, clock }) => {
    const cache = open({ ttl: 1234 })
    cache.set('k', 1, { ttl: Infinity })
    clock.advance(500 * DAY)
    is(cache.get('k'), 1)
  }),

  statement(7, 'an undefined ttl means the default', [], ({ open, clock }) => {
    const cache = open({ ttl: 1234 })
    cache.set('k', 1, { ttl: undefined })
    clock.advance(1233)
    is(cache.has('k'), true)
    clock.advance(1)
    is(cache.has('k'), false)
  }),

  ...writes.flatMap(([method, write]) => {
    const needs: Method[] = method === 'set' ? ['expiresIn'] : [method, 'expiresIn']
    return [...durations, [Infinity, Infinity] as const].map(([ttl, time]) =>
      statement(7, `${method} takes a ttl of ${show(ttl)}`, needs, ({ open }) => {
        const cache = open({ ttl: 1234 })
        write(cache as Whole, ttl as never)
        is(cache.expiresIn('k'), time)
      }),
    )
  }),

  ...wrong.map((ttl) =>
    statement(7, `refuses the ttl ${show(ttl)}, with what was expected and what came`, [], ({ open }) => {
      const cache = open()
      cache.set('k', 1)
      const came = typeof ttl === 'object' && ttl !== null ? 'an object' : show(ttl)
      for (const write of [
        () => cache.set('k', 2, { ttl: ttl as number }),
        () => open({ ttl: ttl as number }),
      ]) {
        const error = thrownBy(write)
        isError(error, TypeError, /^ttl: expected /, write)
        isError(error, TypeError, `, got ${came}`, write)
      }
      is(cache.get('k'), 1)
    }),
  ),

  ...writes.slice(1).map(([method, write]) =>
    statement(7, `${method} refuses a wrong ttl`, [method as Method], ({ open }) => {
      const cache = open()
      for (const ttl of wrong)
        isError(
          thrownBy(() => write(cache as Whole, ttl as never)),
          TypeError,
          /^ttl: expected /,
          show(ttl),
        )
      is(cache.has('k'), false)
    }),
  ),

  statement(7, 'touch refuses a wrong ttl', ['touch'], ({ open }) => {
    const cache = open()
    cache.set('k', 1)
    for (const ttl of wrong) refuses(/^ttl: expected /, () => cache.touch('k', ttl as number))
    is(cache.get('k'), 1)
  }),

  ...([0, -0, -1, -Infinity, '0ms', '-5m'] as const).flatMap((ttl) => [
    statement(8, `a ttl of ${show(ttl)} stores nothing and removes what was there`, [], ({ open }) => {
      const cache = open()
      cache.set('new', 1, { ttl })
      is(cache.has('new'), false)
      cache.set('k', 'old')
      cache.set('k', 'new', { ttl })
      is(cache.get('k'), undefined)
      is(cache.delete('k'), false)
    }),

    statement(
      8,
      `a ttl of ${show(ttl)} stores nothing, by whatever method`,
      ['add', 'getOrSet', 'incr', 'setMany', 'size'],
      ({ open }) => {
        const reasons: unknown[] = []
        const cache = open({ onRemoval: ({ value, reason }) => reasons.push(value, reason) })
        is(cache.add('k', 'new', { ttl }), true)
        is(
          cache.getOrSet('k', () => 'computed', { ttl }),
          'computed',
        )
        is(cache.incr('k', 1, { initial: 5, ttl }), 5)
        cache.setMany([['k', 'new']], { ttl })
        is(cache.size, 0)
        equal(reasons, [])
        cache.set('k', 'old')
        cache.set('k', 'new', { ttl })
        is(cache.size, 0)
        equal(reasons, ['old', 'expired'])
      },
    ),
  ]),

  ...([0, -1, '0ms', '-5m', -Infinity] as const).map((time) =>
    statement(8, `a default ttl of ${show(time)} is refused`, [], ({ open }) => {
      for (const option of ['ttl', 'idleTtl'])
        isError(
          thrownBy(() => open({ [option]: time })),
          RangeError,
          `${option}: expected a time above 0, got`,
        )
    }),
  ),

  statement(8, 'a loaded value with a ttl of 0 is given and not stored', ['getOrLoad'], async ({ open }) => {
    const cache = open()
    is(await cache.getOrLoad('k', async () => 1, { ttl: 0 }), 1)
    is(cache.has('k'), false)
  }),

  statement(9, 'lives for fractions of a millisecond', [], ({ open, clock }) => {
    const cache = open()
    cache.set('k', 1, { ttl: 0.5 })
    clock.advance(0.25)
    is(cache.get('k'), 1)
    clock.advance(0.25)
    is(cache.get('k'), undefined)
    cache.set('s', 1, { ttl: '0.5s' })
    clock.advance(499.5)
    is(cache.get('s'), 1)
    clock.advance(0.5)
    is(cache.get('s'), undefined)
  }),

  statement(9, 'lives longer than a timer can wait', [], ({ open, clock }) => {
    const cache = open({ ttl: '400d' })
    cache.set('k', 1)
    clock.advance(399 * DAY)
    is(cache.get('k'), 1)
    clock.advance(DAY)
    is(cache.get('k'), undefined)
  }),

  ...reads.flatMap(([name, needs, read, nothing]) =>
    tagged.map(([kind, tags]) =>
      statement(
        10,
        `from exactly its deadline on it is not there for ${name}${kind}`,
        needs,
        async (scene) => {
          equal(await read(expired(scene, tags) as Whole), nothing)
        },
      ),
    ),
  ),

  ...(['incr', 'decr', 'incrVersion', 'decrVersion'] as const).flatMap((method) =>
    tagged.map(([kind, tags]) =>
      statement(
        10,
        `from exactly its deadline on it is not there for ${method}${kind}`,
        [method],
        (scene) => {
          const cache = expired(scene, tags)
          hasCode(
            thrownBy(() => cache[method]('k')),
            'KEY_NOT_FOUND',
          )
        },
      ),
    ),
  ),

  statement(10, 'what is written over an expired entry has the lifetime of its own write', [], (scene) => {
    const cache = expired(scene, undefined)
    cache.set('k', 2)
    scene.clock.advance(999)
    is(cache.get('k'), 2)
    scene.clock.advance(1)
    is(cache.get('k'), undefined)
  }),

  ...(['lru', 'adaptive'] as const).flatMap((policy) => [
    statement(
      12,
      `an expired entry goes before any live one, and counts as expired (${policy})`,
      ['keys', 'stats'],
      ({ open, clock }) => {
        const told: unknown[] = []
        const cache = open({ policy, maxEntries: 3, onRemoval: (removal) => told.push(removal) })
        cache.set('expired', 1, { ttl: 10 })
        if (policy === 'adaptive') for (let i = 0; i < 5; i++) cache.get('expired')
        cache.set('b', 2)
        cache.set('c', 3)
        clock.advance(10)
        cache.set('d', 4)
        equal([...cache.keys()].sort(), ['b', 'c', 'd'])
        equal(told, [{ key: 'expired', value: 1, reason: 'expired' }])
        is(cache.stats().evictions, 0)
        is(cache.stats().expirations, 1)
      },
    ),

    statement(
      12,
      `an entry whose tag was deleted goes before any live one (${policy})`,
      ['keys', 'deleteByTag', 'stats'],
      ({ open }) => {
        const told: unknown[] = []
        const cache = open({ policy, maxEntries: 3, onRemoval: (removal) => told.push(removal) })
        cache.set('tagged', 1, { tags: ['t'] })
        cache.set('b', 2)
        cache.set('c', 3)
        cache.deleteByTag('t')
        cache.set('d', 4)
        equal([...cache.keys()].sort(), ['b', 'c', 'd'])
        equal(told, [{ key: 'tagged', value: 1, reason: 'invalidated' }])
        is(cache.stats().evictions, 0)
      },
    ),
  ]),

  statement(13, 'a clock set back does not revive', [], ({ open, clock }) => {
    const cache = open({ ttl: 100 })
    cache.set('k', 1)
    clock.advance(100)
    is(cache.has('k'), false)
    clock.jump(0)
    is(cache.has('k'), false)
    is(cache.get('k'), undefined)
  }),

  statement(13, 'a clock set back does not prolong', [], ({ open, clock }) => {
    const cache = open({ ttl: 100 })
    cache.set('k', 1)
    clock.advance(60)
    cache.get('k')
    clock.jump(5)
    is(cache.has('k'), true)
    clock.advance(39)
    is(cache.has('k'), true)
    clock.advance(1)
    is(cache.has('k'), false)
  }),

  statement(13, 'a clock set forward counts', [], ({ open, clock }) => {
    const cache = open({ ttl: '1h' })
    cache.set('k', 1)
    clock.jump(clock.now() + 60 * MINUTE)
    is(cache.has('k'), false)
    cache.set('k', 2)
    clock.advance(60 * MINUTE - 1)
    is(cache.has('k'), true)
  }),

  statement(13, 'a clock set back and forth leaves what has passed', ['expiresIn'], ({ open, clock }) => {
    const cache = open({ ttl: 1000 })
    cache.set('k', 1)
    for (let i = 0; i < 9; i++) {
      clock.advance(100)
      is(cache.has('k'), true)
      clock.jump(clock.now() - 10_000)
      is(cache.has('k'), true)
    }
    is(cache.expiresIn('k'), 100)
  }),

  statement(
    14,
    'ttlJitter spreads lifetimes over its whole share and no further',
    ['expiresIn'],
    ({ open }) => {
      const cache = open({ ttl: 1000, ttlJitter: 0.1 })
      const lifetimes = Array.from({ length: 500 }, (_, i) => {
        cache.set(i, i)
        return cache.expiresIn(i)!
      })
      atLeast(Math.min(...lifetimes), 900)
      atMost(Math.min(...lifetimes), 920)
      atMost(Math.max(...lifetimes), 1000)
      atLeast(Math.max(...lifetimes), 980)
    },
  ),

  statement(14, 'ttlJitter leaves for ever what lives for ever', ['expiresIn'], ({ open }) => {
    const cache = open({ ttl: Infinity, ttlJitter: 1 })
    cache.set('k', 1)
    is(cache.expiresIn('k'), Infinity)
  }),

  statement(15, 'idleTtl expires an entry that has not been read for that long', [], (scene) => {
    const cache = idling(scene, 60 * MINUTE)
    scene.clock.advance(99)
    is(cache.get('k'), 1)
    scene.clock.advance(100)
    is(cache.get('k'), undefined)
  }),

  ...uses.map(([name, needs, use]) =>
    statement(15, `idle time begins anew with ${name}`, needs, async (scene) => {
      const cache = idling(scene, 60 * MINUTE)
      for (let i = 0; i < 5; i++) {
        scene.clock.advance(60)
        await use(cache as Whole)
      }
      scene.clock.advance(99)
      is(cache.has('k'), true)
      scene.clock.advance(1)
      is(cache.has('k'), false)
    }),
  ),

  ...looks.map(([name, needs, look]) =>
    statement(15, `idle time goes on with ${name}`, needs, (scene) => {
      const cache = idling(scene, 60 * MINUTE)
      scene.clock.advance(60)
      look(cache as Whole)
      scene.clock.advance(39)
      is(cache.has('k'), true)
      scene.clock.advance(1)
      is(cache.has('k'), false)
    }),
  ),

  statement(
    10,
    'expireAll ends every lifetime now, and no later one',
    ['expireAll', 'peek', 'size', 'stats', 'entries'],
    ({ open, clock }) => {
      const cache = open({ ttl: 100 })
      for (const ttl of [50, 100, Infinity]) cache.set(ttl, 1, { ttl, tags: ['t'] })
      cache.expireAll()
      is(
        [50, 100, Infinity].some((key) => cache.has(key) || cache.peek(key) !== undefined),
        false,
      )
      is([...cache.entries()].length, 0)
      cache.set(50, 2)
      is(cache.get(50), 2)
      for (const key of [100, Infinity]) cache.set(key, 2)
      is(cache.stats().expirations, 3)
      clock.advance(99)
      is(cache.get(50), 2)
    },
  ),

  statement(15, 'idleTtl does not prolong the ttl', ['expiresIn'], (scene) => {
    const cache = idling(scene, 150)
    scene.clock.advance(90)
    is(cache.get('k'), 1)
    is(cache.expiresIn('k'), 60)
    scene.clock.advance(60)
    is(cache.get('k'), undefined)
  }),

  statement(15, 'idleTtl holds for entries that would live for ever', ['expiresIn'], (scene) => {
    const cache = idling(scene, Infinity)
    is(cache.expiresIn('k'), 100)
    scene.clock.advance(100)
    is(cache.has('k'), false)
  }),
]

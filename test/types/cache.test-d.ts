import {
  Cache,
  CacheError,
  type CacheErrorCode,
  type CacheOptions,
  type CacheStats,
  type Duration,
  type LoadContext,
  type Removal,
  type RemovalReason,
  type SetOptions,
} from 'nearcache'
import { fragment, fragmentSync } from 'nearcache/fragment'
import { scoped } from 'nearcache/scope'
import { describe, expectTypeOf, it } from 'vitest'

interface User {
  name: string
}

declare const users: Cache<number, User>
declare const anything: Cache
declare const counters: Cache<string, number>
declare const mixed: Cache<string, number | string>

describe('reading', () => {
  it('gives the value or undefined, or the value or the fallback', () => {
    expectTypeOf(users.get(1)).toEqualTypeOf<User | undefined>()
    expectTypeOf(users.get(1, null)).toEqualTypeOf<User | null>()
    expectTypeOf(users.get(1, 'none' as string)).toEqualTypeOf<User | string>()
    expectTypeOf(users.peek(1)).toEqualTypeOf<User | undefined>()
    expectTypeOf(users.take(1)).toEqualTypeOf<User | undefined>()
    expectTypeOf(users.has(1)).toEqualTypeOf<boolean>()
    expectTypeOf(users.expiresIn(1)).toEqualTypeOf<number | undefined>()
    expectTypeOf(anything.get('k')).toEqualTypeOf<unknown>()
  })

  it('refuses a key of another type', () => {
    // @ts-expect-error a string is no number
    users.get('1')
    // @ts-expect-error a string is no number
    users.has('1')
    // @ts-expect-error a string is no number
    users.delete('1')
    // @ts-expect-error a key is needed
    users.get()
  })

  it('gives Maps and iterators of keys and values', () => {
    expectTypeOf(users.getMany([1, 2])).toEqualTypeOf<Map<number, User>>()
    expectTypeOf(users.getMany(new Set([1]))).toEqualTypeOf<Map<number, User>>()
    for (const key of users.keys()) expectTypeOf(key).toEqualTypeOf<number>()
    for (const value of users.values()) expectTypeOf(value).toEqualTypeOf<User>()
    for (const entry of users.entries()) expectTypeOf(entry).toEqualTypeOf<[number, User]>()
    for (const [key, value] of users) {
      expectTypeOf(key).toEqualTypeOf<number>()
      expectTypeOf(value).toEqualTypeOf<User>()
    }
    expectTypeOf(new Map(users)).toEqualTypeOf<Map<number, User>>()
    // @ts-expect-error keys are numbers
    users.getMany(['1'])
  })
})

describe('writing', () => {
  it('takes keys and values of the cache', () => {
    expectTypeOf(users.set(1, { name: 'a' })).toEqualTypeOf<void>()
    expectTypeOf(users.add(1, { name: 'a' })).toEqualTypeOf<boolean>()
    users.setMany([[1, { name: 'a' }]])
    users.setMany(new Map([[1, { name: 'a' }]]))
    expectTypeOf(users.touch(1)).toEqualTypeOf<boolean>()
    expectTypeOf(users.delete(1)).toEqualTypeOf<boolean>()
    expectTypeOf(users.deleteMany([1])).toEqualTypeOf<number>()
    // @ts-expect-error another value
    users.set(1, 'a')
    // @ts-expect-error another key
    users.set('1', { name: 'a' })
    // @ts-expect-error undefined is no value
    users.set(1, undefined)
    // @ts-expect-error another value
    users.setMany([[1, 'a']])
  })

  it('takes a lifetime with a unit that exists', () => {
    users.set(1, { name: 'a' }, { ttl: 500, tags: ['t'] })
    for (const ttl of ['500ms', '90s', '10m', '1.5h', '30d', '2w', Infinity] as const)
      users.set(1, { name: 'a' }, { ttl })
    users.touch(1, '10m')
    // @ts-expect-error no such unit
    users.set(1, { name: 'a' }, { ttl: '10 parsecs' })
    // @ts-expect-error no such unit
    users.set(1, { name: 'a' }, { ttl: '5x' })
    // @ts-expect-error no unit
    users.set(1, { name: 'a' }, { ttl: '5' })
    // @ts-expect-error empty
    users.set(1, { name: 'a' }, { ttl: '' })
    // @ts-expect-error no such unit
    users.touch(1, '5x')
    // @ts-expect-error no such option
    users.set(1, { name: 'a' }, { tll: 5 })
    // @ts-expect-error tags are many
    users.set(1, { name: 'a' }, { tags: 't' })
    expectTypeOf<'10 parsecs'>().not.toExtend<Duration>()
    expectTypeOf<SetOptions>().toEqualTypeOf<{
      readonly ttl?: Duration | undefined
      readonly tags?: readonly string[] | undefined
    }>()
  })

  it('counts numbers', () => {
    expectTypeOf(counters.incr('k')).toEqualTypeOf<number>()
    expectTypeOf(counters.decr('k', 2)).toEqualTypeOf<number>()
    expectTypeOf(mixed.incr('k')).toEqualTypeOf<number>()
    expectTypeOf(anything.incr('k')).toEqualTypeOf<number | bigint>()
    counters.incr('k', 1, { initial: 0, ttl: '1m' })
    // @ts-expect-error a delta is a number
    counters.incr('k', '1')
    // @ts-expect-error no such option
    counters.incr('k', 1, { inital: 0 })
  })

  it('moves between versions', () => {
    expectTypeOf(users.incrVersion(1)).toEqualTypeOf<number>()
    expectTypeOf(users.decrVersion(1, 2)).toEqualTypeOf<number>()
    expectTypeOf(users.version(2)).toEqualTypeOf<Cache<number, User>>()
    // @ts-expect-error a version is a number
    users.version('2')
  })
})

interface Row {
  readonly get: (id: number) => User | undefined
}
declare const row: Row
declare const flags: Cache<string, boolean>
declare const states: Cache<string, 'open' | 'shut'>
declare const nullable: Cache<number, User | null>
declare const rows: Map<number, User>

describe('computing and loading', () => {
  it('gives the type of the cache where it has one, whatever part of it the function returns', () => {
    expectTypeOf(users.getOrSet(1, (id) => ({ name: `${id}` }))).toEqualTypeOf<User>()
    expectTypeOf(users.getOrLoad(1, async (id) => ({ name: `${id}` }))).toEqualTypeOf<Promise<User>>()
    expectTypeOf(users.getOrLoad(1, (id) => ({ name: `${id}` }))).toEqualTypeOf<Promise<User>>()
    expectTypeOf(flags.getOrSet('b', () => false)).toEqualTypeOf<boolean>()
    expectTypeOf(flags.getOrLoad('b', () => false)).toEqualTypeOf<Promise<boolean>>()
    expectTypeOf(flags.getOrLoad('b', async () => false)).toEqualTypeOf<Promise<boolean>>()
    expectTypeOf(nullable.getOrSet(1, () => null)).toEqualTypeOf<User | null>()
    expectTypeOf(nullable.getOrLoad(1, async () => null)).toEqualTypeOf<Promise<User | null>>()
    expectTypeOf(users.getOrLoad(1, async () => JSON.parse(''))).toEqualTypeOf<Promise<User>>()
    expectTypeOf(
      users.getOrLoad(1, async () => {
        throw new Error('always')
      }),
    ).toEqualTypeOf<Promise<User>>()
  })

  it('gives undefined too where the function may', () => {
    expectTypeOf(users.getOrSet(1, (id) => rows.get(id))).toEqualTypeOf<User | undefined>()
    expectTypeOf(users.getOrLoad(1, (id) => row.get(id))).toEqualTypeOf<Promise<User | undefined>>()
    expectTypeOf(users.getOrLoad(1, async (id) => rows.get(id))).toEqualTypeOf<Promise<User | undefined>>()
    expectTypeOf(users.getOrLoad(1, async () => [...rows.values()].find(Boolean))).toEqualTypeOf<
      Promise<User | undefined>
    >()
    expectTypeOf(states.getOrLoad('a', async (key) => (key === 'a' ? 'open' : undefined))).toEqualTypeOf<
      Promise<'open' | 'shut' | undefined>
    >()
  })

  it('takes literals of a union', () => {
    expectTypeOf(states.getOrSet('a', () => 'open')).toEqualTypeOf<'open' | 'shut'>()
    expectTypeOf(states.getOrSet('a', (key) => (key ? 'open' : 'shut'))).toEqualTypeOf<'open' | 'shut'>()
    expectTypeOf(states.getOrLoad('a', (key) => (key ? 'open' : 'shut'))).toEqualTypeOf<
      Promise<'open' | 'shut'>
    >()
    expectTypeOf(states.getOrLoad('a', async () => 'open')).toEqualTypeOf<Promise<'open' | 'shut'>>()
    expectTypeOf(states.getOrLoad('a', () => 'open')).toEqualTypeOf<Promise<'open' | 'shut'>>()
    expectTypeOf(scoped<string, 'open' | 'shut'>().getOrLoad('a', () => 'open')).toEqualTypeOf<
      Promise<'open' | 'shut'>
    >()
    expectTypeOf(states.getOrLoad('a', () => (rows.size > 0 ? 'open' : undefined))).toEqualTypeOf<
      Promise<'open' | 'shut' | undefined>
    >()
    const numbers = new Cache<string, 1 | 2 | null>()
    expectTypeOf(numbers.getOrLoad('a', () => 1)).toEqualTypeOf<Promise<1 | 2 | null>>()
    expectTypeOf(numbers.getOrLoad('a', () => null)).toEqualTypeOf<Promise<1 | 2 | null>>()
    expectTypeOf(numbers.getOrLoad('a', async () => 2)).toEqualTypeOf<Promise<1 | 2 | null>>()
    const shapes = new Cache<string, { kind: 'a' } | { kind: 'b' }>()
    expectTypeOf(shapes.getOrLoad('a', () => ({ kind: 'a' }))).toEqualTypeOf<
      Promise<{ kind: 'a' } | { kind: 'b' }>
    >()
    expectTypeOf(shapes.getOrLoad('a', async () => ({ kind: 'b' }))).toEqualTypeOf<
      Promise<{ kind: 'a' } | { kind: 'b' }>
    >()
    // @ts-expect-error -- none of the union
    void states.getOrLoad('a', () => 'ajar')
    expectTypeOf(states.getOrLoad('a', async (key) => (key ? 'open' : 'shut'))).toEqualTypeOf<
      Promise<'open' | 'shut'>
    >()
    expectTypeOf(
      states.getOrLoadMany(['a'], async (keys) => new Map(keys.map((key) => [key, 'open']))),
    ).toEqualTypeOf<Promise<Map<string, 'open' | 'shut'>>>()
  })

  it('refuses what gives another type', () => {
    // @ts-expect-error another value
    users.getOrSet(1, () => 'a')
    // @ts-expect-error another value
    void users.getOrLoad(1, async () => 'a')
    // @ts-expect-error another value
    void users.getOrLoad(1, () => 'a')
    // @ts-expect-error null is no user
    void users.getOrLoad(1, async () => null)
    // @ts-expect-error no such state
    void states.getOrLoad('a', async () => 'ajar')
    // @ts-expect-error nothing is returned
    void users.getOrLoad(1, async () => {})
    // @ts-expect-error another key
    void users.getOrLoad('1', async () => ({ name: 'a' }))
    // @ts-expect-error another value
    void users.getOrLoadMany([1], async () => new Map([[1, 'a']]))
  })

  it('gives the values of many', () => {
    expectTypeOf(users.getOrLoadMany([1], async () => rows)).toEqualTypeOf<Promise<Map<number, User>>>()
    expectTypeOf(
      users.getOrLoadMany([1], (keys) => keys.map((key) => [key, rows.get(key)] as const)),
    ).toEqualTypeOf<Promise<Map<number, User>>>()
    expectTypeOf(anything.getOrLoadMany(new Set<number>(), async () => rows)).toEqualTypeOf<
      Promise<Map<number, User>>
    >()
  })

  it('is usable where the types are those of a generic function', () => {
    function load<K, V>(cache: Cache<K, V>, key: K, loader: (key: K) => Promise<V>): Promise<V> {
      return cache.getOrLoad(key, loader)
    }
    expectTypeOf(load(users, 1, async () => ({ name: 'a' }))).toEqualTypeOf<Promise<User>>()
  })

  it('lets a cache be passed where one of any values is asked for', () => {
    expectTypeOf(users).toExtend<Cache>()
  })

  it('is the same in a scope and in fragments', () => {
    const scopedFlags = scoped<string, boolean>()
    expectTypeOf(scopedFlags.getOrSet('b', () => false)).toEqualTypeOf<boolean>()
    expectTypeOf(scopedFlags.getOrLoad('b', async () => false)).toEqualTypeOf<Promise<boolean>>()
    const scopedUsers = scoped({ over: users })
    expectTypeOf(scopedUsers.getOrLoad(1, (id) => row.get(id))).toEqualTypeOf<Promise<User | undefined>>()
    expectTypeOf(scopedUsers.getOrSet(1, (id) => rows.get(id))).toEqualTypeOf<User | undefined>()
    expectTypeOf(scoped().getOrLoad('k', async () => 5)).toEqualTypeOf<Promise<number>>()
    expectTypeOf(scoped<string, 'open' | 'shut'>().getOrLoad('a', async () => 'open')).toEqualTypeOf<
      Promise<'open' | 'shut'>
    >()
    // @ts-expect-error another value
    void scopedUsers.getOrLoad(1, async () => 'a')
    expectTypeOf(fragment('f', {}, async () => false)).toEqualTypeOf<Promise<boolean>>()
    expectTypeOf(fragmentSync('f', {}, () => 'text')).toEqualTypeOf<string>()
  })

  it('gives the type of the loader where the cache has none', () => {
    expectTypeOf(anything.getOrSet('k', () => 5)).toEqualTypeOf<number>()
    expectTypeOf(anything.getOrLoad('k', async () => 5)).toEqualTypeOf<Promise<number>>()
    expectTypeOf(anything.getOrLoad('k', () => 5)).toEqualTypeOf<Promise<number>>()
    expectTypeOf(anything.getOrLoad('k', async () => ({ name: 'a' }))).toEqualTypeOf<
      Promise<{ name: string }>
    >()
  })

  it('types the key that a loader is given', () => {
    users.getOrSet(1, (id) => {
      expectTypeOf(id).toExtend<number>()
      return { name: 'a' }
    })
    void users.getOrLoad(1, (id, context) => {
      expectTypeOf(id).toExtend<number>()
      expectTypeOf(context.signal).toEqualTypeOf<AbortSignal>()
      return { name: 'a' }
    })
    void anything.getOrLoad('user:1', (key) => {
      expectTypeOf(key).toExtend<string>()
      return 5
    })
    anything.getOrSet(7 as number, (key) => {
      expectTypeOf(key).toEqualTypeOf<number>()
      return 5
    })
    expectTypeOf<LoadContext<number, User>['stale']>().toEqualTypeOf<User | undefined>()
  })

  it('checks the options', () => {
    void users.getOrLoad(1, async () => ({ name: 'a' }), { ttl: '1m', tags: ['t'] })
    void users.getOrLoad(1, async () => ({ name: 'a' }), { tags: (user, id) => [user.name, `${id + 1}`] })
    void users.getOrLoad(1, async () => ({ name: 'a' }), { forceRefresh: true })
    void users.getOrLoad(1, async () => ({ name: 'a' }), { ttl: (user) => (user.name === 'a' ? '1m' : 5) })
    // @ts-expect-error no such unit
    void users.getOrLoad(1, async () => ({ name: 'a' }), { ttl: '5x' })
    // @ts-expect-error no such option
    void users.getOrLoad(1, async () => ({ name: 'a' }), { timeout: 5 })
    // @ts-expect-error no such option
    users.getOrSet(1, () => ({ name: 'a' }), { tag: ['t'] })
  })
})

describe('the cache as a whole', () => {
  it('has namespaces with types of their own, by default its own', () => {
    expectTypeOf(users.namespace('n')).toEqualTypeOf<Cache<number, User>>()
    expectTypeOf(users.namespace<string, Date>('n')).toEqualTypeOf<Cache<string, Date>>()
    // @ts-expect-error a name is a string
    users.namespace(5)
  })

  it('has statistics and a size that nobody can write', () => {
    expectTypeOf(users.stats()).toEqualTypeOf<CacheStats>()
    expectTypeOf<CacheStats>().toEqualTypeOf<Readonly<CacheStats>>()
    expectTypeOf(users.size).toEqualTypeOf<number>()
    // @ts-expect-error statistics are read only
    users.stats().hits = 5
    // @ts-expect-error the size is read only
    users.size = 5
  })

  it('infers its types from its options, or takes them', () => {
    expectTypeOf(new Cache()).toEqualTypeOf<Cache<unknown, unknown>>()
    expectTypeOf(new Cache<number, User>({ maxEntries: 5 })).toEqualTypeOf<Cache<number, User>>()
    expectTypeOf(
      new Cache({ maxWeight: 5, weigh: (value: User, key: number) => value.name.length + key }),
    ).toEqualTypeOf<Cache<number, User>>()
  })

  it('refuses wrong options', () => {
    // @ts-expect-error no such option
    new Cache({ maxEntires: 5 })
    // @ts-expect-error no such policy
    new Cache({ policy: 'fifo' })
    // @ts-expect-error no such unit
    new Cache({ ttl: '10 parsecs' })
    // @ts-expect-error no such unit
    new Cache({ maxBytes: '64 megabytes' })
    // @ts-expect-error no such protection
    new Cache({ protect: true })
    // @ts-expect-error no such kind
    new Cache({ kind: 'redis' })
    // @ts-expect-error a clock gives a number
    new Cache({ clock: () => 'now' })
    // @ts-expect-error a weight is a number
    new Cache<number, User>({ maxWeight: 5, weigh: (user) => user.name })
  })

  it('tells a listener keys, values and reasons', () => {
    new Cache<number, User>({
      onRemoval: (removal) => {
        expectTypeOf(removal).toEqualTypeOf<Removal<number, User>>()
        expectTypeOf(removal.key).toEqualTypeOf<number>()
        expectTypeOf(removal.value).toEqualTypeOf<User>()
        expectTypeOf(removal.reason).toEqualTypeOf<RemovalReason>()
      },
      onError: (error) => expectTypeOf(error).toEqualTypeOf<unknown>(),
    })
    expectTypeOf<RemovalReason>().toEqualTypeOf<
      'evicted' | 'expired' | 'replaced' | 'deleted' | 'cleared' | 'invalidated'
    >()
  })

  it('takes all options as undefined', () => {
    const options: CacheOptions = {
      maxEntries: undefined,
      ttl: undefined,
      policy: undefined,
      onRemoval: undefined,
    }
    expectTypeOf(new Cache(options)).toEqualTypeOf<Cache<unknown, unknown>>()
  })

  it('can be disposed of', () => {
    expectTypeOf(users).toExtend<Disposable>()
  })
})

it('errors have a code of a closed list', () => {
  const error: unknown = undefined
  if (error instanceof CacheError) expectTypeOf(error.code).toEqualTypeOf<CacheErrorCode>()
  expectTypeOf<'KEY_NOT_FOUND' | 'NAME_CONFLICT' | 'CLOSED'>().toExtend<CacheErrorCode>()
  expectTypeOf<string>().not.toExtend<CacheErrorCode>()
})

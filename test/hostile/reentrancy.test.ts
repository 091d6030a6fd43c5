import { describe, expect, it } from 'vitest'
import { Cache, CacheError, type CacheOptions, type PolicyName } from '../../src/index.ts'
import { thrownBy } from '../contract/support.ts'
import { manualClock } from '../support/clock.ts'
import { checkInvariants } from '../support/invariants.ts'

type Numbers = Cache<string, number>

/** What user code may do to the cache while the cache is calling it. */
const actions: { readonly [name: string]: (cache: Numbers) => unknown } = {
  'get the same key': (cache) => cache.get('a'),
  'set the same key': (cache) => cache.set('a', 50),
  'set another key': (cache) => cache.set('other', 51),
  'set many keys': (cache) => cache.setMany(Array.from({ length: 20 }, (_, i) => [`m${i}`, i])),
  'set the same key with tags': (cache) => cache.set('a', 52, { tags: ['t', 'u'] }),
  'set the same key for no time': (cache) => cache.set('a', 53, { ttl: 0 }),
  'add the same key': (cache) => cache.add('a', 54),
  'touch the same key': (cache) => cache.touch('a', '1h'),
  'delete the same key': (cache) => cache.delete('a'),
  'delete all keys': (cache) => cache.deleteMany([...cache.keys()]),
  'take another key': (cache) => cache.take('b'),
  'increment the same key': (cache) => cache.incr('a', 1, { initial: 1 }),
  'move the same key': (cache) => cache.has('a') && cache.incrVersion('a'),
  'move another key here': (cache) => cache.version(2).has('a') && cache.version(2).decrVersion('a'),
  'delete a tag': (cache) => cache.deleteByTag('t'),
  clear: (cache) => cache.clear(),
  'expire all': (cache) => cache.expireAll(),
  'clear and fill': (cache) => {
    cache.clear()
    for (let i = 0; i < 10; i++) cache.set(`f${i}`, i)
  },
  'clear a namespace': (cache) => cache.namespace('n').clear(),
  'write to a namespace': (cache) => cache.namespace('n').set('a', 55),
  'close a namespace': (cache) => cache.namespace('n').close(),
  'make it smaller': (cache) => cache.resize(1),
  'make it larger': (cache) => cache.resize(50),
  'compute the same key': (cache) => cache.getOrSet('a', () => 56),
  close: (cache) => cache.close(),
}

/** The places where the cache calls user code; each is set for one call. */
interface Hooks {
  weigh?: (() => void) | undefined
  removal?: (() => void) | undefined
  error?: (() => void) | undefined
}

interface Scene {
  readonly cache: Numbers
  readonly hooks: Hooks
  readonly clock: ReturnType<typeof manualClock>
}

function run(hooks: Hooks, place: keyof Hooks): void {
  const hook = hooks[place]
  hooks[place] = undefined
  hook?.()
}

function* interrupted<T>(action: () => void, ...items: T[]): Generator<T> {
  for (const [i, item] of items.entries()) {
    if (i === 1) action()
    yield item
  }
}

/** Calls of the cache that run `action` in the middle. */
const triggers: { readonly [name: string]: (scene: Scene, action: () => void) => unknown } = {
  'the weigher of set': ({ cache, hooks }, action) => {
    hooks.weigh = action
    cache.set('a', 9)
  },
  'the weigher of a new key': ({ cache, hooks }, action) => {
    hooks.weigh = action
    cache.set('new', 9)
  },
  'the weigher of add': ({ cache, hooks }, action) => {
    hooks.weigh = action
    cache.add('new', 9)
  },
  'the weigher of setMany': ({ cache, hooks }, action) => {
    hooks.weigh = action
    cache.setMany([
      ['a', 8],
      ['new', 9],
    ])
  },
  'the weigher of incr': ({ cache, hooks }, action) => {
    hooks.weigh = action
    cache.incr('a')
  },
  'the weigher of getOrSet': ({ cache, hooks }, action) => {
    hooks.weigh = action
    cache.getOrSet('new', () => 9)
  },
  'the listener of an eviction': ({ cache, hooks }, action) => {
    hooks.removal = action
    cache.set('new', 9)
  },
  'the listener of a replacement': ({ cache, hooks }, action) => {
    hooks.removal = action
    cache.set('a', 9)
  },
  'the listener of delete': ({ cache, hooks }, action) => {
    hooks.removal = action
    cache.delete('a')
  },
  'the listener of deleteMany': ({ cache, hooks }, action) => {
    hooks.removal = action
    cache.deleteMany(['a', 'b', 'c'])
  },
  'the listener of take': ({ cache, hooks }, action) => {
    hooks.removal = action
    cache.take('a')
  },
  'the listener of touch': ({ cache, hooks }, action) => {
    hooks.removal = action
    cache.touch('a', 0)
  },
  'the listener of an expiry': ({ cache, clock, hooks }, action) => {
    hooks.removal = action
    clock.advance(1000)
    cache.set('a', 9)
  },
  'the listener of a tag': ({ cache, hooks }, action) => {
    cache.deleteByTag('t')
    hooks.removal = action
    cache.set('a', 9)
  },
  'the listener of resize': ({ cache, hooks }, action) => {
    hooks.removal = action
    cache.resize(2)
  },
  'the listener of a clear': ({ cache, hooks }, action) => {
    cache.clear()
    hooks.removal = action
    for (let i = 0; i < 5; i++) cache.set(`new${i}`, i)
  },
  'the listener of incrVersion': ({ cache, hooks }, action) => {
    cache.version(2).set('a', 9)
    cache.set('a', 1)
    hooks.removal = action
    cache.incrVersion('a')
  },
  'the listener of close': ({ cache, hooks }, action) => {
    hooks.removal = action
    cache.close()
  },
  onError: ({ cache, hooks }, action) => {
    hooks.error = action
    hooks.removal = () => {
      throw new Error('listener')
    }
    cache.set('a', 9)
  },
  compute: ({ cache }, action) =>
    cache.getOrSet('new', () => {
      action()
      return 9
    }),
  'compute of an expired key': ({ cache, clock }, action) => {
    clock.advance(1000)
    cache.getOrSet('a', () => {
      action()
      return 9
    })
  },
  'the keys of getMany': ({ cache }, action) => cache.getMany(interrupted(action, 'a', 'b', 'c')),
  'the keys of deleteMany': ({ cache }, action) => cache.deleteMany(interrupted(action, 'a', 'b', 'c')),
  'the entries of setMany': ({ cache }, action) =>
    cache.setMany(interrupted<[string, number]>(action, ['a', 7], ['b', 8], ['new', 9])),
  'a step of iteration': ({ cache }, action) => {
    for (const [key] of cache) if (key === 'a') action()
  },
}

const bounds: readonly (readonly [string, boolean, CacheOptions<string, number>])[] = [
  ['maxEntries', false, { maxEntries: 4 }],
  ['maxWeight, with idle times', true, { maxWeight: 8, idleTtl: 900 }],
]

const scenes = (['lru', 'adaptive'] as const).flatMap((policy) =>
  bounds.map(([title, weighs, options]) => ({ title: `${policy}, ${title}`, policy, weighs, options })),
)

function setUp(policy: PolicyName, weighs: boolean, options: CacheOptions<string, number>): Scene {
  const hooks: Hooks = {}
  const clock = manualClock()
  const weigh = () => {
    run(hooks, 'weigh')
    return 2
  }
  const cache = new Cache<string, number>({
    ...options,
    ...(weighs ? { weigh } : {}),
    policy,
    clock: clock.now,
    ttl: 1000,
    onRemoval: () => run(hooks, 'removal'),
    onError: () => run(hooks, 'error'),
  })
  for (const [i, key] of ['a', 'b', 'c', 'd'].entries()) cache.set(key, i, { tags: ['t'] })
  cache.get('a')
  return { cache, hooks, clock }
}

/** Whatever has happened: the structures are sound, and unless it was closed the cache works as ever. */
function expectSound(cache: Numbers, closed: boolean, what: string): void {
  checkInvariants(cache)
  if (closed) {
    expect(
      thrownBy(() => cache.get('a')),
      what,
    ).toBeInstanceOf(CacheError)
    return
  }
  for (let i = 0; i < 6; i++) {
    cache.set(`after${i}`, i)
    if (cache.get(`after${i}`) !== i) throw new Error(`${what}: after${i} was not kept`)
  }
  cache.clear()
  cache.set('a', 1)
  expect([...cache], what).toEqual([['a', 1]])
  checkInvariants(cache)
}

describe.each(scenes)('user code that calls back into the cache: $title', ({ policy, weighs, options }) => {
  it.each(Object.entries(triggers))('%s', (trigger, pull) => {
    if (trigger.includes('weigher') && !weighs) return
    for (const [name, act] of Object.entries(actions)) {
      const scene = setUp(policy, weighs, options)
      const { cache } = scene
      let acted = false
      let error: unknown
      try {
        pull(scene, () => {
          acted = true
          try {
            act(cache)
          } catch (closed) {
            expect(closed, `${trigger}, ${name}`).toBeInstanceOf(CacheError)
          }
          checkInvariants(cache)
        })
      } catch (thrown) {
        error = thrown
      }
      const what = `${trigger}: ${name}`
      expect(acted, what).toBe(true)
      const closed = name === 'close' || trigger === 'the listener of close'
      if (error !== undefined) {
        const code = (error as Partial<CacheError>).code
        expect(['CLOSED', 'KEY_NOT_FOUND'], `${what}: ${error}`).toContain(code)
        if (code === 'CLOSED') expect(closed, what).toBe(true)
      }
      expectSound(cache, closed, what)
      cache.close()
    }
  })
})

const throwing = new Error('user code')

function fail(): never {
  throw throwing
}

describe.each(scenes)('user code that throws: $title', ({ policy, weighs, options }) => {
  const toTheCaller = Object.entries(triggers).filter(
    ([name]) => name.includes('weigher') || name.startsWith('compute') || /^the (keys|entries)/.test(name),
  )

  it.each(toTheCaller)('%s: the caller gets the error, and no other entry is lost', (trigger, pull) => {
    if (trigger.includes('weigher') && !weighs) return
    const scene = setUp(policy, weighs, options)
    const { cache } = scene
    const before = new Map(cache)
    expect(thrownBy(() => pull(scene, fail))).toBe(throwing)
    checkInvariants(cache)
    const expired = trigger === 'compute of an expired key'
    if (trigger === 'the keys of deleteMany') before.delete('a')
    if (!expired) expect(new Map(cache)).toEqual(before)
    expectSound(cache, false, trigger)
    cache.close()
  })

  it.each(Object.entries(triggers).filter(([name]) => name.includes('listener') || name === 'onError'))(
    '%s: the caller does not notice',
    (trigger, pull) => {
      const scene = setUp(policy, weighs, options)
      const quiet = console.error
      console.error = () => {}
      try {
        pull(scene, fail)
      } finally {
        console.error = quiet
      }
      expectSound(scene.cache, trigger === 'the listener of close', trigger)
      scene.cache.close()
    },
  )
})

describe('iterables that misbehave', () => {
  const setUpNumbers = () => {
    const told: string[] = []
    const cache = new Cache<string, number>({ onRemoval: ({ key, reason }) => told.push(`${key} ${reason}`) })
    cache.set('a', 1)
    cache.set('b', 2)
    return { cache, told }
  }

  it('are closed when the cache stops reading them', () => {
    const { cache } = setUpNumbers()
    let closed = 0
    const entries = {
      *[Symbol.iterator](): Generator<[string, number]> {
        try {
          yield ['a', 9]
          yield ['b', undefined as never]
          yield ['c', 9]
        } finally {
          closed++
        }
      },
    }
    expect(() => cache.setMany(entries)).toThrow(TypeError)
    expect(closed).toBe(1)
    expect([...cache.values()]).toEqual([1, 2])
  })

  it('of deleteMany, when they throw: what was deleted before is told at once', () => {
    const { cache, told } = setUpNumbers()
    expect(() => cache.deleteMany(interrupted(fail, 'a', 'b'))).toThrow(throwing)
    const goneWithoutWord = !cache.has('a') && told.length === 0
    expect(goneWithoutWord).toBe(false)
    checkInvariants(cache)
  })

  it.each([
    ['an iterator that is none', { [Symbol.iterator]: () => 5 }],
    ['one without next', { [Symbol.iterator]: () => ({}) }],
    ['one that throws', { [Symbol.iterator]: fail }],
  ])('%s: the caller gets the error', (_, wrong) => {
    const { cache } = setUpNumbers()
    for (const call of [
      () => cache.getMany(wrong as never),
      () => cache.setMany(wrong as never),
      () => cache.deleteMany(wrong as never),
    ])
      expect(thrownBy(call)).toBeInstanceOf(Error)
    expect([...cache.values()]).toEqual([1, 2])
    checkInvariants(cache)
  })
})

it('a value whose getters throw is refused by maxBytes, and the old one stays', () => {
  const cache = new Cache<string, object>({ maxBytes: '1mb' })
  cache.set('k', { a: 1 })
  const value = Object.defineProperty({}, 'trap', { get: fail, enumerable: true })
  expect(thrownBy(() => cache.set('k', value))).toBe(throwing)
  expect(cache.get('k')).toEqual({ a: 1 })
  checkInvariants(cache)
})

it('a listener that writes without end is stopped by its own end, not by the stack', () => {
  let left = 20_000
  const cache: Numbers = new Cache<string, number>({
    maxEntries: 1,
    onRemoval: () => {
      if (left-- > 0) cache.set(`k${left}`, left)
    },
  })
  cache.set('a', 1)
  cache.set('b', 2)
  expect(left).toBeLessThanOrEqual(0)
  expect(cache.size).toBe(1)
  checkInvariants(cache)
})

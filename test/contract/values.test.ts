import { describe, expect, it, vi } from 'vitest'
import { open, settings, thrownBy } from './support.ts'

class Service {
  readonly #secret = 42
  reveal(): number {
    return this.#secret
  }
}

const things: readonly (readonly [string, unknown])[] = [
  ['an object', { a: { b: 1 } }],
  ['an array', [1, [2]]],
  ['a class instance', new Service()],
  ['a function', () => 1],
  ['a Map', new Map([[1, 2]])],
  ['a Promise', Promise.resolve(1)],
  ['a symbol', Symbol('value')],
  ['a frozen object', Object.freeze({ a: 1 })],
  ['an object without prototype', Object.create(null)],
  ['a bigint', 10n ** 30n],
]

const empties: readonly (readonly [string, unknown])[] = [
  ['null', null],
  ['0', 0],
  ['-0', -0],
  ['0n', 0n],
  ['an empty string', ''],
  ['false', false],
  ['NaN', Number.NaN],
]

const keys: readonly (readonly [string, unknown])[] = [
  ['an empty string', ''],
  ['spaces and control characters', ' \n\0\u007f'],
  ['a long string', 'k'.repeat(100_000)],
  ['a lone surrogate', '\ud800'],
  ['__proto__', '__proto__'],
  ['constructor', 'constructor'],
  ['toString', 'toString'],
  ['hasOwnProperty', 'hasOwnProperty'],
  ['a number', 1],
  ['a fraction', 1.5],
  ['Infinity', Infinity],
  ['NaN', Number.NaN],
  ['a bigint', 1n],
  ['true', true],
  ['null', null],
  ['undefined', undefined],
  ['a symbol', Symbol('key')],
  ['an object', {}],
  ['an object whose conversions throw', { toString: refuse, valueOf: refuse, toJSON: refuse }],
  ['an array', [1, 2]],
  ['a function', () => 1],
]

function refuse(): never {
  throw new Error('a key is never converted')
}

describe.each(settings)('values and keys: $title', (setting) => {
  it.each(things)('1. gives back the very reference that was set: %s', (_, thing) => {
    const cache = open(setting)
    cache.set('k', thing)
    expect(cache.get('k')).toBe(thing)
    expect(cache.peek('k')).toBe(thing)
    expect(cache.getMany(['k']).get('k')).toBe(thing)
    expect([...cache.values()][0]).toBe(thing)
    expect(cache.take('k')).toBe(thing)
  })

  it('1. keeps a class instance working and a stored object changeable', () => {
    const cache = open<string, Service | number[]>(setting)
    cache.set('service', new Service())
    expect((cache.get('service') as Service).reveal()).toBe(42)
    const list = [1]
    cache.set('list', list)
    list.push(2)
    expect(cache.get('list')).toEqual([1, 2])
  })

  it.each(empties)('2. takes %s for a value like any other', async (_, empty) => {
    const cache = open(setting)
    cache.set('k', empty)
    expect(cache.get('k')).toBe(empty)
    expect(cache.has('k')).toBe(true)
    expect(cache.add('k', 'other')).toBe(false)
    expect([...cache.getMany(['k'])]).toEqual([['k', empty]])
    expect([...cache]).toEqual([['k', empty]])
    const compute = vi.fn(() => 'computed')
    expect(cache.getOrSet('k', compute)).toBe(empty)
    expect(await cache.getOrLoad('k', compute)).toBe(empty)
    expect(compute).not.toHaveBeenCalled()
    expect(cache.delete('k')).toBe(true)
  })

  it.each(empties)('2. keeps %s when it was computed or loaded', async (_, empty) => {
    const cache = open(setting)
    const compute = vi.fn(() => empty)
    cache.getOrSet('computed', compute)
    cache.getOrSet('computed', compute)
    expect(compute).toHaveBeenCalledOnce()
    const load = vi.fn(async () => empty)
    await cache.getOrLoad('loaded', load)
    expect(await cache.getOrLoad('loaded', load)).toBe(empty)
    expect(load).toHaveBeenCalledOnce()
  })

  it('3. refuses undefined as a value, in words, and leaves what was there', () => {
    const cache = open(setting)
    cache.set('k', 1)
    const writes = [
      () => cache.set('k', undefined),
      () => cache.set('new', undefined),
      () => cache.add('new', undefined),
      () =>
        cache.setMany([
          ['new', 1],
          ['k', undefined],
        ]),
    ]
    for (const write of writes) {
      const error = thrownBy(write)
      expect(error).toBeInstanceOf(TypeError)
      expect(error.message).toMatch(/undefined/)
      expect(error.message).toMatch(/not here/)
    }
    expect([...cache]).toEqual([['k', 1]])
  })

  it('3. gives undefined wherever nothing is', () => {
    const cache = open(setting)
    expect(cache.get('k')).toBeUndefined()
    expect(cache.peek('k')).toBeUndefined()
    expect(cache.take('k')).toBeUndefined()
    expect(cache.expiresIn('k')).toBeUndefined()
    expect(cache.getMany(['k']).size).toBe(0)
  })

  it.each(keys)('4. takes any key that a Map takes: %s', (_, key) => {
    const cache = open(setting)
    expect(cache.get(key)).toBeUndefined()
    cache.set(key, 'v')
    expect(cache.get(key)).toBe('v')
    expect(cache.has(key)).toBe(true)
    expect([...cache.keys()]).toEqual([key])
    expect([...cache.getMany([key])]).toEqual([[key, 'v']])
    expect(cache.size).toBe(1)
    expect(cache.incrVersion(key)).toBe(2)
    expect(cache.version(2).delete(key)).toBe(true)
    expect(cache.size).toBe(0)
  })

  it('4. holds all kinds of keys side by side', () => {
    const cache = open(setting)
    for (const [name, key] of keys) cache.set(key, name)
    for (const [name, key] of keys) expect(cache.get(key)).toBe(name)
    expect(cache.size).toBe(keys.length)
  })

  it('4. compares keys as Map compares them', () => {
    const cache = open(setting)
    cache.set(1, 'number')
    cache.set('1', 'string')
    cache.set(1n, 'bigint')
    expect([cache.get(1), cache.get('1'), cache.get(1n)]).toEqual(['number', 'string', 'bigint'])
    cache.set(0, 'zero')
    expect(cache.get(-0)).toBe('zero')
    cache.set(Number.NaN, 'nan')
    expect(cache.get(Number.NaN)).toBe('nan')
    cache.set({}, 'object')
    expect(cache.get({})).toBeUndefined()
  })

  it('4. leaves Object.prototype alone', () => {
    const cache = open(setting)
    cache.set('__proto__', { polluted: true })
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined()
  })

  it('5. gives the fallback on a miss, and undefined without one', () => {
    const cache = open<string, number>(setting)
    expect(cache.get('k')).toBeUndefined()
    expect(cache.get('k', 7)).toBe(7)
    expect(cache.get('k', null)).toBeNull()
    expect(cache.has('k')).toBe(false)
  })

  it('5. gives a cached null, not the fallback', () => {
    const cache = open(setting)
    cache.set('k', null)
    expect(cache.get('k', 'fallback')).toBeNull()
  })
})

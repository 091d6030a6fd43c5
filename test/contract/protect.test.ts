import { describe, expect, it } from 'vitest'
import { open, settings, thrownBy } from './support.ts'

interface Doc {
  title: string
  parts: { n: number }[]
}

const doc = (): Doc => ({ title: 'a', parts: [{ n: 1 }] })

describe.each(settings)('by reference, safely: $title', (setting) => {
  it('45. none is the default and keeps the raw reference', () => {
    const cache = open<string, Doc>(setting)
    const value = doc()
    cache.set('k', value)
    expect(Object.isFrozen(value)).toBe(false)
    cache.get('k')!.parts.push({ n: 2 })
    expect(value.parts.length).toBe(2)
  })

  it('45. freeze freezes plain data through and through, and keeps the reference', () => {
    const cache = open<string, unknown>(setting, { protect: 'freeze' })
    const value: Doc & { self?: unknown } = doc()
    value.self = value
    cache.set('k', value)
    expect(cache.get('k')).toBe(value)
    expect(Object.isFrozen(value)).toBe(true)
    expect(Object.isFrozen(value.parts[0])).toBe(true)
    expect(() => value.parts.push({ n: 2 })).toThrow(TypeError)
  })

  it('45. freeze reaches properties that are not enumerable or named by symbols', () => {
    const cache = open<string, unknown>(setting, { protect: 'freeze' })
    const hidden = Symbol('hidden')
    const silent = { b: 1 }
    const odd = Object.defineProperty({ [hidden]: { a: 1 } }, 'silent', { value: silent, enumerable: false })
    cache.set('odd', odd)
    expect(Object.isFrozen(silent)).toBe(true)
    expect(Object.isFrozen(odd[hidden])).toBe(true)
    expect(() => cache.set('k', { [hidden]: new Map() })).toThrow(TypeError)
  })

  it.each([
    ['null', null],
    ['a number', 1],
    ['a string', 'text'],
    ['a symbol', Symbol('s')],
    ['an object without prototype', Object.assign(Object.create(null), { a: 1 })],
    ['what is frozen already', Object.freeze([1])],
  ])('45. freeze takes %s', (_, value) => {
    const cache = open<string, unknown>(setting, { protect: 'freeze' })
    cache.set('k', value)
    expect(cache.get('k')).toBe(value)
  })

  it.each([
    ['a Map', () => new Map()],
    ['a Set', () => new Set()],
    ['a Date', () => new Date()],
    ['a class instance', () => new (class A {})()],
    ['a function', () => () => 1],
    ['a typed array', () => new Uint8Array(2)],
    ['a RegExp', () => /x/],
    ['an Error', () => new Error('x')],
    [
      'an accessor',
      () => ({
        get a() {
          return 1
        },
      }),
    ],
  ])('45. freeze refuses %s at set, deep inside too, and freezes nothing', (_, make) => {
    const cache = open<string, unknown>(setting, { protect: 'freeze' })
    cache.set('k', 'old')
    const inner = { a: 1 }
    const value = { inner, list: [{ deep: make() }] }
    for (const refused of [make(), value]) {
      for (const write of [
        () => cache.set('k', refused),
        () => cache.add('new', refused),
        () => cache.setMany([['k', refused]]),
        () => cache.getOrSet('new', () => refused),
      ]) {
        const error = thrownBy(write)
        expect(error).toBeInstanceOf(TypeError)
        expect(error.message).toContain("protect: 'freeze'")
      }
    }
    expect(Object.isFrozen(value) || Object.isFrozen(inner)).toBe(false)
    expect([...cache]).toEqual([['k', 'old']])
  })

  it('45. freeze holds for computed and loaded values', async () => {
    const cache = open<string, Doc>(setting, { protect: 'freeze' })
    expect(Object.isFrozen(cache.getOrSet('a', doc).parts[0])).toBe(true)
    expect(Object.isFrozen((await cache.getOrLoad('b', async () => doc())).parts[0])).toBe(true)
  })

  it('45. a failing add freezes nothing', () => {
    const cache = open<string, Doc>(setting, { protect: 'freeze' })
    cache.set('k', doc())
    const value = doc()
    expect(cache.add('k', value)).toBe(false)
    expect(Object.isFrozen(value)).toBe(false)
  })

  it('45. clone gives each reader a copy of its own', async () => {
    const cache = open<string, Doc>(setting, { protect: 'clone' })
    const value = doc()
    cache.set('k', value)
    value.title = 'changed by the writer'
    const reads: (() => Doc | undefined | Promise<Doc>)[] = [
      () => cache.get('k'),
      () => cache.peek('k'),
      () => cache.getMany(['k']).get('k'),
      () => [...cache.values()][0],
      () => [...cache.entries()][0]![1],
      () => [...cache][0]![1],
      () => cache.getOrSet('k', doc),
      () => cache.getOrLoad('k', doc),
      () => cache.getOrSet('computed', doc),
      () => cache.getOrSet('computed', doc),
      () => cache.getOrLoad('loaded', doc),
      () => cache.getOrLoad('loaded', doc),
      () => cache.take('k'),
    ]
    for (const read of reads) {
      const got = (await read())!
      expect(got, String(read)).toEqual(doc())
      got.title = 'changed by a reader'
      got.parts.push({ n: 9 })
    }
  })

  it('45. clone gives each of those who wait for one load a copy of its own', async () => {
    const cache = open<string, Doc>(setting, { protect: 'clone' })
    const source = doc()
    const [a, b] = await Promise.all([
      cache.getOrLoad('k', async () => source),
      cache.getOrLoad('k', async () => source),
    ])
    expect(a).toEqual(b)
    expect(a).not.toBe(b)
    expect(a).not.toBe(source)
  })

  it.each([
    ['a function', () => () => 1],
    ['a symbol', () => Symbol('s')],
    ['a WeakMap', () => new WeakMap()],
    ['a Promise', () => Promise.resolve(1)],
  ])('45. clone refuses %s at set, deep inside too', (_, make) => {
    const cache = open<string, unknown>(setting, { protect: 'clone' })
    cache.set('k', 'old')
    for (const refused of [make(), { deep: [make()] }]) {
      for (const write of [() => cache.set('k', refused), () => cache.add('new', refused)]) {
        const error = thrownBy(write)
        expect(error).toBeInstanceOf(TypeError)
        expect(error.message).toContain("protect: 'clone'")
      }
    }
    expect([...cache]).toEqual([['k', 'old']])
  })

  it('45. clone keeps Maps, Dates and circles', () => {
    const cache = open<string, unknown>(setting, { protect: 'clone' })
    const value = { map: new Map([[1, new Date(5)]]), self: undefined as unknown }
    value.self = value
    cache.set('k', value)
    const got = cache.get('k') as typeof value
    expect(got.map.get(1)).toEqual(new Date(5))
    expect(got.self).toBe(got)
    expect(got).not.toBe(value)
  })

  it('45. a value that is refused after a load rejects for everyone, and nothing is stored', async () => {
    const cache = open<string, unknown>(setting, { protect: 'freeze' })
    const loads = [cache.getOrLoad('k', async () => new Map()), cache.getOrLoad('k', async () => new Map())]
    for (const load of loads) await expect(load).rejects.toThrow(TypeError)
    expect(cache.has('k')).toBe(false)
    expect(await cache.getOrLoad('k', async () => 1)).toBe(1)
  })

  it('45. counters work under every protection', () => {
    for (const protect of ['none', 'freeze', 'clone'] as const) {
      const cache = open<string, number>(setting, { protect })
      cache.set('k', 1)
      expect(cache.incr('k')).toBe(2)
      expect(cache.get('k')).toBe(2)
    }
  })
})

import { describe, expect, it, vi } from 'vitest'
import { Cache, CacheError } from '../../src/index.ts'
import { open, settings, thrownBy } from './support.ts'

describe('46. errors', () => {
  it('46. a CacheError is an Error with a code', () => {
    const error = thrownBy(() => new Cache().incr('k')) as CacheError
    expect(error).toBeInstanceOf(Error)
    expect(error).toBeInstanceOf(CacheError)
    expect(error.name).toBe('CacheError')
    expect(error.code).toBe('KEY_NOT_FOUND')
    expect(error.message).toContain("'k'")
    expect(String(error.stack)).toContain('errors.test')
  })

  it('46. a CacheError is recognised across copies of the package, others are not', async () => {
    vi.resetModules()
    const copy = await import('../../src/index.ts')
    expect(copy.CacheError).not.toBe(CacheError)
    const theirs = thrownBy(() => new copy.Cache().incr('k'))
    const ours = thrownBy(() => new Cache().incr('k'))
    expect(theirs).toBeInstanceOf(CacheError)
    expect(ours).toBeInstanceOf(copy.CacheError)
    for (const other of [new Error('x'), new TypeError('x'), null, undefined, 5, {}, 'CacheError'])
      expect(other instanceof CacheError).toBe(false)
  })

  it('46. misuse is a TypeError or RangeError and no CacheError', () => {
    const cache = new Cache<string, number>()
    for (const misuse of [
      () => cache.set('k', undefined as never),
      () => cache.resize(-1),
      () => cache.namespace(''),
      () => new Cache({ ttl: 0 }),
    ]) {
      const error = thrownBy(misuse)
      expect(error instanceof TypeError || error instanceof RangeError).toBe(true)
      expect(error).not.toBeInstanceOf(CacheError)
    }
  })

  it.each<[string, unknown]>([
    ['a symbol', Symbol('key')],
    ['an object without prototype', Object.create(null)],
    [
      'an object whose conversions throw',
      {
        toString() {
          throw new Error('never called')
        },
      },
    ],
    ['a long string', 'x'.repeat(10_000)],
    ['-0', -0],
  ])('46. a message names %s without running its code, and stays short', (_, key) => {
    const error = thrownBy(() => new Cache().incr(key))
    expect(error).toBeInstanceOf(CacheError)
    expect(error.message.length).toBeLessThan(100)
  })
})

describe.each(settings)('46. nothing is half-changed: $title', (setting) => {
  it('46. after any misuse every entry is as it was', async () => {
    const cache = open<string, unknown>(setting, { maxEntries: 3, ttl: 60_000 })
    cache.set('a', 1, { tags: ['t'] })
    cache.set('b', 'text')
    cache.set('c', { deep: true })
    const before = [...cache]
    const stats = cache.stats()
    const misuses: (() => unknown)[] = [
      () => cache.set('new', undefined),
      () => cache.set('a', 2, { ttl: Number.NaN }),
      () => cache.set('a', 2, { tags: [5 as never] }),
      () => cache.set('a', 2, { tll: 5 } as object),
      () => cache.set('a', 2, 5 as never),
      () => cache.add('new', undefined),
      () => cache.setMany([['new', 1], ['b']] as never),
      () => cache.touch('a', 'soon' as '1s'),
      () => cache.incr('b'),
      () => cache.incr('missing'),
      () => cache.incr('a', Number.NaN),
      () => cache.incrVersion('a', 1.5),
      () => cache.incrVersion('a', Number.MAX_SAFE_INTEGER),
      () => cache.incrVersion('missing'),
      () => cache.deleteByTag(5 as never),
      () => cache.resize(0),
      () => cache.version(1.5),
      () => cache.namespace(''),
    ]
    for (const misuse of misuses) {
      expect(thrownBy(misuse), String(misuse)).toBeInstanceOf(Error)
      expect([...cache], String(misuse)).toEqual(before)
      expect(cache.stats(), String(misuse)).toEqual(stats)
    }
  })

  it.each([['not a function'], [undefined], [null], [{}], [5]])(
    '46. %o for compute or loader is a TypeError that names it',
    async (wrong) => {
      const cache = open<string, unknown>(setting)
      const error = thrownBy(() => cache.getOrSet('k', wrong as never))
      expect(error).toBeInstanceOf(TypeError)
      expect(error.message).toContain('compute: expected a function')
      await expect(cache.getOrLoad('k', wrong as never)).rejects.toThrow(/loader: expected a function/)
      expect(cache.size).toBe(0)
    },
  )

  it('46. getOrLoad rejects for misuse, and never throws', async () => {
    const cache = open<string, unknown>(setting)
    const calls = [
      () => cache.getOrLoad('k', () => 1, { ttl: '5x' as '5s' }),
      () => cache.getOrLoad('k', () => 1, { tags: [5 as never] }),
      () => cache.getOrLoad('k', () => 1, { tll: 5 } as object),
    ]
    for (const call of calls) {
      const promise = call()
      expect(promise).toBeInstanceOf(Promise)
      await expect(promise).rejects.toThrow(TypeError)
    }
  })
})

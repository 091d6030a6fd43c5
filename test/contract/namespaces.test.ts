import { describe, expect, it } from 'vitest'
import { storeOf } from '../../src/cache.ts'
import { Cache } from '../../src/index.ts'
import { isCollected } from '../support/collection.ts'
import { watch } from './support.ts'

describe('37. applications that share one store', () => {
  const shared = (keyPrefix?: string, version?: number) =>
    watch(
      new Cache<string, string>({
        name: 'shop of statement 37',
        ...(keyPrefix === undefined ? {} : { keyPrefix }),
        ...(version === undefined ? {} : { version }),
      }),
    )

  it('37. are kept apart by keyPrefix', () => {
    const [plain, web, api, web2] = [shared(), shared('web'), shared('api'), shared('web')]
    plain.set('k', 'plain')
    web.set('k', 'web')
    api.set('k', 'api')
    expect([plain.get('k'), web.get('k'), api.get('k'), web2.get('k')]).toEqual([
      'plain',
      'web',
      'api',
      'web',
    ])
    web.clear()
    expect([plain.has('k'), web2.has('k'), api.has('k')]).toEqual([true, false, true])
    plain.clear()
    expect(api.get('k')).toBe('api')
  })

  it('37. are kept apart by version', () => {
    const [one, two] = [shared('web'), shared('web', 2)]
    one.set('k', 'one')
    expect(two.has('k')).toBe(false)
    two.set('k', 'two')
    expect([one.get('k'), two.get('k')]).toEqual(['one', 'two'])
    expect(one.version(2).get('k')).toBe('two')
    expect(two.version(1).get('k')).toBe('one')
    expect(two.incrVersion('k')).toBe(3)
    expect(one.version(3).get('k')).toBe('two')
  })

  it('37. a prefix is not a namespace of the same name', () => {
    const [plain, web] = [shared(), shared('web')]
    plain.namespace('web').set('k', 'namespace')
    expect(web.has('k')).toBe(false)
  })

  it('37. share the bounds', () => {
    const a = watch(new Cache<number, number>({ name: 'bounds of 37', maxEntries: 10, keyPrefix: 'a' }))
    const b = watch(new Cache<number, number>({ name: 'bounds of 37', keyPrefix: 'b' }))
    for (let i = 0; i < 20; i++) (i % 2 ? a : b).set(i, i)
    expect(a.size + b.size).toBe(10)
    expect(a.stats()).toEqual(b.stats())
  })

  it('37. a prefix that nobody uses any more is forgotten', async () => {
    const plain = shared()
    const ref = new WeakRef(storeOf(plain).spaceOf('once', 1))
    expect(await isCollected(ref)).toBe(true)
  })

  it('37. tags reach only the own application', () => {
    const [web, api] = [shared('web'), shared('api')]
    web.set('k', 'web', { tags: ['t'] })
    api.set('k', 'api', { tags: ['t'] })
    web.deleteByTag('t')
    expect([web.has('k'), api.has('k')]).toEqual([false, true])
  })
})

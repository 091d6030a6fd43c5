import { describe, expect, it } from 'vitest'
import { allCaches, Cache, createCaches } from '../../src/index.ts'
import { isCollected } from '../support/collection.ts'

describe('operations 5. all caches of the process', () => {
  it('are listed by their name, their place in the settings, or a number', () => {
    const caches = createCaches({ listedHere: {}, other: { name: 'listed by name' } })
    const alone = new Cache()
    expect([caches.listedHere.name, caches.other.name]).toEqual(['listedHere', 'listed by name'])
    expect(alone.name).toMatch(/^cache-\d+$/)
    for (const cache of [caches.listedHere, caches.other, alone]) {
      cache.namespace('n').set(cache.name, 1)
      expect(allCaches().get(cache.name)!.namespace('n').get(cache.name)).toBe(1)
      expect(cache.namespace('n').name).toBe(cache.name)
    }
  })

  it('are each the whole cache, whatever prefix or version it was opened with', () => {
    const cache = new Cache<string, number>({ name: 'listed whole', keyPrefix: 'app', version: 3 })
    cache.set('k', 1)
    const listed = allCaches().get('listed whole')!
    expect(listed.size).toBe(0)
    expect(listed.stats()).toMatchObject({ size: 1, sets: 1 })
    listed.close()
    expect(() => cache.get('k')).toThrow('closed')
  })

  it('no two have one name: the second has a number, and gives way to a cache that is named so', () => {
    const [first, second] = [createCaches({ twice: {} }).twice, createCaches({ twice: {} }).twice]
    expect([first.name, second.name]).toEqual(['twice', 'twice-2'])
    const named = new Cache({ name: 'twice' })
    expect([named.name, first.name, second.name]).toEqual(['twice', 'twice-3', 'twice-2'])
    expect(allCaches().get('twice')!.namespace('n')).toBeDefined()
    named.close()
    expect(allCaches().has('twice')).toBe(false)
    expect([...allCaches().keys()].filter((name) => name.startsWith('twice')).sort()).toEqual([
      'twice-2',
      'twice-3',
    ])
  })

  it('leave the list when they are closed', () => {
    const cache = new Cache()
    const { name } = cache
    cache.close()
    expect(allCaches().has(name)).toBe(false)
    expect(cache.name).toBe(name)
  })

  it('can be collected as if they were not listed', async () => {
    const open = () => {
      const cache = new Cache<string, object>()
      cache.set('k', {})
      allCaches().get(cache.name)!.get('k')
      return [cache.name, new WeakRef(cache.get('k')!)] as const
    }
    const [name, ref] = open()
    expect(await isCollected(ref)).toBe(true)
    expect(allCaches().has(name)).toBe(false)
  })
})

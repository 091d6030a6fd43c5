import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { Cache, createCaches } from '../../src/index.ts'

describe('a cache as JSON and on the console', () => {
  it('is written as its name, its bounds and its statistics, without its entries', () => {
    const cache = new Cache({ name: 'shown', maxEntries: 7 })
    cache.set('secret', 'value')
    expect(JSON.parse(JSON.stringify(cache))).toEqual({
      name: 'shown',
      maxEntries: 7,
      stats: { ...cache.stats(), maxWeight: null },
    })
    expect(JSON.parse(JSON.stringify(new Cache({ maxBytes: '1mb' })))).toMatchObject({ maxBytes: 1024 ** 2 })
    cache.resize(9)
    expect(cache.namespace('n').toJSON().maxEntries).toBe(9)
    const heavy = new Cache({ maxWeight: 10, weigh: () => 1 })
    heavy.resize({ maxWeight: 20 })
    expect(heavy.toJSON().maxWeight).toBe(20)
    cache.close()
    expect(() => JSON.stringify(cache)).not.toThrow()
  })

  it('is shown in a few lines, alone and among the caches of an application', () => {
    const cache = new Cache({ maxEntries: 7 })
    cache.set('secret', 'value')
    cache.get('secret')
    expect(inspect(cache)).toContain('Cache {')
    expect(inspect(cache)).toContain('hits: 1')
    expect(inspect(cache)).not.toContain('secret')
    expect(inspect(cache).split('\n').length).toBeLessThan(10)
    expect(inspect(createCaches({ a: {}, b: {} })).split('\n').length).toBeLessThan(20)
    expect(JSON.parse(JSON.stringify(createCaches({ a: {} })))).toHaveProperty('a.stats.hits', 0)
  })
})

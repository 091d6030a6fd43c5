import { expect, it } from 'vitest'
import { createCaches } from '../../src/index.ts'

it('createCaches.from makes caches of settings known at run time, and refuses what createCaches refuses', () => {
  const caches = createCaches.from(JSON.parse('{ "local": { "maxEntries": 2, "ttl": "10m" } }'))
  expect(caches.local!.toJSON().maxEntries).toBe(2)
  expect(Object.isFrozen(caches)).toBe(true)
  for (const wrong of [undefined, null, 5, 'text', []])
    expect(() => createCaches.from(wrong)).toThrow('expected an object with one set of options per cache')
  expect(() => createCaches.from({ local: null })).toThrow('local: expected an object of settings')
  expect(() => createCaches.from({ good: {}, bad: { ttl: '10' } })).toThrow('bad.ttl: expected')
  expect(() => createCaches.from({ bad: { maxEntires: 5 } })).toThrow("did you mean 'maxEntries'?")
})

import { expect, test } from 'vitest'
import { Cache, storeOf } from '../../src/cache.ts'
import { Picture } from '../../src/engine/picture.ts'

const MANY = 150_000

/** How often each key is met, ghosts left aside. */
function metIn(picture: Picture): Map<unknown, number> {
  const met = new Map<unknown, number>()
  for (const { key, space, isGhost } of picture.placed()) {
    if (isGhost || typeof key === 'symbol') continue
    const name = `${String(space.name ?? '')} ${String(key)}`
    met.set(name, (met.get(name) ?? 0) + 1)
  }
  return met
}

test.each(['adaptive', 'lru'] as const)(
  'keys that come, go and move while they are copied are met once at most, all others once: %s',
  (policy) => {
    const cache = new Cache<string, number>({ maxEntries: MANY, policy, ttl: Infinity })
    const inner = cache.namespace<string, number>('inner')
    for (let i = 0; i < MANY; i++) (i % 3 === 0 ? inner : cache).set(`${i}`, i)
    const picture = new Picture(storeOf(cache))
    const touched = new Set<string>()
    for (let round = 0, more = true; more; round++) {
      more = picture.copySome()
      // Some leave and come back, in whatever slots are free then; some stay away; some are new.
      for (let i = round * 7; i < MANY; i += 1000) {
        const view = i % 3 === 0 ? inner : cache
        touched.add(`${i % 3 === 0 ? 'inner' : ''} ${i}`)
        view.delete(`${i}`)
        if (i % 2 === 0) view.set(`${i}`, -i)
        else cache.set(`new ${round} ${i}`, i)
      }
    }
    const met = metIn(picture)
    expect([...met].filter(([, times]) => times > 1)).toEqual([])
    const lost: string[] = []
    for (let i = 0; i < MANY; i++) {
      const name = `${i % 3 === 0 ? 'inner' : ''} ${i}`
      if (!touched.has(name) && !met.has(name)) lost.push(name)
    }
    expect(lost).toEqual([])
    cache.close()
  },
)

test('entries on the move to make arrays shorter are all met, once', () => {
  const cache = new Cache<number, number>({ maxEntries: MANY, ttl: Infinity })
  const store = storeOf(cache)
  for (let i = 0; i < MANY; i++) cache.set(i, i)
  for (let i = 0; i < MANY; i++) if (i % 10 !== 0) cache.delete(i)
  const picture = new Picture(store)
  let more = picture.copySome()
  for (let turns = 0; more || turns < 20; turns++) {
    let looks = 0
    store.expiry.sweep(() => ++looks > 5)
    more = picture.copySome()
  }
  while (store.expiry.sweep(() => false)) if (!store.slots.isShrinking) break
  const met = metIn(picture)
  expect(met.size).toBe(MANY / 10)
  expect([...met.values()].every((times) => times === 1)).toBe(true)
  cache.close()
})

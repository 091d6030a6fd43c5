import { describe, expect, it } from 'vitest'
import { spaceOf } from '../../src/cache.ts'
import { Cache } from '../../src/index.ts'
import { open, policies, settings, watch } from './support.ts'
import { countWork } from './work.ts'

describe.each(settings)('steps: $title', (setting) => {
  it.each([false, true])('30. insertions take as many steps at any size (all were used: %s)', (used) => {
    const stepsToInsert = (maxEntries: number) => {
      const cache = open<number, number>(setting, { maxEntries })
      for (let i = 0; i < maxEntries; i++) cache.set(i, i)
      if (used) for (let round = 0; round < 3; round++) for (let i = 0; i < maxEntries; i++) cache.get(i)
      const steps = countWork(() => {
        for (let i = 0; i < maxEntries; i++) cache.set(maxEntries + i, i)
      })
      return steps / maxEntries
    }
    expect(stepsToInsert(5_000)).toBeLessThanOrEqual(1.5 * stepsToInsert(500) + 1)
  })

  it.each([false, true])(
    '25. clear takes as many steps with many entries as with few (listener: %s)',
    (told) => {
      const stepsToClear = (count: number) => {
        const cache = open<number, number>(setting, {
          maxEntries: Infinity,
          ...(told ? { onRemoval() {} } : {}),
        })
        for (let i = 0; i < count; i++) cache.set(i, i)
        return countWork(() => cache.clear())
      }
      stepsToClear(1)
      expect(stepsToClear(3_000)).toBeLessThanOrEqual(stepsToClear(10) + 20)
    },
  )

  it('38. deleteByTag takes as many steps with many entries as with few', () => {
    const stepsToDelete = (count: number) => {
      const cache = open<number, number>(setting, { maxEntries: Infinity })
      for (let i = 0; i < count; i++) cache.set(i, i, { tags: ['t'] })
      const steps = countWork(() => cache.deleteByTag('t'))
      expect([...cache].length).toBe(0)
      return steps
    }
    expect(stepsToDelete(3_000)).toBe(stepsToDelete(10))
  })

  it('38. untagged reads pay nothing for tags elsewhere', () => {
    const steps = (tagged: boolean) => {
      const cache = open<string, number>(setting)
      cache.set('k', 1)
      if (tagged) cache.set('other', 1, { tags: ['t', 'u', 'v'] })
      return countWork(() => cache.get('k'))
    }
    expect(steps(true)).toBe(steps(false))
  })

  it('35. a hit in a namespace takes as many steps as a hit outside', () => {
    const cache = open<string, number>(setting)
    const deep = cache.namespace('a').namespace('b').version(3)
    cache.set('k', 1)
    deep.set('k', 1)
    expect(countWork(() => deep.get('k'))).toBe(countWork(() => cache.get('k')))
  })
})

describe.each(policies)('30. a single step at capacity: %s', (policy) => {
  it.each([false, true])('30. is as short in a large cache as in a small one (all were used: %s)', (used) => {
    const longest = (maxEntries: number) => {
      const cache = watch(new Cache<number, number>({ policy, maxEntries }))
      let most = 0
      let copiedAt = Number.NEGATIVE_INFINITY
      for (let i = 0; i < 3 * maxEntries; i++) {
        const { map } = spaceOf(cache)
        const steps = countWork(() => cache.set(i, i))
        if (spaceOf(cache).map === map) most = Math.max(most, steps)
        else {
          // A copy of the Map takes two steps for each key, which is rare, and never many.
          expect(steps - 2 * map.size).toBeLessThanOrEqual(20)
          expect(map.size).toBeLessThanOrEqual(2048)
          expect(i - copiedAt).toBeGreaterThan(1000)
          copiedAt = i
        }
        if (used && i === maxEntries - 1)
          for (let read = 0; read < 4 * maxEntries; read++) cache.get(read % maxEntries)
      }
      return most
    }
    expect(longest(2000)).toBeLessThanOrEqual(2 * longest(200))
  })
})

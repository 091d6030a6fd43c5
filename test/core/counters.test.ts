import { expect, test } from 'vitest'
import { Counters, loadTimeBounds } from '../../src/core/counters.ts'
import { Space } from '../../src/core/space.ts'
import { isCollected } from '../support/collection.ts'

test('2. what is counted in a space is counted in each around it, and not in those inside', () => {
  const all = new Counters()
  const part = new Counters(all)
  const inner = new Counters(part)
  all.hit()
  part.hit()
  inner.hit()
  inner.miss()
  inner.set()
  for (const name of ['loads', 'refreshes', 'joins', 'staleServed'] as const) inner.count(name)
  for (const reason of ['evicted', 'expired', 'replaced', 'deleted', 'cleared', 'invalidated'] as const)
    inner.leave(reason, 2)
  part.leave('evicted')
  const counted = { misses: 1, sets: 1, loads: 1, refreshes: 1, joins: 1, staleServed: 1 }
  const left = { expired: 2, replaced: 2, deleted: 2, cleared: 2, invalidated: 2 }
  expect(inner).toMatchObject({ ...counted, ...left, hits: 1, evicted: 2 })
  expect(part).toMatchObject({ ...counted, ...left, hits: 2, evicted: 3 })
  expect(all).toMatchObject({ ...counted, ...left, hits: 3, evicted: 3 })
})

test('2. what is held in a space is held by each around it; what was cleared with them counts here alone', () => {
  const all = new Counters()
  const part = new Counters(all)
  const inner = new Counters(part)
  inner.hold(3, 30)
  part.hold(1, 5)
  inner.hold(-1, -10)
  expect([all, part, inner]).toMatchObject([
    { size: 3, weight: 25 },
    { size: 3, weight: 25 },
    { size: 2, weight: 20 },
  ])
  inner.clearInside()
  expect(inner).toMatchObject({ size: 0, weight: 0, cleared: 2 })
  expect(part).toMatchObject({ size: 3, weight: 25, cleared: 0 })
})

test('4. a load is counted under its outcome, in the class of its time', () => {
  const all = new Counters()
  const part = new Counters(all)
  for (const bound of loadTimeBounds) {
    all.addLoad('success', bound, false)
    part.addLoad('success', bound + 0.5, true)
  }
  part.addLoad('timeout', Infinity, false)
  const { success, timeout, failure } = all.loadTimes!
  expect([...success.counts]).toEqual([1, ...new Array(12).fill(2), 1])
  expect(success).toMatchObject({ misses: 13, refreshes: 13 })
  expect(timeout.counts.at(-1)).toBe(1)
  expect(failure).toMatchObject({ misses: 0, refreshes: 0, time: 0 })
  expect(part.loadTimes!.success).toMatchObject({ misses: 0, refreshes: 13 })
})

test('2. a space that is collected leaves its counts behind', async () => {
  const root = new Space()
  const use = () => {
    const space = root.namespace('users').namespace('inner')
    space.counters.hit()
    return new WeakRef(space)
  }
  const ref = use()
  expect(await isCollected(ref)).toBe(true)
  expect(root.counters.hits).toBe(1)
})

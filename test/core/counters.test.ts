import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { Counters, loadTimeBounds } from '../../src/core/counters.ts'
import { Space } from '../../src/core/space.ts'
import { isCollected } from '../support/collection.ts'

test('a total is the sum of the counters and of all inside, at any depth', () => {
  const all = new Counters()
  const part = new Counters(all)
  const inner = new Counters(part)
  all.hits = 1
  part.hits = 20
  inner.hits = 300
  inner.evicted = 5
  expect(all.total()).toMatchObject({ hits: 321, evicted: 5, misses: 0, loadTimes: undefined })
  expect(part.total()).toMatchObject({ hits: 320 })
  expect(part).toMatchObject({ hits: 20 })
})

test('each counter is summed up', () => {
  const all = new Counters()
  const part = new Counters(all)
  const names = Object.keys(part).filter((name) => typeof part[name as 'hits'] === 'number')
  names.forEach((name, i) => {
    part[name as 'hits'] = i + 1
  })
  expect(all.total()).toMatchObject(Object.fromEntries(names.map((name, i) => [name, i + 1])))
})

test('a load is counted under its outcome, in the class of its time', () => {
  const all = new Counters()
  const part = new Counters(all)
  for (const bound of loadTimeBounds) {
    all.addLoad('success', bound, false)
    part.addLoad('success', bound + 0.5, true)
  }
  part.addLoad('timeout', Infinity, false)
  const { success, timeout, failure } = all.total().loadTimes!
  expect([...success.counts]).toEqual([1, ...new Array(12).fill(2), 1])
  expect(success).toMatchObject({ misses: 13, refreshes: 13 })
  expect(timeout.counts.at(-1)).toBe(1)
  expect(failure).toMatchObject({ misses: 0, refreshes: 0, time: 0 })
})

test('what retires is counted on, once', () => {
  const all = new Counters()
  const part = new Counters(all)
  const inner = new Counters(part)
  part.sets = 1
  inner.sets = 2
  inner.addLoad('failure', 3, false)
  part.retire()
  inner.retire()
  part.retire()
  expect(all.total()).toMatchObject({ sets: 3 })
  expect(all.total().loadTimes!.failure).toMatchObject({ misses: 1, time: 3 })
})

test('a space that is collected leaves its counts behind', async () => {
  const all = new Counters()
  const root = new Space(undefined, undefined, all)
  const use = () => {
    const space = root.namespace('users').namespace('inner')
    space.counters.hits++
    return new WeakRef(space)
  }
  const ref = use()
  expect(all.total().hits).toBe(1)
  expect(await isCollected(ref)).toBe(true)
  for (let turn = 0; turn < 5; turn++) {
    expect(all.total().hits).toBe(1)
    await setImmediate()
  }
  expect(root.counters.hits).toBe(1)
})

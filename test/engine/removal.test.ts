import { expect, test } from 'vitest'
import { RemovalQueue } from '../../src/engine/removal.ts'

test('39. a listener and an error handler that both throw leave the rest to be told, once each', () => {
  const told: unknown[] = []
  const queue = new RemovalQueue(
    ({ key }) => {
      told.push(key)
      if (key === 1) throw new Error('listener')
    },
    (error) => {
      throw error
    },
  )
  for (const key of [0, 1, 2]) queue.add(key, key, 'deleted')
  expect(() => queue.flush()).toThrow('listener')
  expect(told).toEqual([0, 1])
  queue.add(3, 3, 'deleted')
  queue.flush()
  queue.flush()
  expect(told).toEqual([0, 1, 2, 3])
})

test('39. what a listener removes itself is told after what it was called for', () => {
  const told: unknown[] = []
  const queue = new RemovalQueue(
    ({ key }) => {
      told.push(key)
      if (key !== 0) return
      queue.add(2, 2, 'deleted')
      queue.flush()
      expect(told).toEqual([0])
    },
    () => {},
  )
  for (const key of [0, 1]) queue.add(key, key, 'deleted')
  queue.flush()
  expect(told).toEqual([0, 1, 2])
})

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Queue } from '../../src/core/queue.ts'
import { Slots } from '../../src/core/slots.ts'

function slotsWith(count: number): { slots: Slots; taken: number[] } {
  const slots = new Slots({ weights: false, idle: false, marks: true })
  return { slots, taken: Array.from({ length: count }, () => slots.take()) }
}

/** The slots from the newest to the oldest, read in both directions. */
function items({ next, prev }: Slots, head: number): number[] {
  const forth: number[] = []
  const back: number[] = []
  for (let slot = next[head]!; slot !== head; slot = next[slot]!) forth.push(slot)
  for (let slot = prev[head]!; slot !== head; slot = prev[slot]!) back.unshift(slot)
  expect(back).toEqual(forth)
  return forth
}

test('an empty queue gives its head as the oldest', () => {
  const { slots } = slotsWith(0)
  const queue = new Queue(slots, 3)
  expect([queue.oldest, queue.size]).toEqual([3, 0])
})

test('what was pushed first is the oldest', () => {
  const { slots, taken } = slotsWith(3)
  const queue = new Queue(slots, 1)
  for (const slot of taken) queue.push(slot)
  expect(queue.oldest).toBe(taken[0])
  expect(items(slots, 1)).toEqual([...taken].reverse())
})

test('queues of the same slots do not touch each other', () => {
  const { slots, taken } = slotsWith(4)
  const one = new Queue(slots, 1)
  const two = new Queue(slots, 2)
  for (const [i, slot] of taken.entries()) (i % 2 === 0 ? one : two).push(slot)
  one.remove(taken[0]!)
  two.push(taken[0]!)
  expect(items(slots, 1)).toEqual([taken[2]])
  expect(items(slots, 2)).toEqual([taken[0], taken[3], taken[1]])
  expect([one.size, two.size]).toEqual([1, 3])
})

test('making a queue empties its head', () => {
  const { slots, taken } = slotsWith(1)
  new Queue(slots, 1).push(taken[0]!)
  expect(new Queue(slots, 1).oldest).toBe(1)
})

test('any pushes, removals and renewals keep the order of an array', () => {
  const operation = fc.tuple(fc.constantFrom('push', 'remove', 'renew'), fc.nat(9))
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 60 }), (operations) => {
      const { slots, taken } = slotsWith(10)
      const queue = new Queue(slots, 1)
      let model: number[] = []
      for (const [name, which] of operations) {
        const slot = taken[which]!
        const isIn = model.includes(slot)
        if (isIn === (name === 'push')) continue
        if (name === 'push') queue.push(slot)
        if (name === 'remove') queue.remove(slot)
        if (name === 'renew') queue.renew(slot)
        model = model.filter((other) => other !== slot)
        if (name !== 'remove') model.unshift(slot)
        expect(items(slots, 1)).toEqual(model)
        expect([queue.size, queue.oldest]).toEqual([model.length, model.at(-1) ?? 1])
      }
    }),
  )
})

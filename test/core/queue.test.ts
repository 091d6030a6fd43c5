import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Queue } from '../../src/core/queue.ts'
import { NONE, Slots } from '../../src/core/slots.ts'

function slotsWith(count: number): { slots: Slots; taken: number[] } {
  const slots = new Slots({ weights: false, idle: false, guards: false, marks: true })
  return { slots, taken: Array.from({ length: count }, () => slots.take()) }
}

/** The slots from the oldest to the newest, read in both directions. */
function items({ next, prev }: Slots, queue: Queue): number[] {
  const forth: number[] = []
  const back: number[] = []
  for (let slot = queue.oldest; forth.length < queue.size; slot = next[slot]!) forth.push(slot)
  for (let slot = prev[queue.oldest]!; back.length < queue.size; slot = prev[slot]!) back.unshift(slot)
  expect(back).toEqual(forth)
  return forth
}

test('an empty queue has no oldest', () => {
  const { slots, taken } = slotsWith(1)
  const queue = new Queue(slots)
  expect([queue.oldest, queue.size]).toEqual([NONE, 0])
  queue.push(taken[0]!)
  queue.remove(taken[0]!)
  expect([queue.oldest, queue.size]).toEqual([NONE, 0])
})

test('what was pushed first is the oldest', () => {
  const { slots, taken } = slotsWith(3)
  const queue = new Queue(slots)
  for (const slot of taken) queue.push(slot)
  expect(queue.oldest).toBe(taken[0])
  expect(items(slots, queue)).toEqual(taken)
})

test('queues of the same slots do not touch each other', () => {
  const { slots, taken } = slotsWith(4)
  const one = new Queue(slots)
  const two = new Queue(slots)
  for (const [i, slot] of taken.entries()) (i % 2 === 0 ? one : two).push(slot)
  one.remove(taken[0]!)
  two.push(taken[0]!)
  expect(items(slots, one)).toEqual([taken[2]])
  expect(items(slots, two)).toEqual([taken[1], taken[3], taken[0]])
})

test('any operations keep the order of an array', () => {
  const operation = fc.tuple(
    fc.constantFrom('push', 'remove', 'renew', 'pass', 'replace'),
    fc.nat(9),
    fc.nat(9),
  )
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 60 }), (operations) => {
      const { slots, taken } = slotsWith(10)
      const queue = new Queue(slots)
      let model: number[] = []
      for (const [name, which, place] of operations) {
        const slot = taken[which]!
        const isNew = name === 'push' || name === 'replace'
        if (name === 'pass' ? model.length === 0 : model.includes(slot) === isNew) continue
        if (name === 'replace') {
          if (model.length === 0) continue
          const at = place % model.length
          queue.replace(model[at]!, slot)
          model[at] = slot
          expect(items(slots, queue)).toEqual(model)
          continue
        }
        if (name === 'push') queue.push(slot)
        if (name === 'remove') queue.remove(slot)
        if (name === 'renew') queue.renew(slot)
        if (name === 'pass') queue.pass()
        const newest = name === 'pass' ? model[0]! : slot
        model = model.filter((other) => other !== newest)
        if (name !== 'remove') model.push(newest)
        expect([queue.size, queue.oldest]).toEqual([model.length, model[0] ?? NONE])
        expect(items(slots, queue)).toEqual(model)
      }
    }),
  )
})

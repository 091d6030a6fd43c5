import fc from 'fast-check'
import { expect, test } from 'vitest'
import { NONE, Slots } from '../../src/core/slots.ts'
import { Lru } from '../../src/policies/lru.ts'

function filled(count: number): { policy: Lru; slots: number[] } {
  const all = new Slots({ weights: false, idle: false, guards: false, marks: false })
  const policy = new Lru(all, 1000)
  const slots = Array.from({ length: count }, () => {
    const slot = all.take()
    policy.admit()
    policy.insert(slot)
    return slot
  })
  return { policy, slots }
}

function victims(policy: Lru): number[] {
  const given: number[] = []
  for (let slot = policy.victim(); slot !== NONE; slot = policy.victim()) given.push(slot)
  return given
}

test('an empty policy has no victim', () => {
  expect(filled(0).policy.victim()).toBe(NONE)
})

test('the one used longest ago goes first', () => {
  const { policy, slots } = filled(4)
  policy.use(slots[0]!)
  policy.use(slots[2]!)
  policy.use(slots[2]!)
  expect(victims(policy)).toEqual([slots[1], slots[3], slots[0], slots[2]])
})

test('what was removed is no victim, and clear leaves none', () => {
  const { policy, slots } = filled(3)
  policy.remove(slots[0]!)
  expect(policy.victim()).toBe(slots[1])
  policy.clear()
  expect(policy.victim()).toBe(NONE)
})

test('nothing is remembered', () => {
  const { policy } = filled(1)
  const victim = policy.victim()
  expect([policy.addGhost(victim), policy.dropSurplusGhost()]).toEqual([victim, NONE])
})

test('agrees with an array on any sequence', () => {
  const operation = fc.tuple(fc.constantFrom('insert', 'use', 'remove', 'victim'), fc.nat(9))
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 80 }), (operations) => {
      const all = new Slots({ weights: false, idle: false, guards: false, marks: false })
      const policy = new Lru(all, 1000)
      const slots = Array.from({ length: 10 }, () => all.take())
      let order: number[] = []
      for (const [name, which] of operations) {
        const slot = slots[which]!
        if (name === 'victim') expect(policy.victim()).toBe(order.shift() ?? NONE)
        else if (order.includes(slot) !== (name === 'insert')) {
          policy[name](slot)
          order = order.filter((other) => other !== slot)
          if (name !== 'remove') order.push(slot)
        }
      }
      expect(victims(policy)).toEqual(order)
    }),
  )
})

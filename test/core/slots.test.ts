import { expect, test } from 'vitest'
import { FIRST_SLOT, NONE, Slots } from '../../src/core/slots.ts'
import { Space } from '../../src/core/space.ts'
import { freeSlots } from '../support/invariants.ts'

const plain = { weights: false, idle: false, guards: false, marks: true }

test('slots are handed out one after the other, from the first', () => {
  const slots = new Slots(plain)
  expect([slots.take(), slots.take(), slots.take()]).toEqual([FIRST_SLOT, FIRST_SLOT + 1, FIRST_SLOT + 2])
  expect(slots.end).toBe(FIRST_SLOT + 3)
})

test('slot 0 holds nothing and has no deadline', () => {
  const slots = new Slots(plain)
  expect(NONE).toBe(0)
  expect([slots.values[NONE], slots.deadlines[NONE]]).toEqual([undefined, 0])
})

test('a freed slot is handed out next, the latest first', () => {
  const slots = new Slots(plain)
  const taken = [slots.take(), slots.take(), slots.take()]
  slots.free(taken[0]!)
  slots.free(taken[2]!)
  expect(freeSlots(slots)).toEqual([taken[2], taken[0]])
  expect(slots.take()).toBe(taken[2])
  expect(slots.take()).toBe(taken[0])
  expect(slots.take()).toBe(slots.end - 1)
})

test('a freed slot keeps neither key nor value nor deadline', () => {
  const slots = new Slots(plain)
  const table = new Space().table
  slots.trackOwners(table)
  const slot = slots.take()
  slots.keys[slot] = 'key'
  slots.values[slot] = 'value'
  slots.deadlines[slot] = 5
  slots.owners![slot] = table
  slots.free(slot)
  expect([slots.isFree(slot), slots.values[slot], slots.owners![slot]]).toEqual([true, undefined, undefined])
  expect(slots.deadlines[slot]).toBe(0)
})

test('all arrays grow together and keep what is in them', () => {
  const slots = new Slots({ weights: true, idle: true, guards: false, marks: true })
  slots.trackLoads()
  const numbers = (): (Float64Array | Int32Array | Uint32Array)[] => [
    ...[slots.deadlines, slots.next, slots.prev, slots.marks, slots.weights!],
    ...[slots.lastReads!, slots.ttlDeadlines!, slots.graces!, slots.retries!, slots.refreshes!],
  ]
  const length = slots.deadlines.length
  const first = slots.take()
  for (const array of numbers()) array[first] = first
  while (slots.end <= length) slots.take()
  expect(new Set(numbers().map((array) => array.length))).toEqual(new Set([2 * length]))
  expect(numbers().map((array) => array[first])).toEqual(numbers().map(() => first))
})

test('without a feature its array is absent', () => {
  const { weights, lastReads, ttlDeadlines, tags, owners, graces } = new Slots(plain)
  expect([weights, lastReads, ttlDeadlines, tags, owners, graces]).toEqual(Array(6).fill(undefined))
})

test('owners begin with the table for what is held, and nothing for heads and free slots', () => {
  const slots = new Slots(plain)
  const { table } = new Space()
  const [held, freed] = [slots.take(), slots.take()] as [number, number]
  slots.free(freed)
  slots.trackOwners(table)
  expect(slots.owners![held]).toBe(table)
  expect(slots.owners![freed]).toBeUndefined()
  expect(slots.owners!.slice(0, FIRST_SLOT)).toEqual(Array(FIRST_SLOT).fill(undefined))
  slots.trackOwners(new Space().table)
  expect(slots.owners![held]).toBe(table)
})

test('tags and what loads need begin empty, as long as the rest', () => {
  const slots = new Slots(plain)
  slots.take()
  slots.trackTags()
  slots.trackLoads()
  expect(slots.tags).toEqual(Array(slots.deadlines.length).fill(undefined))
  expect([slots.graces!.length, slots.retries!.length]).toEqual(Array(2).fill(slots.deadlines.length))
  slots.take()
  expect(slots.tags).toHaveLength(slots.deadlines.length)
})

test('a reset begins anew with small arrays, and still tells owners', () => {
  const slots = new Slots({ weights: true, idle: false, guards: false, marks: true })
  slots.trackOwners(new Space().table)
  slots.trackTags()
  slots.trackLoads()
  for (let i = 0; i < 100; i++) slots.take()
  slots.free(20)
  slots.reset()
  expect(slots.end).toBe(FIRST_SLOT)
  expect(slots.take()).toBe(FIRST_SLOT)
  expect(slots.deadlines.length).toBeLessThan(100)
  expect(slots.weights).toHaveLength(slots.deadlines.length)
  expect([slots.tags, slots.graces]).toEqual([undefined, undefined])
  expect(slots.owners).toHaveLength(slots.deadlines.length)
})

test('the arrays double, up to what the bound needs, and again beyond it', () => {
  const slots = new Slots(plain)
  slots.expect(100)
  const lengths = new Set<number>()
  for (let taken = 0; taken < 300; taken++) {
    slots.take()
    const { keys, values, deadlines, next, prev, marks } = slots
    const all = [keys, values, deadlines, next, prev, marks].map((array) => array.length)
    expect(new Set(all).size).toBe(1)
    lengths.add(keys.length)
  }
  expect([...lengths]).toEqual([16, 32, 64, 101, 202, 404])
})

test('while the arrays are to end at a ceiling no slot above it is handed out, and all above it go', () => {
  const slots = new Slots(plain)
  const taken = Array.from({ length: 100 }, () => slots.take())
  for (const slot of taken) if (slot % 2 === 0) slots.free(slot)
  for (const slot of taken) if (slot % 2 === 1 && slot > 21) slots.free(slot)
  slots.beginShrinking(40)
  const low = Array.from({ length: 10 }, () => slots.take())
  expect(low.every((slot) => slot < 40)).toBe(true)
  slots.shrink()
  expect([slots.deadlines.length, slots.keys.length, slots.next.length]).toEqual([40, 40, 40])
  expect(slots.used).toBe(21)
  const rest = Array.from({ length: 39 - 21 }, () => slots.take())
  expect(new Set([...taken.filter((slot) => slot % 2 === 1 && slot <= 21), ...low, ...rest]).size).toBe(39)
  expect(slots.take()).toBe(40)
})

test('a ceiling is given up when more slots are needed than are below it', () => {
  const slots = new Slots(plain)
  const taken = Array.from({ length: 100 }, () => slots.take())
  for (const slot of taken) if (slot > 20) slots.free(slot)
  slots.beginShrinking(25)
  const more = Array.from({ length: 80 }, () => slots.take())
  expect(slots.isShrinking).toBe(false)
  expect(new Set(more).size).toBe(80)
  expect(Math.min(...more)).toBe(21)
  expect(slots.end).toBe(101)
})

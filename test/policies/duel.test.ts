import { expect, test } from 'vitest'
import { Duel } from '../../src/policies/duel.ts'

/** A duel whose time goes on, with an LRU of the room whose reach is known. */
class Timed {
  readonly duel: Duel
  now = 0

  constructor(room: number) {
    this.duel = new Duel(room)
  }

  insert(count: number): void {
    for (let i = 0; i < count; i++) {
      this.now++
      if ((this.now & this.duel.inSpan) === 0) this.duel.advance(this.now, Number.POSITIVE_INFINITY)
    }
  }
}

test.each([10, 100, 1000, 100_000])('with new keys alone LRU reaches back a capacity of %d', (room) => {
  const timed = new Timed(room)
  timed.insert(5 * room)
  const reach = timed.duel.reach(timed.now)
  expect(reach).toBeLessThanOrEqual(room)
  expect(reach).toBeGreaterThan(0.96 * room - 2)
})

test('ghosts that return within the reach of LRU win the duel after a capacity of them, and hits beyond it lose it', () => {
  const timed = new Timed(100)
  const { duel } = timed
  timed.insert(500)
  for (let i = 0; i < 99; i++) {
    timed.insert(1)
    duel.missed(timed.now, 50)
  }
  expect(duel.favoursLru).toBe(false)
  timed.insert(1)
  duel.missed(timed.now, 50)
  expect(duel.favoursLru).toBe(true)
  for (let i = 0; i < 24; i++) duel.hit(timed.now, 10_000)
  expect(duel.favoursLru).toBe(true)
  duel.hit(timed.now, 10_000)
  expect(duel.favoursLru).toBe(false)
})

/** A duel of 1,000 with a reach of about as many insertions, in which LRU is followed. */
function followingLru(): Timed {
  const timed = new Timed(1000)
  timed.insert(5000)
  for (let i = 0; i < 1000; i++) timed.duel.missed(timed.now, 10)
  expect(timed.duel.favoursLru).toBe(true)
  return timed
}

test('hits less than a span beyond the reach of LRU tell nothing against it', () => {
  const timed = new Timed(1000)
  const { duel } = timed
  timed.insert(5000)
  duel.missed(timed.now, 10)
  const { regret } = duel
  duel.hit(timed.now, duel.reach(timed.now) + duel.inSpan + 1)
  expect(duel.regret).toBe(regret)
  duel.hit(timed.now, duel.reach(timed.now) + duel.inSpan + 2)
  expect(duel.regret).toBe(regret - 1)
})

test('LRU is left when a quarter of a capacity of ghosts return at about its reach while hits there do not', () => {
  const timed = followingLru()
  const { duel } = timed
  for (let i = 0; i < 249; i++) duel.missed(timed.now, Math.floor(1.05 * duel.reach(timed.now)))
  expect(duel.favoursLru).toBe(true)
  duel.missed(timed.now, Math.floor(1.05 * duel.reach(timed.now)))
  expect(duel.favoursLru).toBe(false)
})

test('LRU is followed on where as many hits as ghosts return at about its reach', () => {
  const timed = followingLru()
  const { duel } = timed
  for (let i = 0; i < 2000; i++) {
    duel.missed(timed.now, Math.floor(1.05 * duel.reach(timed.now)))
    duel.hit(timed.now, Math.floor(0.95 * duel.reach(timed.now)))
  }
  expect(duel.favoursLru).toBe(true)
})

test('ghosts beyond the reach of LRU and hits within it tell nothing', () => {
  const timed = new Timed(100)
  const { duel } = timed
  timed.insert(500)
  for (let i = 0; i < 1000; i++) {
    timed.insert(1)
    duel.missed(timed.now, 5000)
    duel.hit(timed.now, 20)
  }
  expect(duel.favoursLru).toBe(false)
})

test('LRU has to prove itself anew after 64 capacities of evictions', () => {
  const timed = new Timed(100)
  const { duel } = timed
  timed.insert(500)
  for (let i = 0; i < 300; i++) {
    timed.insert(1)
    duel.missed(timed.now, 50)
  }
  for (let i = 0; i < 6400; i++) duel.follow()
  expect(duel.favoursLru).toBe(true)
  duel.follow()
  expect(duel.favoursLru).toBe(false)
})

test('a bound by weight, whose room is not known at first, does not confuse it', () => {
  const timed = new Timed(Number.POSITIVE_INFINITY)
  const { duel } = timed
  timed.insert(300)
  duel.missed(timed.now, 10)
  duel.resize(100, timed.now)
  timed.insert(500)
  for (let i = 0; i < 300; i++) {
    timed.insert(1)
    duel.missed(timed.now, 50)
  }
  expect(duel.favoursLru).toBe(true)
})

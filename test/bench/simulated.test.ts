import { expect, test } from 'vitest'
import { simulateOthers, simulators } from '../../bench/hit-ratio/policies.ts'
import type { Measured } from '../../bench/hit-ratio/score.ts'
import { deviation, isTrusted } from '../../bench/hit-ratio/simulations.ts'
import { readHitRatios } from '../../bench/hit-ratio/write.ts'
import { countKeys, readTrace } from '../../bench/traces/read.ts'

const web12 = readTrace('web12')
const unique = countKeys(web12)
const { pairs } = readHitRatios(new URL('../../docs/benchmarks/', import.meta.url), 'hit-ratio')!
const reference = pairs.filter(({ trace }) => trace === 'web12')

/** W-TinyLFU depends on hashes and on lots. */
const exact = Object.keys(simulators).filter((name) => name !== 'W-TinyLFU-1%')

/** Keys that a policy holds after some reads: a further read of one is a hit. */
function held(name: string, reads: readonly number[], capacity: number): number[] {
  const count = Math.max(...reads) + 1
  const hits = (keys: readonly number[]) => simulators[name]!(Uint32Array.from(keys), count, capacity)
  const before = hits(reads)
  return Array.from({ length: count }, (_, key) => key).filter((key) => hits([...reads, key]) > before)
}

/** The numbers from one to below another. */
function row(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i)
}

test.each(exact)('%s gives the figures of the reference on web12', (name) => {
  expect(reference.length).toBeGreaterThan(5)
  for (const { capacity, others } of reference)
    expect(simulators[name]!(web12, unique, capacity) / web12.length, `${capacity} entries`).toBeCloseTo(
      others[name]!,
      6,
    )
})

test('W-TinyLFU comes close to the reference on web12', () => {
  const off = reference.map(({ capacity, others }) =>
    Math.abs(simulators['W-TinyLFU-1%']!(web12, unique, capacity) / web12.length - others['W-TinyLFU-1%']!),
  )
  expect(off.reduce((sum, difference) => sum + difference) / off.length).toBeLessThan(0.003)
})

test.each(Object.keys(simulators))('%s holds as many keys as it has room for', (name) => {
  expect(held(name, row(0, 7), 10)).toEqual(row(0, 7))
  expect(held(name, [...row(0, 30), ...row(5, 25), ...row(0, 40)], 10)).toHaveLength(10)
})

test('CLOCK and SIEVE pass what was used', () => {
  expect(held('CLOCK', [0, 1, 2, 0, 3, 4], 3)).toEqual([0, 3, 4])
  // The hand of SIEVE goes on from where it stands: among the old ones, and not to what is new.
  expect(held('SIEVE', [0, 1, 2, 0, 3, 4], 3)).toEqual([0, 3, 4])
  expect(held('SIEVE', [0, 1, 2, 0, 3, 4, 5], 3)).toEqual([0, 4, 5])
})

test('S3-FIFO moves to the main queue what was used twice while it was new', () => {
  const scan = row(10, 40)
  expect(held('S3-FIFO', [0, 0, 0, 1, 1, ...scan], 10)).toContain(0)
  expect(held('S3-FIFO', [0, 0, 0, 1, 1, ...scan], 10)).not.toContain(1)
})

test('S3-FIFO, 2Q and ARC remember keys that they gave up', () => {
  // With room for four: 0 is given up, comes back, and outlasts what comes once.
  for (const name of ['S3-FIFO', '2Q', 'ARC'])
    expect(held(name, [0, 1, 1, 1, ...row(2, 5), 0, ...row(6, 12)], 4), name).toContain(0)
  expect(held('LFU', [0, 1, 1, 1, ...row(2, 5), 0, ...row(6, 12)], 4)).not.toContain(0)
})

test('ARC keeps what was used twice through keys that come once', () => {
  expect(held('ARC', [0, 0, 1, 2, 3, 4], 3)).toEqual([0, 3, 4])
})

test('2Q does not count a use while a key is new', () => {
  expect(held('2Q', [0, 0, 0, ...row(1, 9)], 4)).not.toContain(0)
})

test('LFU evicts the key used least often, the oldest of those first', () => {
  expect(held('LFU', [0, 0, 1, 2, 2, 3], 3)).toEqual([0, 2, 3])
  expect(held('LFU', [0, 0, 1, 1, 2, 2, 3], 3)).toEqual([1, 2, 3])
})

test('LIRS keeps most of a loop that is too long', () => {
  const loop = row(0, 120)
  const kept = held('LIRS', [...loop, ...loop, ...loop], 100)
  expect(kept).toHaveLength(100)
  expect(kept).toEqual(expect.arrayContaining(row(0, 99)))
})

test('W-TinyLFU keeps what was used often through keys that come once', () => {
  const often = row(0, 50).flatMap((key) => [key, key, key])
  expect(held('W-TinyLFU-1%', [...often, ...often, ...row(50, 250)], 60)).toEqual(
    expect.arrayContaining(row(0, 49)),
  )
})

test('reads made twice are counted by the first of each two', () => {
  const trace = { keys: Uint32Array.from([0, 1, 0, 2, 0]), unique: 3 }
  const { once, twice } = simulateOthers(trace, 3, { LRU: 0.4, LFU: 0.4, ARC: 0.4, unheard: 0.1 })
  expect(once).toEqual({ ARC: 0.4, LFU: 0.4 })
  expect(twice).toEqual({ LRU: 0.4, ARC: 0.4, LFU: 0.4 })
})

test('a simulation that is off by more than 0.3 points in the mean stands for nothing', () => {
  const pair = (simulated: number): Measured => ({
    trace: 'made',
    size: '10',
    capacity: 10,
    keys: 20,
    others: { ARC: 0.5 },
    ours: 0.5,
    oursDoubled: 0.5,
    othersSimulated: { ARC: simulated },
  })
  expect(deviation([pair(0.5), pair(0.504)], 'ARC')).toEqual({
    reproduced: 1,
    mean: expect.closeTo(0.002),
    largest: expect.closeTo(0.004),
  })
  expect(isTrusted([pair(0.5), pair(0.504)], 'ARC')).toBe(true)
  expect(isTrusted([pair(0.496), pair(0.504)], 'ARC')).toBe(false)
  // What is not simulated is known otherwise, or not shown.
  expect(isTrusted([pair(0.5)], 'LRU')).toBe(true)
})

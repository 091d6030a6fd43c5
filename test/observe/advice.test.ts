import { Cache } from 'nearcache'
import { describe, expect, test } from 'vitest'
import { storeOf } from '../../src/cache.ts'
import { type AdviceOptions, adviseOn, examinationOf } from '../../src/observe/advice.ts'
import { examine } from '../../src/observe/examine.ts'
import { checkInvariants } from '../support/invariants.ts'

/** A machine on which work takes no time, and what is to be done later is done when the test says so. */
function machine() {
  const waiting: { callback: () => void; milliseconds: number }[] = []
  return {
    waiting,
    stopwatch: () => 0,
    later: (callback: () => void, milliseconds: number) => void waiting.push({ callback, milliseconds }),
    run() {
      for (const { callback } of waiting.splice(0)) callback()
    },
  }
}

/** Random numbers from 0 to 1, the same for a seed. */
function randomOf(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0
    return (state >>> 0) / 2 ** 32
  }
}

/** Keys read with the frequencies of a power law, the most frequent first. */
function skewed(random: () => number, keys: number, exponent: number): () => number {
  const sums = new Float64Array(keys)
  let sum = 0
  for (let key = 0; key < keys; key++) sums[key] = sum += (key + 1) ** -exponent
  return () => {
    const at = random() * sum
    let low = 0
    for (let high = keys - 1; low < high; ) {
      const middle = (low + high) >> 1
      if (sums[middle]! < at) low = middle + 1
      else high = middle
    }
    return low
  }
}

function readThrough(cache: Cache<unknown, unknown>, key: unknown): void {
  if (cache.get(key) === undefined) cache.set(key, true)
}

function examined(cache: Cache<never, never> | Cache, options: AdviceOptions = {}, on = machine()) {
  return examine(storeOf(cache as Cache), options, on)
}

describe('41. an examination', () => {
  test('says what other sizes would answer, with the intervals in which it lies, and ends by itself', async () => {
    const next = skewed(randomOf(7), 20_000, 0.9)
    const cache = new Cache<unknown, unknown>({ maxEntries: 1000, ttl: Infinity })
    for (let i = 0; i < 50_000; i++) readThrough(cache, next())
    const examination = examined(cache)
    expect(examination.advice()).toMatchObject({ state: 'warming up', verdict: 'too short', curve: [] })
    for (let i = 0; i < 90_000; i++) readThrough(cache, next())
    const advice = await examination.over
    expect(advice).toMatchObject({
      state: 'over',
      progress: 1,
      policy: 'adaptive',
      unit: 'entries',
      verdict: 'take',
    })
    expect(advice.reads).toBeGreaterThanOrEqual(20_000)
    expect(advice.curve.map(({ size }) => size)).toEqual([250, 500, 1000, 2000, 4000])
    for (const [i, { low, hitRatio, high }] of advice.curve.entries()) {
      expect(low).toBeLessThanOrEqual(hitRatio)
      expect(high).toBeGreaterThanOrEqual(hitRatio)
      if (i > 0) expect(hitRatio).toBeGreaterThan(advice.curve[i - 1]!.hitRatio)
    }
    expect(advice.sentence).toMatch(/^Make it four times as large: \+\d+\.\d points/)
    expect(advice.halved).toBe(advice.curve[1])
    expect(advice.doubled).toBe(advice.curve[3])
    expect(storeOf(cache).isWatched).toBe(false)
    expect(storeOf(cache).slots.watched).toBeUndefined()
    checkInvariants(cache)
  })

  test('can be stopped at any time, says the same again then, and leaves the cache as it was', () => {
    const cache = new Cache<unknown, unknown>({ maxEntries: 100 })
    const examination = examined(cache)
    expect(examinationOf(cache as Cache)).toBe(examination)
    for (let i = 0; i < 500; i++) readThrough(cache, i % 150)
    checkInvariants(cache)
    const advice = examination.stop()
    expect(advice.state).toBe('over')
    expect(examination.stop()).toEqual(advice)
    expect(storeOf(cache).slots.watched).toBeUndefined()
    checkInvariants(cache)
    expect(examined(cache).advice().state).toBe('warming up')
  })

  test('52. refuses caches that are small, keep nothing, are closed or being examined, and wrong options', () => {
    const small = new Cache<unknown, unknown>({ maxEntries: 63 })
    expect(() => adviseOn(small)).toThrow('cache: expected one of at least 64 entries, got 63')
    expect(() => adviseOn(new Cache({ kind: 'none' }))).toThrow("got one of the kind 'none'")
    const closed = new Cache()
    closed.close()
    expect(() => adviseOn(closed)).toThrow(expect.objectContaining({ code: 'CLOSED' }))
    const cache = new Cache()
    const wrong: [unknown, string][] = [
      [null, 'options: expected an object'],
      [{ raeds: 5 }, "adviseOn.raeds: there is no such option; did you mean 'reads'?"],
      [{ reads: 0 }, 'reads: expected a positive integer'],
      [{ factors: [] }, 'factors: expected numbers from 1/64 to 64'],
      [{ factors: ['2'] }, 'factors: expected numbers from 1/64 to 64'],
      [{ policies: ['lfu'] }, "policies: expected an array of 'adaptive' and 'lru'"],
      [{ smallest: 1.5 }, 'smallest: expected a positive integer'],
      [{ budget: 0 }, 'budget: expected a share of one core'],
    ]
    for (const [options, message] of wrong) expect(() => adviseOn(cache, options as object)).toThrow(message)
    expect(() => adviseOn(5 as never)).toThrow('cache: expected a cache, got 5')
    expect(storeOf(cache).isWatched).toBe(false)
    const examination = adviseOn(cache)
    expect(() => adviseOn(cache)).toThrow('expected one that is not being examined already')
    examination.stop()
  })
})

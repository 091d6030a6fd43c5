import { allCaches, Cache } from 'nearcache'
import { describe, expect, test } from 'vitest'
import { storeOf } from '../../src/cache.ts'
import { adviseOn, examinationOf } from '../../src/observe/advice.ts'
import { checkInvariants } from '../support/invariants.ts'
import { examined, machine, randomOf, readThrough, skewed } from './examined.ts'

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

describe('53. an examination in use', () => {
  const misses = ({ reads, hitRatio }: { reads: number; hitRatio: number }): number =>
    Math.round(reads * (1 - hitRatio))

  test('counts the reads of all namespaces, and tells their keys apart', () => {
    const cache = new Cache<number, unknown>({ maxEntries: 200, ttl: Infinity })
    const spaces = [
      cache,
      cache.namespace<number, unknown>('a'),
      cache.namespace('b').namespace<number, unknown>('c'),
    ]
    const examination = examined(cache, { smallest: 200, factors: [1, 2] })
    for (let i = 0; i < 12_000; i++) readThrough(spaces[i % 3]!, Math.floor(i / 3) % 100)
    const { curve } = examination.stop()
    // A loop over 300 keys, all of which twice the size holds; 100 keys would fit in it as it is.
    expect(curve[0]!.hitRatio).toBeLessThan(0.9)
    expect(curve[1]!.hitRatio).toBeGreaterThan(0.99)
    checkInvariants(cache)
  })

  test('takes keys of every type, objects by identity, and keeps none of them', () => {
    const cache = new Cache<unknown, unknown>({ maxEntries: 100, ttl: Infinity })
    const keys: unknown[] = Array.from(
      { length: 150 },
      (_, i) => [{ i }, Symbol(String(i)), `k${i}`, i, BigInt(i)][i % 5],
    )
    const examination = examined(cache, { smallest: 100, factors: [1, 2] })
    for (let i = 0; i < 6000; i++) readThrough(cache, keys[i % 150])
    expect(examination.stop().doubled!.hitRatio).toBeGreaterThan(0.99)
  })

  test('its small caches are no caches of the process', () => {
    const cache = new Cache<number, unknown>({ name: 'examined' })
    const before = [...allCaches().keys()]
    const examination = examined(cache)
    expect([...allCaches().keys()]).toEqual(before)
    examination.stop()
    cache.close()
  })

  test('ends with the cache, and when its bounds change', async () => {
    const closed = new Cache<number, unknown>()
    const first = examined(closed)
    closed.close()
    expect((await first.over).state).toBe('over')
    const cache = new Cache<number, unknown>()
    const second = examined(cache)
    cache.resize(2000)
    for (let i = 0; i < 30_000; i++) readThrough(cache, i % 5000)
    expect(second.advice().state).toBe('over')
    expect(storeOf(cache).isWatched).toBe(false)
  })

  test('keys that are deleted are read anew at every size', () => {
    const cache = new Cache<number, unknown>({ maxEntries: 100, ttl: Infinity })
    const examination = examined(cache, { smallest: 100, factors: [1, 2, 4] })
    // Each key is deleted after two reads: half of the reads hit, however large the cache is.
    for (let i = 0; i < 8000; i++) {
      readThrough(cache, i % 80)
      readThrough(cache, i % 80)
      cache.delete(i % 80)
    }
    const advice = examination.stop()
    for (const { hitRatio } of advice.curve) expect(hitRatio).toBeCloseTo(0.5, 2)
    expect(advice.misses.other).toBeGreaterThan(0.95)
    expect(advice.sentence).toMatch(/^Leave it: doubling it brings the same/)
  })

  test('49. says not to cache what is hardly read again, and why reads found nothing', () => {
    const cache = new Cache<number, unknown>({ maxEntries: 100, ttl: Infinity })
    const examination = examined(cache)
    for (let i = 0; i < 10_000; i++) readThrough(cache, i)
    const advice = examination.stop()
    expect(advice.verdict).toBe('do not cache')
    expect(advice.sentence).toBe('Do not cache this: four times as large only 0.0 % of reads would hit.')
    expect(advice.misses.first).toBe(1)
    expect(misses(advice)).toBe(advice.reads)
  })

  test('49. of a cache that is not filled it says how much smaller it may be', () => {
    const cache = new Cache<number, unknown>({ maxEntries: 1000, ttl: Infinity })
    const examination = examined(cache)
    for (let i = 0; i < 60_000; i++) readThrough(cache, i % 200)
    const advice = examination.stop()
    expect(advice.sentence).toMatch(/^Make it a quarter: costs nothing, and saves about \d+ KB\.$/)
  })
})

describe('48. the budget', () => {
  test('after a go it rests until its work is within the share of a core, and watches nothing meanwhile', () => {
    const on = machine()
    let time = 0
    const busy = { ...on, stopwatch: () => (time += 0.5) }
    const cache = new Cache<number, unknown>({ maxEntries: 100, ttl: Infinity })
    const examination = examined(cache, { budget: 0.1, reads: 8000 }, busy)
    const next = skewed(randomOf(3), 1000, 0.8)
    const read = (count: number): void => {
      for (let i = 0; i < count; i++) readThrough(cache, next())
    }
    read(8000)
    expect(examination.advice().state).toBe('resting')
    expect(storeOf(cache).isWatched).toBe(false)
    const { reads, cost } = examination.advice()
    expect(reads).toBeGreaterThanOrEqual(1000)
    read(5000)
    expect(examination.advice().reads).toBe(reads)
    // The work divided by the pause and what went before is the budget.
    const { milliseconds } = on.waiting[0]!
    expect(cost.work / (cost.work / cost.share + milliseconds)).toBeCloseTo(0.1, 1)
    on.run()
    expect(examination.advice().state).toBe('warming up')
    for (let goes = 0; goes < 20 && examination.advice().state !== 'over'; goes++) {
      read(4000)
      on.run()
    }
    expect(examination.advice()).toMatchObject({ state: 'over', progress: 1 })
    checkInvariants(cache)
  })

  test('a call that is held up does not count for all those that are not timed', () => {
    let time = 0
    const cache = new Cache<number, unknown>({ maxEntries: 100, ttl: Infinity })
    const slow = { ...machine(), stopwatch: () => (time += 100) }
    const examination = examined(cache, { budget: 1, reads: 100_000 }, slow)
    for (let i = 0; i < 6_000; i++) readThrough(cache, i % 150)
    expect(examination.advice().cost.work).toBeLessThan(10_000)
  })

  test('stopped while it rests, it does not begin again', () => {
    const on = machine()
    let time = 0
    const cache = new Cache<number, unknown>({ maxEntries: 100, ttl: Infinity })
    const examination = examined(cache, { budget: 0.001 }, { ...on, stopwatch: () => (time += 1) })
    for (let i = 0; i < 20_000; i++) readThrough(cache, i % 150)
    expect(examination.advice().state).toBe('resting')
    examination.stop()
    on.run()
    expect(storeOf(cache).isWatched).toBe(false)
  })
})

describe('50. lifetimes', () => {
  /** A cache whose values live for 100 reads, of keys that come round every 150; by then that share of the values has changed. */
  function advised(changing: number) {
    let now = 0
    const random = randomOf(5)
    const versions = new Array<number>(150).fill(0)
    const cache = new Cache<number, unknown>({ maxEntries: 400, ttl: 100, clock: () => now })
    const read = (count: number): void => {
      for (let i = 0; i < count; i++, now++) {
        const key = now % 150
        if (random() < changing) versions[key]!++
        if (cache.get(key) === undefined) cache.set(key, { version: versions[key], key })
      }
    }
    read(1000)
    const examination = examined(cache, { smallest: 100 })
    read(16_000)
    return examination.stop()
  }

  test('says what twice the ttl would bring, and that nothing would be stale where values stay the same', () => {
    const advice = advised(0)
    expect(advice.hitRatio).toBe(0)
    expect(advice.misses.time).toBe(1)
    const [twice, four] = advice.lifetimes
    expect(twice).toMatchObject({ factor: 2, stale: 0 })
    expect(twice!.gain).toBeCloseTo(0.5, 1)
    expect(four!.gain).toBeCloseTo(0.67, 1)
  })

  test('says how many reads would be given an old value where values change', () => {
    // With twice the ttl every other read is given the value of the round before, which has changed in half of the cases.
    const [twice] = advised(0.5).lifetimes
    expect(twice!.gain).toBeCloseTo(0.5, 1)
    expect(twice!.stale).toBeCloseTo(0.25, 1)
  })
})

import fc from 'fast-check'
import { Cache } from 'nearcache'
import { describe, expect, test } from 'vitest'
import { storeOf } from '../../src/cache.ts'
import { ENTRY_BYTES, estimateBytes } from '../../src/core/bytes.ts'
import { checkInvariants } from '../support/invariants.ts'

const seed = Number(process.env.NEARCACHE_SEED ?? Math.floor(Math.random() * 2 ** 31))
const MB = 2 ** 20

/** What keys and values of a store are estimated at, with what each entry and ghost costs besides; ghosts included. */
function bytesHeld(cache: Cache<never, never>): number {
  const { slots } = storeOf(cache)
  let bytes = 0
  for (let slot = 1; slot < slots.end; slot++) {
    if (slots.isFree(slot)) continue
    bytes += ENTRY_BYTES + estimateBytes(slots.keys[slot])
    if (slots.values[slot] !== undefined) bytes += estimateBytes(slots.values[slot])
  }
  return bytes
}

describe('a bound in bytes', () => {
  test('counts what an entry itself takes', () => {
    const cache = new Cache<number, number>({ maxBytes: '1mb' })
    for (let i = 0; i < 20_000; i++) cache.set(i, i)
    expect(cache.size).toBeLessThan(MB / ENTRY_BYTES)
    expect(cache.size).toBeGreaterThan(MB / ENTRY_BYTES / 2)
    checkInvariants(cache)
  })

  test.each(['adaptive', 'lru'] as const)(
    'holds with keys of 15 kB, those that are remembered included: %s',
    (policy) => {
      const cache = new Cache<string, number>({ maxBytes: '1mb', policy })
      for (let i = 0; i < 30_000; i++) cache.set(`small ${i}`, i)
      for (let i = 0; i < 500; i++) {
        cache.set(`${i} `.padEnd(15_000, 'x'), i)
        expect(bytesHeld(cache as never)).toBeLessThanOrEqual(MB)
      }
      checkInvariants(cache)
    },
  )

  test('holds against unknown keys whose loads find nothing, or fail', async () => {
    const cache = new Cache<string, string>({ maxBytes: '256kb', negativeTtl: '1h', errorTtl: '1h' })
    for (let i = 0; i < 3000; i++) {
      await cache.getOrLoad(`unknown ${i}`, async () => undefined)
      const error = new Error('x'.repeat(500))
      await cache.getOrLoad(`failing ${i}`, () => Promise.reject(error)).catch(() => {})
      if (i % 100 === 0) expect(bytesHeld(cache as never)).toBeLessThanOrEqual(MB / 4)
    }
    expect(bytesHeld(cache as never)).toBeLessThanOrEqual(MB / 4)
    checkInvariants(cache)
  })

  test('keeps no negative result that is heavier than all of it', async () => {
    const cache = new Cache<string, string>({ maxBytes: '1kb', errorTtl: '1h' })
    let loads = 0
    const load = () => {
      loads++
      return Promise.reject(new Error('x'.repeat(2000)))
    }
    await expect(cache.getOrLoad('k', load)).rejects.toThrow('xxx')
    await expect(cache.getOrLoad('k', load)).rejects.toThrow('xxx')
    expect(loads).toBe(2)
    expect(cache.size).toBe(0)
    checkInvariants(cache)
  })

  test('gives the room of ghosts to an entry that needs nearly all', () => {
    const cache = new Cache<number, string>({ maxBytes: '64kb' })
    for (let i = 0; i < 5000; i++) cache.set(i, 'x')
    expect(storeOf(cache).ghostWeight).toBeGreaterThan(0)
    cache.set(-1, 'x'.repeat(65_000))
    expect(cache.get(-1)?.length).toBe(65_000)
    expect(cache.size).toBe(1)
    checkInvariants(cache)
  })

  test('holds after every operation', () => {
    const operation = fc.oneof(
      fc.tuple(fc.constant('set'), fc.nat(60), fc.nat(2000)),
      fc.tuple(fc.constant('get'), fc.nat(60), fc.nat(0)),
      fc.tuple(fc.constant('delete'), fc.nat(60), fc.nat(0)),
      fc.tuple(fc.constant('resize'), fc.nat(0), fc.integer({ min: 500, max: 20_000 })),
      fc.tuple(fc.constant('clear'), fc.nat(0), fc.nat(0)),
    )
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 300 }), fc.boolean(), (operations, inNamespace) => {
        const whole = new Cache<string, string>({ maxBytes: 10_000 })
        const cache = inNamespace ? whole.namespace('n') : whole
        for (const [name, id, size] of operations) {
          const key = `${id}`.padEnd(id * 4, '.')
          if (name === 'set') cache.set(key, 'v'.repeat(size))
          else if (name === 'get') cache.get(key)
          else if (name === 'delete') cache.delete(key)
          else if (name === 'resize') whole.resize({ maxBytes: size })
          else cache.clear()
          checkInvariants(whole)
        }
      }),
      { seed, numRuns: 100 },
    )
  })
})

describe('a bound by a weight of the user’s', () => {
  test('a negative result weighs what entries weigh on average, and a thousandth of the bound while there are none', async () => {
    const cache = new Cache<number, string>({
      maxWeight: 1_000_000,
      weigh: (value) => value.length,
      negativeTtl: '1h',
    })
    for (let i = 0; i < 5000; i++) await cache.getOrLoad(i, async () => undefined)
    expect(cache.size).toBe(1000)
    cache.clear()
    for (let i = 0; i < 100; i++) cache.set(i, 'x'.repeat(100))
    for (let i = 100; i < 200; i++) await cache.getOrLoad(i, async () => undefined)
    expect(cache.stats()).toMatchObject({ size: 200, weight: 20_000 })
    checkInvariants(cache)
  })
})

describe('what a Map keeps', () => {
  test('ghosts give way where there is no slot left, and then entries', () => {
    const cache = new Cache<number, number>({ maxEntries: 100 })
    storeOf(cache).slots.most = 121
    for (let i = 0; i < 1000; i++) {
      cache.set(i, i)
      expect(cache.get(i)).toBe(i)
      checkInvariants(cache)
    }
    expect(cache.size).toBe(100)
    const endless = new Cache<number, number>({ maxEntries: Infinity, ttl: Infinity })
    storeOf(endless).slots.most = 51
    for (let i = 0; i < 1000; i++) endless.set(i, i)
    expect(endless.get(999)).toBe(999)
    expect(endless.size).toBeLessThanOrEqual(50)
    expect(endless.size).toBeGreaterThan(40)
    checkInvariants(endless)
  })

  test('a bound that can never be kept is refused', () => {
    const expected =
      'maxEntries: expected at most 8388607, which is what a Map keeps, or Infinity, got 8388608'
    expect(() => new Cache({ maxEntries: 2 ** 23 })).toThrow(expected)
    expect(() => new Cache().resize(2 ** 23)).toThrow(expected)
    expect(() => new Cache({ maxEntries: 2 ** 23 - 1 }).close()).not.toThrow()
    expect(() => new Cache({ maxEntries: Infinity }).close()).not.toThrow()
  })
})

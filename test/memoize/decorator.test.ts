import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { memoized, memoOf } from 'nearcache/memoize'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { checkInvariants } from '../support/invariants.ts'
import { lowered } from './lowered.ts'

const { Shop, Market, Stall, cache, calls } = await lowered<typeof import('./shop.ts')>('shop.ts')

beforeEach(() => {
  calls.length = 0
})

describe('a decorated method', () => {
  test('remembers for each instance by itself', () => {
    const [a, b] = [new Shop(2), new Shop(3)]
    expect(a.price(1)).toEqual({ total: 2, unit: undefined })
    expect(b.price(1)).toEqual({ total: 3, unit: undefined })
    expect(a.price(1)).toBe(a.price(1))
    expect(a.price(1, 'kg')).toBe(a.price(1, 'kg'))
    expect(calls).toEqual(['price', 'price', 'price'])
    expect(memoOf(a, 'price').cache.size).toBe(2)
    checkInvariants(memoOf(a, 'price').cache)
  })

  test('keeps its name and length, and stays on the prototype', () => {
    expect(Shop.prototype.price.name).toBe('price')
    expect(Shop.prototype.price.length).toBe(2)
    expect(Object.keys(new Shop())).toEqual(['rate'])
    expect(Object.getOwnPropertyDescriptor(Shop.prototype, 'total')!.get!.name).toBe('get total')
  })

  test('may be asynchronous, and has options', async () => {
    const shop = new Shop(2)
    expect(await Promise.all([shop.stock('a'), shop.stock('a')])).toEqual(['a 2', 'a 2'])
    expect(calls).toEqual(['stock'])
    const memo = memoOf(shop, 'stock')
    expect(memo.cache.expiresIn('a')).toBeGreaterThan(599_000)
    memo.cache.deleteByTag('stock')
    await shop.stock('a')
    expect(calls).toEqual(['stock', 'stock'])
  })

  test('may have a key', () => {
    const shop = new Shop()
    expect(shop.discount({ id: 1, name: 'Ada' })).toBe('Ada')
    expect(shop.discount({ id: 1, name: 'Grace' })).toBe('Ada')
    expect(memoOf(shop, 'discount').invalidate({ id: 1, name: '' })).toBe(true)
    expect(shop.discount({ id: 1, name: 'Grace' })).toBe('Grace')
  })

  test('may be private', () => {
    const shop = new Shop()
    expect(shop.secret(1)).toBe(shop.secret(1))
    expect(shop.hidden).toBe(shop.hidden)
    expect(calls).toEqual(['secret', 'hidden'])
    expect(shop.forgetSecret(1)).toBe(true)
    shop.secret(1)
    expect(calls).toEqual(['secret', 'hidden', 'secret'])
  })

  test('may be static, and then remembers for each class by itself', () => {
    expect(Shop.byName('a')).toBe(Shop.byName('a'))
    expect(Shop.registry).toBe(Shop.registry)
    expect(Market.byName('a')).toEqual({ name: 'a', of: Market })
    expect(Market.byName('a')).toBe(Market.byName('a'))
    expect(calls).toEqual(['byName', 'registry', 'byName'])
    expect(memoOf(Shop, 'byName').invalidate('a')).toBe(true)
  })

  test('may share its results among all instances', () => {
    expect(new Shop().common(1)).toBe(new Shop().common(1))
    expect(memoOf(new Shop(), 'common').cache.size).toBe(1)
  })

  test('without an instance is on its own', () => {
    const { identity } = Shop.prototype
    expect(identity.call(undefined as never, 1)).toBe(1)
    expect(identity.call(undefined as never, 1)).toBe(1)
    expect(calls).toEqual(['identity', 'identity'])
  })
})

test('a decorated getter remembers for each instance by itself', () => {
  const [a, b] = [new Shop(2), new Shop(3)]
  expect(a.total).toBe(a.total)
  expect(b.total).toEqual({ rate: 3 })
  expect(calls).toEqual(['total', 'total'])
  expect(memoOf(a, 'total').invalidate()).toBe(true)
  expect(a.total).toEqual({ rate: 2 })
  expect(calls).toEqual(['total', 'total', 'total'])
})

test('a method that overrides another has results of its own; memoOf reaches both', () => {
  const market = new Market(2)
  expect(market.price(1)).toEqual({ market: { total: 2, unit: undefined } })
  expect(market.price(1)).toBe(market.price(1))
  expect(market.total).toEqual({ market: { rate: 2 } })
  expect(market.total).not.toBe(market.total)
  expect(calls).toEqual(['Market.price', 'price', 'total'])
  expect(memoOf(market, 'price').invalidate(1)).toBe(true)
  market.price(1)
  memoOf(market, 'price').clear()
  market.price(1)
  memoOf(market, 'total').clear()
  void market.total
  expect(calls).toEqual([
    'Market.price',
    'price',
    'total',
    'Market.price',
    'price',
    'Market.price',
    'price',
    'total',
  ])
})

describe('instances', () => {
  setFlagsFromString('--expose-gc')
  const gc: () => void = runInNewContext('gc')

  /** Resolves once everything that can be collected is, and what is to follow has followed. */
  async function collected(): Promise<void> {
    for (let times = 0; times < 5; times++) {
      await new Promise((resolve) => setImmediate(resolve))
      gc()
    }
  }

  test('are not held, not even by results that refer to them', async () => {
    const refs = (() => {
      const shops = Array.from({ length: 100 }, () => new Shop())
      for (const shop of shops) {
        shop.price(1)
        shop.common(1)
        expect(shop.self).toBe(shop)
      }
      return shops.map((shop) => new WeakRef(shop))
    })()
    await collected()
    expect(refs.filter((ref) => ref.deref() !== undefined).length).toBeLessThan(2)
  })

  test('are not held once their loads are over', async () => {
    const ref = await (async () => {
      const shop = new Shop()
      await shop.stock('a')
      return new WeakRef(shop)
    })()
    await collected()
    expect(ref.deref()).toBeUndefined()
  })

  test('are not held as arguments', async () => {
    const held = new Shop()
    const ref = (() => {
      const argument = new (class Weight {})()
      expect(held.price(argument as never, 'kg')).toBe(held.price(argument as never, 'kg'))
      return new WeakRef(argument)
    })()
    await collected()
    expect(ref.deref()).toBeUndefined()
  })

  test('leave a given cache when they are gone', async () => {
    const stay = new Stall('stays')
    ;(() => {
      const stall = new Stall('goes')
      expect(stall.label(1)).toBe('goes 1')
      expect(stay.label(1)).toBe('stays 1')
      expect(stay.label(1)).toBe('stays 1')
    })()
    expect(calls).toEqual(['label', 'label'])
    expect(cache.stats().size).toBe(2)
    await vi.waitUntil(async () => {
      await collected()
      return cache.stats().size === 1
    })
    expect(stay.label(1)).toBe('stays 1')
    expect(calls).toEqual(['label', 'label'])
  })
})

test.each<[string, () => unknown, string]>([
  ['a field', () => (memoized as any)(undefined, { kind: 'field' }), "got 'field'"],
  ['a class', () => (memoized as any)(class {}, { kind: 'class' }), "got 'class'"],
  [
    'a field of the older decorators',
    () => (memoized as any)({}, 'price', undefined),
    'expected a method or getter, got undefined',
  ],
  ['no option', () => (memoized as any)({ tll: 1 })(() => 1, { kind: 'method' }), "did you mean 'ttl'"],
  [
    'no perInstance',
    () => (memoized as any)({ perInstance: 1 })(() => 1, { kind: 'method' }),
    'perInstance: expected',
  ],
  [
    'no member',
    () => memoOf(new Shop(), 'rate'),
    "member: expected one decorated with @memoized, got 'rate'",
  ],
])('refuses: %s', (_, run, message) => {
  expect(run).toThrow(message)
})

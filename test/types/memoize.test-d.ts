import { Cache } from 'nearcache'
import { type Memo, type Memoized, memoize, memoized, memoOf } from 'nearcache/memoize'
import { describe, expectTypeOf, it } from 'vitest'

interface User {
  id: number
  name: string
}

declare function userById(id: number): Promise<User>
declare function price(item: string, count?: number): number
declare function first<T>(items: readonly T[]): T | undefined
declare function parse(text: string): string
declare function parse(text: string, radix: number): number
declare function ofThis(this: User, other: string): boolean

describe('a memoized function', () => {
  it('keeps its type', () => {
    expectTypeOf(memoize(userById)).toExtend<typeof userById>()
    expectTypeOf(memoize(userById)).toEqualTypeOf<Memoized<typeof userById>>()
    expectTypeOf(memoize(userById)(1)).toEqualTypeOf<Promise<User>>()
    expectTypeOf(memoize(price)('a', 2)).toEqualTypeOf<number>()
    expectTypeOf(memoize(price)('a')).toEqualTypeOf<number>()
    // @ts-expect-error -- an argument of another type
    memoize(price)(1)
    // @ts-expect-error -- one too many
    memoize(price)('a', 1, 2)
  })

  it('stays generic, keeps overloads and this', () => {
    expectTypeOf(memoize(first)(['a'])).toEqualTypeOf<string | undefined>()
    expectTypeOf(memoize(parse)('1')).toEqualTypeOf<string>()
    expectTypeOf(memoize(parse)('1', 10)).toEqualTypeOf<number>()
    expectTypeOf(memoize(ofThis).call({ id: 1, name: '' }, 'a')).toEqualTypeOf<boolean>()
    // @ts-expect-error -- this is no User
    memoize(ofThis)('a')
  })

  it('is invalidated by the same arguments', () => {
    const byId = memoize(userById)
    expectTypeOf(byId.invalidate(1)).toEqualTypeOf<boolean>()
    expectTypeOf(byId.clear()).toEqualTypeOf<void>()
    expectTypeOf(byId.cache).toEqualTypeOf<Cache<unknown, User>>()
    // @ts-expect-error -- an argument of another type
    byId.invalidate('1')
    // @ts-expect-error -- no argument
    byId.invalidate()
  })

  it('may be a function in place', () => {
    const add = memoize((a: number, b: number) => a + b, { ttl: '10m' })
    expectTypeOf(add(1, 2)).toEqualTypeOf<number>()
  })
})

describe('options', () => {
  it('know arguments and results', () => {
    memoize(userById, {
      ttl: (user) => {
        expectTypeOf(user).toEqualTypeOf<User>()
        return '1m'
      },
      key: (id) => {
        expectTypeOf(id).toEqualTypeOf<number>()
        return id
      },
      onRemoval: ({ value }) => expectTypeOf(value).toEqualTypeOf<User>(),
    })
    memoize(ofThis, {
      key(other) {
        expectTypeOf(this).toEqualTypeOf<User>()
        return [this.id, other]
      },
    })
  })

  it('are those of a cache, or a cache and those of a load', () => {
    memoize(userById, { maxEntries: 10, staleWhileRevalidate: '1m', tags: ['users'], keyThis: true })
    memoize(userById, { cache: new Cache(), ttl: '1m', staleIfError: '1h', tags: ['users'] })
    memoize(userById, { cache: new Cache<string, User>() })
    // @ts-expect-error -- the bounds of a given cache are its own
    memoize(userById, { cache: new Cache(), maxEntries: 10 })
    // @ts-expect-error -- no such option
    memoize(userById, { maxEntrys: 10 })
    // @ts-expect-error -- no such unit
    memoize(userById, { ttl: '10 minuets' })
  })
})

class Shop {
  readonly rate = 1

  @memoized
  price(item: string, count = 1): number {
    return item.length * count * this.rate
  }

  @memoized
  pick<T>(items: readonly T[]): T | undefined {
    return items[0]
  }

  @memoized({ ttl: '10m', key: (id: number) => id, perInstance: true })
  async user(id: number): Promise<User> {
    return { id, name: '' }
  }

  @memoized({ ttl: (user: User) => user.id, cache: new Cache() })
  async other(id: number): Promise<User> {
    return { id, name: '' }
  }

  @memoized
  get total(): Promise<number> {
    return Promise.resolve(this.rate)
  }

  @memoized()
  static async find(name: string): Promise<User> {
    return { id: 1, name }
  }

  @memoized
  #secret(n: number): string {
    return `${n}`
  }

  forget(): void {
    expectTypeOf(memoOf(this, this.#secret)).toEqualTypeOf<Memo<[n: number], string>>()
  }

  // @ts-expect-error -- not for fields
  @memoized field = 1

  // @ts-expect-error -- no such option
  @memoized({ tll: 1 })
  wrong(): number {
    return 1
  }
}

describe('a decorated member', () => {
  it('keeps its type', () => {
    const shop = new Shop()
    expectTypeOf(shop.price('a')).toEqualTypeOf<number>()
    expectTypeOf(shop.pick(['a'])).toEqualTypeOf<string | undefined>()
    expectTypeOf(shop.user(1)).toEqualTypeOf<Promise<User>>()
    expectTypeOf(shop.total).toEqualTypeOf<Promise<number>>()
    expectTypeOf(Shop.find('a')).toEqualTypeOf<Promise<User>>()
  })

  it('is reached by memoOf', () => {
    const shop = new Shop()
    expectTypeOf(memoOf(shop, 'price')).toEqualTypeOf<Memo<[item: string, count?: number], number>>()
    expectTypeOf(memoOf(shop, 'total')).toEqualTypeOf<Memo<[], number>>()
    expectTypeOf(memoOf(Shop, 'find').cache).toEqualTypeOf<Cache<unknown, User>>()
    // @ts-expect-error -- no such member
    memoOf(shop, 'prize')
    // @ts-expect-error -- an argument of another type
    memoOf(shop, 'price').invalidate(1)
  })
})

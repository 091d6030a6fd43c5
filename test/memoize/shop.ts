import { Cache } from 'nearcache'
import { memoized, memoOf } from 'nearcache/memoize'

/** Names of the members that were called, in order. */
export const calls: string[] = []

export class Shop {
  readonly rate: number

  constructor(rate = 1) {
    this.rate = rate
  }

  @memoized
  price(n: number, unit?: string): object {
    calls.push('price')
    return { total: n * this.rate, unit }
  }

  @memoized
  get total(): object {
    calls.push('total')
    return { rate: this.rate }
  }

  @memoized
  get self(): this {
    calls.push('self')
    return this
  }

  @memoized({ ttl: '10m', tags: ['stock'] })
  async stock(id: string): Promise<string> {
    calls.push('stock')
    return `${id} ${this.rate}`
  }

  @memoized({ key: (user: { id: number }) => user.id })
  discount(user: { id: number; name: string }): string {
    calls.push('discount')
    return user.name
  }

  @memoized()
  #secret(n: number): object {
    calls.push('secret')
    return { n }
  }

  secret(n: number): object {
    return this.#secret(n)
  }

  forgetSecret(n: number): boolean {
    return memoOf(this, this.#secret).invalidate(n)
  }

  @memoized
  get #hidden(): object {
    calls.push('hidden')
    return {}
  }

  get hidden(): object {
    return this.#hidden
  }

  @memoized
  static byName(name: string): object {
    calls.push('byName')
    // biome-ignore lint/complexity/noThisInStatic: the class that it was called on.
    return { name, of: this }
  }

  @memoized
  static get registry(): object {
    calls.push('registry')
    return {}
  }

  @memoized({ perInstance: false })
  common(n: number): object {
    calls.push('common')
    return { n }
  }

  @memoized
  identity<T>(value: T): T {
    calls.push('identity')
    return value
  }
}

export class Market extends Shop {
  @memoized
  override price(n: number): object {
    calls.push('Market.price')
    return { market: super.price(n) }
  }

  override get total(): object {
    return { market: super.total }
  }
}

export const cache: Cache<unknown, unknown> = new Cache({ maxEntries: 10 })

export class Stall {
  readonly name: string

  constructor(name: string) {
    this.name = name
  }

  @memoized({ cache })
  label(n: number): string {
    calls.push('label')
    return `${this.name} ${n}`
  }
}

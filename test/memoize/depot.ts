import { memoized, memoOf } from 'nearcache/memoize'

// Compiled with standard decorators, and with those of `experimentalDecorators`.

/** Names of the members that were called, in order. */
export const calls: string[] = []

export class Depot {
  readonly rate: number

  constructor(rate: number) {
    this.rate = rate
  }

  @memoized
  price(n: number): object {
    calls.push('price')
    return { total: n * this.rate }
  }

  @memoized
  get total(): object {
    calls.push('total')
    return { rate: this.rate }
  }

  @memoized({ ttl: '10m', tags: ['stock'] })
  async stock(id: string): Promise<string> {
    calls.push('stock')
    return `${id} ${this.rate}`
  }

  @memoized({ perInstance: false, key: (user: { id: number }) => user.id })
  label({ name }: { id: number; name: string }): string {
    calls.push('label')
    return name
  }

  @memoized()
  static get registry(): object {
    calls.push('registry')
    return {}
  }

  /** Its type is what it was without the decorator. */
  forget(n: number): boolean {
    // @ts-expect-error -- an argument of another type
    void (() => this.price('a'))
    return memoOf(this as Depot, 'price').invalidate(n)
  }
}

/** Refused by the compiler and when it runs. */
export function onField(): unknown {
  class Wrong {
    // @ts-expect-error -- no method or getter
    @memoized
    field = 1
  }
  return new Wrong()
}

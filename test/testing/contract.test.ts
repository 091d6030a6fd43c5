import { describe, expect, it, test } from 'vitest'
import { Cache } from '../../src/index.ts'
import {
  type ContractCache,
  type ContractOptions,
  contractCases,
  manualClock,
} from '../../src/testing/index.ts'

/** The numbers of the statements that a cache breaks. */
async function broken(create: (options: ContractOptions) => ContractCache): Promise<number[]> {
  const numbers = new Set<number>()
  for (const { number, run } of contractCases(create)) await run().catch(() => numbers.add(number))
  return [...numbers].sort((a, b) => a - b)
}

const cases = contractCases((options) => new Cache(options))

/** A wrapper as users write it: it adds its own to some methods and passes the rest on. */
class Wrapper {
  protected readonly inner: Cache

  constructor(options: ContractOptions) {
    this.inner = new Cache(options)
  }

  get(key: unknown, fallback?: unknown): unknown {
    return this.inner.get(key, fallback)
  }

  set(key: unknown, value: unknown, options?: { ttl?: number }): void {
    this.inner.set(key, value, options)
  }

  has(key: unknown): boolean {
    return this.inner.has(key)
  }

  delete(key: unknown): boolean {
    return this.inner.delete(key)
  }
}

describe('the cases', () => {
  it('have names of their own', () => {
    const names = cases.map(({ number, name }) => `${number}. ${name}`)
    expect(new Set(names).size).toBe(names.length)
  })

  it('come in the order of the contract', () => {
    const numbers = cases.map(({ number }) => number)
    expect(numbers).toEqual([...numbers].sort((a, b) => a - b))
  })

  it('hold for Cache, also when they run at once', async () => {
    await Promise.all(cases.map(({ run }) => run()))
  })

  it('leave out what is about methods that a cache does not have', async () => {
    const few = contractCases((options) => new Wrapper(options))
    expect(few.length).toBeGreaterThan(100)
    expect(few.length).toBeLessThan(cases.length)
    for (const { run } of few) await run()
  })

  it('say what was expected, what came, and where', async () => {
    class Wrong extends Wrapper {
      override get(key: unknown): unknown {
        return super.get(key) ?? null
      }
    }
    const first = contractCases((options) => new Wrong(options)).find(({ number }) => number === 5)
    await expect(first!.run()).rejects.toThrow('expected undefined, got null')
  })
})

describe('the cases find', () => {
  it('a cache that copies', async () => {
    class Copying extends Wrapper {
      override get(key: unknown, fallback?: unknown): unknown {
        const value = super.get(key, fallback)
        return typeof value === 'object' && value !== null ? { ...value } : value
      }
    }
    expect(await broken((options) => new Copying(options))).toContain(1)
  })

  it('a cache that takes null for a miss', async () => {
    class Falsy extends Wrapper {
      override get(key: unknown, fallback?: unknown): unknown {
        return super.get(key) || fallback
      }
    }
    expect(await broken((options) => new Falsy(options))).toEqual(expect.arrayContaining([2, 5]))
  })

  it('a cache that makes strings of its keys', async () => {
    class Stringly extends Wrapper {
      override get(key: unknown, fallback?: unknown): unknown {
        return super.get(String(key), fallback)
      }
      override set(key: unknown, value: unknown, options?: { ttl?: number }): void {
        super.set(String(key), value, options)
      }
    }
    expect(await broken((options) => new Stringly(options))).toContain(4)
  })

  it('a cache that ignores the ttl of an entry', async () => {
    class Forgetful extends Wrapper {
      override set(key: unknown, value: unknown): void {
        super.set(key, value)
      }
    }
    const numbers = await broken((options) => new Forgetful(options))
    expect(numbers).toEqual(expect.arrayContaining([7, 8, 9, 10]))
  })

  it('a Map', async () => {
    const numbers = await broken(() => new Map<unknown, unknown>())
    expect(numbers).toEqual(expect.arrayContaining([3, 5, 6, 7, 8, 10, 15]))
  })
})

test('a case goes by the clock that it is given', async () => {
  const made: string[] = []
  const clock = () => {
    made.push('clock')
    return manualClock(0)
  }
  const [first] = contractCases((options) => {
    made.push(`cache at ${options.clock()}`)
    return new Wrapper(options)
  }, clock)
  await first!.run()
  expect(made).toEqual(['clock', 'cache at 0', 'clock', 'cache at 0'])
})

describe('manualClock', () => {
  it('moves what a cache says, and jumps like a wall clock', () => {
    const clock = manualClock(100)
    const cache = new Cache<string, number>({ clock: clock.now, ttl: '1m' })
    expect(clock.now()).toBe(100)
    cache.set('k', 1)
    clock.advance(59_999)
    expect(cache.get('k')).toBe(1)
    clock.jump(0)
    expect(cache.get('k')).toBe(1)
    clock.advance(1)
    expect(cache.get('k')).toBeUndefined()
  })
})

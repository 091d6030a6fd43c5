import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Cache, storeOf } from '../../src/cache.ts'
import type { Removal } from '../../src/index.ts'
import { manualClock } from '../support/clock.ts'
import { checkInvariants } from '../support/invariants.ts'

const seed = Number(process.env.NEARCACHE_SEED ?? Math.trunc(Math.random() * 2 ** 31))

/** A value that is stored at most once, so that it leaves at most once. */
interface Item {
  readonly weight: number
  left: number
}

/** Numbers that decide what happens next, until there are none left. */
type Script = number[]

/** Calls back into a cache from all user code that the cache runs, as a script says. */
class Reentrant {
  readonly #script: Script
  readonly #clock = manualClock()
  readonly #items: Item[] = []
  readonly #root: Cache<number, Item>
  #depth = 0

  constructor(policy: 'lru' | 'adaptive', script: Script) {
    this.#script = script
    this.#root = new Cache<number, Item>({
      ...{ policy, maxEntries: 6, maxWeight: 15, idleTtl: 400, ttl: 1000, clock: this.#clock.now },
      weigh: ({ weight }) => {
        this.#interfere()
        return weight
      },
      onRemoval: (removal: Removal<number, Item>) => {
        removal.value.left++
        this.#interfere()
        if (this.#next(10) === 0) throw new Error('the listener fails')
      },
      onError: () => this.#interfere(),
    })
  }

  run(): void {
    while (this.#script.length > 0) {
      this.#act()
      checkInvariants(this.#root)
    }
    this.#root.clear()
    storeOf(this.#root).expiry.sweep(() => false)
    checkInvariants(this.#root)
    expect(storeOf(this.#root).size).toBe(0)
    const { sets } = this.#root.stats()
    expect(this.#items.filter(({ left }) => left > 1)).toEqual([])
    expect(this.#items.filter(({ left }) => left === 1)).toHaveLength(sets)
  }

  #next(below: number): number {
    return (this.#script.pop() ?? 0) % below
  }

  #item(): Item {
    const item = { weight: 1 + this.#next(6), left: 0 }
    this.#items.push(item)
    return item
  }

  #interfere(): void {
    if (this.#script.length === 0 || this.#depth >= 3 || this.#next(3) > 0) return
    this.#depth++
    this.#act()
    this.#depth--
  }

  #act(): void {
    const key = this.#next(9)
    const cache = this.#next(3) === 0 ? this.#root.namespace<number, Item>('n') : this.#root
    const options = [undefined, { ttl: 100 }, { ttl: 0 }, { tags: ['a'] }, { tags: ['a', 'b'], ttl: 50 }]
    const option = options[this.#next(5)]
    const acts = [
      () => cache.set(key, this.#item(), option),
      () => cache.set(key, this.#item(), option),
      () => cache.add(key, this.#item(), option),
      () =>
        cache.setMany(
          [3, 4, key].map((one) => [one, this.#item()] as const),
          option,
        ),
      () => cache.get(key),
      () => cache.take(key),
      () => cache.delete(key),
      () => cache.touch(key, this.#next(2) * 300),
      () => cache.deleteMany([key, key + 1]),
      () => cache.deleteByTag('a'),
      () => cache.clear(),
      () => this.#root.resize(1 + this.#next(8)),
      () => (cache.has(key) ? cache.incrVersion(key) : cache.version(2).clear()),
      () => this.#clock.advance(this.#next(200)),
      () => storeOf(this.#root).expiry.sweep(() => this.#next(2) === 0),
      () => [...cache].length,
      () =>
        cache.getOrSet(
          key,
          () => {
            this.#interfere()
            return this.#item()
          },
          option,
        ),
      () => {
        for (const _ of cache) this.#interfere()
      },
    ]
    acts[this.#next(acts.length)]!()
  }
}

test.each(['lru', 'adaptive'] as const)(
  `user code may call back at any time: %s (NEARCACHE_SEED=${seed})`,
  (policy) => {
    fc.assert(
      fc.property(fc.array(fc.nat(1000), { maxLength: 600, size: 'max' }), (script) => {
        new Reentrant(policy, script).run()
      }),
      { seed, numRuns: 100 },
    )
  },
  60_000,
)

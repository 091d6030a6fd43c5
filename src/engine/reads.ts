import type { Clock } from '../core/clock.ts'
import type { Counters } from '../core/counters.ts'
import type { Slots } from '../core/slots.ts'
import type { Space } from '../core/space.ts'
import { refusal } from '../options/units.ts'
import type { Policy } from '../policies/policy.ts'
import type { Store } from './store.ts'

/** The reads that a cache and a tiered cache have in common, so that a hit is the same method in either. */
export abstract class Reads<K = unknown, V = unknown> {
  /** @internal */
  protected readonly store: Store
  /** @internal */
  protected readonly space: Space
  // The store's parts that every read touches, one step nearer.
  /** @internal */
  protected readonly slots: Slots
  /** @internal */
  protected readonly policy: Policy
  /** @internal */
  protected readonly clock: Clock
  /** @internal */
  protected readonly counters: Counters

  /** @internal */
  constructor(store: Store, space: Space) {
    this.store = store
    this.space = space
    this.slots = store.slots
    this.policy = store.policy
    this.clock = store.clock
    this.counters = space.counters
  }

  /** The live value that this process holds under a key, or `fallback`. Counts as a use. */
  get(key: K): V | undefined
  get<F>(key: K, fallback: F): V | F
  get(key: K, fallback?: unknown): unknown {
    const slot = this.space.map.get(key)
    const calm = slot === undefined ? undefined : this.readCalm(slot)
    if (calm !== undefined) return calm
    return this.readClosely(slot, key, fallback)
  }

  /**
   * The live values that this process holds under these keys, in the order asked, without those not found. Takes any iterable, once. Each
   * counts as a `get`.
   */
  getMany(keys: Iterable<K>): Map<K, V> {
    const found = new Map<K, V>()
    for (const key of iterable(keys, 'keys')) {
      const value = this.get(key)
      if (value !== undefined) found.set(key, value)
    }
    return found
  }

  /**
   * A read that is not calm, or finds no slot.
   * @internal
   */
  protected readClosely(slot: number | undefined, key: K, fallback: unknown): unknown {
    const value = this.store.read(this.space, slot, key)
    return value === undefined ? fallback : value
  }

  /**
   * Reads an entry while the time stands still and nothing can have expired by it; undefined at other times, and for a ghost.
   * @internal
   */
  protected readCalm(slot: number): unknown {
    const { slots } = this
    if (!(slots.calmUntil > this.clock.latest)) return undefined
    const value = slots.values[slot]
    if (value === undefined) return undefined
    this.counters.hit()
    this.policy.use(slot)
    return value
  }
}

export function iterable<T>(value: Iterable<T>, name: string): Iterable<T> {
  if (
    typeof (value as Iterable<T> | undefined)?.[Symbol.iterator] !== 'function' ||
    typeof value === 'string'
  ) {
    throw refusal(name, 'an iterable such as an array, a Set or a Map', value)
  }
  return value
}

import { NONE } from '../core/slots.ts'
import { Store } from '../engine/store.ts'
import { withStoreDefaults } from '../options/options.ts'
import { resolveDefaults } from '../options/resolved.ts'
import type { PolicyName } from '../policies/policy.ts'
import { DELETE, type Events, FILL, HIT, MISS, TOUCH, WRITE } from './events.ts'

/** Watched keys are counted in so many parts, which tell how far the result depends on which keys are watched. A power of two. */
export const PARTS = 16

/** Which cache a miniature stands for. */
export interface Scale {
  readonly policy: PolicyName
  /** Its bounds, as a multiple of those of the running cache. */
  readonly factor: number
  /** Its lifetimes, as a multiple of those of the running cache. */
  readonly lifetime: number
}

/** Whose entries live for their own time: the terms are changed for each. */
interface Terms {
  ttl: number
}

/** The time, as the miniatures see it. */
export interface Moment {
  time: number
}

/**
 * A small cache that is given what happens to the watched keys, and stands for one of full size: the product's own store and policy,
 * with hashes for keys. (Miniature simulation, Waldspurger et al. 2017)
 */
export class Miniature implements Scale {
  readonly policy: PolicyName
  readonly factor: number
  readonly lifetime: number
  /** Reads that found nothing, by part of the keys, since `count` was called last. */
  readonly misses: Float64Array = new Float64Array(PARTS)
  /** Reads that found a value older than the one that the running cache was given last. */
  readonly stale: Float64Array = new Float64Array(PARTS)
  private readonly store: Store
  private readonly moment: Moment
  private readonly terms = { ...resolveDefaults({}), ttl: 0 } as Terms & ReturnType<typeof resolveDefaults>

  /** Stands for a cache of these bounds, Infinity for none, of which it is given the reads of `rate` of the keys. */
  constructor(
    { policy, factor, lifetime }: Scale,
    bounds: { readonly entries: number; readonly weight: number },
    rate: number,
    moment: Moment,
  ) {
    this.policy = policy
    this.factor = factor
    this.lifetime = lifetime
    this.moment = moment
    const scaled = (bound: number): number =>
      bound === Infinity ? bound : Math.max(1, Math.round(bound * rate * factor))
    const byWeight = bounds.weight === Infinity ? {} : { maxWeight: scaled(bounds.weight), weigh }
    const maxEntries = scaled(bounds.entries)
    this.store = new Store(
      withStoreDefaults({ ...byWeight, maxEntries, policy, clock: () => moment.time }),
      'miniature',
      rate,
    )
  }

  /** Begins to count. */
  count(): void {
    this.misses.fill(0)
    this.stale.fill(0)
  }

  /** An entry that the running cache holds. */
  begin(id: number, ttl: number, weight: number, version: number): void {
    this.put(id, ttl, weight, version)
  }

  play({ length, kinds, ids, times, ttls, weights, versions }: Events): void {
    const { store, moment } = this
    const { root } = store
    for (let at = 0; at < length; at++) {
      const kind = kinds[at]
      const id = ids[at]!
      moment.time = times[at]!
      if (kind === HIT || kind === MISS) {
        const version = store.read(root, root.map.get(id), id)
        if (version === undefined) {
          this.misses[id & (PARTS - 1)]++
          if (kind === HIT) this.put(id, ttls[at]!, weights[at]!, versions[at]!)
        } else if (kind === HIT && version !== versions[at]) this.stale[id & (PARTS - 1)]++
      } else if (kind === WRITE) this.put(id, ttls[at]!, weights[at]!, versions[at]!)
      else if (kind === FILL) {
        const slot = store.find(root, id)
        if (slot === NONE) this.put(id, ttls[at]!, weights[at]!, versions[at]!)
        // The read before was given what is out of date, as it turns out.
        else if (store.valueAt(slot) !== versions[at]) this.stale[id & (PARTS - 1)]++
      } else if (kind === TOUCH) {
        const slot = store.find(root, id)
        if (slot !== NONE) store.touch(slot, this.termsOf(ttls[at]!).ttl, this.terms)
      } else if (kind === DELETE) store.delete(root, id)
    }
  }

  private put(id: number, ttl: number, weight: number, version: number): void {
    this.store.commit(this.store.root, id, version, weight, this.termsOf(ttl))
  }

  private termsOf(ttl: number): Miniature['terms'] {
    this.terms.ttl = ttl * this.lifetime
    return this.terms
  }

  clear(): void {
    this.store.clear(this.store.root)
  }

  close(): void {
    this.store.close(this.store.root)
  }
}

/** Weights are given with each entry. */
function weigh(): number {
  return 1
}

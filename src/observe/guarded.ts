import { estimateBytes } from '../core/bytes.ts'
import { FIRST_SLOT, NONE } from '../core/slots.ts'
import type { Store } from '../engine/store.ts'

/** What an entry takes besides its key and value, in bytes. */
const OVERHEAD = 96
/** How many entries are looked at to learn how large they are. */
const SAMPLES = 16
/** How many of those that came last are looked at to learn what comes at present. */
const NEWEST = 3
/** The least that a cache keeps: this share of its bound, or of the most that it has held, and so many entries. */
const FLOOR_SHARE = 0.02
const FLOOR = 16

/** One cache under a guard. Does not keep it. */
export class Guarded {
  readonly name: string
  /** Hits of late, halved at each collection; as many times as the cache says that they are worth. */
  heat = 0
  /** How many insertions lie between two looks at it; 0 before the first. */
  interval = 0
  /** When it began to be held, in Unix time; undefined while it is not. */
  heldSince: number | undefined = undefined
  private readonly ref: WeakRef<Store>
  private hits: number
  private readonly weight: number
  /** The mean bytes of an entry on the heap, and outside of it. */
  private inside = 0
  private outside = 0
  /** The most entries that it has held. */
  private peak = 0
  /** Bytes that came since it began anew, less those that left, on the heap and in all. */
  private came = 0
  private cameAll = 0
  /** What it held when that was last reckoned up. */
  private reckoned = 0
  private base = 0

  constructor(store: Store) {
    this.ref = new WeakRef(store)
    this.name = store.label
    this.weight = store.settings.guard ? store.settings.guard.weight : 1
    this.hits = store.counters.hits
    this.sample(SAMPLES)
    this.restart()
  }

  /** Undefined once nobody holds it any more, or it was closed. */
  get store(): Store | undefined {
    const store = this.ref.deref()
    return store?.root.closed ? undefined : store
  }

  get size(): number {
    return this.store?.size ?? 0
  }

  /** Estimated bytes of its entries on the heap. */
  get bytes(): number {
    return this.size * this.each
  }

  /** Those, and what its entries take outside of the heap, such as Buffers. */
  get allBytes(): number {
    return this.size * this.eachAll
  }

  /** Estimated bytes of one entry on the heap. */
  get each(): number {
    return OVERHEAD + this.inside
  }

  get eachAll(): number {
    return OVERHEAD + this.inside + this.outside
  }

  /** Bytes that it has grown by on the heap since it began anew; more than its entries tell where larger ones have taken the place of others. */
  get grown(): number {
    return this.isExact ? this.bytes - this.base : this.came + (this.size - this.reckoned) * this.each
  }

  get grownAll(): number {
    return this.isExact ? this.grown : this.cameAll + (this.size - this.reckoned) * this.eachAll
  }

  /** The bound by entries that its user has set. */
  get full(): number {
    return this.store?.wantedEntries ?? Infinity
  }

  get heldAt(): number {
    return this.store?.heldAt ?? Infinity
  }

  /** What it holds at least. */
  get floor(): number {
    return Math.max(FLOOR, Math.round(FLOOR_SHARE * Math.min(this.full, this.peak)))
  }

  /** What it may grow to before its own bound alone holds again. */
  get reach(): number {
    return Math.min(this.full, 2 * Math.max(this.peak, FLOOR))
  }

  /** A collection has ended: learns how much the cache earns, and what its entries take. */
  refresh(): void {
    const { store } = this
    if (store === undefined) return
    const { hits } = store.counters
    this.heat = this.heat / 2 + this.weight * (hits - this.hits)
    this.hits = hits
    this.peak = Math.max(this.peak, store.size)
    this.sample(SAMPLES / 4)
  }

  /** Holds the cache at so many entries, at its floor at least; no longer once its own bound is reached. */
  hold(entries: number): void {
    this.peak = Math.max(this.peak, this.size)
    const at = Math.max(this.floor, entries)
    const isHeld = at < this.reach
    this.heldSince = isHeld ? (this.heldSince ?? Date.now()) : undefined
    this.store?.hold(isHeld ? at : Infinity)
  }

  /** Begins to count anew what it grows by. */
  restart(): void {
    this.came = 0
    this.cameAll = 0
    this.reckoned = this.size
    this.base = this.bytes
  }

  /** So many entries were inserted since the last time: learns from the newest what they take, and what has left for them. */
  reckon(inserted: number): void {
    const { store } = this
    if (store === undefined || store.size === 0) return
    if (this.isExact) {
      this.sample(0)
      return
    }
    const { size } = store
    const came = Math.max(inserted, size - this.reckoned)
    const left = this.reckoned + came - size
    const { inside, outside } = this.newest(store)
    this.came += came * (OVERHEAD + inside) - left * this.each
    this.cameAll += came * (OVERHEAD + inside + outside) - left * this.eachAll
    const share = Math.min(came, size) / size
    this.inside += share * (inside - this.inside)
    this.outside += share * (outside - this.outside)
    this.reckoned = size
  }

  /** What it weighs is bytes. */
  private get isExact(): boolean {
    return this.store?.unit === 'bytes'
  }

  /** The mean bytes of the entries that came last, as far as the policy knows. */
  private newest({ policy, slots }: Store): { inside: number; outside: number } {
    for (const { oldest } of policy.queues) {
      let [inside, outside, count] = [0, 0, 0]
      let slot = oldest === NONE ? NONE : slots.prev[oldest]!
      for (; count < NEWEST && slot !== NONE && slots.values[slot] !== undefined; slot = slots.prev[slot]!) {
        const bytes = bytesOf(slots.keys[slot], slots.values[slot])
        inside += bytes.inside
        outside += bytes.outside
        count++
        if (slot === oldest) break
      }
      if (count > 0) return { inside: inside / count, outside: outside / count }
    }
    return { inside: this.inside, outside: this.outside }
  }

  /** Looks at some entries, to learn how large they are. */
  sample(count: number): void {
    const { store } = this
    if (store === undefined || store.size === 0) return
    if (store.unit === 'bytes') {
      // That counts what an entry takes besides its key and value too.
      this.inside = store.weight / store.size - OVERHEAD
      return
    }
    const { slots } = store
    for (let i = 0; i < count; i++) {
      const slot = FIRST_SLOT + Math.floor(Math.random() * (slots.end - FIRST_SLOT))
      const value = slots.values[slot]
      if (value === undefined) continue
      const { inside, outside } = bytesOf(slots.keys[slot], value)
      const isFirst = this.inside === 0
      this.inside += (inside - this.inside) / (isFirst ? 1 : SAMPLES / 2)
      this.outside += (outside - this.outside) / (isFirst ? 1 : SAMPLES / 2)
    }
  }
}

/** What an entry takes, on the heap and outside of it. */
function bytesOf(key: unknown, value: unknown): { readonly inside: number; readonly outside: number } {
  const outside = externalBytes(value)
  return { inside: Math.max(0, estimateBytes(value) + estimateBytes(key) - outside), outside }
}

/** Bytes of buffers, which are not on the heap: of the value, or in its own properties. */
function externalBytes(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  const parts = ArrayBuffer.isView(value) || value instanceof ArrayBuffer ? [value] : Object.values(value)
  let bytes = 0
  for (const part of parts)
    if (ArrayBuffer.isView(part) || part instanceof ArrayBuffer) bytes += part.byteLength
  return bytes
}

import { KeyHash } from '../core/key-hash.ts'
import { FIRST_SLOT } from '../core/slots.ts'
import type { Space } from '../core/space.ts'
import type { Store } from '../engine/store.ts'
import type { Watcher } from '../engine/watcher.ts'
import type { Effort } from './effort.ts'
import { DELETE, FILL, HIT, MISS, TOUCH, WRITE } from './events.ts'
import { lifetimeIn } from './extent.ts'
import type { Causes } from './findings.ts'
import type { Panel } from './panel.ts'
import { Versions } from './versions.ts'
import { type Watched, WatchedKeys } from './watched.ts'

/** How many slots are looked at in one go for keys to begin with. */
const SLICE = 8192

/** The examination that the watch is for. */
interface Examiner {
  readonly panel: Panel
  readonly effort: Effort
  readonly isCounting: boolean
  /** Plays what was noted. */
  drain(): void
  stop(): void
}

/** Watches a share of the keys of a store, all reads of a key or none, and notes for the miniatures what happens to them. */
export class KeyWatch implements Watcher {
  readonly causes: Causes = { first: 0, room: 0, time: 0, other: 0 }
  /** The longest time that an entry was seen to have left. */
  ttl: number
  private readonly store: Store
  private readonly examiner: Examiner
  private readonly below: number
  private readonly hash = new KeyHash()
  private readonly keys: WatchedKeys
  private readonly versions: Versions | undefined
  private cursor = FIRST_SLOT

  /** Watches that share of the keys, and remembers at least the last `most` of them. */
  constructor(store: Store, rate: number, most: number, examiner: Examiner) {
    this.store = store
    this.examiner = examiner
    this.below = rate * 2 ** 32
    this.keys = new WatchedKeys(most)
    this.ttl = lifetimeIn(store)
    this.versions = this.ttl === Infinity ? undefined : new Versions()
  }

  /** The share of new values that could be compared with those before them. */
  get comparable(): number {
    const { versions } = this
    return versions === undefined || versions.all === 0 ? 1 : 1 - versions.opaque / versions.all
  }

  // What the store holds

  /** From here on reads are told; the entries that there are come some at a time, by `fill`. */
  begin(): void {
    this.store.watchKeys(this)
    this.cursor = FIRST_SLOT
  }

  /** Watches some more of the entries that the store holds; whether all were looked at. */
  fill(): boolean {
    return this.examiner.effort.measure(() => {
      const { store } = this
      const { panel } = this.examiner
      const now = store.clock.recent()
      panel.moment.time = now
      const end = Math.min(store.slots.end, this.cursor + SLICE)
      for (let slot = this.cursor; slot < end; slot++)
        if (store.isLive(slot, now)) this.beginEntry(slot, now)
        else this.beginGhost(slot)
      this.cursor = end
      return end >= store.slots.end
    })
  }

  private beginEntry(slot: number, now: number): void {
    const { slots } = this.store
    const { space } = this.store.ownerOf(slot)
    if (!this.hashOf(space, slots.keys[slot])) return
    slots.watched![slot] = 1
    const left = Math.abs(slots.deadlines[slot]!) - now
    const id = this.hash.low
    const known = this.keys.get(id) ?? this.keep(id, space)
    known.version = this.versions?.of(slots.values[slot]) ?? 0
    known.weight = slots.weights?.[slot] ?? 0
    known.deadline = now + left
    if (left !== Infinity) this.ttl = Math.max(this.ttl, left)
    known.ttl = left === Infinity ? left : Math.max(this.ttl, known.ttl)
    this.examiner.panel.begin(id, left, known.weight, known.version)
  }

  /** A key that was evicted lately, and is remembered: a larger cache would hold it. */
  private beginGhost(slot: number): void {
    const { store } = this
    const { panel } = this.examiner
    const { slots } = store
    if (slots.deadlines[slot] !== 0 || slots.isFree(slot)) return
    const { space } = store.ownerOf(slot)
    if (space === undefined || !this.hashOf(space, slots.keys[slot])) return
    const id = this.hash.low
    const known = this.keys.get(id)
    const weight = known?.weight ?? Math.round(store.weight / Math.max(1, store.size))
    if (known === undefined) this.keep(id, space).deadline = panel.moment.time + this.ttl
    panel.beginLarger(id, this.ttl, weight, known?.version ?? 0)
  }

  /** Is told nothing any more. */
  end(): void {
    this.store.watchKeys(undefined)
  }

  /** Lets go of all keys. */
  forget(): void {
    this.keys.clear()
  }

  // Told by the store

  hit(slot: number): void {
    const { keys } = this.store.slots
    const { space } = this.store.ownerOf(slot)
    this.examiner.effort.sample(() => {
      if (this.hashOf(space, keys[slot])) this.note(HIT, slot)
    })
  }

  missed(space: Space, key: unknown, slot: number | undefined): void {
    this.examiner.effort.sample(() => {
      if (!this.hashOf(space, key)) return
      const id = this.hash.low
      const known = this.keys.get(id)
      const now = this.store.clock.recent()
      const isInvalid = slot !== undefined && this.store.isTaggedOut(slot)
      if (isInvalid) this.note(DELETE, undefined)
      if (this.examiner.isCounting) this.causes[causeOf(known, now, isInvalid)]++
      if (known === undefined) this.keep(id, space).isAwaited = true
      else known.isAwaited = true
      this.note(MISS, undefined)
    })
  }

  wrote(space: Space, key: unknown, slot: number, ttl: number): boolean {
    return this.examiner.effort.sample(() => {
      if (!this.hashOf(space, key)) return false
      const { slots, clock } = this.store
      const id = this.hash.low
      const known = this.keys.get(id) ?? this.keep(id, space)
      known.version = this.versions?.of(slots.values[slot]) ?? 0
      known.ttl = ttl
      known.weight = slots.weights?.[slot] ?? 0
      known.deadline = clock.recent() + ttl
      if (ttl !== Infinity) this.ttl = Math.max(this.ttl, ttl)
      this.note(known.isAwaited ? FILL : WRITE, undefined)
      known.isAwaited = false
      return true
    })
  }

  touched(slot: number, ttl: number): void {
    this.hashOf(this.store.ownerOf(slot).space, this.store.slots.keys[slot])
    const known = this.keys.get(this.hash.low)
    if (known !== undefined) {
      known.ttl = ttl
      known.deadline = this.store.clock.recent() + ttl
    }
    this.note(ttl > 0 ? TOUCH : DELETE, slot)
  }

  deleted(space: Space, key: unknown): void {
    if (!this.hashOf(space, key)) return
    const known = this.keys.get(this.hash.low)
    if (known !== undefined) known.deadline = Number.NaN
    this.note(DELETE, undefined)
  }

  cleared(space: Space): void {
    this.examiner.drain()
    if (space === this.store.root) {
      this.examiner.panel.clear()
      for (const [, known] of this.keys) known.deadline = Number.NaN
      return
    }
    const spaces = new Set([...space.all()].map((one) => this.numberOf(one)))
    const now = this.store.clock.recent()
    for (const [id, known] of this.keys) {
      if (!spaces.has(known.space)) continue
      known.deadline = Number.NaN
      this.add(DELETE, id, now, 0, 0, 0)
    }
  }

  closed(): void {
    this.examiner.stop()
  }

  // Small parts

  /** Hashes a key; whether it is watched. Its hash is `low`. */
  private hashOf(space: Space, key: unknown): boolean {
    const { hash } = this
    hash.update(key, this.numberOf(space))
    return hash.high >>> 0 < this.below
  }

  private numberOf(space: Space): number {
    return space === this.store.root ? 0 : this.hash.identify(space)
  }

  private keep(id: number, space: Space): Watched {
    const known = {
      ...{ version: 0, ttl: this.ttl, weight: 0, deadline: Number.NaN, isAwaited: false },
      space: this.numberOf(space),
    }
    this.keys.keep(id, known)
    return known
  }

  /** Notes what happened to the key that was hashed last. */
  private note(kind: number, slot: number | undefined): void {
    const id = this.hash.low
    const known = this.keys.get(id)
    const weight = slot === undefined ? known?.weight : this.store.slots.weights?.[slot]
    const now = this.store.clock.recent()
    this.add(kind, id, now, known?.ttl ?? this.ttl, weight ?? 0, known?.version ?? 0)
  }

  private add(kind: number, id: number, time: number, ttl: number, weight: number, version: number): void {
    this.examiner.panel.add(kind, id, time, ttl, weight, version)
    if (this.examiner.panel.isFull) this.examiner.drain()
  }
}

function causeOf(known: Watched | undefined, now: number, isInvalid: boolean): keyof Causes {
  if (known === undefined) return 'first'
  if (isInvalid || Number.isNaN(known.deadline)) return 'other'
  return known.deadline <= now ? 'time' : 'room'
}

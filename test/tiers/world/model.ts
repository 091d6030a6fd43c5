import { packEntry } from '../../../src/tiers/record.ts'
import {
  type Fill,
  type FillResult,
  type LogEntry,
  numberOf,
  type Position,
  type StoredValue,
  type TierAnchor,
  type TierPull,
  type TierRead,
  type TierWrite,
  type Write,
} from '../../../src/tiers/tier.ts'

/** What the server protects itself by; each can be switched off to see what it is for. */
export type ServerMechanism =
  | 'key fence in L2'
  | 'tag check on L2 read'
  | 'clear position'
  | 'floors of the fences'
  | 'eviction check of the fences'
  | 'epoch in entries'
  | 'history check on read'
  | 'history check on fill'
  | 'history check on pull'
  | 'conflict gives the value up'
  | 'leases'
  | 'each lease is given up by itself'
  | 'expiry by a call is for ever'

export interface Limits {
  readonly log: number
  readonly keys: number
  readonly tags: number
}

export interface ModelEntry {
  readonly epoch: string
  readonly at: number
  readonly born: number
  readonly expires: number
  readonly isExpired: boolean
  /** When the server removes it; 0 for never. */
  readonly gone: number
  readonly tags: readonly string[]
  readonly value: StoredValue
}

interface State {
  readonly epoch: string
  readonly run: number
  /** When it was made, in microseconds. */
  readonly made: number
  head: Position
  c: number
  kf: number
  tf: number
  kn: number
  tn: number
}

/** What the model asks of its world. */
export interface ModelWorld {
  micros(): number
  nonce(): number
  appended(entry: LogEntry, epoch: string, server: Model): void
}

/** A model of the scripts in src/tiers/scripts.ts, statement by statement, which runs one at a time. */
export class Model {
  readonly limits: Limits
  readonly off: ServerMechanism | undefined
  readonly world: ModelWorld
  /** Which server process this is: another one after a restart and on a replica. */
  readonly run: number
  state: State | undefined = undefined
  log: LogEntry[] = []
  keys = new Map<string, number>()
  tags = new Map<string, number>()
  entries = new Map<string, ModelEntry>()
  /** Leases on keys without an entry: whose, and until when. */
  leases = new Map<string, { readonly holder: number; readonly until: number }>()
  /** For checks alone: by key, the newest version whose invalidation ran in this history; and the positions of this history. */
  told: Record<string, number> = {}
  ran: Position[] = []

  constructor(limits: Limits, world: ModelWorld, off?: ServerMechanism) {
    this.limits = limits
    this.world = world
    this.off = off
    this.run = world.nonce()
  }

  /** A copy that shares what never changes. */
  copy(): Model {
    const copy = new Model(this.limits, this.world, this.off)
    copy.state = this.state && { ...this.state }
    copy.log = this.log.slice()
    copy.keys = new Map(this.keys)
    copy.tags = new Map(this.tags)
    copy.entries = new Map(this.entries)
    copy.leases = new Map(this.leases)
    copy.told = { ...this.told }
    copy.ran = this.ran.slice()
    return copy
  }

  #on(mechanism: ServerMechanism): boolean {
    return this.off !== mechanism
  }

  #append(body: Uint8Array, number: number, max?: number): void {
    const state = this.state!
    const entry = { id: `${number}-${this.world.nonce()}`, previous: state.head, body }
    this.log.push(entry)
    if (max !== undefined && this.log.length > max) this.log.splice(0, this.log.length - max)
    state.head = entry.id
    this.world.appended(entry, state.epoch, this)
  }

  open(): State {
    const { state } = this
    if (state !== undefined) {
      if (this.#on('eviction check of the fences')) {
        if (state.kn !== this.keys.size) [state.kf, state.kn] = [numberOf(state.head), this.keys.size]
        if (state.tn !== this.tags.size) [state.tf, state.tn] = [numberOf(state.head), this.tags.size]
      }
      return state
    }
    const at = this.world.micros()
    this.log = []
    this.keys = new Map()
    this.tags = new Map()
    const c = this.#on('epoch in entries') ? at : 0
    this.state = {
      epoch: `${this.world.nonce()}`,
      run: this.run,
      made: at,
      head: '0-0',
      c,
      kf: at,
      tf: at,
      kn: 0,
      tn: 0,
    }
    this.#append(new Uint8Array(), at)
    return this.state
  }

  knows(id: Position): boolean {
    return id === this.state!.head || this.log.some((entry) => entry.id === id)
  }

  #isTagged(tags: readonly string[], at: number): boolean {
    if (tags.length === 0) return false
    if (this.#on('floors of the fences') && at < this.state!.tf) return true
    if (this.#on('eviction check of the fences') && this.state!.tn !== this.tags.size) return true
    return tags.some((tag) => (this.tags.get(tag) ?? 0) > at)
  }

  isValid(entry: ModelEntry): boolean {
    if (this.state === undefined) return false
    if (this.#on('epoch in entries') && entry.epoch !== this.state.epoch) return false
    if (this.#on('clear position') && entry.at < this.state.c) return false
    return !(this.#on('tag check on L2 read') && this.#isTagged(entry.tags, entry.at))
  }

  read(keys: readonly string[], seen: Position | undefined, lease = 0, holder = 0): TierRead {
    if (this.state === undefined) return { isKnown: false, epoch: undefined, head: undefined, values: [] }
    const { epoch, head } = this.state
    if (this.#on('history check on read') && seen !== undefined && !this.knows(seen))
      return { isKnown: false, epoch, head, values: [] }
    return { isKnown: true, epoch, head, values: keys.map((key) => this.#value(key, lease, holder)) }
  }

  #value(key: string, lease: number, holder: number): TierRead['values'][number] {
    const entry = this.#there(key)
    const valid = entry !== undefined && this.isValid(entry) ? entry : undefined
    const now = this.#time()
    if (lease === 0 || !this.#on('leases') || (valid !== undefined && !isOver(valid, now)))
      return valid && packed(valid)
    const held = entry === undefined ? this.leases.get(key) : undefined
    if (valid !== undefined && valid.born > now) return 'loading'
    if (held !== undefined && held.until > now && held.holder !== holder) return 'loading'
    const until = now + lease
    if (valid === undefined) {
      this.entries.delete(key)
      this.leases.set(key, { holder, until })
      return until
    }
    const leased = { ...valid, born: until }
    this.entries.set(key, leased)
    return packed(leased)
  }

  /** The entry under a key, unless the server has removed it by now. */
  #there(key: string): ModelEntry | undefined {
    const entry = this.entries.get(key)
    if (entry === undefined || entry.gone === 0 || entry.gone > this.#time()) return entry
    this.entries.delete(key)
    return undefined
  }

  release(key: string, until: number, holder: number): number {
    const held = this.leases.get(key)
    const entry = this.#there(key)
    if (entry === undefined) {
      if (held === undefined || held.until <= this.#time() || held.holder !== holder) return 0
      if (this.#on('each lease is given up by itself') && held.until !== until) return 0
      this.leases.delete(key)
      return 1
    }
    if (entry.expires === 0 || entry.born !== until) return 0
    this.entries.set(key, { ...entry, born: 0 })
    return 1
  }

  /** Whether an entry is over, and kept for loads that fail. */
  isOver(entry: ModelEntry): boolean {
    return isOver(entry, this.#time())
  }

  fill(fill: Fill): FillResult {
    const state = this.open()
    const { key, token, epoch, age } = fill
    const at = numberOf(token)
    if (this.#on('history check on fill') && (epoch !== state.epoch || !this.knows(token))) return 'unknown'
    if (this.#on('floors of the fences') && at < state.kf) return 'old'
    if (this.#on('key fence in L2') && (this.keys.get(key) ?? 0) > at) return 'overtaken'
    const born = this.#time() - Math.ceil(age)
    const there = this.#there(key)
    const isCurrent = there !== undefined && there.epoch === state.epoch && there.at >= state.c
    if (isCurrent && there.born > born && !isOver(there, this.#time())) return 'newer'
    this.#store(key, at, fill)
    return 'stored'
  }

  write({ seen, body, mode, keys, tags, value }: Write): TierWrite {
    const state = this.open()
    const isKnown = seen === undefined || this.knows(seen)
    const stored = value === undefined ? undefined : keys.at(-1)!
    let kept = false
    if (value !== undefined) {
      const at = numberOf(value.token)
      kept =
        !this.#on('conflict gives the value up') ||
        (this.knows(value.token) &&
          at >= state.kf &&
          state.c <= at &&
          (this.keys.get(stored!) ?? 0) <= at &&
          !this.#isTagged(value.tags, at))
    }
    const previous = state.head
    const at = numberOf(previous) + 1
    this.#append(body, at, this.limits.log)
    for (const key of keys) {
      const there = this.#there(key)
      if (mode !== 'expire') this.leases.delete(key)
      if (mode !== 'expire') this.entries.delete(key)
      else if (there !== undefined)
        this.entries.set(key, {
          ...there,
          expires: this.#time(),
          isExpired: this.#on('expiry by a call is for ever'),
        })
      this.keys.delete(key)
      this.keys.set(key, at)
    }
    for (const tag of tags) {
      this.tags.delete(tag)
      this.tags.set(tag, at)
    }
    if (mode === 'clear') state.c = at
    state.kf = trim(this.keys, this.limits.keys, state.kf)
    state.tf = trim(this.tags, this.limits.tags, state.tf)
    state.kn = this.keys.size
    state.tn = this.tags.size
    if (kept) this.#store(stored!, at, value!)
    return { isKnown, epoch: state.epoch, id: state.head, previous, kept }
  }

  pull(seen: Position, most = 1000): TierPull {
    const time = this.#time()
    if (this.state === undefined)
      return { isKnown: false, epoch: undefined, head: undefined, time, entries: [] }
    const { epoch, head } = this.state
    if (seen === head) return { isKnown: true, epoch, head, time, entries: [] }
    if (!this.#on('history check on pull'))
      return {
        isKnown: true,
        epoch,
        head,
        time,
        entries: this.log.filter(({ id }) => numberOf(id) > numberOf(seen)),
      }
    if (!this.log.some(({ id }) => id === seen)) return { isKnown: false, epoch, head, time, entries: [] }
    const from = this.log.findIndex(({ id }) => id === seen) + 1
    return { isKnown: true, epoch, head, time, entries: this.log.slice(from, from + most) }
  }

  anchor(ids: readonly Position[]): TierAnchor {
    const { epoch, head, run, made } = this.open()
    return {
      epoch,
      isFresh: run === this.run,
      age: Math.floor((this.world.micros() - made) / 1000),
      head,
      oldest: this.log[0]?.id ?? head,
      time: this.#time(),
      lost: ids.filter((id) => !this.knows(id)),
    }
  }

  #time(): number {
    return Math.floor(this.world.micros() / 1000)
  }

  #store(key: string, at: number, value: StoredValue): void {
    const now = this.#time()
    const expires = value.ttl > 0 ? now + Math.ceil(value.ttl) : 0
    this.entries.set(key, {
      epoch: this.state!.epoch,
      at,
      born: now - Math.ceil(value.age),
      expires,
      isExpired: false,
      gone: value.ttl > 0 ? expires + Math.ceil(value.stale) : 0,
      tags: value.tags,
      value,
    })
    this.leases.delete(key)
  }
}

function isOver({ expires, isExpired }: ModelEntry, now: number): boolean {
  return isExpired || (expires !== 0 && expires <= now)
}

function packed({ epoch, at, born, expires, isExpired, tags, value }: ModelEntry): Uint8Array {
  const { flags, serializer, payload } = value
  return packEntry(
    { flags, serializer, tags, epoch: Number(epoch), at, born: Math.max(0, born), expires, isExpired },
    payload,
  )
}

/** Maps keep the order of writing, which is that of the positions. */
function trim(fences: Map<string, number>, max: number, floor: number): number {
  let highest = floor
  for (const [key, at] of fences) {
    if (fences.size <= max) break
    fences.delete(key)
    highest = Math.max(highest, at)
  }
  return highest
}

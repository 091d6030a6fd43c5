import { openEntry, packEntry } from './record.ts'
import {
  type Fill,
  type FillResult,
  numberOf,
  type PlainTier,
  type Position,
  type StoredValue,
  type Tier,
  type TierAnchor,
  type TierPull,
  type TierRead,
  type TierWrite,
  type Write,
} from './tier.ts'

/** As many invalidated keys are told apart in this process. */
const MOST_FENCES = 10_000

/**
 * A store without a log, as a tier with one that nobody else writes to. Keys are deleted there; of deleted tags and of `clear` a mark is
 * stored, which entries are compared with by the time at which they were stored, so that other processes find them overtaken too, as
 * well as their clocks agree. Loads in flight are fenced in this process alone.
 */
export function plainTier(store: PlainTier, name: string): Tier {
  return new PlainLog(store, name)
}

class PlainLog implements Tier {
  readonly #store: PlainTier
  readonly #prefix: string
  #head = 1
  /** Positions at which keys were invalidated by this process. */
  readonly #fences = new Map<string, number>()
  #floor = 0

  constructor(store: PlainTier, name: string) {
    this.#store = store
    this.#prefix = `nc:{${name}}`
  }

  async read(keys: readonly string[]): Promise<TierRead> {
    const position = this.#position()
    const found = await this.#getMany([this.#mark(''), ...keys.map((key) => this.#key(key))])
    const cleared = timeOf(found[0])
    const values: (Uint8Array | undefined)[] = []
    for (const [i, key] of keys.entries()) {
      const bytes = found[i + 1]
      const entry = bytes && openEntry(bytes, key)
      const marks = entry?.tags.length ? await this.#getMany(entry.tags.map((tag) => this.#mark(tag))) : []
      const fence = Math.max(cleared, ...marks.map(timeOf))
      values.push(entry !== undefined && entry.born > fence ? bytes : undefined)
    }
    return { isKnown: true, epoch: EPOCH, head: position, values }
  }

  async fill({ key, token, ...value }: Fill): Promise<FillResult> {
    const at = numberOf(token)
    if (at < this.#floor) return 'old'
    if ((this.#fences.get(key) ?? 0) > at) return 'overtaken'
    await this.#put(key, { ...value, token })
    if ((this.#fences.get(key) ?? 0) <= at && at >= this.#floor) return 'stored'
    // It was invalidated while it was stored.
    await this.#store.delete([this.#key(key)])
    return 'overtaken'
  }

  async write({ mode, keys, tags, value }: Write): Promise<TierWrite> {
    const previous = this.#position()
    this.#head++
    if (mode === 'clear') this.#floor = this.#head
    for (const key of keys) {
      this.#fences.delete(key)
      this.#fences.set(key, this.#head)
    }
    for (const [key, at] of this.#fences) {
      if (this.#fences.size <= MOST_FENCES) break
      this.#fences.delete(key)
      this.#floor = Math.max(this.#floor, at)
    }
    const id = this.#position()
    const stored = value === undefined ? undefined : keys.at(-1)
    const gone = keys.filter((key) => key !== stored).map((key) => this.#key(key))
    if (gone.length > 0) await this.#store.delete(gone)
    for (const tag of mode === 'clear' ? [''] : tags) {
      const time = new DataView(new ArrayBuffer(8))
      time.setFloat64(0, this.#time())
      await this.#store.set(this.#mark(tag), new Uint8Array(time.buffer), undefined)
    }
    if (stored !== undefined) await this.#put(stored, value!)
    return { isKnown: true, epoch: EPOCH, id, previous, kept: stored !== undefined }
  }

  /** What this process has not been told of by the answers to its writes, such as those that failed, tells nothing new. */
  async pull(seen: Position): Promise<TierPull> {
    const head = this.#position()
    const entries = seen === head ? [] : [{ previous: seen, id: head, body: new Uint8Array() }]
    return { isKnown: true, epoch: EPOCH, head, time: this.#time(), entries }
  }

  async anchor(): Promise<TierAnchor> {
    const head = this.#position()
    return { epoch: EPOCH, isFresh: true, age: 0, head, oldest: head, time: this.#time(), lost: [] }
  }

  async probe(): Promise<unknown> {
    return this.#getMany([this.#mark('')])
  }

  async #put(key: string, value: StoredValue): Promise<void> {
    const now = this.#time()
    const { flags, serializer, tags, ttl, stale, age } = value
    const head = { flags, serializer, tags, epoch: Number(EPOCH), at: numberOf(value.token) }
    const times = { born: Math.floor(now - age), expires: ttl > 0 ? Math.ceil(now + ttl) : 0 }
    const bytes = packEntry({ ...head, ...times }, value.payload)
    await this.#store.set(this.#key(key), bytes, ttl > 0 ? ttl + stale : undefined)
  }

  async #getMany(keys: readonly string[]): Promise<(Uint8Array | undefined)[]> {
    const store = this.#store
    const found =
      store.getMany === undefined
        ? await Promise.all(keys.map((key) => store.get(key)))
        : await store.getMany(keys)
    return keys.map((_, i) => (found[i] instanceof Uint8Array ? found[i] : undefined))
  }

  #key(key: string): string {
    return `${this.#prefix}:v:${key}`
  }

  #mark(tag: string): string {
    return `${this.#prefix}:t:${tag}`
  }

  #position(): string {
    return `${this.#head}-1`
  }

  #time(): number {
    return Date.now()
  }
}

const EPOCH = '1'

function timeOf(bytes: Uint8Array | undefined): number {
  if (bytes === undefined || bytes.length !== 8) return 0
  const time = new DataView(bytes.buffer, bytes.byteOffset, 8).getFloat64(0)
  return time > 0 ? time : 0
}

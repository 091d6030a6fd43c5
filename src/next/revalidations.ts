import type { Backing } from '../adapters/backing.ts'
import { isTiered } from '../adapters/backing.ts'
import type { Cache } from '../cache.ts'
import type { TieredCache } from '../tiers/tiered-cache.ts'

/** What revalidations have made of an entry: `'stale'` is served while it is made anew, `'expired'` is not served. */
export type Standing = 'fresh' | 'stale' | 'expired'

/** One of a tag: entries made until `at` are stale, and from `deadline` on expired. */
interface Revalidation {
  readonly at: number
  readonly deadline: number
}

/** The tags of one shard. */
interface Shard {
  /** What was revalidated before is not known, so that entries made until then count as expired. */
  readonly since: number
  /** The one revalidated longest ago first. Of each tag those that no other makes pointless: both their times ascend. */
  readonly tags: ReadonlyMap<string, readonly Revalidation[]>
}

interface Change extends Revalidation {
  readonly tag: string
}

/** Where shards are kept. What is lost of them comes back as one that knows nothing. */
interface Shards {
  read(): Shard[] | Promise<Shard[]>
  change(name: string, change: (shard: Shard) => Shard): unknown
}

/** In so many entries tags are kept: who revalidates rewrites one of them, and of two processes that do so at once the second drops it. */
const SHARDS = 64
const NAMES = Array.from({ length: SHARDS }, (_, i) => String(i))
/** Above so many in a shard the tag revalidated longest ago is forgotten. */
const MOST_TAGS = 1000
/** Above so many of one tag two become one that is at least as strict. */
const MOST_PER_TAG = 8
const FOREVER = { ttl: Infinity }

const known = new WeakMap<object, Revalidations>()

/** Those of a cache, which all handlers over it share. */
export function revalidationsOf(cache: Backing<unknown> & object): Revalidations {
  let its = known.get(cache)
  if (its === undefined) {
    its = new Revalidations(isTiered(cache) ? tieredShards(cache) : localShards(cache as Cache<string>))
    known.set(cache, its)
  }
  return its
}

/**
 * When tags were revalidated. Unlike a deletion by tag this tells for an entry and the path that it is read for, by the time at which the
 * entry was made, and lets it be served while it is made anew. Kept in the cache itself, and safe to lose.
 */
export class Revalidations {
  readonly #shards: Shards
  /** Changes that are written together once those before them are. */
  #waiting: { readonly changes: Change[]; readonly done: Promise<void> } | undefined
  #written: Promise<unknown> = Promise.resolve()
  /** Changes on their way, which hold here at once: Next does not wait for them before it answers. */
  readonly #unwritten = new Set<Change>()

  constructor(shards: Shards) {
    this.#shards = shards
  }

  /** Those known now, to be asked about entries. */
  async known(): Promise<Known> {
    const shards = await this.#shards.read()
    return new Known(this.#unwritten.size === 0 ? shards : withChanges(shards, [...this.#unwritten]))
  }

  /** Revalidates tags: entries made until now expire, at once or as many seconds later as `durations` say; without any, never. */
  add(tags: readonly string[], durations?: { readonly expire?: number }): Promise<void> {
    const at = now()
    const deadline = durations === undefined ? at : at + (durations.expire ?? Infinity) * 1000
    if (this.#waiting === undefined) {
      const changes: Change[] = []
      const done = this.#written.then(() => {
        this.#waiting = undefined
        return this.#write(changes)
      })
      this.#waiting = { changes, done }
      this.#written = done.catch(() => {})
    }
    for (const tag of tags) {
      const change = { tag, at, deadline }
      this.#waiting.changes.push(change)
      this.#unwritten.add(change)
    }
    return this.#waiting.done
  }

  async #write(changes: readonly Change[]): Promise<void> {
    const byShard = grouped(changes)
    try {
      await Promise.all(
        Array.from(byShard, ([name, its]) => this.#shards.change(name, (shard) => changed(shard, its))),
      )
    } finally {
      for (const change of changes) this.#unwritten.delete(change)
    }
  }
}

/** What is known of revalidations at one moment. */
export class Known {
  readonly #shards: readonly Shard[]

  constructor(shards: readonly Shard[]) {
    this.#shards = shards
  }

  /** How an entry stands that was made then, and bears these tags or is read for them; `otherwise` where that is not known. */
  standing(tags: Iterable<string>, made: number, otherwise: Standing = 'expired'): Standing {
    const time = now()
    let standing: Standing = 'fresh'
    for (const tag of tags) {
      const { since, of } = this.#of(tag)
      if (made <= since && otherwise === 'expired') return otherwise
      if (made <= since && otherwise === 'stale') standing = otherwise
      for (const { at, deadline } of of) {
        if (made > at) continue
        if (deadline <= time) return 'expired'
        standing = 'stale'
      }
    }
    return standing
  }

  /** Entries with one of these tags that were made until then are expired. 0: none is. */
  expiration(tags: readonly string[]): number {
    const time = now()
    let latest = 0
    for (const tag of tags) {
      const { since, of } = this.#of(tag)
      latest = Math.max(latest, since)
      for (const { at, deadline } of of) if (deadline <= time) latest = Math.max(latest, at)
    }
    return latest
  }

  #of(tag: string): { since: number; of: readonly Revalidation[] } {
    const { since, tags } = this.#shards[shardOf(tag)]!
    return { since, of: tags.get(tag) ?? [] }
  }
}

/** The time as Next tells it of its entries, in milliseconds since 1970. */
export function now(): number {
  return performance.timeOrigin + performance.now()
}

function localShards(cache: Cache<string>): Shards {
  const shards = cache.namespace<string, Shard>('revalidated')
  const one = (name: string): Shard => shards.getOrSet(name, unknowing, FOREVER) as Shard
  return {
    read: () => NAMES.map(one),
    change: (name, change) => shards.set(name, change(one(name)), FOREVER),
  }
}

function tieredShards(cache: TieredCache<string>): Shards {
  const shards = cache.namespace<string, Shard>('revalidated')
  const anew = (names: readonly string[]): [string, Shard][] => names.map((name) => [name, unknowing()])
  return {
    async read() {
      const here = shards.getMany(NAMES)
      const all = here.size === SHARDS ? here : await shards.getOrLoadMany(NAMES, anew, FOREVER)
      return NAMES.map((name) => all.get(name) ?? unknowing())
    },
    change: (name, change) =>
      shards.update(name, async () => change((await shards.lookup(name)) ?? unknowing()), FOREVER),
  }
}

function unknowing(): Shard {
  return { since: now(), tags: new Map() }
}

function changed({ since, tags }: Shard, changes: readonly Change[]): Shard {
  const next = new Map(tags)
  for (const { tag, at, deadline } of changes) {
    const of = withOne(next.get(tag) ?? [], { at, deadline })
    next.delete(tag)
    next.set(tag, of)
  }
  let known = since
  for (const [tag, of] of next) {
    if (next.size <= MOST_TAGS) break
    known = Math.max(known, of.at(-1)!.at)
    next.delete(tag)
  }
  return { since: known, tags: next }
}

function withChanges(shards: readonly Shard[], changes: readonly Change[]): readonly Shard[] {
  const all = [...shards]
  for (const [name, its] of grouped(changes)) all[Number(name)] = changed(all[Number(name)]!, its)
  return all
}

function withOne(of: readonly Revalidation[], one: Revalidation): Revalidation[] {
  // Another process's may be later than this one.
  if (of.some(({ at, deadline }) => at >= one.at && deadline <= one.deadline)) return [...of]
  const kept = of.filter(({ at, deadline }) => at > one.at || deadline < one.deadline)
  const all = [...kept, one].sort((a, b) => a.at - b.at)
  const time = now()
  // Of those whose deadline is over the latest says it all.
  const over = all.filter(({ deadline }) => deadline <= time).length
  if (over > 1) all.splice(0, over - 1)
  if (all.length > MOST_PER_TAG) all.splice(0, 2, { at: all[1]!.at, deadline: all[0]!.deadline })
  return all
}

function grouped(changes: readonly Change[]): Map<string, Change[]> {
  const groups = new Map<string, Change[]>()
  for (const change of changes) {
    const name = nameOf(change.tag)
    const group = groups.get(name)
    if (group === undefined) groups.set(name, [change])
    else group.push(change)
  }
  return groups
}

function nameOf(tag: string): string {
  return NAMES[shardOf(tag)]!
}

function shardOf(tag: string): number {
  let hash = 0
  for (let i = 0; i < tag.length; i++) hash = (Math.imul(hash, 31) + tag.charCodeAt(i)) | 0
  return (hash >>> 0) % SHARDS
}

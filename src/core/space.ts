import type { TagGroup } from '../core/tags.ts'
import { Counters } from './counters.ts'
import type { Flights } from './fence.ts'

/** The Map of tables that never had a key, so that a space without entries costs little. Nothing is put in it. */
const NO_KEYS: Map<unknown, number> = new Map()

/** A Map of so many keys at most is copied, after ROUNDS insertions for each key; one of fewer than LEAST_COPIED keys as if it had so many. */
const MOST_COPIED = 2048
const LEAST_COPIED = 128
const ROUNDS = 8

/**
 * The keys of one key space: what a `clear` replaces as a whole. Ghosts keep their keys in it too, so that an insertion needs
 * one lookup to learn both whether its key is here and whether it was lately.
 */
export class Table {
  readonly space: Space
  /** One of its own from the first key on; see `Space.put`. */
  map: Map<unknown, number> = NO_KEYS
  /** Entries, live or not yet swept; without ghosts. */
  size = 0
  /** The sum of their weights. */
  weight = 0
  /** Why all of its entries are gone, once they are. */
  dropped: 'cleared' | 'expired' | undefined = undefined
  /** Time at which they went. */
  droppedAt = 0

  constructor(space: Space) {
    this.space = space
  }
}

/**
 * A key space: the cache itself, one of its namespaces, or one of its versions. Spaces nest; each has a Map of its own,
 * so a key is never joined to a prefix. A space lives as long as somebody holds a view of it or it holds an entry.
 */
export class Space {
  readonly parent: Space | undefined
  /** The name or version that the parent finds it by; undefined without a parent. */
  readonly name: string | number | undefined
  /** The space whose versions this one belongs to; itself for version 1. */
  readonly base: Space
  readonly version: number
  readonly counters: Counters
  table: Table
  /** The table's Map, one step nearer for reads. */
  map: Map<unknown, number>
  /** Number of insertions until the Map is copied; with the first it gets one of its own. */
  private untilCopy = 1
  tags: Map<string, TagGroup> | undefined = undefined
  /** Loads under way that may still store; absent while there are none. */
  flights: Flights<object> | undefined = undefined
  closed = false
  /** The number of the last change of whole spaces that it has gone along with; see engine/spaces.ts. */
  changed = 0
  /** Namespaces by name (a string) and versions by number. */
  readonly #inside: Names<string | number> = new Names()

  /** A space inside `parent`, or without one; what happens in it is counted in `around` too. */
  constructor(parent?: Space, name?: string | number, around: Counters | undefined = parent?.counters) {
    this.parent = parent
    this.name = name
    this.counters = new Counters(around)
    const isVersion = typeof name === 'number'
    this.base = isVersion ? parent! : this
    this.version = isVersion ? name : 1
    this.table = new Table(this)
    this.map = this.table.map
    this.closed = parent?.closed ?? false
  }

  namespace(name: string): Space {
    return this.#inside.find(name) ?? this.#inside.keep(name, new Space(this, name))
  }

  withVersion(version: number): Space {
    const { base } = this
    if (version === 1) return base
    return base.#inside.find(version) ?? base.#inside.keep(version, new Space(base, version))
  }

  /** This space and those inside it. */
  *all(): Generator<Space> {
    yield this
    const levels = [this.#inside[Symbol.iterator]()]
    for (let level = levels.at(-1); level !== undefined; level = levels.at(-1)) {
      const { value: space, done } = level.next()
      if (done) levels.pop()
      else {
        yield space
        levels.push(space.#inside[Symbol.iterator]())
      }
    }
  }

  /** Gives a slot to a key. Throws what the Map throws when it is full. */
  put(key: unknown, slot: number): void {
    if (--this.untilCopy === 0) this.copyMap()
    this.map.set(key, slot)
  }

  /**
   * Puts a copy in the place of the Map, to spare the garbage collector work. V8 replaces the inner table of a Map in which keys come and go
   * now and then, and the old table refers to the new one. A table old enough to be left to full collections keeps all later ones alive
   * until the next of those, though only the last is in use, and collections of young objects copy them. No table refers to that of a copy.
   * Tables for more than MOST_COPIED keys are large objects, which V8 does not copy.
   */
  private copyMap(): void {
    const { size } = this.map
    if (size <= MOST_COPIED) this.map = this.table.map = new Map(this.map)
    this.untilCopy = ROUNDS * Math.max(size, LEAST_COPIED)
  }

  /** Puts an empty table in place and gives the old one. */
  renew(): Table {
    const old = this.table
    this.table = new Table(this)
    this.map = this.table.map
    this.untilCopy = 1
    return old
  }

  /** The parent finds this space no more; a later one of the same name begins anew. */
  detach(): void {
    if (this.parent !== undefined) this.parent.#inside.forget(this.name!, this)
  }
}

/** Spaces by name, held weakly: a name goes with the last view of its space and the last entry in it. */
export class Names<Name> {
  readonly #refs: Map<Name, WeakRef<Space>> = new Map()

  /** Number of names that are listed, those of spaces that are about to go included. */
  get size(): number {
    return this.#refs.size
  }

  find(name: Name): Space | undefined {
    return this.#refs.get(name)?.deref()
  }

  keep(name: Name, space: Space): Space {
    this.#refs.set(name, new WeakRef(space))
    forgotten.register(space, { refs: this.#refs, name })
    return space
  }

  forget(name: Name, space: Space): void {
    if (this.find(name) === space) this.#refs.delete(name)
  }

  *[Symbol.iterator](): Generator<Space> {
    for (const ref of this.#refs.values()) {
      const space = ref.deref()
      if (space !== undefined) yield space
    }
  }
}

/** Where a space is listed. */
interface Listed {
  readonly refs: Map<unknown, WeakRef<Space>>
  readonly name: unknown
}

/** Takes off the names of spaces that nobody can reach any more. */
const forgotten = new FinalizationRegistry<Listed>(({ refs, name }) => {
  if (refs.get(name)?.deref() === undefined) refs.delete(name)
})

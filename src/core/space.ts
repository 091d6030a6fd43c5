import type { TagGroup } from '../core/tags.ts'
import type { Flights } from './fence.ts'

/**
 * The keys of one key space: what a `clear` replaces as a whole. Ghosts keep their keys in it too, so that an insertion needs
 * one lookup to learn both whether its key is here and whether it was lately.
 */
export class Table {
  readonly space: Space
  readonly map: Map<unknown, number> = new Map()
  /** Entries, live or not yet swept; without ghosts. */
  size = 0
  /** The sum of their weights. */
  weight = 0
  /** Why all of its entries are gone, once they are. */
  dropped: 'cleared' | 'expired' | undefined = undefined

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
  /** The space whose versions this one belongs to; itself for version 1. */
  readonly base: Space
  readonly version: number
  table: Table
  /** The table's Map, one step nearer for reads. */
  map: Map<unknown, number>
  tags: Map<string, TagGroup> | undefined = undefined
  /** Loads under way that may still store; absent while there are none. */
  flights: Flights<object> | undefined = undefined
  closed = false
  /** Namespaces by name (a string) and versions by number. */
  readonly #inside: Map<string | number, WeakRef<Space>> = new Map()

  constructor(parent?: Space, version?: number) {
    this.parent = parent
    this.base = version === undefined ? this : parent!
    this.version = version ?? 1
    this.table = new Table(this)
    this.map = this.table.map
    this.closed = parent?.closed ?? false
  }

  namespace(name: string): Space {
    return this.#find(name) ?? this.#keep(name, new Space(this))
  }

  withVersion(version: number): Space {
    const { base } = this
    if (version === 1) return base
    return base.#find(version) ?? base.#keep(version, new Space(base, version))
  }

  /** This space and those inside it. */
  *all(): Generator<Space> {
    yield this
    for (const ref of this.#inside.values()) {
      const space = ref.deref()
      if (space !== undefined) yield* space.all()
    }
  }

  /** Puts an empty table in place and gives the old one. */
  renew(): Table {
    const old = this.table
    this.table = new Table(this)
    this.map = this.table.map
    return old
  }

  /** The parent finds this space no more; a later one of the same name begins anew. */
  detach(): void {
    if (this.parent === undefined) return
    const siblings = this.parent.#inside
    for (const [name, ref] of siblings) if (ref.deref() === this) siblings.delete(name)
  }

  #find(name: string | number): Space | undefined {
    return this.#inside.get(name)?.deref()
  }

  #keep(name: string | number, space: Space): Space {
    this.#inside.set(name, new WeakRef(space))
    forgotten.register(space, { inside: this.#inside, name })
    return space
  }
}

/** Takes the names of spaces that nobody can reach any more off their parents. */
const forgotten = new FinalizationRegistry<{
  inside: Map<string | number, WeakRef<Space>>
  name: string | number
}>(({ inside, name }) => {
  if (inside.get(name)?.deref() === undefined) inside.delete(name)
})

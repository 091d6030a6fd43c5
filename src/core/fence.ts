/*
 * The fence around loads: what keeps out a result that comes too late.
 *
 * A load that may store is listed under its key in the `Flights` of its key space. Whatever writes or removes the key, or starts
 * another load of it, takes it off the list: it is overtaken, and a load may store only while it is listed. So nothing that was read
 * from the source before an invalidation is stored after it, and who asks after the invalidation finds no load to join and starts one.
 *
 *     load A   ├── listed ──────────╳ overtaken ────────────┤ result: to its waiters, not stored
 *     delete                        ┴
 *     load B                          ├── listed ─────────────────┤ result: to its waiters, stored
 *
 * What concerns more keys than one is kept out by the same rule: a `clear` puts an empty list in place of the old one; a deleted tag
 * is noted in `TagFence` with the number of deletions so far, and a load that began before it may not store under that tag; a batch, which may bring
 * keys that nobody asked for and that are therefore not listed, is told of every key that was overtaken while it ran.
 */

/** Number of overtaken keys that a batch tells apart; beyond that, all count as overtaken. */
const MOST_KEYS = 10_000
/** Number of loads that may still store though nobody waits for them; beyond that, the oldest may not, so loaders that never settle pile up nothing. */
const MOST_GIVEN_UP = 1000

/** The loads of one key space that may store, by key. */
export class Flights<Flight> {
  readonly #listed = new Map<unknown, Flight>()
  /** What was overtaken while they run, and how many keys of it each tells apart. */
  readonly #batches = new Map<Set<unknown>, number>()
  /** Loads given up, oldest first, with their keys. */
  readonly #givenUp = new Map<Flight, unknown>()

  get size(): number {
    return this.#listed.size
  }

  /** Nothing is under way. */
  get isIdle(): boolean {
    return this.#listed.size === 0 && this.#batches.size === 0
  }

  at(key: unknown): Flight | undefined {
    return this.#listed.get(key)
  }

  list(key: unknown, flight: Flight): void {
    this.#listed.set(key, flight)
  }

  /** The flight has ended. */
  unlist(key: unknown, flight: Flight): void {
    this.#givenUp.delete(flight)
    if (this.#listed.get(key) === flight) this.#listed.delete(key)
  }

  /** Nobody waits for the flight any more, and perhaps it never ends. */
  giveUp(key: unknown, flight: Flight): void {
    this.#givenUp.set(flight, key)
    if (this.#givenUp.size <= MOST_GIVEN_UP) return
    const [oldest, its] = this.#givenUp.entries().next().value!
    this.unlist(its, oldest)
  }

  /** The key was written or removed. */
  overtake(key: unknown): void {
    this.#listed.delete(key)
    for (const [overtaken, most] of this.#batches) if (overtaken.size < most) overtaken.add(key)
  }

  /** All keys that are overtaken from here on until `endBatch`; beyond `most`, all that there are. */
  beginBatch(most: number = MOST_KEYS): Set<unknown> {
    const overtaken = new Set<unknown>()
    this.#batches.set(overtaken, most)
    return overtaken
  }

  /** Whether the key was overtaken since that batch began. */
  wasOvertaken(key: unknown, overtaken: Set<unknown>): boolean {
    return overtaken.has(key) || overtaken.size >= (this.#batches.get(overtaken) ?? 0)
  }

  endBatch(overtaken: Set<unknown>): void {
    this.#batches.delete(overtaken)
  }
}

/** Number of deleted tags that are told apart while loads are under way; beyond that, all tags count as deleted. */
const MOST_TAGS = 10_000

/** A key space as far as tags are concerned. */
interface Home {
  readonly parent: Home | undefined
}

/** The tags of a store that were deleted while loads were under way. */
export class TagFence {
  /** Number of tags that were deleted so far. */
  deletions = 0
  #underWay = 0
  /** What was deleted up to this one is not told apart any more: every tag counts as deleted then. */
  #forgotten = 0
  readonly #deleted = new Map<Home, Map<string, number[]>>()
  #noted = 0

  /** A load begins; how many tags were deleted before it. */
  begin(): number {
    this.#underWay++
    return this.deletions
  }

  /** A load has ended, or is waited for no longer. */
  end(): void {
    if (--this.#underWay === 0) this.#forget()
  }

  note(space: Home, tag: string): void {
    this.deletions++
    if (this.#underWay === 0) {
      this.#forgotten = this.deletions
      return
    }
    const deleted = this.#deleted.get(space) ?? new Map<string, number[]>()
    this.#deleted.set(space, deleted)
    const numbers = deleted.get(tag)
    if (numbers === undefined) deleted.set(tag, [this.deletions])
    else numbers.push(this.deletions)
    if (++this.#noted === MOST_TAGS) this.#forget()
  }

  /** The deletions after the first `count` that concerned one of these tags, in the space or in one around it. */
  deletionsSince(count: number, space: Home, tags: readonly string[]): number[] {
    // Deletions that are not told apart may have come as early as the next.
    const found = this.#forgotten > count ? [count + 1] : []
    for (let home: Home | undefined = space; home !== undefined; home = home.parent) {
      const deleted = this.#deleted.get(home)
      for (const tag of tags) for (const one of deleted?.get(tag) ?? []) if (one > count) found.push(one)
    }
    return found
  }

  #forget(): void {
    this.#forgotten = this.deletions
    this.#deleted.clear()
    this.#noted = 0
  }
}

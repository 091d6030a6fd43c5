/**
 * All entries of one key space, and of those inside it, that bear one tag. Deleting the tag marks the group dead, which makes
 * every entry in it unreadable at once; the sweep gives their memory back. A tag used again afterwards begins a new group.
 */
export class TagGroup {
  readonly tag: string
  readonly #home: Map<string, TagGroup>
  #members = 0
  dead = false

  constructor(tag: string, home: Map<string, TagGroup>) {
    this.tag = tag
    this.#home = home
  }

  join(): void {
    this.#members++
  }

  /** The last one to leave takes the group off its home, so tags that nobody bears cost nothing. */
  leave(): void {
    if (--this.#members === 0 && this.#home.get(this.tag) === this) this.#home.delete(this.tag)
  }

  kill(): void {
    this.dead = true
    this.#home.delete(this.tag)
  }
}

/** A key space as far as tags are concerned. */
interface Tagged {
  tags: Map<string, TagGroup> | undefined
  readonly parent: Tagged | undefined
}

/** Joins the groups of these tags, in the space and in those around it. */
export function joinTags(space: Tagged, tags: Iterable<string>): readonly TagGroup[] {
  const groups: TagGroup[] = []
  for (const tag of new Set(tags)) {
    for (let home: Tagged | undefined = space; home !== undefined; home = home.parent) {
      home.tags ??= new Map()
      const group = home.tags.get(tag) ?? new TagGroup(tag, home.tags)
      home.tags.set(tag, group)
      group.join()
      groups.push(group)
    }
  }
  return groups
}

export function leaveTags(groups: readonly TagGroup[]): void {
  for (const group of groups) group.leave()
}

export function anyDead(groups: readonly TagGroup[]): boolean {
  for (const group of groups) if (group.dead) return true
  return false
}

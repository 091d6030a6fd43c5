/** Something that is counted. */
export interface Counter<Group, Item> {
  readonly group: Group
  readonly item: Item
  /** How often it was met, at most. */
  count: number
  /** How much of that may have been others, which were counted in its place before. */
  excess: number
}

/**
 * Counts what is met most often among any number of items, in a list of a fixed length: what is not in the list takes the place of the
 * least, and its count. (Space-Saving: Metwally, Agrawal, El Abbadi 2005.) Items are told apart within their group as a Map does.
 */
export class SpaceSaving<Group, Item> {
  private readonly most: number
  private readonly groups = new Map<Group, Map<Item, Counter<Group, Item>>>()
  private counters: Counter<Group, Item>[] = []

  constructor(most: number) {
    this.most = most
  }

  add(group: Group, item: Item): void {
    const found = this.groups.get(group)?.get(item)
    if (found !== undefined) {
      found.count++
      return
    }
    let excess = 0
    let at = this.counters.length
    if (at === this.most) {
      at = this.least()
      const gone = this.counters[at]!
      excess = gone.count
      this.forget(gone)
    }
    const counter = { group, item, count: excess + 1, excess }
    this.counters[at] = counter
    const inGroup = this.groups.get(group)
    if (inGroup === undefined) this.groups.set(group, new Map([[item, counter]]))
    else inGroup.set(item, counter)
  }

  /** What was met before counts half from here on; what then counts for next to nothing is forgotten. */
  halve(): void {
    for (const one of this.counters) {
      one.count /= 2
      one.excess /= 2
    }
    for (const one of this.counters) if (one.count < 0.5) this.forget(one)
    this.counters = this.counters.filter(({ count }) => count >= 0.5)
  }

  /** Those that were met most often for certain, the most frequent first. */
  top(most: number): readonly Counter<Group, Item>[] {
    return [...this.counters].sort((a, b) => b.count - b.excess - (a.count - a.excess)).slice(0, most)
  }

  private least(): number {
    let least = 0
    for (let i = 1; i < this.counters.length; i++)
      if (this.counters[i]!.count < this.counters[least]!.count) least = i
    return least
  }

  private forget({ group, item }: Counter<Group, Item>): void {
    const inGroup = this.groups.get(group)!
    inGroup.delete(item)
    if (inGroup.size === 0) this.groups.delete(group)
  }
}

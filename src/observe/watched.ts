/** What is remembered of a watched key, whether or not the running cache holds it. */
export interface Watched {
  /** Stands for the value that was stored last. */
  version: number
  ttl: number
  weight: number
  /** When that value expires. */
  deadline: number
  /** A read found nothing, and nothing was stored since. */
  isAwaited: boolean
  /** The key space, by number. */
  readonly space: number
}

/**
 * The watched keys met lately, by their hash: all of the last `most`, and as many before them at most.
 */
export class WatchedKeys {
  private readonly most: number
  private young = new Map<number, Watched>()
  private old = new Map<number, Watched>()

  constructor(most: number) {
    this.most = most
  }

  get(id: number): Watched | undefined {
    const found = this.young.get(id)
    if (found !== undefined) return found
    const before = this.old.get(id)
    if (before !== undefined) this.keep(id, before)
    return before
  }

  keep(id: number, watched: Watched): void {
    if (this.young.size >= this.most) {
      this.old = this.young
      this.young = new Map()
    }
    this.young.set(id, watched)
  }

  *[Symbol.iterator](): Generator<[number, Watched]> {
    yield* this.young
    for (const one of this.old) if (!this.young.has(one[0])) yield one
  }

  clear(): void {
    this.young = new Map()
    this.old = new Map()
  }
}

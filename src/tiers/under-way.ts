import type { Cover } from './message.ts'

/** A load, a read of the second tier, or an update, while it is under way. */
export class Work {
  readonly key: string
  readonly start: number
  isOvertaken = false
  /** Tags that were deleted meanwhile: its own are known only at its end. */
  deleted: Set<string> | undefined = undefined

  constructor(key: string, start: number) {
    this.key = key
    this.start = start
  }

  /** Whether its result, which has these tags, comes too late to be kept. */
  isTooLate(tags: readonly string[]): boolean {
    return this.isOvertaken || (this.deleted !== undefined && tags.some((tag) => this.deleted!.has(tag)))
  }
}

/** All that is under way in one cache, so that an invalidation overtakes it. */
export class UnderWay {
  readonly #byKey = new Map<string, Set<Work>>()

  begin(key: string, start: number): Work {
    const work = new Work(key, start)
    const all = this.#byKey.get(key)
    if (all === undefined) this.#byKey.set(key, new Set([work]))
    else all.add(work)
    return work
  }

  end(work: Work): void {
    const all = this.#byKey.get(work.key)
    if (all?.delete(work) && all.size === 0) this.#byKey.delete(work.key)
  }

  /** When the oldest work on a key began that is not overtaken; undefined for none. */
  oldest(key: string): number | undefined {
    for (const work of this.#byKey.get(key) ?? []) if (!work.isOvertaken) return work.start
    return undefined
  }

  overtake(cover: Cover): void {
    if (cover.isClear) this.overtakeAll()
    for (const key of cover.keys) for (const work of this.#byKey.get(key) ?? []) work.isOvertaken = true
    if (cover.tags.length === 0) return
    for (const works of this.#byKey.values()) {
      for (const work of works) {
        work.deleted ??= new Set()
        for (const tag of cover.tags) work.deleted.add(tag)
      }
    }
  }

  overtakeAll(): void {
    for (const works of this.#byKey.values()) for (const work of works) work.isOvertaken = true
  }
}

import type { Message, Read, Write } from './messages.ts'

/** A read that gave an older version than the database had when the read began. */
export interface OldRead {
  readonly start: number
  /** Milliseconds from the answer to the write that it should have seen to the read; undefined if nobody had that answer yet. */
  readonly age: number | undefined
}

export interface Figures {
  readonly reads: number
  readonly queries: number
  readonly failures: number
  readonly old: readonly OldRead[]
  /** The highest age. */
  readonly worst: number
}

type Counted = Extract<Message, { kind: 'reads' }>['ways']

/** What all processes have read and written, joined. */
export class Account {
  readonly #reads: Read[][]
  readonly #counts = new Map<number, Counted>()
  /** In the order of their versions. */
  readonly #writes = new Map<number, Write[]>()
  #before: { queries: number; failures: number }[]

  constructor(ways: number) {
    this.#reads = Array.from({ length: ways }, () => [])
    this.#before = this.#sums()
  }

  #sums(): { queries: number; failures: number }[] {
    return this.#reads.map((_, way) => {
      const counts = [...this.#counts.values()].map((ways) => ways[way]!)
      return {
        queries: counts.reduce((sum, { queries }) => sum + queries, 0),
        failures: counts.reduce((sum, { failures }) => sum + failures, 0),
      }
    })
  }

  /** Forgets what was counted so far; what was written stays known. */
  begin(): void {
    this.#before = this.#sums()
    for (const reads of this.#reads) reads.length = 0
  }

  addReads(worker: number, ways: Counted): void {
    this.#counts.set(worker, ways)
    for (const [way, { reads }] of ways.entries()) this.#reads[way]!.push(...reads)
  }

  addWrite(write: Write): void {
    const writes = this.#writes.get(write.id) ?? []
    writes.push(write)
    this.#writes.set(
      write.id,
      writes.sort((a, b) => a.version - b.version),
    )
  }

  figures(way: number): Figures {
    const old: OldRead[] = []
    for (const [id, start, version] of this.#reads[way]!) {
      const missed = this.#writes.get(id)?.find((write) => write.version > version)
      if (missed === undefined || missed.committed > start) continue
      const answered = missed.answered[way]!
      old.push({ start, age: answered <= start ? start - answered : undefined })
    }
    const [sums, before] = [this.#sums()[way]!, this.#before[way]!]
    return {
      reads: this.#reads[way]!.length,
      queries: sums.queries - before.queries,
      failures: sums.failures - before.failures,
      old,
      worst: old.reduce((worst, { age = 0 }) => Math.max(worst, age), 0),
    }
  }
}

import { CacheError } from '../errors.ts'

/** What is counted since a cache was opened, of messages about invalidations. */
export interface MessageCounts {
  /** Own keys and tags that were acknowledged after they had waited to be sent. */
  readonly replayed: number
  /** Messages of other processes that have come. */
  readonly heard: number
  /** Messages that the second tier had lost, and that were sent again. */
  readonly lost: number
  /** How often others may have said what nobody can tell any more, so that all held here was given up. */
  readonly unknown: number
}

export interface OutageHost {
  now(): number
  counts(): MessageCounts
  onFault(error: CacheError): void
}

/** The time in which a second tier, or a bus, does not answer: told once when it begins, and once when all that was missed is made up for. */
export class Outage {
  readonly #cache: string
  readonly #what: 'second tier' | 'bus'
  readonly #host: OutageHost
  #begun: { readonly at: number; readonly counts: MessageCounts } | undefined

  constructor(cache: string, what: 'second tier' | 'bus', host: OutageHost) {
    this.#cache = cache
    this.#what = what
    this.#host = host
  }

  /** For how many milliseconds it has been so; undefined where all is well. */
  get lasts(): number | undefined {
    return this.#begun && this.#host.now() - this.#begun.at
  }

  /** It has failed so often that it counts as away. One that fails again before the end is told goes on failing. */
  begin(failures: number, last: unknown): void {
    if (this.#begun !== undefined) return
    this.#begun = { at: this.#host.now(), counts: this.#host.counts() }
    const why = last instanceof Error ? last.message : String(last)
    this.#tell(
      'UNREACHABLE',
      `has failed ${failures} times in a row (last: ${why}); until it answers, values are loaded from the source, what is held here is given for maxStale at most, and invalidations wait to be sent`,
      { cause: last },
    )
  }

  /** The log was read to its end, and nothing waits to be sent any more. */
  end(): void {
    if (this.#begun === undefined) return
    const seconds = Math.round((this.#host.now() - this.#begun.at) / 1000)
    const { counts } = this.#begun
    const now = this.#host.counts()
    this.#begun = undefined
    const of = (name: keyof MessageCounts): number => now[name] - counts[name]
    const lost = of('lost') > 0 ? `; messages that it had lost, sent again: ${of('lost')}` : ''
    const unknown =
      of('unknown') > 0
        ? '; more may have been missed, so everything held here was given up'
        : '; nothing was missed'
    this.#tell(
      'REACHABLE',
      `answers again after ${seconds} s; keys and tags that had waited, sent since: ${of('replayed')}; messages of others, heard since: ${of('heard')}${lost}${unknown}`,
    )
  }

  #tell(code: 'UNREACHABLE' | 'REACHABLE', text: string, options?: { readonly cause: unknown }): void {
    this.#host.onFault(new CacheError(code, `${this.#cache}: the ${this.#what} ${text}`, options))
  }
}

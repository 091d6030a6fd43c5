import { publish } from './channels.ts'
import { isThenable } from './removal.ts'

/**
 * What went wrong without a caller to tell:
 *
 * - `listener`: `onRemoval` threw or rejected.
 * - `loader`: a load failed for which nobody waited, or for which a stale value was given.
 * - `timeout`: such a load took longer than its `hardTimeout`.
 * - `weigher`: `weigh` or `protect` refused what a batch brought besides.
 * - `clock`: the injected `clock` threw.
 * - `tier`: the second tier of a tiered cache does not answer, or does so again; more invalidations wait for it than may.
 * - `bus`: the same of a bus; its channel, or that of a second tier, could not be listened to, or told what cannot be read.
 * - `codec`: a value could not be written for the second tier, or could not be read there.
 * - `dashboard`: `authorise`, `reveal` or `onAction` of a dashboard threw or rejected. It belongs to no cache: its name is `dashboard`, and
 *   it is in no statistics.
 * - `snapshot`: a snapshot was damaged, or an entry of it could not be written or put back.
 */
export type FaultKind =
  | 'listener'
  | 'loader'
  | 'timeout'
  | 'weigher'
  | 'clock'
  | 'tier'
  | 'bus'
  | 'codec'
  | 'dashboard'
  | 'snapshot'

/** What went wrong without a caller to tell, and where. */
export interface Fault {
  readonly kind: FaultKind
  /** The name by which the cache is listed. */
  readonly cache: string
  /** The key that it concerned, if it was one. */
  readonly key?: unknown
  readonly error: unknown
  /** When the first of this kind was seen in this cache, in milliseconds of Unix time. */
  readonly since: number
  /** How many of this kind there were so far, this one included. */
  readonly count: number
  /** How many of this kind were left out of the console since its last line. */
  readonly muted: number
}

/** Of each kind the console gets at most one line in this many milliseconds. */
const QUIET = 60_000

interface Kind {
  readonly since: number
  count: number
  muted: number
  printed: number
}

/** The faults of one cache: counted, published, and given to `onError` or else to the console. */
export class Faults {
  private readonly kinds: Map<string, Kind> = new Map()
  private readonly cache: { readonly label: string }
  private readonly onError: ((error: unknown, fault: Fault) => unknown) | undefined

  constructor(
    cache: { readonly label: string },
    onError: ((error: unknown, fault: Fault) => unknown) | undefined,
  ) {
    this.cache = cache
    this.onError = onError
  }

  /** How many there were, by kind. */
  get counts(): Partial<Record<FaultKind, number>> {
    const told = [...this.kinds].filter(([name]) => name !== 'onError')
    return Object.fromEntries(told.map(([name, { count }]) => [name, count]))
  }

  /** Throws nothing. */
  report(kind: FaultKind, error: unknown, ...key: readonly unknown[]): void {
    const seen = this.count(kind)
    const { since, count, muted } = seen
    const fault: Fault = {
      ...{ kind, cache: this.cache.label, error, since, count, muted },
      ...(key.length > 0 && { key: key[0] }),
    }
    publish('fault', () => fault)
    if (this.onError === undefined) {
      this.print(kind, seen, error)
      return
    }
    const fail = (second: unknown): void => this.print('onError', this.count('onError'), second)
    try {
      const result = this.onError(error, fault)
      if (isThenable(result)) Promise.resolve(result).catch(fail)
    } catch (second) {
      fail(second)
    }
  }

  private count(name: string): Kind {
    const seen = this.kinds.get(name) ?? { since: Date.now(), count: 0, muted: 0, printed: -Infinity }
    this.kinds.set(name, seen)
    seen.count++
    return seen
  }

  /** Prints an error, where there is a console that works, and no line of its kind was printed lately. The end of what was printed is too. */
  private print(name: string, seen: Kind, error: unknown): void {
    const now = Date.now()
    const isEnd = (error as { code?: unknown } | null | undefined)?.code === 'REACHABLE'
    if (Math.abs(now - seen.printed) < QUIET && (seen.muted > 0 || !isEnd)) {
      seen.muted++
      return
    }
    const more = seen.muted === 0 ? '' : `, ${seen.muted} more since the last line`
    seen.printed = now
    seen.muted = 0
    try {
      console.error(`nearcache: ${this.cache.label} (${name}${more}):`, error)
    } catch {}
  }
}

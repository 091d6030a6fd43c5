import { encodePush } from './message.ts'
import { type LogEntry, numberOf, type Position, type Push } from './tier.ts'

/** As many entries are kept for a reading; one that missed more distrusts all that is held. */
const MOST = 1000
/** There is one life: it ends with the process. */
export const LOCAL_EPOCH = '1'

/**
 * What a process hears of invalidations where no store keeps a log, in the order in which it hears of them. That something was missed is
 * a place in it that nobody knows, so that its reader distrusts all that is held.
 */
export class LocalLog {
  #number = 1
  #entries: LogEntry[] = []
  /** From here on nothing is missing. */
  #complete = 1
  #onBytes: ((bytes: Uint8Array) => void) | undefined

  get head(): Position {
    return positionOf(this.#number)
  }

  /** Tells each entry at once. `onEnd` is called when nobody listens any more. */
  push(onEnd: () => unknown): Push {
    return {
      listen: async (onBytes) => {
        this.#onBytes = onBytes
        return () => {
          this.#onBytes = undefined
          return onEnd()
        }
      },
    }
  }

  append(body: Uint8Array): LogEntry {
    const entry = { previous: this.head, id: positionOf(++this.#number), body }
    this.#entries.push(entry)
    if (this.#entries.length > MOST) this.#complete = numberOf(this.#entries.shift()!.id)
    this.#tell(entry)
    return entry
  }

  /** Something was missed: what was read before proves nothing any more. */
  lose(): void {
    this.#number++
    this.#complete = this.#number
    this.#entries = []
    // It follows on nothing that is known, so the log is read.
    this.#tell({ previous: this.head, id: positionOf(this.#number + 1), body: new Uint8Array() })
  }

  /** The entries after a position; undefined where something was missed since. Those up to there are forgotten. */
  after(seen: Position): LogEntry[] | undefined {
    if (numberOf(seen) < this.#complete) return undefined
    this.#entries = this.#entries.filter((entry) => numberOf(entry.id) > numberOf(seen))
    return [...this.#entries]
  }

  #tell(entry: LogEntry): void {
    this.#onBytes?.(encodePush({ ...entry, epoch: LOCAL_EPOCH }))
  }
}

function positionOf(number: number): Position {
  return `${number}-1`
}

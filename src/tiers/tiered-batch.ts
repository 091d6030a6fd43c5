import type { LoadContext } from '../loading/flight.ts'
import type { Signal } from '../options/options.ts'
import { refusal } from '../options/units.ts'
import type { Found } from './remote-values.ts'

/** One read of the second tier for many keys, and one call of a loader for those that it does not have. */
export class TieredBatch {
  readonly #readAll: (texts: readonly string[]) => Promise<Found[]>
  readonly #loadMany: (keys: readonly never[], context: { readonly signal: Signal }) => unknown
  readonly #reads = new Map<string, (found: Found | Promise<never>) => void>()
  readonly #keys: unknown[] = []
  readonly #abort = new AbortController()
  #answer!: (answer: Map<unknown, unknown> | Promise<Map<unknown, unknown>>) => void
  readonly #answered: Promise<Map<unknown, unknown>>
  #unwanted = 0
  #hasRead = false
  #hasLoaded = false

  constructor(
    readAll: (texts: readonly string[]) => Promise<Found[]>,
    loadMany: (keys: readonly never[], context: { readonly signal: Signal }) => unknown,
  ) {
    this.#readAll = readAll
    this.#loadMany = loadMany
    this.#answered = new Promise((resolve) => {
      this.#answer = resolve
    })
  }

  readonly read = async (text: string): Promise<Found> => {
    // For a key that turned out only later to need a load of its own.
    if (this.#hasRead) return (await this.#readAll([text]))[0]!
    return new Promise((resolve) => this.#reads.set(text, resolve))
  }

  readonly load = async (key: unknown, context: LoadContext): Promise<unknown> => {
    if (this.#hasLoaded) return (await this.#ask([key], context.signal)).get(key)
    this.#keys.push(key)
    const signal = context.signal
    signal.addEventListener('abort', () => {
      if (++this.#unwanted === this.#keys.length) this.#abort.abort(signal.reason)
    })
    return (await this.#answered).get(key)
  }

  /** Reads what has been asked for by now, then loads the rest. */
  run(): void {
    this.#hasRead = true
    if (this.#reads.size === 0) {
      this.#hasLoaded = true
      return
    }
    void this.#run().catch(() => {})
  }

  async #run(): Promise<void> {
    try {
      const found = await this.#readAll([...this.#reads.keys()])
      for (const [i, resolve] of [...this.#reads.values()].entries()) resolve(found[i]!)
    } catch (error) {
      for (const resolve of this.#reads.values()) resolve(Promise.reject(error))
    }
    // Those who have waited go on first, and ask for their load.
    for (let i = 0; i < 8; i++) await undefined
    this.#hasLoaded = true
    if (this.#keys.length > 0) this.#answer(this.#ask(this.#keys, this.#abort.signal))
  }

  async #ask(keys: readonly unknown[], signal: Signal): Promise<Map<unknown, unknown>> {
    const answer: unknown = await this.#loadMany(keys as never[], { signal })
    if (answer instanceof Map) return answer
    if (typeof (answer as Iterable<unknown> | null | undefined)?.[Symbol.iterator] !== 'function')
      throw refusal('loadMany', 'a Map or pairs of a key and a value to be returned', answer)
    return new Map(answer as Iterable<readonly [unknown, unknown]>)
  }
}

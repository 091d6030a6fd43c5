import type { LoadContext } from '../loading/flight.ts'
import { joined, type Wait, Work } from '../loading/waits.ts'
import type { Signal } from '../options/options.ts'

/** A load under way. */
interface Load {
  readonly work: Work
  readonly result: Promise<unknown>
}

/** What one scoped cache remembers in one scope: values, and loads under way. */
export class Held {
  readonly values: Map<unknown, unknown> = new Map()
  readonly #maxEntries: number
  #loads: Map<unknown, Load> | undefined

  constructor(maxEntries: number) {
    this.#maxEntries = maxEntries
  }

  /** Keeps a value. Where there is no room, the one written longest ago goes. */
  set(key: unknown, value: unknown): void {
    this.#loads?.delete(key)
    this.values.delete(key)
    if (this.values.size >= this.#maxEntries) this.values.delete(this.values.keys().next().value)
    this.values.set(key, value)
  }

  /** A load under way of that key is not kept, nor joined. */
  overtake(key: unknown): void {
    this.#loads?.delete(key)
  }

  delete(key: unknown): boolean {
    this.#loads?.delete(key)
    return this.values.delete(key)
  }

  clear(): void {
    this.values.clear()
    this.#loads = undefined
  }

  /** The result of the load of this key that is under way, or of a new one. It is kept unless the key was written or removed meanwhile. */
  load(
    key: unknown,
    loader: (key: never, context: never) => unknown,
    signal: () => Signal,
    wait: Wait | undefined,
  ): Promise<unknown> {
    const { work, result } = this.#loads?.get(key) ?? this.#start(key, loader, signal)
    return joined(work, result, wait)
  }

  #start(key: unknown, loader: (key: never, context: never) => unknown, signal: () => Signal): Load {
    const context = contextOf(key, signal)
    const work = new Work({ key })
    let answer!: (value: unknown) => void
    const answered = new Promise((resolve) => {
      answer = resolve
    })
    const result = answered.then(
      (value) => {
        if (this.#land(key, load) && value !== undefined && context.keep) this.set(key, value)
        return value
      },
      (error) => {
        this.#land(key, load)
        throw error
      },
    )
    const load = { work, result }
    this.#loads ??= new Map()
    this.#loads.set(key, load)
    answer(work.run(() => run(key, loader, context)))
    return load
  }

  /** Takes a load off the list; whether it was on it. */
  #land(key: unknown, load: Load): boolean {
    load.work.end()
    return this.#loads?.get(key) === load && this.#loads.delete(key)
  }
}

/** Calls a loader. One that throws at once fails as one that rejects. */
async function run(
  key: unknown,
  loader: (key: never, context: never) => unknown,
  context: LoadContext<unknown, never>,
): Promise<unknown> {
  return loader(key as never, context as never)
}

/** What a loader is told. `signal` is asked for when the loader asks for it. */
export function contextOf<K>(key: K, signal: () => Signal): LoadContext<K, never> {
  return {
    key,
    get signal() {
      return signal()
    },
    stale: undefined,
    ttl: undefined,
    tags: undefined,
    keep: true,
  }
}

import type { LoadContext } from '../loading/flight.ts'
import type { Signal } from '../options/options.ts'

/** What one scoped cache remembers in one scope: values, and loads under way. */
export class Held {
  readonly values: Map<unknown, unknown> = new Map()
  readonly #maxEntries: number
  #loads: Map<unknown, Promise<unknown>> | undefined

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
  ): Promise<unknown> {
    const underWay = this.#loads?.get(key)
    if (underWay !== undefined) return underWay
    const context = contextOf(key, signal)
    const load = run(key, loader, context).then(
      (value) => {
        if (this.#land(key, load) && value !== undefined && context.keep) this.set(key, value)
        return value
      },
      (error) => {
        this.#land(key, load)
        throw error
      },
    )
    this.#loads ??= new Map()
    this.#loads.set(key, load)
    return load
  }

  /** Takes a load off the list; whether it was on it. */
  #land(key: unknown, load: Promise<unknown>): boolean {
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

import type { AsyncPeer, AsyncTarget, Loader, Peer, Target } from './peer.ts'

/** A Map with a bound, which drops the key that was inserted first. Its iterator is kept: a new one would pass all deleted keys. */
class FirstInFirstOut extends Map<unknown, unknown> implements Target {
  readonly #capacity: number
  #oldest = this.keys()

  constructor(capacity: number) {
    super()
    this.#capacity = capacity
  }

  override set(key: unknown, value: unknown): this {
    super.set(key, value)
    if (this.size > this.#capacity) this.#dropOldest()
    return this
  }

  #dropOldest(): void {
    let { value: key, done } = this.#oldest.next()
    if (done) {
      this.#oldest = this.keys()
      key = this.#oldest.next().value
    }
    this.delete(key)
  }
}

class AsyncMap implements AsyncTarget {
  readonly #map: FirstInFirstOut
  readonly #loader: Loader

  constructor(capacity: number, loader: Loader) {
    this.#map = new FirstInFirstOut(capacity)
    this.#loader = loader
  }

  read(key: string): Promise<unknown> {
    const value = this.#map.get(key)
    return value === undefined ? this.#load(key) : Promise.resolve(value)
  }

  async #load(key: string): Promise<unknown> {
    const value = await this.#loader(key)
    this.#map.set(key, value)
    return value
  }
}

/** The floor: what any cache in JavaScript stands on. */
export const map: Peer = {
  name: 'Map',
  ttl: false,
  note: 'the floor; drops what was inserted first',
  make: (capacity) => new FirstInFirstOut(capacity),
}

export const promiseOfMap: AsyncPeer = {
  name: 'Map',
  ttl: false,
  note: 'the floor: `await Promise.resolve(map.get(key))`',
  make: (capacity, loader) => new AsyncMap(capacity, loader),
}

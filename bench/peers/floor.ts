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

/** A Map to places in an array of values, with a bound: a key can leave without its value moving, and the places are used in turn. */
class Indexed implements Target {
  readonly #capacity: number
  readonly #places = new Map<unknown, number>()
  readonly #values: unknown[] = []
  readonly #keys: unknown[] = []
  #next = 0

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  get(key: unknown): unknown {
    const place = this.#places.get(key)
    return place === undefined ? undefined : this.#values[place]
  }

  set(key: unknown, value: unknown): void {
    let place = this.#places.get(key)
    if (place === undefined) {
      place = this.#next
      this.#next = (place + 1) % this.#capacity
      if (this.#keys[place] !== undefined) this.#places.delete(this.#keys[place])
      this.#places.set(key, place)
      this.#keys[place] = key
    }
    this.#values[place] = value
  }

  /** Its place stays unused until its turn comes. */
  delete(key: unknown): boolean {
    const place = this.#places.get(key)
    if (place === undefined) return false
    this.#values[place] = undefined
    this.#keys[place] = undefined
    return this.#places.delete(key)
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

/** The floor of a bounded cache, whose policy needs its entries in places. */
export const indexed: Peer = {
  name: 'values[map.get(key)]',
  ttl: false,
  note: 'the floor of any bounded cache; drops what was inserted first',
  make: (capacity) => new Indexed(capacity),
}

/** Nothing expires in them, and they know no policy: what others are measured by. */
export const floors: readonly string[] = [map.name, indexed.name]

export const promiseOfMap: AsyncPeer = {
  name: 'Map',
  ttl: false,
  note: 'the floor: `await Promise.resolve(map.get(key))`',
  make: (capacity, loader) => new AsyncMap(capacity, loader),
}

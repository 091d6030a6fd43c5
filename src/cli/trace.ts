import { Failure } from './failure.ts'

/** A recorded trace: which key each read asked for and, where that was recorded, when and how heavy its value was. */
export interface Trace {
  /** How it is named in messages: the file, or `stdin`. */
  readonly name: string
  /** One number per read; keys are numbered from 0 by first appearance. */
  readonly keys: Uint32Array
  /** How many different keys there are. */
  readonly unique: number
  /** Milliseconds, never running backwards. */
  readonly times: Float64Array | undefined
  readonly weights: Float64Array | undefined
  /** The share of keys that was recorded, 1 for all of them. */
  readonly sample: number
}

/** The most entries that a Map can hold. */
const MOST_KEYS = 2 ** 24

/** Takes reads one by one and keeps a few bytes of each. */
export class TraceBuilder {
  sample = 1
  readonly #name: string
  readonly #ids = new Map<string | number, number>()
  readonly #keys = new Column(Uint32Array)
  readonly #times = new Column(Float64Array)
  readonly #weights = new Column(Float64Array)
  #latest = -Infinity

  constructor(name: string) {
    this.#name = name
  }

  get reads(): number {
    return this.#keys.length
  }

  /** Adds a read. `time` and `weight` are given for all reads of a trace or for none. */
  add(key: string | number, time: number | undefined, weight: number | undefined): void {
    let id = this.#ids.get(key)
    if (id === undefined) {
      id = this.#ids.size
      if (id >= MOST_KEYS) throw this.#tooManyKeys()
      this.#ids.set(key, id)
    }
    this.#keys.push(id)
    if (time !== undefined) {
      this.#latest = Math.max(this.#latest, time)
      this.#times.push(this.#latest)
    }
    if (weight !== undefined) this.#weights.push(weight)
  }

  build(): Trace {
    if (this.reads === 0) throw new Failure(`${this.#name}: expected at least one read, got an empty trace`)
    return {
      name: this.#name,
      keys: this.#keys.values(),
      unique: this.#ids.size,
      times: this.#times.length === 0 ? undefined : this.#times.values(),
      weights: this.#weights.length === 0 ? undefined : this.#weights.values(),
      sample: this.sample,
    }
  }

  #tooManyKeys(): Failure {
    const most = MOST_KEYS.toLocaleString('en')
    return new Failure(
      `${this.#name}:${this.reads + 1}: expected at most ${most} different keys (record a sample of them), got more`,
    )
  }
}

/** Numbers one after the other, in an array that doubles when it is full. */
class Column<A extends Uint32Array | Float64Array> {
  length = 0
  readonly #make: new (
    size: number,
  ) => A
  #array: A

  constructor(make: new (size: number) => A) {
    this.#make = make
    this.#array = new make(1024)
  }

  push(value: number): void {
    if (this.length === this.#array.length) {
      const larger = new this.#make(this.length * 2)
      larger.set(this.#array)
      this.#array = larger
    }
    this.#array[this.length++] = value
  }

  values(): A {
    return this.#array.subarray(0, this.length) as A
  }
}

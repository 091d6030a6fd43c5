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
  /** What the size of a cache is counted in. */
  readonly unit: 'entries' | 'weight' | 'bytes'
  /** The share of keys that was recorded, 1 for all of them. */
  readonly sample: number
}

/** The most entries that a Map can hold. */
const MOST_KEYS = 2 ** 24

/** Takes reads one by one and keeps a few bytes of each. */
export class TraceBuilder {
  sample = 1
  /** Whether weights, where there are any, are bytes as `maxBytes` counts them. */
  isInBytes = false
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

  /** Adds a read. `time` and `weight` are given for all reads of a trace or for none; a weight that is not known is NaN. */
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
      weights: this.#weights.length === 0 ? undefined : this.#knownWeights(),
      unit: this.#weights.length === 0 ? 'entries' : this.isInBytes ? 'bytes' : 'weight',
      sample: this.sample,
    }
  }

  /** Weights that are not known are those of the next read of the key that knows one, else of the last before, else the mean. */
  #knownWeights(): Float64Array {
    const weights = this.#weights.values()
    const keys = this.#keys.values()
    const known = weights.filter((weight) => !Number.isNaN(weight))
    if (known.length === 0)
      throw new Failure(`${this.#name}: expected at least one weight, got a recording without hits`)
    if (known.length === weights.length) return weights
    const nearest = new Float64Array(this.#ids.size).fill(Number.NaN)
    const fill = (at: number): void => {
      const key = keys[at]!
      if (Number.isNaN(weights[at])) weights[at] = nearest[key]!
      else nearest[key] = weights[at]!
    }
    for (let at = weights.length - 1; at >= 0; at--) fill(at)
    for (let at = 0; at < weights.length; at++) fill(at)
    const mean = Math.max(1, Math.round(known.reduce((sum, weight) => sum + weight, 0) / known.length))
    return weights.map((weight) => (Number.isNaN(weight) ? mean : weight))
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

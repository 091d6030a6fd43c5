/** What happened to a watched key. */
export const HIT = 0
export const MISS = 1
/** The value of a miss was stored. */
export const FILL = 2
/** A value was stored that no miss had asked for. */
export const WRITE = 3
export const TOUCH = 4
export const DELETE = 5

/** How many wait to be played at most. */
const LENGTH = 512

/** What happened to watched keys, in order, until it is played to the miniatures. */
export class Events {
  length = 0
  readonly kinds: Uint8Array = new Uint8Array(LENGTH)
  /** Hashes of the keys, which stand for them. */
  readonly ids: Int32Array = new Int32Array(LENGTH)
  /** When it happened, by the clock of the running cache. */
  readonly times: Float64Array = new Float64Array(LENGTH)
  /** How long the entry lives from being stored on. */
  readonly ttls: Float64Array = new Float64Array(LENGTH)
  readonly weights: Float64Array = new Float64Array(LENGTH)
  /** Numbers that stand for values: equal ones for equal values. */
  readonly versions: Float64Array = new Float64Array(LENGTH)

  get isFull(): boolean {
    return this.length === LENGTH
  }

  add(kind: number, id: number, time: number, ttl: number, weight: number, version: number): void {
    const at = this.length++
    this.kinds[at] = kind
    this.ids[at] = id
    this.times[at] = time
    this.ttls[at] = ttl
    this.weights[at] = weight
    this.versions[at] = version
  }
}

/** Told apart from other types of key before the key itself. */
const STRING = 0x5f1d
const INTEGER = 0x1e35
const FLOAT = 0x7a2f
const BIGINT = 0x3c6b
const OTHER = 0x4d93
const IDENTITY = 0x2b57

/**
 * Hashes keys to 64 bits, so that keys that a Map tells apart get different hashes, as good as certainly. Objects and symbols are
 * numbered as they come. Two lanes of 32 bits are multiplied along, after the manner of FNV-1a, and mixed at the end
 * with the finalizer of MurmurHash3 (Appleby). The seed is random, so hashes of two recordings cannot be compared; it is no cryptography.
 */
export class KeyHash {
  /** The two halves of the last hash. */
  high = 0
  low = 0
  readonly #seeds = crypto.getRandomValues(new Int32Array(2))
  readonly #identities = new WeakMap<object, number>()
  #identified = 0
  readonly #float = new Float64Array(1)
  readonly #floatHalves = new Int32Array(this.#float.buffer)

  /** Hashes a key of one of several caches. */
  update(key: unknown, cache: number): void {
    this.high = this.#seeds[0]! ^ cache
    this.low = this.#seeds[1]!
    if (typeof key === 'string') this.#addText(STRING, key)
    else if (typeof key === 'number') this.#addNumber(key)
    else this.#addOther(key)
    this.#finish()
  }

  /** The number of an object or symbol, the same each time. */
  identify(key: object | symbol): number {
    // A WeakMap takes symbols too, all but those of the global registry.
    let identity = this.#identities.get(key as object)
    if (identity === undefined) {
      identity = ++this.#identified
      this.#identities.set(key as object, identity)
    }
    return identity
  }

  #addNumber(key: number): void {
    if ((key | 0) === key) {
      this.#add(INTEGER)
      this.#add(key)
      return
    }
    this.#float[0] = key
    this.#add(FLOAT)
    this.#add(this.#floatHalves[0]!)
    this.#add(this.#floatHalves[1]!)
  }

  #addOther(key: unknown): void {
    if (typeof key === 'bigint') this.#addText(BIGINT, String(key))
    else if (isIdentified(key)) {
      this.#add(IDENTITY)
      this.#add(this.identify(key))
    } else this.#addText(OTHER, String(key))
  }

  #addText(type: number, text: string): void {
    let high = Math.imul(this.high ^ type, 0x85ebca6b)
    let low = Math.imul(this.low ^ type, 0x9e3779b1)
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i)
      high = Math.imul(high ^ code, 0x85ebca6b)
      low = Math.imul(low ^ code, 0x9e3779b1)
    }
    this.high = high
    this.low = low
  }

  #add(value: number): void {
    this.high = Math.imul(this.high ^ value, 0x85ebca6b)
    this.low = Math.imul(this.low ^ value, 0x9e3779b1)
  }

  /** Each half ends up depending on both lanes, which are mixed before: keys that follow a pattern leave one in the lanes. */
  #finish(): void {
    const high = mix(this.high)
    const low = mix(this.low ^ 0x27d4eb2f)
    this.high = mix(high ^ (low >>> 16))
    this.low = mix(low ^ (high >>> 16))
  }
}

/** Whether a key is told apart by identity, not by what it says. */
export function isIdentified(key: unknown): key is object | symbol {
  if (typeof key === 'symbol') return Symbol.keyFor(key) === undefined
  return (typeof key === 'object' && key !== null) || typeof key === 'function'
}

function mix(value: number): number {
  let mixed = Math.imul(value ^ (value >>> 16), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return mixed ^ (mixed >>> 16)
}

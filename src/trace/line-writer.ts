import { isIdentified, KeyHash } from '../core/key-hash.ts'
import type { TraceFile } from './trace-file.ts'

const NEWLINE = 10
const TAB = 9
/** A hash of 64 bits: ten digits of six bits, and one of the last four. */
const DIGITS: Uint8Array = Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_')
const HASH_LENGTH = 11
/** Characters of a key that are written; longer ones are hashed. */
const LONGEST = 1000
/** What a time, a weight and the end of a line take at most. */
const TAIL = 64
/** A string that cannot be taken for a key of another type, nor for more than one field or line. */
const BARE = /^[\p{L}_/.:$][^\p{Cc}\\]*$/u

export interface LineOptions {
  readonly plain: boolean
  /** The share of keys to record. */
  readonly sample: number
  /** What weights are; lines have a field for them then, empty where none is known. */
  readonly unit: 'bytes' | 'weight' | undefined
  /** Several caches are recorded, and plain keys say of which they are. */
  readonly several: boolean
}

/** Writes one line per key to a file. */
export class LineWriter {
  readonly #file: TraceFile
  readonly #plain: boolean
  readonly #several: boolean
  readonly #weights: boolean
  readonly #hash = new KeyHash()
  /** Keys with a lower half below this are recorded. */
  readonly #below: number

  constructor(file: TraceFile, options: LineOptions) {
    this.#file = file
    this.#plain = options.plain
    this.#several = options.several
    this.#weights = options.unit !== undefined
    this.#below = options.sample * 2 ** 32
    const header = `# nearcache trace: keys=${options.plain ? 'plain' : 'hashed'} sample=${options.sample}${options.unit === undefined ? '' : ` weights=${options.unit}`}\n`
    file.length = file.chunk.write(header)
  }

  /** Whether the key is of the sample; must come before `write` of the same key. */
  samples(key: unknown, cache: number): boolean {
    this.#hash.update(key, cache)
    return this.#hash.low >>> 0 < this.#below
  }

  /** Writes the line of a key, with time and weight unless they are undefined; false if there is no room. */
  write(key: unknown, cache: number, time: number | undefined, weight: number | undefined): boolean {
    const file = this.#file
    const name = this.#plain ? this.#name(key, cache) : undefined
    if (!file.hasRoom((name === undefined ? HASH_LENGTH : name.length * 3) + TAIL)) return false
    if (name === undefined) this.#writeHash()
    else this.#writeName(name)
    if (time !== undefined || this.#weights) this.#writeField(time)
    if (this.#weights) this.#writeField(weight)
    file.chunk[file.length++] = NEWLINE
    return true
  }

  #writeHash(): void {
    const file = this.#file
    const { chunk } = file
    let { high, low } = this.#hash
    let at = file.length
    chunk[at++] = DIGITS[(high & 3) * 4 + (low & 3)]!
    high >>>= 2
    low >>>= 2
    for (let i = 0; i < 5; i++) {
      chunk[at++] = DIGITS[high & 63]!
      chunk[at++] = DIGITS[low & 63]!
      high >>>= 6
      low >>>= 6
    }
    file.length = at
  }

  #writeField(number: number | undefined): void {
    this.#file.chunk[this.#file.length++] = TAB
    if (number !== undefined) this.#writeName(String(number))
  }

  /** Letter by letter, which is faster than `Buffer.write` for the few of a key; what is not ASCII goes the other way. */
  #writeName(name: string): void {
    const file = this.#file
    const { chunk } = file
    let at = file.length
    for (let i = 0; i < name.length; i++) {
      const code = name.charCodeAt(i)
      if (code > 127) {
        file.length += chunk.write(name, file.length)
        return
      }
      chunk[at++] = code
    }
    file.length = at
  }

  /** A key in letters: strings as they are where that is clear, else in JSON; other types so that none looks like another. */
  #name(key: unknown, cache: number): string {
    const name = this.#nameAlone(key)
    return this.#several ? `${cache}/${name}` : name
  }

  #nameAlone(key: unknown): string {
    if (typeof key === 'string') {
      if (key.length > LONGEST) return `<hash ${this.#hash.high >>> 0} ${this.#hash.low >>> 0}>`
      return BARE.test(key) ? key : JSON.stringify(key)
    }
    if (typeof key === 'number' && Number.isFinite(key)) return String(key)
    if (typeof key === 'bigint') return `${key}n`
    if (isIdentified(key)) return `<${typeof key} ${this.#hash.identify(key)}>`
    return JSON.stringify(`<${String(key)}>`).slice(1, -1)
  }
}

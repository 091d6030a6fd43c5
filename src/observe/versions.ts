import { KeyHash } from '../core/key-hash.ts'

/** More parts or characters are not looked at. */
const MOST_PARTS = 128
const MOST_CHARACTERS = 1024

/**
 * Numbers for values, so that one can be compared with a later one without being kept: equal for equal primitives, dates, and plain objects
 * and arrays of those, up to about 1 KB. Other values get a number each time that is no other's, but for the same object.
 */
export class Versions {
  /** Values that could not be compared with others, and all. */
  opaque = 0
  all = 0
  private readonly hash = new KeyHash()
  private parts = 0
  private characters = 0
  private lane = 0
  private strings = 0

  of(value: unknown): number {
    this.all++
    this.parts = 0
    this.characters = 0
    this.lane = 1
    try {
      if (this.add(value)) return this.lane
    } catch {
      // A getter threw: the value cannot be compared.
    }
    this.opaque++
    if (typeof value !== 'string') return 1 - 2 * this.hash.identify(value as object)
    // Long strings have no identity.
    this.strings += 2
    return -this.strings
  }

  /** Takes in a part of a value; whether it can be compared. */
  private add(value: unknown): boolean {
    if (++this.parts > MOST_PARTS) return false
    if (typeof value === 'string') {
      this.characters += value.length
      return this.characters <= MOST_CHARACTERS && this.mix(value)
    }
    if (typeof value === 'function' || typeof value === 'symbol') return false
    if (typeof value !== 'object' || value === null) return this.mix(value)
    if (Array.isArray(value)) return this.mix(value.length) && value.every((item) => this.add(item))
    if (value instanceof Date) return this.mix(value.getTime())
    const prototype: unknown = Object.getPrototypeOf(value)
    if (prototype !== Object.prototype && prototype !== null) return false
    for (const name of Object.keys(value))
      if (!this.add(name) || !this.add((value as Record<string, unknown>)[name])) return false
    return true
  }

  private mix(part: unknown): true {
    const { hash } = this
    hash.update(part, this.lane | 0)
    // As many bits of both halves as a number holds exactly.
    this.lane = (hash.high >>> 0) * 2 ** 20 + (hash.low >>> 12)
    return true
  }
}

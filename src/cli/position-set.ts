/**
 * A set of integers from 0 up to a limit that gives its largest. A tree of bits: bit i of a level says whether word i of the
 * level below has any bit set, so every operation takes one step per level, of which a million numbers need four.
 */
export class PositionSet {
  readonly #levels: Uint32Array[] = []

  constructor(limit: number) {
    for (let bits = limit; ; bits = this.#levels.at(-1)!.length) {
      this.#levels.push(new Uint32Array(Math.max(1, Math.ceil(bits / 32))))
      if (bits <= 32) return
    }
  }

  has(position: number): boolean {
    return (this.#levels[0]![position >>> 5]! & (1 << (position & 31))) !== 0
  }

  add(position: number): void {
    let at = position
    for (const words of this.#levels) {
      const word = at >>> 5
      const before = words[word]!
      words[word] = before | (1 << (at & 31))
      if (before !== 0) return
      at = word
    }
  }

  delete(position: number): void {
    let at = position
    for (const words of this.#levels) {
      const word = at >>> 5
      words[word]! &= ~(1 << (at & 31))
      if (words[word] !== 0) return
      at = word
    }
  }

  /** The largest; the set must not be empty. */
  max(): number {
    let at = 0
    for (let level = this.#levels.length - 1; level >= 0; level--)
      at = at * 32 + 31 - Math.clz32(this.#levels[level]![at]!)
    return at
  }
}

/** How keys come: as strings that the caller holds, like literals; as strings built for each call; as integers. */
export const kinds = ['held', 'built', 'integer'] as const
export type Kind = (typeof kinds)[number]

/** Different items, from the `from`-th: the keys themselves, or what a loop builds them from. */
export function items(kind: Kind, count: number, from = 0): (string | number)[] {
  const numbers = Array.from({ length: count }, (_, i) => from + i)
  return kind === 'held' ? flat(numbers.map((id) => `product:${id}`)) : numbers
}

/** A small seeded generator (mulberry32): every run measures the same sequences. */
export function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

export function shuffled<T>(list: readonly T[], next: () => number): T[] {
  const result = list.slice()
  for (let i = result.length - 1; i > 0; i--) {
    const j = Math.floor(next() * (i + 1))
    const item = result[i]!
    result[i] = result[j]!
    result[j] = item
  }
  return result
}

/** Draws numbers from 0 to count - 1, of which number k comes with a frequency of 1 / (k + 1) ^ exponent. */
export function zipf(count: number, exponent: number, next: () => number): () => number {
  const cumulated = new Float64Array(count)
  let sum = 0
  for (let k = 0; k < count; k++) {
    sum += 1 / (k + 1) ** exponent
    cumulated[k] = sum
  }
  return () => {
    const wanted = next() * sum
    let low = 0
    let high = count - 1
    while (low < high) {
      const middle = (low + high) >>> 1
      if (cumulated[middle]! < wanted) low = middle + 1
      else high = middle
    }
    return low
  }
}

/** The same strings without the inner structure that joining them has left. */
function flat(strings: string[]): string[] {
  return JSON.parse(JSON.stringify(strings))
}

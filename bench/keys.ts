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

/** Strings held by the caller, as literals and constants are: flat, and hashed once. */
export function heldStrings(count: number, prefix = 'product:'): string[] {
  return JSON.parse(JSON.stringify(Array.from({ length: count }, (_, i) => `${prefix}${i}`)))
}

export function shuffled<T>(items: readonly T[], next: () => number): T[] {
  const result = items.slice()
  for (let i = result.length - 1; i > 0; i--) {
    const j = Math.floor(next() * (i + 1))
    const item = result[i]!
    result[i] = result[j]!
    result[j] = item
  }
  return result
}

/** A way to draw numbers from 0 to count - 1, of which number k comes with a frequency of 1 / (k + 1) ^ exponent. */
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

/** The known name that is fewest edits away from a misspelt one. */
export function nearest(name: string, known: readonly string[]): string {
  const lower = name.toLowerCase()
  const distance = (other: string): number => edits(lower, other.toLowerCase())
  return known.reduce((best, other) => (distance(other) < distance(best) ? other : best))
}

/** Levenshtein distance, row by row. */
function edits(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      next[j] = Math.min(next[j - 1]! + 1, row[j]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1))
    }
    row = next
  }
  return row[b.length]!
}

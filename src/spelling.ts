/** The name that was meant by a misspelt one: the nearest, if a third of its letters at most are wrong; else undefined. */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  const lower = name.toLowerCase()
  const distance = (other: string): number => edits(lower, other.toLowerCase())
  const nearest = known.reduce((best, other) => (distance(other) < distance(best) ? other : best))
  return distance(nearest) <= nearest.length / 3 ? nearest : undefined
}

/** Edits from one word to the other, a swap of two neighbours being one (optimal string alignment), row by row. */
function edits(a: string, b: string): number {
  let before: number[] = []
  let row = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      next[j] = Math.min(next[j - 1]! + 1, row[j]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1))
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        next[j] = Math.min(next[j]!, before[j - 2]! + 1)
    }
    before = row
    row = next
  }
  return row[b.length]!
}

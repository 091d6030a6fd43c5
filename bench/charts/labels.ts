/** Moves values apart, as little as needed, until neighbours keep `distance`: for labels at the ends of lines. */
export function apart(values: number[], distance: number): number[] {
  const order = [...values.keys()].sort((a, b) => values[a]! - values[b]!)
  const moved = [...values]
  for (let round = 0; round < values.length; round++) {
    for (const [i, above] of order.entries()) {
      const below = order[i - 1]
      if (below === undefined) continue
      const missing = distance - (moved[above]! - moved[below]!)
      if (missing <= 0) continue
      moved[above]! += missing / 2
      moved[below]! -= missing / 2
    }
  }
  return moved
}

import { readFileSync } from 'node:fs'

/** What other policies reach on a trace at a size. */
export interface Pair {
  trace: string
  /** As it is called: a number or a share of the keys. */
  size: string
  capacity: number
  keys: number
  /** Hit ratios by policy, `OPT` and `LRU` among them. */
  others: Record<string, number>
}

/** Reads `reference-hit-ratios.csv`: columns of the pair first, then one per policy. */
export function readReference(file: string): Pair[] {
  const [head, ...lines] = readFileSync(file, 'utf8').trim().split('\n')
  const names = head!.split(',')
  const policies = names.slice(names.indexOf('unique') + 1)
  return lines.map((line) => {
    const cells = Object.fromEntries(line.split(',').map((cell, i) => [names[i]!, cell]))
    return {
      trace: cells.trace!,
      size: cells.size!,
      capacity: Number(cells.capacity),
      keys: Number(cells.unique),
      others: Object.fromEntries(policies.map((policy) => [policy, Number(cells[policy])])),
    }
  })
}

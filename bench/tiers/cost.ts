import { median } from '../statistics.ts'

/** What something takes, beside what the client alone or a `Cache` takes for the like. */
export interface Cost {
  readonly what: string
  readonly ours: number
  readonly unit: string
  readonly name: string
  readonly its: number | undefined
  readonly ratio: number | undefined
  /** What the ratio, or our figure where nothing stands beside it, is to be at most. */
  readonly goal: number | undefined
  /** What our figure is to be at least. */
  readonly least?: number
}

export function cost(
  what: string,
  ours: number,
  unit: string,
  name: string,
  its: number,
  goal: number | undefined,
  ratio = ours / its,
): Cost {
  return { what, ours, unit, name, its, ratio, goal }
}

/** Two ways in turn, the median of the rounds; each run makes `count` operations. */
export async function compared(
  rounds: number,
  what: string,
  count: number,
  unit: 'ns' | 'µs',
  goal: number | undefined,
  mine: () => unknown,
  name: string,
  its: () => unknown,
): Promise<Cost> {
  const [a, b]: [number[], number[]] = [[], []]
  for (let i = -6; i < rounds; i++) {
    for (const [list, run] of i % 2 === 0
      ? ([
          [a, mine],
          [b, its],
        ] as const)
      : ([
          [b, its],
          [a, mine],
        ] as const)) {
      const start = performance.now()
      await run()
      if (i >= 0) list.push(((performance.now() - start) * (unit === 'ns' ? 1e6 : 1e3)) / count)
    }
  }
  const ratios = a.map((time, i) => time / b[i]!)
  return cost(what, median(a), unit, name, median(b), goal, median(ratios))
}

export async function times(count: number, run: (i: number) => Promise<unknown>): Promise<void> {
  for (let i = 0; i < count; i++) await run(i)
}

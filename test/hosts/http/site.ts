import { ResponseCache } from 'nearcache/http'

/** What the handlers of every framework are made of. */
export interface Site {
  readonly responses: ResponseCache
  /** How often the handler of a path ran. */
  readonly runs: Map<string, number>
  /** Notes a run of a handler and gives its number. */
  run(path: string): number
  /** What holds up the second chunk of a stream. */
  gate: { promise: Promise<void>; open: () => void }
  isFailing: boolean
  /** What was not told to a client. */
  readonly errors: unknown[]
  advance(ms: number): void
}

export function site(): Site {
  let now = Date.UTC(2030, 0, 1)
  const errors: unknown[] = []
  const runs = new Map<string, number>()
  return {
    responses: new ResponseCache({
      clock: () => now,
      onError: (error) => errors.push(error),
      staleWhileRevalidate: '1m',
    }),
    runs,
    errors,
    isFailing: false,
    gate: gate(),
    run(path) {
      runs.set(path, (runs.get(path) ?? 0) + 1)
      return runs.get(path)!
    },
    advance(ms) {
      now += ms
    },
  }
}

export function gate(): Site['gate'] {
  let open = (): void => {}
  const promise = new Promise<void>((resolve) => {
    open = resolve
  })
  return { promise, open }
}

/** A stream of two chunks, the second of which waits for the gate. */
export async function* chunks({ gate }: Site): AsyncGenerator<string> {
  yield 'first '
  await gate.promise
  yield 'second'
}

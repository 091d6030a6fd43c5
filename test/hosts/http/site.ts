import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
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

export interface Served {
  readonly url: string
  close(): Promise<void>
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

/** A server that listens, with its address. */
export async function served(server: Server): Promise<Served> {
  if (!server.listening) await once(server.listen(0, '127.0.0.1'), 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

import { Readable } from 'node:stream'
import { formatOf } from '../../src/cli/format.ts'
import { readTrace } from '../../src/cli/read.ts'
import { type Trace, TraceBuilder } from '../../src/cli/trace.ts'

/** A trace of these keys. */
export function traceOf(
  keys: readonly number[],
  { times, weights }: { times?: number[]; weights?: number[] } = {},
): Trace {
  const builder = new TraceBuilder('test')
  for (const [at, key] of keys.entries()) builder.add(key, times?.[at], weights?.[at])
  return builder.build()
}

/** The trace that comes out of these pieces of standard input. */
export function fromStdin(format: string, ...pieces: (string | Uint8Array)[]): Promise<Trace> {
  const stdin = Readable.from(pieces.map((piece) => Buffer.from(piece as string)))
  return readTrace('-', { stdin, format: formatOf(format) })
}

/** Numbers below `limit`, small ones more often, the same for the same seed. */
export function skewed(length: number, limit: number, seed = 1): number[] {
  let state = seed
  return Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) ** 3 * limit)
  })
}

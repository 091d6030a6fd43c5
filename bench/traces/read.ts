import { readFileSync } from 'node:fs'
import { brotliDecompressSync } from 'node:zlib'

/** The keys of a trace of this directory in the order in which they were asked for. */
export function readTrace(name: string): Uint32Array {
  const file = new URL(`${name}.trace.u32.br`, import.meta.url)
  const bytes = brotliDecompressSync(readCompressed(name, file))
  const trace = new Uint32Array(bytes.length / 4)
  for (let i = 0; i < trace.length; i++) trace[i] = bytes.readUInt32LE(4 * i)
  return trace
}

/** How many different keys a trace asks for. Keys are numbered from 0 in order of first appearance. */
export function countKeys(trace: Uint32Array): number {
  return trace.reduce((highest, key) => Math.max(highest, key), -1) + 1
}

function readCompressed(name: string, file: URL): Buffer {
  try {
    return readFileSync(file)
  } catch (cause) {
    throw new Error(`The trace ${name} is missing: bench/traces/${name}.trace.u32.br cannot be read`, {
      cause,
    })
  }
}

import { readFile } from 'node:fs/promises'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'

/** The lines of a recorded file, without the first that says how it was recorded. */
export async function linesOf(path: string): Promise<string[]> {
  const bytes = await readFile(path)
  const text = path.endsWith('.gz')
    ? gunzipSync(bytes)
    : path.endsWith('.br')
      ? brotliDecompressSync(bytes)
      : bytes
  const lines = text.toString().split('\n')
  if (!lines[0]!.startsWith('# nearcache trace: ') || lines.at(-1) !== '')
    throw new Error('no header, or no end of line')
  return lines.slice(1, -1)
}

import { mkdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const root = fileURLToPath(new URL('../../../', import.meta.url))

/** A program of the tests as one file that Node runs as it is, so that many processes of it start quickly. */
export async function bundled(file: string): Promise<string> {
  const folder = join(root, 'node_modules/.cache/nearcache-workers')
  mkdirSync(folder, { recursive: true })
  const outfile = join(folder, `${basename(file, '.ts')}-${process.pid}.mjs`)
  await build({
    entryPoints: [file],
    outfile,
    bundle: true,
    packages: 'external',
    format: 'esm',
    platform: 'node',
    logLevel: 'silent',
  })
  return outfile
}

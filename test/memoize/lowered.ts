import { mkdirSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { build } from 'esbuild'

const root = new URL('../../', import.meta.url).pathname

/** A module of this folder, its decorators made into plain JavaScript: the test runner leaves them as they are. */
export async function lowered<T>(file: string, experimentalDecorators = false): Promise<T> {
  const { outputFiles } = await build({
    entryPoints: [join(import.meta.dirname, file)],
    target: 'es2022',
    write: false,
    tsconfigRaw: { compilerOptions: { experimentalDecorators } },
    sourcemap: 'inline',
  })
  const folder = join(root, '.cache', 'memoize')
  mkdirSync(folder, { recursive: true })
  const kind = experimentalDecorators ? 'legacy' : 'standard'
  const path = join(folder, `${basename(file, '.ts')}.${kind}.js`)
  writeFileSync(path, outputFiles[0]!.contents)
  return import(path)
}

import { brotliCompressSync, gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { kB } from './run.ts'
import { entriesOf, userFolder } from './tarball.ts'

/** What an entry may weigh, minified and gzipped, in bytes. */
const limits: Record<string, number> = { nearcache: 15_000 }

/** Bundles each entry alone, as a user would for deployment, and weighs it. */
export async function checkSizes(folder: string): Promise<string> {
  const lines: string[] = []
  let tooLarge = false
  for (const { name } of entriesOf(folder)) {
    const code = await bundle(`export * from '${name}'`, userFolder(folder))
    const gzip = gzipSync(code, { level: 9 }).length
    const limit = limits[name] ?? Number.POSITIVE_INFINITY
    if (gzip > limit) tooLarge = true
    const sizes = [
      `min ${kB(code.length)}`,
      `gzip ${kB(gzip)}`,
      `brotli ${kB(brotliCompressSync(code).length)}`,
    ]
    lines.push(`${name}: ${sizes.join(', ')}${gzip > limit ? `, more than the ${kB(limit)} allowed` : ''}`)
  }
  if (tooLarge) throw new Error(lines.join('\n'))
  return lines.join('\n')
}

async function bundle(program: string, resolveDir: string): Promise<Uint8Array> {
  const { outputFiles } = await build({
    stdin: { contents: program, resolveDir },
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    logLevel: 'silent',
  })
  return outputFiles[0]!.contents
}

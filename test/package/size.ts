import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { expectNone, kB, root } from './run.ts'
import { type Entry, entriesOf, userFolder } from './tarball.ts'

/** What an entry may weigh, minified and gzipped, in bytes. */
const limits: Record<string, number> = { nearcache: 27_300 }

/** How far a figure on the page may be from what is measured, as a share of it or in bytes. */
const tolerance = { share: 0.03, bytes: 100 }

const page = 'docs/benchmarks/size.md'

/** The bytes of a bundle. */
interface Size {
  readonly minified: number
  readonly gzip: number
  readonly brotli: number
}

interface Row {
  readonly name: string
  readonly size: Size
}

/** Bundles each entry as a user would for deployment, weighs it, and compares the figures with those on the page, or writes that. */
export async function checkSizes(folder: string, update: boolean): Promise<string> {
  const user = userFolder(folder)
  const entries = entriesOf(folder)
  const rows = await Promise.all(
    entries.map(async (entry) => ({ name: entry.name, size: await weigh(exporting(entry, folder), user) })),
  )
  const [core, ...others] = entries
  const coreSize = rows[0]!.size
  const added = await Promise.all(
    others.map(async (entry) => {
      const both = await weigh(exporting(core!, folder) + exporting(entry, folder), user)
      return { name: entry.name, size: less(both, coreSize) }
    }),
  )
  const alone = [{ name: '{ Cache }', size: await weigh(`export { Cache } from 'nearcache'`, user) }, ...rows]
  if (update) writeFileSync(join(root, page), textOf(alone, added))
  expectNone([...tooLarge(rows), ...stale([...alone, ...added])])
  return rows.map(({ name, size }) => `${name}: ${cells(size).join(', ')}`).join('\n')
}

/** What a program does not use is not in its bundle. */
export async function checkShaking(folder: string): Promise<string> {
  const code = new TextDecoder().decode(
    await bundle(`export { Cache } from 'nearcache'`, userFolder(folder), false),
  )
  const unused = ['createCaches', 'cacheOptions', 'batchLoader']
  expectNone(
    unused
      .filter((name) => new RegExp(`\\b${name}\\b`).test(code.replaceAll(/\/\*.*?\*\/|\/\/.*/gs, '')))
      .map((name) => `import { Cache } from 'nearcache' brings ${name} along`),
  )
  return `import { Cache } brings no ${unused.join(', ')}`
}

/** A program that gives on all that an entry exports. */
function exporting({ name, types }: Entry, folder: string): string {
  const hasDefault = /^export (default|\{.*\bdefault\b)/m.test(
    readFileSync(join(folder, 'package', types), 'utf8'),
  )
  return `export * from '${name}'
${
  hasDefault
    ? `export { default } from '${name}'
`
    : ''
}`
}

function less(whole: Size, part: Size): Size {
  return {
    minified: whole.minified - part.minified,
    gzip: whole.gzip - part.gzip,
    brotli: whole.brotli - part.brotli,
  }
}

function tooLarge(rows: readonly Row[]): string[] {
  return rows
    .filter(({ name, size }) => size.gzip > (limits[name] ?? Infinity))
    .map(({ name, size }) => `${name}: gzip ${kB(size.gzip)}, more than the ${kB(limits[name]!)} allowed`)
}

/** The rows of the page that do not tell the truth any more. */
function stale(rows: readonly Row[]): string[] {
  const text = readFileSync(join(root, page), 'utf8')
  const found = [...text.matchAll(/^\| `(.+?)` \| (.+) kB \| (.+) kB \| (.+) kB \|$/gm)].map(
    ([, name, ...figures]) => ({ name, figures: figures.map((figure) => Number(figure) * 1000) }),
  )
  const wrong = rows.filter(({ name, size }, i) => {
    const measured = [size.minified, size.gzip, size.brotli]
    return found[i]?.name !== name || !measured.every((bytes, j) => isNear(found[i]!.figures[j]!, bytes))
  })
  const problems = wrong.map(({ name, size }) => `${page}: ${name} is ${cells(size).join(', ')}`)
  if (found.length !== rows.length) problems.push(`${page} has ${found.length} rows for ${rows.length}`)
  if (problems.length > 0) problems.push('If this is meant: npm run check:package -- --update')
  return problems
}

function isNear(figure: number, bytes: number): boolean {
  return Math.abs(figure - bytes) <= Math.max(tolerance.share * bytes, tolerance.bytes)
}

function cells({ minified, gzip, brotli }: Size): string[] {
  return [kB(minified), kB(gzip), kB(brotli)]
}

function textOf(alone: readonly Row[], added: readonly Row[]): string {
  const table = (rows: readonly Row[]): string =>
    ['| | minified | gzip | brotli |', '|---|---:|---:|---:|']
      .concat(rows.map(({ name, size }) => `| \`${name}\` | ${cells(size).join(' | ')} |`))
      .join('\n')
  return `# Size

What a bundler makes of each entry, with all that the entry needs. Written by \`npm run check:package -- --update\`; the check
fails when a figure is out of date.

${table(alone)}

\`{ Cache }\` is a program that imports nothing but the class. Nothing is left of what a program does not use.

## Beside the core

What an entry adds to a program that has all of \`nearcache\` already.

${table(added)}
`
}

async function weigh(program: string, resolveDir: string): Promise<Size> {
  const code = await bundle(program, resolveDir, true)
  return {
    minified: code.length,
    gzip: gzipSync(code, { level: 9 }).length,
    brotli: brotliCompressSync(code).length,
  }
}

async function bundle(program: string, resolveDir: string, minify: boolean): Promise<Uint8Array> {
  const { outputFiles } = await build({
    stdin: { contents: program, resolveDir },
    bundle: true,
    minify,
    write: false,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    logLevel: 'silent',
  })
  return outputFiles[0]!.contents
}

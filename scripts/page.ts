// Bundles the page of the dashboard, whose source is in dashboard/, into a module of strings: `npm run page`. So it is served wherever the
// package runs, bundled or not, from memory, without a look at the disk. test/structure holds the module to its source.
import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build } from 'esbuild'

const source = new URL('../dashboard/', import.meta.url)
export const pageModule = new URL('../src/observe/dashboard/page.ts', import.meta.url)

/** The module that the page is served from. */
export async function bundlePage(): Promise<string> {
  const html = readFileSync(new URL('index.html', source), 'utf8').replaceAll(/\n\s*/g, '\n')
  const { outputFiles } = await build({
    entryPoints: ['main.ts', 'style.css'].map((name) => fileURLToPath(new URL(name, source))),
    outdir: '.',
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    target: ['es2022', 'chrome111', 'firefox113', 'safari16.4'],
    charset: 'ascii',
    legalComments: 'none',
  })
  const text = (ending: string): string => outputFiles.find(({ path }) => path.endsWith(ending))!.text.trim()
  return `${[
    '/** A file of the page, as it is served. */',
    'export interface PageFile {',
    '  readonly type: string',
    '  readonly body: string',
    '  readonly etag: string',
    '}',
    '',
    '/** The page, bundled from dashboard/ by `npm run page`. */',
    'export const files: ReadonlyMap<string, PageFile> = new Map([',
    ...[
      ['', 'text/html; charset=utf-8', html],
      ['app.js', 'text/javascript; charset=utf-8', text('.js')],
      ['app.css', 'text/css; charset=utf-8', text('.css')],
    ].map(
      ([name, type, body]) =>
        `  ['${name}', { type: '${type}', etag: '"${hash(body!)}"', body: ${quoted(body!)} }],`,
    ),
    '])',
  ].join('\n')}\n`
}

function hash(body: string): string {
  return createHash('sha256').update(body).digest('hex').slice(0, 16)
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'").replaceAll('\n', '\\n')}'`
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href)
  writeFileSync(pageModule, await bundlePage())

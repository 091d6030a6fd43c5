import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { expectNone, kB, root, run, runTool } from './run.ts'

/** One way into the package: `nearcache`, `nearcache/loading`, … */
export interface Entry {
  name: string
  module: string
  types: string
}

const tarball = 'package.tgz'
const documents = ['CHANGELOG.md', 'LICENSE', 'README.md', 'package.json']

/** Packs what is built now. */
export function pack(folder: string): string {
  const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', folder]
  const [report] = JSON.parse(run('npm', args, root))
  renameSync(join(folder, report.filename), join(folder, tarball))
  run('tar', ['-xzf', tarball], folder)
  return `${report.id}, ${report.files.length} files, ${kB(report.size)} packed, ${kB(report.unpackedSize)} unpacked`
}

/** The tarball holds the documents and, for each source file, the three files built from it; nothing else. */
export function checkFiles(folder: string): string {
  const packed = filesIn(join(folder, 'package'))
  const sources = filesIn(join(root, 'src')).map((file) => file.replace(/\.ts$/, ''))
  const built = sources.flatMap((file) => ['.js', '.js.map', '.d.ts'].map((end) => `dist/${file}${end}`))
  const expected = new Set([...documents, ...built])
  const maps = packed.filter((file) => file.endsWith('.map'))
  expectNone([
    ...packed.filter((file) => !expected.has(file)).map((file) => `${file} does not belong there`),
    ...[...expected].filter((file) => !packed.includes(file)).map((file) => `${file} is missing`),
    ...maps
      .filter((file) => !carriesSources(join(folder, 'package', file)))
      .map((file) => `${file} has no sources`),
  ])
  return `${documents.length} documents, ${sources.length} modules with types and source map`
}

/** publint has nothing to say, not even a suggestion; and there are no dependencies. */
export async function checkManifest(folder: string): Promise<string> {
  const { messages, pkg } = await publint({ pkgDir: join(folder, 'package'), pack: false, strict: true })
  const dependencies = Object.keys({ ...pkg.dependencies, ...pkg.optionalDependencies })
  expectNone([
    ...messages.map((message) => `${message.type}: ${formatMessage(message, pkg, { color: false })}`),
    ...dependencies.map((name) => `nearcache depends on nothing, but package.json names ${name}`),
  ])
  return ''
}

/** are-the-types-wrong finds the types of each entry in all ways of resolution an ESM package supports. */
export function checkResolution(folder: string): string {
  const args = [
    '--profile',
    'esm-only',
    '--no-definitely-typed',
    '--no-emoji',
    '--no-color',
    '--format',
    'ascii',
  ]
  runTool('attw', [...args, tarball], folder)
  return ''
}

/** Installs the tarball, and nothing but it, into the folder of a user. */
export function install(folder: string): string {
  const user = userFolder(folder)
  mkdirSync(user)
  writeFileSync(join(user, 'package.json'), JSON.stringify({ name: 'user', type: 'module', private: true }))
  run('npm', ['install', '--offline', '--ignore-scripts', '--no-audit', '--no-fund', `../${tarball}`], user)
  const packages = readdirSync(join(user, 'node_modules')).filter((name) => !name.startsWith('.'))
  if (packages.join() !== 'nearcache') throw new Error(`node_modules holds ${packages.join(', ')}`)
  return ''
}

/** Where a user has installed the tarball. */
export function userFolder(folder: string): string {
  return join(folder, 'user')
}

/** What package.json exports as modules. */
export function entriesOf(folder: string): Entry[] {
  const { exports } = JSON.parse(readFileSync(join(folder, 'package/package.json'), 'utf8'))
  const targets = Object.entries<{ types: string; default: string }>(exports)
  return targets
    .filter(([path]) => path !== './package.json')
    .map(([path, { types, default: module }]) => ({ name: path.replace('.', 'nearcache'), module, types }))
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((file) => file.isFile())
    .map((file) => join(file.parentPath, file.name).slice(folder.length + 1))
}

function carriesSources(map: string): boolean {
  const { sources, sourcesContent } = JSON.parse(readFileSync(map, 'utf8'))
  return sources.length === 1 && typeof sourcesContent?.[0] === 'string'
}

import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { expectNone, kB, root, run, runTool } from './run.ts'

/** One way into the package: `nearcache`, `nearcache/memoize`, … */
export interface Entry {
  name: string
  /** Its ES module. */
  module: string
  /** Its declarations, which those for ES modules repeat or refer to. */
  types: string
}

const tarball = 'package.tgz'
const documents = ['CHANGELOG.md', 'LICENSE', 'README.md', 'grafana/nearcache.json', 'package.json']

/** Packs what is built now. */
export function pack(folder: string): string {
  const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', folder]
  const [report] = JSON.parse(run('npm', args, root))
  renameSync(join(folder, report.filename), join(folder, tarball))
  run('tar', ['-xzf', tarball], folder)
  return `${report.id}, ${report.files.length} files, ${kB(report.size)} packed, ${kB(report.unpackedSize)} unpacked`
}

/**
 * The tarball holds the documents; of each source file an ES module and, but for those of the command, a CommonJS module with its
 * declarations; and of each entry what an ES module imports. Nothing else.
 */
export function checkFiles(folder: string): string {
  const packed = filesIn(join(folder, 'package'))
  const sources = filesIn(join(root, 'src')).map((file) => file.replace(/\.ts$/, ''))
  const built = sources.flatMap((file) =>
    file.startsWith('cli/')
      ? [`dist/${file}.js`]
      : [`dist/${file}.js`, `dist/cjs/${file}.js`, `dist/cjs/${file}.d.ts`],
  )
  const entries = entriesOf(folder).flatMap(({ module }) => [
    module.replace('./dist/', 'dist/node/'),
    module.replace('./', '').replace(/js$/, 'd.ts'),
  ])
  const expected = new Set([...documents, 'dist/cjs/package.json', ...built, ...entries])
  expectNone([
    ...packed.filter((file) => !expected.has(file)).map((file) => `${file} does not belong there`),
    ...[...expected].filter((file) => !packed.includes(file)).map((file) => `${file} is missing`),
  ])
  return `${documents.length} documents, ${sources.length} modules in two forms`
}

/** publint has nothing to say, not even a suggestion; and there are no dependencies, not even of peers: npm would refuse to install beside other majors of them. */
export async function checkManifest(folder: string): Promise<string> {
  const { messages, pkg } = await publint({ pkgDir: join(folder, 'package'), pack: false, strict: true })
  const dependencies = Object.keys({
    ...pkg.dependencies,
    ...pkg.optionalDependencies,
    ...pkg.peerDependencies,
  })
  expectNone([
    ...messages.map((message) => `${message.type}: ${formatMessage(message, pkg, { color: false })}`),
    ...dependencies.map((name) => `nearcache depends on nothing, but package.json names ${name}`),
  ])
  return ''
}

/** are-the-types-wrong finds the types of each entry in all ways of resolution that TypeScript has, and each of the right form. */
export function checkResolution(folder: string): string {
  const args = ['--no-definitely-typed', '--no-emoji', '--no-color', '--format', 'ascii']
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

/** Majors of hosts that the adapters do not serve, and which a project may have all the same. */
const otherHosts: Readonly<Record<string, string>> = {
  '@apollo/server': '4.12.2',
  '@mikro-orm/core': '6.4.16',
  'drizzle-orm': '0.44.7',
  graphql: '16.15.0',
  keyv: '4.5.4',
}

/** npm installs the tarball into a project that has other majors of hosts, without a flag, and the core works there. */
export function installBesideOtherHosts(folder: string): string {
  const project = join(folder, 'other-hosts')
  mkdirSync(project)
  const manifest = { name: 'project', type: 'module', private: true, dependencies: otherHosts }
  writeFileSync(join(project, 'package.json'), JSON.stringify(manifest))
  const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']
  run('npm', ['install', ...flags, `../${tarball}`], project)
  const { dependencies } = JSON.parse(run('npm', ['ls', '--json', '--depth=0'], project))
  expectNone(
    Object.entries(otherHosts)
      .filter(([name, version]) => dependencies[name]?.version !== version)
      .map(
        ([name, version]) =>
          `${name}: expected ${version} beside nearcache, got ${dependencies[name]?.version}`,
      ),
  )
  const program =
    "import { Cache } from 'nearcache'; const c = new Cache(); c.set('k', 1); console.log(c.get('k'))"
  const printed = run('node', ['--input-type=module', '-e', program], project).trim()
  if (printed !== '1') throw new Error(`the core answered ${printed}`)
  return Object.entries(otherHosts)
    .map(([name, version]) => `${name} ${version}`)
    .join(', ')
}

/** Where a user has installed the tarball. */
export function userFolder(folder: string): string {
  return join(folder, 'user')
}

/** What package.json exports as modules. */
export function entriesOf(folder: string): Entry[] {
  const { exports } = JSON.parse(readFileSync(join(folder, 'package/package.json'), 'utf8'))
  const targets = Object.entries<{ types: { require: string }; default: string }>(exports)
  return targets
    .filter(([path]) => path !== './package.json')
    .map(([path, { types, default: module }]) => ({
      name: path.replace('.', 'nearcache'),
      module,
      types: types.require,
    }))
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((file) => file.isFile())
    .map((file) => join(file.parentPath, file.name).slice(folder.length + 1))
}

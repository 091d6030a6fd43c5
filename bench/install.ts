import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const bench = new URL('./', import.meta.url)
const cache = new URL('../.cache/', import.meta.url)

/** The Node versions of the runtime matrix, by major. */
export const nodeVersions: Readonly<Record<string, string>> = {
  20: '20.20.2',
  22: '22.23.3',
  24: '24.21.0',
  26: '26.10.0',
}

/** Installs the peers from the lock file, if that has not happened since it last changed. */
export function installPeers(): void {
  const lock = readFileSync(new URL('package-lock.json', bench))
  const stamp = new URL('node_modules/.installed-lock.json', bench)
  if (existsSync(stamp) && readFileSync(stamp).equals(lock)) return
  console.error('Installing the caches to compare with, once (bench/package.json) …')
  npm(['ci', '--ignore-scripts'], bench)
  writeFileSync(stamp, lock)
}

/** The path of a Node of this major, installed from npm into .cache/ if it is not there yet. */
export function installNode(major: string): string {
  const version = nodeVersions[major]
  if (version === undefined) {
    throw new Error(`--node ${major}: expected one of ${Object.keys(nodeVersions).join(', ')}, or all`)
  }
  const platform = process.platform === 'win32' ? 'win' : process.platform
  const name = `node-${platform}-${process.arch}`
  const binary = `${name}/bin/node${platform === 'win' ? '.exe' : ''}`
  return fileURLToPath(new URL(binary, installPackage(name, version)))
}

/** A folder `node_modules/` with this package in it, installed from npm into .cache/ if it is not there yet. No script of it runs. */
export function installPackage(name: string, version: string): URL {
  const folder = new URL(`${name}-${version}/`, cache)
  const modules = new URL('node_modules/', folder)
  if (!existsSync(new URL(`${name}/package.json`, modules))) {
    console.error(`Installing ${name} ${version} into .cache/ …`)
    mkdirSync(folder, { recursive: true })
    writeFileSync(new URL('package.json', folder), '{ "private": true }\n')
    npm(['install', '--ignore-scripts', '--no-save', `${name}@${version}`], folder)
  }
  return modules
}

/** The version of an installed peer. */
export function versionOf(name: string): string {
  const manifest = readFileSync(new URL(`node_modules/${name}/package.json`, bench), 'utf8')
  return (JSON.parse(manifest) as { version: string }).version
}

function npm(args: string[], cwd: URL): void {
  const quiet = ['--no-audit', '--no-fund', '--loglevel=error']
  execFileSync('npm', [...args, ...quiet], { cwd, stdio: 'inherit', shell: process.platform === 'win32' })
}

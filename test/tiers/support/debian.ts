import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'

/** Where servers are unpacked, once for all runs on this machine. */
const folder = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'nearcache-servers')

/** The server and its command line, with what they are linked to. */
export const redisPackages: readonly string[] = ['redis-server', 'redis-tools', 'liblzf1', 'libjemalloc2']

/** A program with the environment that it needs. */
export interface Program {
  readonly path: string
  readonly env: NodeJS.ProcessEnv
}

/** Programs of these names on the PATH. */
export function onPath(names: readonly string[]): Program | undefined {
  for (const name of names)
    for (const place of (process.env.PATH ?? '').split(delimiter))
      if (place !== '' && existsSync(join(place, name))) return { path: join(place, name), env: process.env }
  return undefined
}

/**
 * A program of Debian packages, unpacked without being root and started where they lie: the first of `files` that is there. `within` is
 * the folder's name, and other places than the user's own cache may be named where another user has to read it.
 */
export function unpacked(
  within: string,
  packages: readonly string[],
  files: readonly string[],
  place = folder,
): Program {
  const root = join(place, within)
  const found = (): string | undefined => files.map((file) => join(root, file)).find(existsSync)
  if (found() === undefined) {
    mkdirSync(place, { recursive: true })
    // Beside the place where it belongs, so that another run never meets half of it.
    const work = mkdtempSync(join(place, 'unpacking-'))
    try {
      execFileSync('apt-get', ['download', ...packages], { cwd: work, stdio: 'ignore', timeout: 120_000 })
      for (const file of readdirSync(work).filter((name) => name.endsWith('.deb')))
        execFileSync('dpkg', ['-x', file, join(work, 'root')], { cwd: work, stdio: 'ignore' })
      chmodSync(join(work, 'root'), 0o755)
      if (!existsSync(root)) renameSync(join(work, 'root'), root)
    } finally {
      rmSync(work, { recursive: true, force: true })
    }
  }
  const path = found()
  if (path === undefined) throw new Error(`none of ${files} is in ${packages}`)
  const lib = join(root, 'usr/lib')
  const libraries = existsSync(lib) ? readdirSync(lib).map((name) => join(lib, name)) : []
  return { path, env: { ...process.env, LD_LIBRARY_PATH: libraries.join(':') } }
}

/** What can be had of a server; where it is nothing, tests are skipped with one loud line, and CI fails. */
export function findServer(
  what: string,
  advice: string,
  ...ways: (() => Program | undefined)[]
): Program | undefined {
  for (const way of ways) {
    try {
      const program = way()
      if (program !== undefined) return program
    } catch {
      // The next way.
    }
  }
  const message = `NO ${what}: tests on a real server are SKIPPED. ${advice}`
  if (process.env.CI) throw new Error(message)
  console.warn(`\n*** ${message} ***\n`)
  return undefined
}

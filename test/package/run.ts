import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** The root folder of the repository. */
export const root: string = fileURLToPath(new URL('../../', import.meta.url))

/** Runs a program to its end and returns what it wrote to stdout; if it fails or hangs, throws all it wrote. */
export function run(program: string, args: string[], cwd: string): string {
  const { status, signal, stdout, stderr, error } = spawnSync(program, args, {
    cwd,
    encoding: 'utf8',
    timeout: 180_000,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  if (status === 0) return stdout
  const end =
    error?.message.replace(/.*ETIMEDOUT/, 'still running after three minutes') ??
    (signal === null ? `exit code ${status}` : `ended by ${signal}`)
  throw new Error([`${program}: ${end}`, stdout, stderr].map((part) => part?.trim()).join('\n'))
}

/** Runs a program that comes with a development dependency. */
export function runTool(name: string, args: string[], cwd: string): string {
  return run(`${root}node_modules/.bin/${name}`, args, cwd)
}

/** The names of the entries that a manifest exports as modules. */
export function entriesIn(manifest: string): string[] {
  const { exports } = JSON.parse(manifest) as { exports: Record<string, unknown> }
  return Object.keys(exports)
    .filter((path) => path !== './package.json')
    .map((path) => path.replace('.', 'nearcache'))
}

/** A size for readers. */
export function kB(bytes: number): string {
  return `${(bytes / 1000).toFixed(1)} kB`
}

/** Throws one error that lists all problems, if there are any. */
export function expectNone(problems: string[]): void {
  if (problems.length > 0) throw new Error(problems.join('\n'))
}

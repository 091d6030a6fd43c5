import { execFile, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { promisify } from 'node:util'

const here = new URL('./', import.meta.url)
const suite = new URL('node_modules/http-cache-tests/', here)

/** By the test's name: true where it passed, else why not. */
export type Results = Record<string, true | readonly [kind: string, message: string]>

/** A test of the suite. */
export interface SuiteTest {
  readonly id: string
  /** `required` where a cache that fails it does what the rules forbid, `optimal` where it could do better, `check` where both are fine. */
  readonly kind: 'required' | 'optimal' | 'check'
  readonly group: string
}

/** Installs the suite unless it is there. */
export function installSuite(): void {
  if (existsSync(suite)) return
  execFileSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: here,
    stdio: 'inherit',
    shell: process.platform === 'win32',
  })
}

/** The tests that a cache in front of servers is given. */
export async function suiteTests(): Promise<SuiteTest[]> {
  const groups = [...(await load('tests/index.mjs')), await load('tests/surrogate-control.mjs')]
  return groups.flatMap((group) =>
    group.tests
      .filter((one) => one.browser_only !== true)
      .map(({ id, kind = 'required' }) => ({ id, kind, group: group.id })),
  )
}

/** The results that the suite publishes of another cache. */
export function publishedResults(name: string): Results {
  return JSON.parse(readFileSync(new URL(`results/${name}.json`, suite), 'utf8'))
}

/** Starts the suite's own origin server. */
export async function startOrigin(): Promise<{ port: number; close(): void }> {
  const port = await freePort()
  const child = spawn(process.execPath, ['server/server.mjs'], {
    cwd: suite,
    env: {
      ...process.env,
      npm_config_protocol: 'http',
      npm_config_port: String(port),
      npm_config_pidfile: '/dev/null',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(child.stdout, 'data')
  return { port, close: () => child.kill() }
}

/** Runs the suite's own client against a server. */
export async function runSuite(base: string): Promise<Results> {
  const { stdout } = await promisify(execFile)(process.execPath, ['--no-warnings', 'cli.mjs'], {
    cwd: suite,
    env: { ...process.env, npm_config_base: base, npm_package_config_id: '' },
    maxBuffer: 1e8,
  })
  return JSON.parse(stdout)
}

interface Group {
  readonly id: string
  readonly tests: readonly { id: string; kind?: SuiteTest['kind']; browser_only?: boolean }[]
}

async function load<File extends string>(
  file: File,
): Promise<File extends 'tests/index.mjs' ? Group[] : Group> {
  return (await import(new URL(file, suite).href)).default
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

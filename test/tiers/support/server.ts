import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { homedir, tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { RedisSocket } from './socket.ts'

/** Where servers are unpacked, once for all runs on this machine. */
const folder = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'nearcache-servers')
/** The server of the Debian package, with what it is linked to. */
const packages = ['redis-server', 'redis-tools', 'liblzf1', 'libjemalloc2']

interface Program {
  readonly path: string
  readonly env: NodeJS.ProcessEnv
}

/** A server that is there or can be had without being root: from `REDIS_SERVER`, the PATH, or the Debian package; undefined for none. */
function findProgram(): Program | undefined {
  const given = process.env.REDIS_SERVER
  if (given !== undefined) return { path: given, env: process.env }
  for (const name of ['redis-server', 'valkey-server'])
    for (const place of (process.env.PATH ?? '').split(delimiter))
      if (place !== '' && existsSync(join(place, name))) return { path: join(place, name), env: process.env }
  try {
    return unpacked()
  } catch {
    return undefined
  }
}

function unpacked(): Program {
  const root = join(folder, 'debian')
  if (!existsSync(join(root, 'usr/bin/redis-check-rdb'))) {
    mkdirSync(folder, { recursive: true })
    // Beside the place where it belongs, so that another run never meets half of it.
    const work = mkdtempSync(join(folder, 'unpacking-'))
    try {
      execFileSync('apt-get', ['download', ...packages], { cwd: work, stdio: 'ignore', timeout: 120_000 })
      for (const file of readdirSync(work).filter((name) => name.endsWith('.deb')))
        execFileSync('dpkg', ['-x', file, join(work, 'root')], { cwd: work, stdio: 'ignore' })
      if (!existsSync(root)) renameSync(join(work, 'root'), root)
    } finally {
      rmSync(work, { recursive: true, force: true })
    }
  }
  const libraries = readdirSync(join(root, 'usr/lib'))
    .map((name) => join(root, 'usr/lib', name))
    .join(':')
  // The server's name is a link to the program that checks dumps.
  const path = ['usr/bin/redis-server', 'usr/bin/redis-check-rdb']
    .map((file) => join(root, file))
    .find(existsSync)!
  return { path, env: { ...process.env, LD_LIBRARY_PATH: libraries } }
}

const program: Program | undefined = findProgram()

/** Whether tests that need a server can run. Where none can be had, they are skipped; in CI that is a failure. */
export const hasServer: boolean = program !== undefined
if (!hasServer) {
  const message =
    'NO REDIS: tests of the second tier on a real server are SKIPPED. Put redis-server or valkey-server on the PATH, or its path in REDIS_SERVER.'
  if (process.env.CI) throw new Error(message)
  console.warn(`\n*** ${message} ***\n`)
}

export interface TestServer {
  readonly port: number
  readonly pid: number
  /** A connection of its own, for looking at the server and for breaking it. */
  readonly socket: RedisSocket
  /** Ends the process at once. */
  kill(signal?: NodeJS.Signals): Promise<void>
}

/** Starts a server on a free port of 127.0.0.1 that keeps nothing on disk; `kill` ends it. */
export async function startServer(
  options: { port?: number; args?: readonly string[] } = {},
): Promise<TestServer> {
  if (program === undefined) throw new Error('no server')
  for (let attempt = 0; ; attempt++) {
    const port = options.port ?? (await freePort())
    try {
      return await startOn(port, options.args ?? [])
    } catch (error) {
      if (attempt === 4) throw error
    }
  }
}

async function startOn(port: number, args: readonly string[]): Promise<TestServer> {
  const dir = mkdtempSync(join(tmpdir(), 'nearcache-redis-'))
  const own = ['--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', dir]
  const child = spawn(program!.path, [...own, ...args], {
    env: program!.env,
    stdio: 'ignore',
    argv0: 'redis-server',
  })
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => {
      rmSync(dir, { recursive: true, force: true })
      resolve()
    })
    child.once('error', () => resolve())
  })
  let hasEnded = false
  void ended.then(() => {
    hasEnded = true
  })
  const kill = async (signal: NodeJS.Signals = 'SIGKILL'): Promise<void> => {
    child.kill(signal)
    await ended
  }
  // A run that ends early leaves no server behind.
  process.once('exit', () => child.kill('SIGKILL'))
  const until = Date.now() + 20_000
  while (!hasEnded && Date.now() < until) {
    const socket = await RedisSocket.connect(port).catch(() => undefined)
    if (socket !== undefined) {
      const answer = await socket.command(['PING']).catch(() => undefined)
      if (answer !== undefined) return { port, pid: child.pid!, socket, kill }
      socket.close()
    }
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  await kill()
  throw new Error(`the server did not start on port ${port}`)
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}

import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findServer, onPath, type Program, redisPackages, unpacked } from './debian.ts'
import { freePort } from './free-port.ts'
import { RedisSocket } from './socket.ts'

/** A server that is there or can be had without being root: from `REDIS_SERVER`, the PATH, or the Debian package. */
const program: Program | undefined = findServer(
  'REDIS',
  'Put redis-server or valkey-server on the PATH, or its path in REDIS_SERVER.',
  () => {
    const given = process.env.REDIS_SERVER
    return given === undefined ? undefined : { path: given, env: process.env }
  },
  () => onPath(['redis-server', 'valkey-server']),
  // The server's name is a link to the program that checks dumps.
  () => unpacked('debian', redisPackages, ['usr/bin/redis-server', 'usr/bin/redis-check-rdb']),
)

/** The command line of Redis, from the PATH or the package. */
export const redisCli: Program | undefined = program
  ? findServer(
      'REDIS-CLI',
      'Put redis-cli on the PATH.',
      () => onPath(['redis-cli', 'valkey-cli']),
      () => unpacked('debian', redisPackages, ['usr/bin/redis-cli']),
    )
  : undefined

/** Whether tests that need a server can run. */
export const hasServer: boolean = program !== undefined

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

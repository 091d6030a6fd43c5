import { spawn } from 'node:child_process'
import { connect } from 'node:net'
import type { NatsConnection } from '../../../src/tiers/nats.ts'
import { findServer, onPath, unpacked } from './debian.ts'
import { freePort } from './free-port.ts'

/** A connection by the client's package, which is loaded by name, so that the types of the tests need none of it. */
export async function connectNats(options: object): Promise<NatsConnection & { close(): Promise<void> }> {
  return (await import(['@nats-io/transport-node'][0]!)).connect(options)
}

const program = findServer(
  'NATS',
  'Put nats-server on the PATH.',
  () => onPath(['nats-server']),
  () => unpacked('nats', ['nats-server'], ['usr/sbin/nats-server', 'usr/bin/nats-server']),
)

export const hasNats: boolean = program !== undefined

export interface Nats {
  readonly port: number
  stop(): Promise<void>
}

/** Starts a server on a port of 127.0.0.1; `stop` ends it. */
export async function startNats(port?: number): Promise<Nats> {
  const own = port ?? (await freePort())
  const child = spawn(program!.path, ['-a', '127.0.0.1', '-p', `${own}`], {
    env: program!.env,
    stdio: 'ignore',
  })
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const kill = (): unknown => child.kill('SIGKILL')
  process.once('exit', kill)
  const stop = async (): Promise<void> => {
    kill()
    await ended
    process.off('exit', kill)
  }
  for (const until = Date.now() + 20_000; Date.now() < until; ) {
    if (await answers(own)) return { port: own, stop }
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  await stop()
  throw new Error('nats-server did not start')
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('data', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}

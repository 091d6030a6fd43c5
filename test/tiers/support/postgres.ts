import { execFileSync, spawn } from 'node:child_process'
import { chmodSync, chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { findServer, onPath, type Program, unpacked } from './debian.ts'
import { freePort } from './free-port.ts'

type Loose = any

/** The client's package, loaded by name, so that the types of the tests need none of it. */
export const pg: Loose = (await import(['pg'][0]!)).default

/** The newest of the machine's own. */
function installed(): Program | undefined {
  const folder = '/usr/lib/postgresql'
  if (!existsSync(folder)) return undefined
  for (const version of readdirSync(folder).sort((a, b) => Number(b) - Number(a))) {
    const path = join(folder, version, 'bin/postgres')
    if (existsSync(path)) return { path, env: process.env }
  }
  return undefined
}

const program = findServer(
  'POSTGRESQL',
  'Put postgres and initdb on the PATH, or install the Debian package postgresql.',
  () => onPath(['postgres']),
  installed,
  // Not in the user's own folder, as another user than root has to run it.
  () =>
    unpacked(
      'postgresql',
      ['postgresql-15', 'libpq5', 'libxml2', 'libicu72', 'libldap-2.5-0', 'libsasl2-2'],
      ['usr/lib/postgresql/15/bin/postgres'],
      join(tmpdir(), 'nearcache-servers'),
    ),
)

export const hasPostgres: boolean = program !== undefined

/** PostgreSQL does not run as root. */
const nobody = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {}

export interface Postgres {
  readonly settings: {
    readonly host: string
    readonly port: number
    readonly user: string
    readonly database: string
  }
  stop(): Promise<void>
}

/** Starts a server with an empty database on a free port of 127.0.0.1; `stop` ends it and removes what it stored. */
export async function startPostgres(): Promise<Postgres> {
  const { path, env } = program!
  const data = mkdtempSync(join(tmpdir(), 'nearcache-postgres-'))
  if (nobody.uid !== undefined) chownSync(data, nobody.uid, nobody.gid)
  chmodSync(data, 0o700)
  const own = { env: { ...env, LC_ALL: 'C' }, cwd: data, ...nobody }
  execFileSync(join(dirname(path), 'initdb'), ['-D', data, '-U', 'tests', '-A', 'trust', '-N'], {
    ...own,
    stdio: 'ignore',
  })
  const port = await freePort()
  const args = ['-D', data, '-p', `${port}`, '-k', data, '-h', '127.0.0.1', '-F']
  const child = spawn(path, args, { ...own, stdio: 'ignore' })
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const kill = (): unknown => child.kill('SIGQUIT')
  process.once('exit', kill)
  const stop = async (): Promise<void> => {
    kill()
    await ended
    process.off('exit', kill)
    rmSync(data, { recursive: true, force: true })
  }
  const settings = { host: '127.0.0.1', port, user: 'tests', database: 'postgres' }
  for (const until = Date.now() + 30_000; Date.now() < until; ) {
    const client = new pg.Client(settings)
    client.on('error', () => {})
    const isUp = await client.connect().then(
      () => true,
      () => false,
    )
    await client.end().catch(() => {})
    if (isUp) return { settings, stop }
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  await stop()
  throw new Error('PostgreSQL did not start')
}

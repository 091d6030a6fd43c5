import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { hasServer, startServer, type TestServer } from '../../tiers/support/server.ts'
import { until } from '../../tiers/support/until.ts'
import type { FromWorker, HostName, Settings, ToWorker } from './worker.ts'

let server: TestServer
let folder: string
let children: ChildProcess[] = []

beforeAll(async () => {
  if (hasServer) server = await startServer()
  folder = mkdtempSync(join(tmpdir(), 'nearcache-hosts-'))
})

afterEach(() => {
  for (const child of children) child.kill('SIGKILL')
  children = []
})

afterAll(async () => {
  await server?.kill()
  rmSync(folder, { recursive: true, force: true })
})

/** A process with that host, over the source of all processes. */
async function start(host: HostName) {
  const settings: Settings = { host, port: server.port, file: join(folder, host) }
  const file = fileURLToPath(new URL('worker.ts', import.meta.url))
  const child = fork(file, [JSON.stringify(settings)], { execArgv: ['--import', 'tsx'] })
  children.push(child)
  await once(child, 'message')
  let asked = 0
  const ask = (call: ToWorker['call'], name?: string): Promise<FromWorker> => {
    const id = ++asked
    child.send({ id, call, ...(name !== undefined && { name }) } satisfies ToWorker)
    return new Promise((resolve) => {
      const listen = (answer: FromWorker): void => {
        if (answer.id !== id) return
        child.off('message', listen)
        resolve(answer)
      }
      child.on('message', listen)
    })
  }
  return {
    read: async () => (await ask('read')).name,
    reads: async () => (await ask('read')).reads,
    write: (name: string) => ask('write', name),
    hold: () => ask('hold'),
    release: async () => (await ask('release')).name,
  }
}

describe.skipIf(!hasServer).each(['cache-manager', 'drizzle', 'yoga'] as const)(
  '%s in two processes over one server (skipped where there is none)',
  (host) => {
    test('what one invalidates the other serves no more, and what one has read the other need not', {
      timeout: 120_000,
    }, async () => {
      writeFileSync(join(folder, host), 'one')
      const [one, two] = [await start(host), await start(host)]
      expect(await one.read()).toBe('one')
      expect(await one.reads()).toBe(1)
      await until(async () => (await two.read()) === 'one')
      // What the first has brought may still have been on its way.
      expect(await two.read()).toBe('one')

      await one.write('two')
      expect(await one.read()).toBe('two')
      await until(async () => (await two.read()) === 'two')

      await two.write('three')
      expect(await two.read()).toBe('three')
      await until(async () => (await one.read()) === 'three')

      // cache-manager does not tell when the computation of what it sets began.
      if (host === 'cache-manager') return
      await two.write('four')
      await two.hold()
      await one.write('five')
      expect(await two.release()).toBe('four')
      expect(await one.read()).toBe('five')
      await until(async () => (await two.read()) === 'five')
    })
  },
)

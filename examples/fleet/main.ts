import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdir } from 'node:fs/promises'
import { relative } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { writeChart } from '../../bench/charts/chart.ts'
import { countKeys, readTrace } from '../../bench/traces/read.ts'
import { FaultyProxy } from '../../test/tiers/chaos/proxy.ts'
import { startServer, type TestServer } from '../../test/tiers/support/server.ts'
import { Account } from './account.ts'
import { oldReadsChart } from './chart.ts'
import { type Message, now } from './messages.ts'
import { Screen, table } from './screen.ts'
import { type Scene, scenes, story, warmUp } from './story.ts'
import { wayNames } from './ways.ts'

const { values: options } = parseArgs({
  options: {
    rate: { type: 'string', default: '150' },
    writes: { type: 'string', default: '20' },
    save: { type: 'boolean', default: false },
  },
})

const workers = 4
const account = new Account(wayNames.length)
const children: ChildProcess[] = []

/** Starts a process of this folder, and hands what it tells to `take`. */
function start(
  file: string,
  args: readonly unknown[],
  take: (message: Message) => void = () => {},
): ChildProcess {
  const path = fileURLToPath(new URL(file, import.meta.url))
  // Clients print each lost connection, which is what this is about; it is shown only where a process fails.
  const child = fork(path, args.map(String), { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] })
  let errors = ''
  child.stderr!.on('data', (text) => {
    errors = `${errors}${text}`.slice(-2_000)
  })
  child.on('message', (message: Message) => take(message))
  child.on('exit', (code) => {
    if (code !== 0) fail(new Error(`${file} ended with code ${code}: ${errors}`))
  })
  children.push(child)
  return child
}

function fail(error: unknown): void {
  console.error(`\nThe demo failed. ${error instanceof Error ? error.message : String(error)}`)
  process.exitCode = 1
  stop()
  process.exit()
}

function stop(): void {
  for (const child of children) child.removeAllListeners('exit').kill('SIGKILL')
}

async function main(): Promise<void> {
  const pages = countKeys(readTrace('web12'))
  console.log(`
  ${workers} processes serve a recorded trace of requests from one PostgreSQL, and one more process changes rows all the time.
  Each request is answered three times: from a cache with ${wayNames[0]} in each process; from BentoCache with memory, Redis
  and a bus; from a TieredCache of nearcache over the same Redis.\n`)
  console.log('  starting Redis, PostgreSQL and the processes')
  let redis: TestServer = await startServer()
  const database = start('database.ts', [pages])
  const [{ port }] = (await once(database, 'message')) as [{ port: number }]
  const proxies = await Promise.all(Array.from({ length: workers }, () => FaultyProxy.before(redis.port)))
  const serving = proxies.map((proxy, worker) =>
    start('worker.ts', [worker, workers, options.rate, port, proxy.port], (message) => {
      if (message.kind === 'reads') account.addReads(worker, message.ways)
    }),
  )
  const writing = start('writer.ts', [options.writes, port, redis.port], (message) => {
    if (message.kind === 'write') account.addWrite(message.write)
  })
  await Promise.all([...serving, writing].map((child) => once(child, 'message')))
  for (const child of [...serving, writing]) child.send('go')
  console.log('  filling the caches')
  await sleep(warmUp * 1_000)
  account.begin()

  const begin = now()
  const screen = new Screen(account)
  const turns: { scene: Scene; at: number }[] = []
  const enter: Partial<Record<string, () => Promise<void> | void>> = {
    [story.cut.name]: () => {
      proxies[workers - 1]!.mode = 'silent'
    },
    [story.healed.name]: () => {
      proxies[workers - 1]!.mode = 'open'
      proxies[workers - 1]!.reset()
    },
    [story.dead.name]: () => redis.kill(),
    [story.empty.name]: async () => {
      redis = await startServer({ port: redis.port })
    },
  }
  for (const scene of scenes) {
    await enter[scene.name]?.()
    turns.push({ scene, at: now() - begin })
    screen.scene(scene)
    for (let second = 0; second < scene.seconds; second++) {
      await sleep(1_000)
      screen.update()
    }
  }
  const end = now() - begin
  await sleep(1_000)
  stop()
  for (const proxy of proxies) proxy.close()
  await redis.kill()

  const facts = [
    `${workers} processes with ${options.rate} requests a second each and ${options.writes} writes a second; ${pages.toLocaleString('en')} pages; Node ${process.version}.`,
    'Requests: the trace web12 (headissue GmbH, Jens Wilke; CC BY 4.0). All three ways served the same requests at the same time.',
  ]
  console.log(`\n${table(account)}\n\n  ${facts.join('\n  ')}\n`)
  const drawing = oldReadsChart(account, { begin, end, turns, caption: facts })
  for (const folder of options.save ? [output, images] : [output]) {
    await mkdir(folder, { recursive: true })
    writeChart(drawing, folder, 'demo-tiers')
    console.log(`  wrote ${relative(process.cwd(), fileURLToPath(new URL('demo-tiers.svg', folder)))}`)
  }
}

const output = new URL('out/', import.meta.url)
const images = new URL('../../docs/images/', import.meta.url)

try {
  await main()
  process.exit()
} catch (error) {
  fail(error)
}

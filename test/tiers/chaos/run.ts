import { type ChildProcess, fork } from 'node:child_process'
import { rmSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { bundled } from '../support/bundled.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { Random } from '../world/random.ts'
import { growth, type Memory, memoryOf, type Sample } from './memory.ts'
import { FaultyProxy } from './proxy.ts'

export interface Settings {
  readonly port: number
  readonly client: string
  readonly seed: number
  readonly beat: number
  readonly maxStale: number
  readonly readTimeout: number
  readonly writeTimeout: number
  readonly keys: number
}

export type ToWorker = { readonly id: number; readonly version: number }
export type FromWorker =
  | { readonly kind: 'ready' }
  | { readonly kind: 'source'; readonly id: number; readonly key: string; readonly writes: boolean }
  | {
      readonly kind: 'read'
      readonly key: string
      readonly start: number
      readonly end: number
      readonly value: number
      readonly isLocal: boolean
    }
  | {
      readonly kind: 'write'
      readonly key: string
      readonly version: number
      readonly start: number
      readonly called: number
      readonly end: number
      readonly isAcknowledged: boolean
    }
  | {
      readonly kind: 'stats'
      readonly remote: Record<string, number>
      readonly memory: number
      /** The longest that its event loop was late by. */
      readonly delay: number
    }
  /** A call has taken longer than its limit. */
  | { readonly kind: 'late'; readonly text: string }
  | { readonly kind: 'rejection'; readonly text: string }

export interface ChaosOptions {
  readonly seed: number
  /** How long trouble goes on, in milliseconds. */
  readonly time: number
  readonly workers: number
  readonly tell?: (text: string) => void
}

export interface ChaosReport {
  readonly violations: string[]
  readonly reads: number
  readonly localReads: number
  readonly acknowledged: number
  readonly notAcknowledged: number
  /** The longest time, in milliseconds, from an acknowledgement to the start of a read that still gave what was there before. */
  readonly worstStaleness: number
  /** The longest that an event loop was late by in a process that was not stopped, in milliseconds: the machine was busy. */
  readonly longestDelay: number
  readonly memory: Memory
  readonly events: Record<string, number>
}

const BEAT = 200
const MAX_STALE = 1500
const READ_TIMEOUT = 250
const WRITE_TIMEOUT = 500
const KEYS = 20
/** What a busy machine may be late by, in milliseconds; the bounds themselves know no such thing. */
const SLACK = 400

class Worker {
  readonly name: number
  readonly child: ChildProcess
  readonly proxy: FaultyProxy
  /** Times in which the process was stopped. */
  readonly stops: [from: number, to: number][] = []
  readonly reads: Extract<FromWorker, { kind: 'read' }>[] = []
  readonly writes: Extract<FromWorker, { kind: 'write' }>[] = []
  readonly memory: Sample[] = []
  readonly ready: Promise<void>
  longestDelay = 0

  constructor(
    name: number,
    proxy: FaultyProxy,
    program: string,
    settings: Settings,
    source: Source,
    onViolation: (text: string) => void,
  ) {
    this.name = name
    this.proxy = proxy
    this.child = fork(program, [JSON.stringify(settings)], { execArgv: ['--expose-gc'] })
    this.ready = new Promise((resolve) => {
      this.child.on('message', (message: FromWorker) => {
        if (message.kind === 'ready') resolve()
        else if (message.kind === 'source') void source.answer(this.child, message)
        else if (message.kind === 'read') this.reads.push(message)
        else if (message.kind === 'write') this.writes.push(message)
        else if (message.kind === 'stats') {
          this.memory.push({ at: clock(), bytes: message.memory })
          if (this.stops.length === 0) this.longestDelay = message.delay
        } else if (message.kind === 'late') onViolation(`LIMIT: ${message.text}`)
        else if (message.kind === 'rejection') onViolation(`unhandled: ${message.text}`)
      })
    })
    this.child.on('error', () => {})
  }

  end(): void {
    this.child.kill('SIGKILL')
  }
}

/** The source of truth: a version for each key, answered with some delay. */
class Source {
  readonly #versions = new Map<string, number>()
  readonly #random: Random

  constructor(random: Random) {
    this.#random = random
  }

  async answer(
    child: ChildProcess,
    { id, key, writes }: { id: number; key: string; writes: boolean },
  ): Promise<void> {
    await sleep(this.#random.tail(0, 100))
    if (writes) this.#versions.set(key, (this.#versions.get(key) ?? 1) + 1)
    const version = this.#versions.get(key) ?? 1
    await sleep(this.#random.tail(0, 60))
    if (child.connected) child.send({ id, version }, () => {})
  }
}

/** Real processes on a real server, with trouble of all kinds, and what their joined record tells. */
export async function chaos({ seed, time, workers, tell = () => {} }: ChaosOptions): Promise<ChaosReport> {
  const random = new Random(seed)
  const source = new Source(random)
  const violations: string[] = []
  const events: Record<string, number> = {}
  const program = await bundled(fileURLToPath(new URL('worker.ts', import.meta.url)))
  let server = await startServer()
  const { port } = server
  const all: Worker[] = []
  const alive: Worker[] = []
  const proxies: FaultyProxy[] = []
  const start = async (name: number, proxy: FaultyProxy): Promise<Worker> => {
    const client = name % 2 === 0 ? 'ioredis' : 'redis'
    const settings = {
      port: proxy.port,
      client,
      seed: seed * 100 + all.length,
      beat: BEAT,
      maxStale: MAX_STALE,
      readTimeout: READ_TIMEOUT,
      writeTimeout: WRITE_TIMEOUT,
      keys: KEYS,
    }
    const worker = new Worker(name, proxy, program, settings, source, (text) =>
      violations.push(`worker ${name}: ${text}`),
    )
    all.push(worker)
    alive[name] = worker
    return worker
  }
  try {
    for (let i = 0; i < workers; i++) {
      proxies.push(await FaultyProxy.before(port))
      await start(i, proxies[i]!)
    }
    await Promise.all(alive.map((worker) => worker.ready))
    const end = performance.now() + time
    while (performance.now() < end) {
      await sleep(random.between(50, 400))
      const worker = alive[random.below(workers)]!
      const what = random.below(13)
      const [name, act] = trouble(
        what,
        random,
        worker,
        () => server,
        async (one) => {
          server = one
        },
        port,
        start,
      )
      events[name] = (events[name] ?? 0) + 1
      tell(`${name} (worker ${worker.name})`)
      await act()
    }
    for (const proxy of proxies) proxy.mode = 'open'
    for (const worker of alive) worker.child.kill('SIGCONT')
    await sleep(2 * MAX_STALE)
  } finally {
    for (const worker of all) worker.end()
    for (const proxy of proxies) proxy.close()
    await server.kill()
    rmSync(program, { force: true })
  }
  return judge(all, violations, events)
}

type Act = [name: string, act: () => Promise<void>]

function trouble(
  what: number,
  random: Random,
  worker: Worker,
  server: () => TestServer,
  replace: (server: TestServer) => Promise<void>,
  port: number,
  start: (name: number, proxy: FaultyProxy) => Promise<Worker>,
): Act {
  const mode = (name: FaultyProxy['mode'], least: number, most: number): Act => [
    `proxy ${name}`,
    async () => {
      worker.proxy.mode = name
      if (name === 'closed') worker.proxy.reset()
      await sleep(random.between(least, most))
      worker.proxy.mode = 'open'
      if (random.chance(0.5)) worker.proxy.reset()
    },
  ]
  const command = (...args: string[]): Act => [
    args.slice(0, 2).join(' '),
    async () =>
      void (await server()
        .socket.command(args)
        .catch(() => {})),
  ]
  switch (what) {
    case 0:
      return mode('slow', 300, 1500)
    case 1:
      return mode('silent', 200, 2500)
    case 2:
      return mode('deaf', 200, 2500)
    case 3:
      return mode('closed', 100, 2500)
    case 4:
      return ['connections reset', async () => worker.proxy.reset()]
    case 5:
      return [
        'server killed',
        async () => {
          await server().kill()
          await sleep(random.between(0, 800))
          await replace(await startServer({ port }))
        },
      ]
    case 6:
      return [
        'server stopped',
        async () => {
          process.kill(server().pid, 'SIGSTOP')
          await sleep(random.between(100, 1800))
          process.kill(server().pid, 'SIGCONT')
        },
      ]
    case 7:
      return [
        'worker stopped',
        async () => {
          const from = clock()
          worker.child.kill('SIGSTOP')
          await sleep(random.between(100, 2500))
          worker.child.kill('SIGCONT')
          worker.stops.push([from, clock() + 50])
        },
      ]
    case 8:
      return [
        'worker killed',
        async () => {
          worker.end()
          await (await start(worker.name, worker.proxy)).ready
        },
      ]
    case 9:
      return command('FLUSHALL')
    case 10:
      return command('CLIENT', 'KILL', 'TYPE', random.chance(0.5) ? 'pubsub' : 'normal', 'SKIPME', 'yes')
    case 11:
      return command('CLIENT', 'PAUSE', '400')
    default:
      return command('SCRIPT', 'FLUSH')
  }
}

/** The clock that all processes of a machine share, in milliseconds. */
function clock(): number {
  return Number(process.hrtime.bigint() / 1000n) / 1000
}

/** The checks of the simulation over the joined record. */
function judge(all: readonly Worker[], violations: string[], events: Record<string, number>): ChaosReport {
  const acknowledged = all.flatMap(({ writes }) => writes.filter(({ isAcknowledged }) => isAcknowledged))
  const byKey = new Map<string, { version: number; at: number }[]>()
  for (const { key, version, end } of acknowledged) {
    const list = byKey.get(key) ?? []
    byKey.set(key, list)
    list.push({ version, at: end })
  }
  let worstStaleness = 0
  let reads = 0
  let localReads = 0
  for (const worker of all) {
    const own = new Map<string, Worker['writes']>()
    for (const write of worker.writes) own.set(write.key, (own.get(write.key) ?? []).concat(write))
    for (const { key, start, end, value, isLocal } of worker.reads) {
      reads++
      if (isLocal) localReads++
      const wasStopped = worker.stops.some(([from, to]) => start < to && end > from)
      for (const { version, at } of byKey.get(key) ?? []) {
        if (version <= value || at >= start) continue
        worstStaleness = Math.max(worstStaleness, start - at)
        // What was read in the moment in which the process was stopped was asked for before.
        if (start - at > MAX_STALE + SLACK && !wasStopped)
          violations.push(
            `BOUND: worker ${worker.name} read ${value} of ${key}, ${version} was acknowledged ${(start - at).toFixed(0)} ms before`,
          )
      }
      for (const write of own.get(key) ?? [])
        if (write.called < start && write.version > value)
          violations.push(
            `OWN: worker ${worker.name} read ${value} of ${key} ${(start - write.called).toFixed(1)} ms after its own ${write.version}`,
          )
    }
  }
  const memory = memoryOf(all.map((worker) => worker.memory))
  const grown = growth(memory)
  if (grown !== undefined) violations.push(grown)
  const notAcknowledged = all.flatMap(({ writes }) => writes).length - acknowledged.length
  return {
    violations,
    reads,
    localReads,
    acknowledged: acknowledged.length,
    notAcknowledged,
    worstStaleness,
    longestDelay: Math.max(...all.map((worker) => worker.longestDelay)),
    memory,
    events,
  }
}

// npm run chaos:tiers -- [seconds] [workers] [seed]
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [seconds = '60', workers = '4', seed = `${Date.now() % 1_000_000}`] = process.argv.slice(2)
  console.log(`seed ${seed}`)
  const report = await chaos({
    seed: Number(seed),
    time: 1000 * Number(seconds),
    workers: Number(workers),
    tell: (text) => console.log(`  ${text}`),
  })
  console.log(report)
  if (report.violations.length > 0) process.exitCode = 1
}

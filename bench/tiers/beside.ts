import { type ChildProcess, fork } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { TestServer } from '../../test/tiers/support/server.ts'
import { median, quantile } from '../statistics.ts'
import { clock, type Order, type Read } from './process.ts'
import { ioredis, type Way, type WayAbout, ways } from './ways.ts'

/** What one way took, in microseconds where nothing else is said; undefined for what it does not do. */
export interface WayResult {
  readonly name: string
  readonly localHit: Timed | undefined
  readonly get: Timed | undefined
  readonly remoteHit: Timed
  readonly miss: Timed
  readonly batch: Timed
  readonly invalidation: Timed
  /** Invalidations a second, fifty at a time. */
  readonly invalidations: number
  /** CPU time of the server for each operation. */
  readonly server: { readonly remoteHit: number; readonly miss: number; readonly invalidation: number }
  /** Until another process gives the new value: median and 99th percentile, in milliseconds. */
  readonly delivery: { readonly median: number; readonly p99: number } | undefined
  /** Reads of two processes while a third one writes; those that gave what was invalidated before they began, and the oldest, in milliseconds. */
  readonly stale: { readonly reads: number; readonly old: number; readonly oldest: number }
}

export interface Timed {
  readonly time: number
  /** How many times what the first way takes, by rounds. */
  readonly ratio: number
}

export interface Effort {
  readonly rounds: number
  readonly deliveries: number
  readonly staleTime: number
}

const value = { id: 1, name: 'Ann', text: 'x'.repeat(450) }
const failing = async (): Promise<never> => {
  throw new Error('the value is not where it is meant to be')
}
const PER_ROUND = 20
const BATCH = 100

interface Open {
  readonly about: WayAbout
  readonly way: Way
  readonly others: readonly Other[]
}

/** All ways over one server, each operation by all of them in turn. */
export async function beside(server: TestServer, effort: Effort): Promise<WayResult[]> {
  const open: Open[] = []
  for (const about of ways) {
    const others = [await Other.start(about, server.port), await Other.start(about, server.port)]
    open.push({ about, way: await about.open(server.port, 100_000), others })
  }
  const rounds = effort.rounds + 3
  for (const { others } of open) {
    await others[0]!.ask({ order: 'seed', prefix: 'remote:', from: 0, to: (rounds + 30) * PER_ROUND, value })
    await others[0]!.ask({ order: 'seed', prefix: 'batch:', from: 0, to: rounds * BATCH, value })
  }
  const local = await inTurn(
    open,
    rounds,
    500,
    async ({ way }) => {
      for (let i = 0; i < 500; i++) await way.read(`remote:${i % PER_ROUND}`, failing)
    },
    async ({ way }) => {
      for (let i = 0; i < PER_ROUND; i++) await way.read(`remote:${i}`, failing)
    },
  )
  const got = await inTurn(open, rounds, 20_000, async ({ way }) => {
    if (way.get === undefined) return
    for (let i = 0; i < 20_000; i++) if (way.get(`remote:${i % PER_ROUND}`) === undefined) await failing()
  })
  const remote = await inTurn(open, rounds, PER_ROUND, async ({ way }, round) => {
    for (let i = 0; i < PER_ROUND; i++) await way.read(`remote:${(round + 1) * PER_ROUND + i}`, failing)
  })
  const missed = await inTurn(open, rounds, PER_ROUND, async ({ way }, round) => {
    for (let i = 0; i < PER_ROUND; i++) await way.read(`missed:${round * PER_ROUND + i}`, async () => value)
  })
  const batched = await inTurn(open, rounds, 1, async ({ way }, round) => {
    const keys = Array.from({ length: BATCH }, (_, i) => `batch:${round * BATCH + i}`)
    if ((await way.readMany(keys)) !== BATCH) await failing()
  })
  const invalidated = await inTurn(open, rounds, PER_ROUND, async ({ way }, round) => {
    for (let i = 0; i < PER_ROUND; i++) await way.invalidate(`missed:${round * PER_ROUND + i}`)
  })
  const deliveries = await deliver(open, effort.deliveries)
  const results: WayResult[] = []
  for (const [i, one] of open.entries()) {
    const { about, way } = one
    results.push({
      name: about.name,
      localHit: about.holds ? local[i] : undefined,
      get: way.get === undefined ? undefined : got[i],
      remoteHit: remote[i]!,
      miss: missed[i]!,
      batch: batched[i]!,
      invalidation: invalidated[i]!,
      invalidations: await throughput(way),
      server: {
        remoteHit: await serverTime(server, 20 * PER_ROUND, (n) =>
          way.read(`remote:${(rounds + 1) * PER_ROUND + n}`, failing),
        ),
        miss: await serverTime(server, 500, (n) => way.read(`unknown:${n}`, async () => value)),
        invalidation: await serverTime(server, 500, (n) => way.invalidate(`unknown:${n}`)),
      },
      delivery:
        deliveries[i]!.length === 0
          ? undefined
          : { median: median(deliveries[i]!), p99: quantile(deliveries[i]!, 0.99) },
      stale: await staleReads(one, server.port, effort.staleTime),
    })
  }
  for (const { others } of open) for (const other of others) other.end()
  return results
}

/** Each way once a round, in an order that turns; the first three rounds do not count. */
async function inTurn(
  open: readonly Open[],
  rounds: number,
  count: number,
  run: (one: Open, round: number) => Promise<unknown>,
  before?: (one: Open) => Promise<unknown>,
): Promise<Timed[]> {
  for (const one of open) await before?.(one)
  const times = open.map((): number[] => [])
  for (let round = 0; round < rounds; round++)
    for (let turn = 0; turn < open.length; turn++) {
      const i = (round + turn) % open.length
      const start = performance.now()
      await run(open[i]!, round)
      if (round >= 3) times[i]!.push((1000 * (performance.now() - start)) / count)
    }
  return times.map((its) => ({
    time: median(its),
    ratio: median(its.map((time, round) => time / times[0]![round]!)),
  }))
}

/** How long it takes, in milliseconds, until another process gives the new value. */
async function deliver(open: readonly Open[], count: number): Promise<number[][]> {
  const times = open.map((): number[] => [])
  for (let n = 0; n < count; n++)
    for (const [i, { about, way, others }] of open.entries()) {
      if (!about.isTold) continue
      const [other] = others
      const key = `delivered:${n}`
      await other!.ask({ order: 'hold', key, version: 1 })
      const seen = await other!.watch({ order: 'watch', key, version: 2 })
      const start = clock()
      void way.invalidate(key)
      times[i]!.push(((await seen()) as number) - start)
    }
  return times
}

async function throughput(way: Way): Promise<number> {
  const count = 5000
  let next = 0
  const start = performance.now()
  await Promise.all(
    Array.from({ length: 50 }, async () => {
      while (next < count) await way.invalidate(`gone:${next++}`)
    }),
  )
  return (1000 * count) / (performance.now() - start)
}

/** Microseconds of the server's CPU for each operation. */
async function serverTime(
  server: TestServer,
  count: number,
  run: (n: number) => Promise<unknown>,
): Promise<number> {
  const before = await cpu(server)
  for (let n = 0; n < count; n++) await run(n)
  return (1e6 * ((await cpu(server)) - before)) / count
}

/** Seconds of CPU that the server has taken. */
async function cpu(server: TestServer): Promise<number> {
  const info = String(await server.socket.command(['INFO', 'cpu']))
  const of = (name: string): number => Number(new RegExp(`${name}:([\\d.]+)`).exec(info)![1])
  return of('used_cpu_user') + of('used_cpu_sys')
}

/** A writer in this process changes the source and invalidates for the first half of the time, while two others read, to its end. */
async function staleReads(
  { way, others, about }: Open,
  port: number,
  time: number,
): Promise<WayResult['stale']> {
  const source = await ioredis(port)
  const keys = Array.from({ length: 20 }, (_, i) => `${about.name}:${i}`)
  for (const key of keys) await source.set(`source:${key}`, 1)
  const reading = others.map((other, i) => other.ask({ order: 'read', keys, time, seed: i + 1 }))
  const written: { key: string; version: number; at: number }[] = []
  const end = clock() + time / 2
  for (let n = 0; clock() < end; n++) {
    const key = keys[n % keys.length]!
    const version = await source.incr(`source:${key}`)
    await way.invalidate(key)
    written.push({ key, version, at: clock() })
    await sleep(3)
  }
  const reads = ((await Promise.all(reading)) as Read[][]).flat()
  source.disconnect()
  let old = 0
  let oldest = 0
  for (const [key, start, version] of reads) {
    const first = written.find((one) => one.key === key && one.version > version)
    if (first === undefined || first.at >= start) continue
    old++
    oldest = Math.max(oldest, start - first.at)
  }
  return { reads: reads.length, old, oldest }
}

/** Another process over the same server. */
class Other {
  readonly #child: ChildProcess
  readonly #answers: ((answer: unknown) => void)[] = []

  private constructor(child: ChildProcess) {
    this.#child = child
    child.on('message', ({ answer }: { answer: unknown }) => this.#answers.shift()?.(answer))
  }

  static async start({ name }: WayAbout, port: number): Promise<Other> {
    const program = fileURLToPath(new URL('process.ts', import.meta.url))
    const other = new Other(fork(program, [name, String(port)], { execArgv: ['--import', 'tsx'] }))
    await other.#next()
    return other
  }

  ask(order: Order): Promise<unknown> {
    this.#child.send(order)
    return this.#next()
  }

  /** Resolves when the other process watches; what it gives resolves when it has seen the new value. */
  async watch(order: Order): Promise<() => Promise<unknown>> {
    this.#child.send(order)
    await this.#next()
    const seen = this.#next()
    return () => seen
  }

  end(): void {
    this.#child.kill('SIGKILL')
  }

  #next(): Promise<unknown> {
    return new Promise((resolve) => this.#answers.push(resolve))
  }
}

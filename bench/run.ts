import { existsSync } from 'node:fs'
import { measureAsync } from './async.ts'
import { measureFill } from './fill.ts'
import { goalTable } from './goals.ts'
import { versionOf } from './install.ts'
import { type Kind, kinds } from './keys.ts'
import { measureLatency } from './latency.ts'
import { longRunners, measureLongRun } from './long-run.ts'
import { measure, type Result } from './measure.ts'
import { measureBytesApart, measureGarbage } from './memory.ts'
import { type OperationName, operationNames, Scene } from './operations.ts'
import { asyncPeers } from './peers/async.ts'
import { builtPackage } from './peers/nearcache.ts'
import { loadAll, type Peer } from './peers/peer.ts'
import { syncPeers } from './peers/sync.ts'
import { describeEnvironment, type PeerInfo, type Report } from './report.ts'
import { entries, latencyTable, memoryTable, speedTable, toText } from './tables.ts'
import { writeReport } from './write.ts'

/** What the command line may ask for. */
export interface RunOptions {
  readonly quick: boolean
  readonly only?: string[] | undefined
  readonly op?: string[] | undefined
  readonly size?: string[] | undefined
  readonly keys?: string[] | undefined
  readonly peer?: string[] | undefined
  readonly rounds?: string | undefined
}

/** How much of everything is measured. */
interface Plan {
  readonly rounds: number
  readonly scenes: readonly (readonly [kind: Kind, size: number, operations: readonly OperationName[]])[]
  readonly asyncRounds: number
  readonly latency: readonly [perRound: number, rounds: number]
  readonly fillRounds: number
  readonly byteSizes: readonly number[]
  readonly garbage: readonly [size: number, insertions: number]
  readonly longRun: number
}

const FULL: Plan = {
  rounds: 9,
  scenes: [
    ...[100, 500, 1_000, 10_000, 100_000].map((size) => ['held', size, operationNames] as const),
    ['held', 1_000_000, ['hit', 'drawn', 'miss', 'update', 'insert']],
    ...(['built', 'integer'] as const).flatMap((kind) => [
      [kind, 1_000, operationNames] as const,
      [kind, 100_000, ['hit', 'drawn', 'insert', 'namespaced']] as const,
    ]),
  ],
  asyncRounds: 15,
  latency: [100_000, 5],
  fillRounds: 21,
  byteSizes: [1_000, 100_000, 1_000_000],
  garbage: [10_000, 1_000_000],
  longRun: 10_000_000,
}

const QUICK: Plan = {
  rounds: 7,
  scenes: [
    ['held', 1_000, ['hit', 'drawn', 'miss', 'update', 'insert', 'zipf', 'namespaced']],
    ['held', 100_000, ['hit', 'drawn', 'zipf']],
  ],
  asyncRounds: 5,
  latency: [20_000, 1],
  fillRounds: 5,
  byteSizes: [100_000],
  garbage: [10_000, 100_000],
  longRun: 0,
}

const PARTS = ['speed', 'async', 'latency', 'fill', 'memory', 'long']

/** Measures what the options ask for, prints it as it comes, and writes the report if it is complete. */
export async function run(options: RunOptions): Promise<void> {
  if (globalThis.gc === undefined) throw new Error('The benchmark has to run with node --expose-gc')
  if (!existsSync(new URL('index.js', builtPackage)))
    throw new Error('dist/ is missing: run npm run build first')
  const start = performance.now()
  const plan = planOf(options)
  const tuning = (options.op ?? options.size ?? options.keys ?? options.peer) !== undefined
  const parts = options.only ?? (tuning ? ['speed'] : PARTS)
  refuseUnknown('only', parts, PARTS)
  const sync = await loadAll(syncPeers)
  const async = await loadAll(asyncPeers)
  const ours = sync.absent.find(({ name }) => name === 'nearcache')
  if (ours !== undefined) throw new Error(`nearcache itself could not be loaded: ${ours.reason}`)
  if (options.peer !== undefined)
    refuseUnknown(
      'peer',
      options.peer,
      sync.peers.map(({ name }) => name),
    )
  const peers = sync.peers.filter(({ name }) => options.peer?.includes(name) ?? true)
  const environment = describeEnvironment()
  console.log(`nearcache ${environment.commit}, Node ${environment.node}, ${environment.machine}\n`)

  const report: Report = {
    environment,
    quick: options.quick,
    peers: [...sync.peers, ...async.peers].map(
      (peer): PeerInfo => ({
        name: peer.name,
        version: peer.package === undefined ? '' : `${peer.package} ${versionOf(peer.package)}`,
        ttl: peer.ttl,
        note: peer.note ?? '',
      }),
    ),
    absent: [...sync.absent, ...async.absent],
    speed: parts.includes('speed') ? await speed(plan, peers) : [],
    async: parts.includes('async') ? await awaited(plan, async.peers) : [],
    latency: await latencies(parts.includes('latency') ? plan.latency : [0, 0], peers),
    fill: parts.includes('fill') ? await filling(plan, peers) : [],
    ...(await memory(parts.includes('memory') ? plan : { ...plan, byteSizes: [] }, peers)),
    longRuns: parts.includes('long') ? await longRuns(plan) : [],
    seconds: 0,
  }
  for (const { name, reason } of report.absent) console.log(`Not measured: ${name} (${reason})`)
  const seconds = Math.round((performance.now() - start) / 1000)
  if (parts.length < PARTS.length || tuning) return
  console.log(`${toText(goalTable(report))}\n`)
  progress('Drawing …')
  const folder = writeReport({ ...report, seconds })
  progress('')
  console.log(`Took ${seconds} s. Tables and charts are in ${folder}`)
}

async function speed({ scenes, rounds }: Plan, peers: readonly Peer[]): Promise<Result[]> {
  const all: Result[] = []
  for (const [kind, size, operations] of scenes) {
    const scene = new Scene(kind, size)
    const results: Result[] = []
    for (const operation of operations) {
      progress(`${entries(size)} entries, keys ${kind}: ${operation} …`)
      results.push(...(await measure(operation, scene, peers, rounds)))
    }
    print(`${entries(size)} entries, keys ${kind}: ns, × nearcache (quartiles)`, toText(speedTable(results)))
    all.push(...results)
  }
  return all
}

async function awaited({ asyncRounds }: Plan, peers: Parameters<typeof measureAsync>[0]): Promise<Result[]> {
  progress('The asynchronous read path …')
  const results = await measureAsync(peers, 1_000, asyncRounds)
  print('Asynchronous, 1,000 entries: ns, × nearcache (quartiles)', toText(speedTable(results)))
  return results
}

async function latencies(
  [perRound, rounds]: Plan['latency'],
  peers: readonly Peer[],
): Promise<Report['latency']> {
  if (rounds === 0) return { capacity: 0, perRound: 0, clock: 0, figures: [] }
  progress('Latency …')
  const latency = await measureLatency(peers, perRound, rounds)
  for (const operation of ['get', 'set', 'delete'])
    print(
      `Latency of ${operation}, ${latency.capacity} entries`,
      toText(latencyTable(latency.figures.filter((one) => one.operation === operation))),
    )
  return latency
}

async function filling({ fillRounds }: Plan, peers: readonly Peer[]): Promise<Report['fill']> {
  progress('Filling up …')
  const fill = await measureFill(peers, 10_000, fillRounds)
  const levels = fill
    .filter(({ peer, level }) => peer === fill[0]!.peer && level >= 0.5)
    .map(({ level }) => level)
  const rows = peers.map(({ name }) => [
    name,
    ...fill.filter(({ peer, level }) => peer === name && level >= 0.5).map(({ ns }) => ns.toFixed(0)),
  ])
  const head = ['', ...levels.map((level) => `${Math.round(100 * level)} %`)]
  print('Filling up 10,000 entries: ns per new key', toText([head, ...rows.filter((row) => row.length > 1)]))
  return fill
}

async function memory(
  { byteSizes, garbage: [size, insertions] }: Plan,
  peers: readonly Peer[],
): Promise<Pick<Report, 'bytes' | 'garbage'>> {
  if (byteSizes.length === 0) return { bytes: [], garbage: [] }
  const bytes = byteSizes.flatMap((one) =>
    peers.flatMap((peer) => {
      progress(`Bytes per entry at ${entries(one)}: ${peer.name} …`)
      return measureBytesApart(peer, one) ?? []
    }),
  )
  progress('Garbage collection …')
  const garbage = await measureGarbage(peers, size, insertions)
  print('Memory', toText(memoryTable(bytes, garbage)))
  return { bytes, garbage }
}

async function longRuns({ longRun }: Plan): Promise<Report['longRuns']> {
  if (longRun === 0) return []
  const results: Report['longRuns'][number][] = []
  for (const peer of longRunners) {
    progress(`${entries(longRun)} sets into ${peer} …`)
    const one = await measureLongRun(peer, 1_000_000, longRun)
    results.push(one)
    print(`${entries(longRun)} sets into ${peer} with 1,000,000 entries`, JSON.stringify(one, null, 1))
  }
  return results
}

function planOf({ quick, op, size, keys, rounds }: RunOptions): Plan {
  const plan = quick ? QUICK : FULL
  refuseUnknown('op', op ?? [], operationNames)
  refuseUnknown('keys', keys ?? [], kinds)
  const chosen = (op ?? operationNames) as OperationName[]
  const sizes = (size ?? ['100', '1000', '100000']).map(Number)
  const scenes =
    (op ?? size ?? keys) === undefined
      ? plan.scenes
      : ((keys ?? ['held']) as Kind[]).flatMap((kind) => sizes.map((one) => [kind, one, chosen] as const))
  return { ...plan, scenes, rounds: Number(rounds ?? plan.rounds) }
}

function refuseUnknown(option: string, given: readonly string[], known: readonly string[]): void {
  const wrong = given.find((one) => !known.includes(one))
  if (wrong !== undefined) throw new Error(`--${option} ${wrong}: expected one of ${known.join(', ')}`)
}

function print(title: string, text: string): void {
  progress('')
  console.log(`${title}\n${text}\n`)
}

/** What is being done: one line that is written over, where there is a terminal. */
function progress(words: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${words}`)
  else if (words !== '') console.error(words)
}

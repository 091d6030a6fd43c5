import type { Fill } from './fill.ts'
import { BESIDE, type Result } from './measure.ts'
import { indexed, map } from './peers/floor.ts'
import type { Report } from './report.ts'
import { entries, type Table, unique } from './tables.ts'

/** What nearcache has to reach, and whether it did in this run. */
interface Goal {
  readonly goal: string
  readonly bound: number
  readonly measured: number
  /** What a Map by itself would reach, measured by the same. */
  readonly floor?: number | undefined
  readonly atLeast?: boolean
}

const EXACT_LRU = ['lru-cache', 'lru.min', 'tiny-lru', 'mnemonist LRUMap', 'toad-cache Lru']
/** What a load takes, in microseconds. */
const LOADS = [1, 10, 100]

export function goalTable(report: Report): Table {
  const rows = goalsOf(report).map(({ goal, bound, measured, floor, atLeast }) => {
    const met = atLeast ? measured >= bound : measured <= bound
    const sign = atLeast ? '≥' : '≤'
    return [
      goal,
      `${sign} ${bound.toFixed(2)}`,
      measured.toFixed(2),
      floor?.toFixed(2) ?? '',
      met ? 'yes' : '**no**',
    ]
  })
  return [['goal', 'bound', 'measured', 'floor', 'met'], ...rows]
}

function goalsOf({ peers, speed, async, fill, bytes, longRuns }: Report): Goal[] {
  const goals: Goal[] = []
  const held = speed.filter(({ keys }) => keys === 'held')
  const of = (operation: string, size: number, list = held): Result[] =>
    list.filter((one) => one.operation === operation && one.size === size && one.flaw === undefined)

  for (const size of unique(held.map((one) => one.size))) {
    const at = ` at ${entries(size)}`
    const most = size <= 10_000 ? 1.1 : 1.2
    for (const [operation, order] of [
      ['hit, order drawn anew', 'in an order drawn anew'],
      ['hit', 'in one order, repeated'],
    ] as const)
      add(`hit, ${order}: times \`${indexed.name}\`${at}`, most, timesOf(of(operation, size), indexed.name))

    const zipf = of('Zipf read-through', size)
    addBeside('Zipf read-through', size <= 10_000 ? 0.65 : 0.75, zipf, ['lru-cache'], at)
    for (const load of LOADS) addLoads(zipf, load, at)

    const inserts = of('insert when full', size)
    const expiring = EXACT_LRU.filter((name) => peers.some((one) => one.name === name && one.ttl))
    addBeside('insert when full', 1, inserts, expiring, at)
    addBeside('insert when full', 1, inserts, expiring, at, 'nearcache lru')
    const others = EXACT_LRU.filter((name) => !expiring.includes(name))
    addBeside('insert when full', 1.1, inserts, others, at)
    addBeside('insert when full', 1.1, inserts, others, at, 'nearcache lru')

    for (const operation of ['update', 'delete'])
      for (const peer of ['lru.min', 'toad-cache Lru'])
        addBeside(operation, 1, of(operation, size), [peer], at)
  }

  const filling = (peer: string): number => {
    const between = (from: number, to: number) =>
      mean(fill.filter((one) => one.peer === peer && one.level > from && one.level <= to))
    return between(1, 2) / between(0.5, 1)
  }
  add(
    'new keys from 100 % to 200 % of the capacity: times from 50 % to 100 %, times the same of a Map',
    1.1,
    filling('nearcache') / filling('Map'),
  )

  for (const size of unique(held.map((one) => one.size))) {
    const inside = of('namespaced hit', size)
    add(`namespaced hit: times a plain hit at ${entries(size)}`, 1.1, timesOf(inside, BESIDE))
  }
  for (const keys of ['held', 'built'] as const) {
    const results = of(
      'namespaced hit',
      1_000,
      speed.filter((one) => one.keys === keys),
    )
    const what = keys === 'held' ? '' : ', keys built per call'
    add(
      `namespaced hit: times cheaper than a prefix for lru-cache${what}`,
      3,
      1 / timesOf(results, 'lru-cache'),
      true,
    )
  }

  const awaited = async.filter(({ operation }) => operation === 'await a hit')
  add('`await getOrLoad`, a hit: times `await Promise.resolve(map.get(key))`', 2, timesOf(awaited, 'Map'))
  add('… times faster than cache-manager `wrap`', 5, 1 / timesOf(awaited, 'cache-manager wrap'), true)
  const ofMap = timesOf(awaited, 'Map') / timesOf(awaited, 'BentoCache')
  add(
    `… times faster than BentoCache \`getOrSet\` (the Map's promise: ${ofMap.toFixed(2)})`,
    25,
    1 / timesOf(awaited, 'BentoCache'),
    true,
  )

  const bytesOf = (peer: string): number =>
    bytes.find((one) => one.peer === peer && one.size === 100_000)?.perEntry ?? Number.NaN
  add(
    'bytes per entry at 100,000: `lru`, times lru-cache',
    1,
    bytesOf('nearcache lru') / bytesOf('lru-cache'),
  )
  add(
    'bytes per entry at 100,000: `adaptive`, times lru-cache',
    1.1,
    bytesOf('nearcache') / bytesOf('lru-cache'),
  )

  const slowest = (name: string): number => longRuns.find(({ peer }) => peer === name)?.p999 ?? Number.NaN
  add(
    'P99.9 of 10 million sets into 1,000,000 entries: times that of a Map',
    3,
    slowest('nearcache') / slowest(map.name),
  )
  return goals

  function add(goal: string, bound: number, measured: number, atLeast = false, floor?: number): void {
    if (!Number.isNaN(measured)) goals.push({ goal, bound, measured, atLeast, floor })
  }

  /** A policy's time as a multiple of that of the fastest of these peers. */
  function addBeside(
    operation: string,
    bound: number,
    results: readonly Result[],
    names: readonly string[],
    at: string,
    policy = 'nearcache',
  ): void {
    const among = results.filter(({ peer }) => names.includes(peer))
    const timeOf = (name: string): number | undefined =>
      results.find(({ peer }) => peer === name)?.ratio.median
    const own = timeOf(policy)
    if (among.length === 0 || own === undefined) return
    const fastest = among.reduce((a, b) => (a.ratio.median < b.ratio.median ? a : b))
    const times = (time: number): number => time / fastest.ratio.median
    const floor = timeOf(map.name)
    add(
      `${operation}${policy === 'nearcache' ? '' : ', `lru`'}: times ${fastest.peer}${at}`,
      bound,
      times(own),
      false,
      floor === undefined ? undefined : times(floor),
    )
  }

  /** Time with loads that take so many microseconds, beside the peer that takes least of those that find less. */
  function addLoads(results: readonly Result[], load: number, at: string): void {
    const own = results.find(({ peer }) => peer === 'nearcache')
    if (own === undefined) return
    const timeWith = ({ ns, found }: Result): number => ns.median + (1 - found) * load * 1_000
    const among = results.filter(({ peer, found }) => found < own.found && peer !== 'nearcache lru')
    if (among.length === 0) return
    const fastest = among.reduce((a, b) => (timeWith(a) < timeWith(b) ? a : b))
    add(
      `Zipf read-through with loads of ${load} µs: times ${fastest.peer}${at}`,
      1,
      timeWith(own) / timeWith(fastest),
    )
  }
}

/** How many times the peer's time nearcache took. */
function timesOf(results: readonly Result[], peer: string): number {
  return 1 / (results.find((one) => one.peer === peer)?.ratio.median ?? Number.NaN)
}

function mean(points: readonly Fill[]): number {
  return points.reduce((sum, { ns }) => sum + ns, 0) / points.length
}

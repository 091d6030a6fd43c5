import type { Fill } from './fill.ts'
import { BESIDE, type Result } from './measure.ts'
import { floors, indexed } from './peers/floor.ts'
import type { Report } from './report.ts'
import { entries, type Table, unique } from './tables.ts'

/** What nearcache has to reach, and whether it did in this run. */
interface Goal {
  readonly goal: string
  readonly bound: number
  readonly measured: number
  readonly atLeast?: boolean
}

const EXACT_LRU = ['lru-cache', 'lru.min', 'tiny-lru', 'mnemonist LRUMap', 'toad-cache Lru']
/** Peers without a bound, and those whose keys are properties of an object, not keys of a Map. */
const NOT_COMPARABLE = [...floors, 'node-cache', 'flru', 'nearcache', 'nearcache lru']

export function goalTable(report: Report): Table {
  const rows = goalsOf(report).map(({ goal, bound, measured, atLeast }) => {
    const met = atLeast ? measured >= bound : measured <= bound
    return [goal, `${atLeast ? '≥' : '≤'} ${bound.toFixed(2)}`, measured.toFixed(2), met ? 'yes' : '**no**']
  })
  return [['goal', 'bound', 'measured', 'met'], ...rows]
}

function goalsOf({ peers, speed, async, fill, bytes, longRuns }: Report): Goal[] {
  const goals: Goal[] = []
  const held = speed.filter(({ keys }) => keys === 'held')
  const of = (operation: string, size: number, list = held): Result[] =>
    list.filter((one) => one.operation === operation && one.size === size && one.flaw === undefined)

  for (const size of unique(held.map((one) => one.size))) {
    const at = ` at ${entries(size)}`
    const hits = of('hit', size)
    add(`hit: times \`Map.get\`${at}`, 1.15, timesOf(hits, 'Map'))
    const most = size <= 10_000 ? 1.1 : 1.2
    const drawn = timesOf(of('hit, order drawn anew', size), indexed.name)
    add(`hit, order drawn anew: times \`${indexed.name}\`${at}`, most, drawn)
    const others = hits.filter(({ peer }) => !NOT_COMPARABLE.includes(peer))
    addFastest(`hit: times the fastest bounded peer on a Map${at}`, others)

    const zipf = of('Zipf read-through', size)
    add(`Zipf read-through: times lru-cache${at}`, 0.7, timesOf(zipf, 'lru-cache'))
    const ours = zipf.find(({ peer }) => peer === 'nearcache')?.found ?? 1
    const asGood = zipf.filter(({ peer, found }) => peer !== 'nearcache' && found >= ours)
    addFastest(`Zipf read-through: times the fastest peer of no lower hit ratio${at}`, asGood)

    if (size < 1_000) continue
    const inserts = of('insert when full', size)
    const exact = inserts.filter(({ peer }) => EXACT_LRU.includes(peer))
    const expiring = exact.filter(({ peer }) => peers.some(({ name, ttl }) => name === peer && ttl))
    const lru = inserts.find(({ peer }) => peer === 'nearcache lru')?.ratio.median
    addFastest(`insert when full: times the fastest exact LRU${at}`, exact)
    addFastest(`insert when full: times the fastest exact LRU that has a ttl${at}`, expiring)
    if (lru !== undefined)
      addFastest(`insert when full, \`lru\`: times the fastest exact LRU that has a ttl${at}`, expiring, lru)
  }

  const filling = (peer: string): number => {
    const between = (from: number, to: number) =>
      mean(fill.filter((one) => one.peer === peer && one.level > from && one.level <= to))
    return between(1, 2) / between(0.5, 1)
  }
  add(
    `new keys from 100 % to 200 % of the capacity: times from 50 % to 100 % (a Map by itself: ${filling('Map').toFixed(2)})`,
    1.1,
    filling('nearcache'),
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
    1.6,
    bytesOf('nearcache') / bytesOf('lru-cache'),
  )

  const spread = (name: string): number => {
    const run = longRuns.find(({ peer }) => peer === name)
    return run === undefined ? Number.NaN : run.p999 / run.median
  }
  add(
    `P99.9 of 10 million sets at 1,000,000: times the median (a Map by itself: ${spread('Map').toFixed(2)})`,
    3,
    spread('nearcache'),
  )
  return goals

  function add(goal: string, bound: number, measured: number, atLeast = false): void {
    if (!Number.isNaN(measured)) goals.push({ goal, bound, measured, atLeast })
  }

  /** `own` is the time of the policy in question, as a multiple of nearcache's. */
  function addFastest(goal: string, results: readonly Result[], own = 1): void {
    if (results.length === 0) return
    const fastest = results.reduce((a, b) => (a.ratio.median < b.ratio.median ? a : b))
    add(`${goal} (${fastest.peer})`, 1, own / fastest.ratio.median)
  }
}

/** How many times the peer's time nearcache took. */
function timesOf(results: readonly Result[], peer: string): number {
  return 1 / (results.find((one) => one.peer === peer)?.ratio.median ?? Number.NaN)
}

function mean(points: readonly Fill[]): number {
  return points.reduce((sum, { ns }) => sum + ns, 0) / points.length
}

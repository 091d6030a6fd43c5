import { parseArgs } from 'node:util'
import { installPeers } from './install.ts'
import { items, random, shuffled } from './keys.ts'
import { type Figure, figure, ratio } from './statistics.ts'

/*
 * What a hit costs through a memoized function and through `getOrLoad`, beside peers:
 *
 *     npm run build && node --expose-gc --import tsx bench/memoize.ts [--rounds 31] [--keys 1000]
 *
 * All keys are there. The peers keep their results in a Map, without a bound or a ttl; with two arguments their key is JSON.
 */

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '31' },
    keys: { type: 'string', default: '1000' },
    dist: { type: 'string', default: '' },
  },
})

type Loop = (call: unknown, keys: readonly unknown[]) => number | Promise<number>

/** One peer in one row: its name, how it is called on `keys[i]`, and what is called. */
interface Subject {
  readonly row: string
  readonly name: string
  readonly loop: Loop
  readonly call: unknown
  readonly keys: readonly unknown[]
  readonly nanoseconds: number[]
}

const SAMPLE = 20_000
const WARM_UP = 8
const count = Number(options.keys)
const strings = shuffled(items('held', count), random(1))
const integers = shuffled(items('integer', count), random(2))
const value = { id: 1 }
const one = (_: string | number): object => value
const two = (_: string, __: number): object => value
const oneLater = async (_: string | number): Promise<object> => value
const twoLater = async (_: string, __: number): Promise<object> => value

installPeers()
const dist = options.dist || '../dist/'
const { Cache } = await load<typeof import('../src/index.ts')>(
  new URL(`${dist}index.js`, import.meta.url).href,
)
const { memoize } = await load<typeof import('../src/memoize/index.ts')>(
  new URL(`${dist}memoize/index.js`, import.meta.url).href,
)
const { LRUCache } = await load<{ LRUCache: new (options: object) => { fetch: unknown } }>('lru-cache')
type Peer = (fn: unknown, options?: object) => unknown
const { default: peer } = await load<{ default: Peer }>('memoize')
const { default: peerLater } = await load<{ default: Peer }>('p-memoize')

const bounds = { maxEntries: 2 * count, ttl: '5m' } as const
const json = { cacheKey: JSON.stringify }
const subjects = [
  subject('sync, 1 string', 'Map', 'call.get(a)', new Map(strings.map((key) => [key, value])), strings),
  subject('sync, 1 string', 'memoize', 'call(a)', peer(one), strings),
  subject('sync, 1 string', 'nearcache get', 'call.get(a)', filled(strings), strings),
  subject('sync, 1 string', 'nearcache', 'call(a)', memoize(one, bounds), strings),
  subject('sync, 1 integer', 'Map', 'call.get(a)', new Map(integers.map((key) => [key, value])), integers),
  subject('sync, 1 integer', 'memoize', 'call(a)', peer(one), integers),
  subject('sync, 1 integer', 'nearcache', 'call(a)', memoize(one, bounds), integers),
  subject('sync, 2', 'Map of Maps', 'call.get(a).get(i)', nested(), strings),
  subject('sync, 2', 'memoize', 'call(a, i)', peer(two, json), strings),
  subject('sync, 2', 'nearcache', 'call(a, i)', memoize(two, bounds), strings),
  subject(
    'async, 1 string',
    'Map',
    'await call.get(a)',
    new Map(strings.map((key) => [key, value])),
    strings,
  ),
  subject('async, 1 string', 'p-memoize', 'await call(a)', peerLater(oneLater), strings),
  subject('async, 1 string', 'lru-cache fetch', 'await call.fetch(a)', fetching(), strings),
  subject(
    'async, 1 string',
    'nearcache getOrLoad',
    'await call.getOrLoad(a, load)',
    filled(strings),
    strings,
  ),
  subject('async, 1 string', 'nearcache', 'await call(a)', memoize(oneLater, bounds), strings),
  subject('async, 1 integer', 'p-memoize', 'await call(a)', peerLater(oneLater), integers),
  subject('async, 1 integer', 'nearcache', 'await call(a)', memoize(oneLater, bounds), integers),
  subject('async, 2', 'p-memoize', 'await call(a, i)', peerLater(twoLater, json), strings),
  subject('async, 2', 'nearcache', 'await call(a, i)', memoize(twoLater, bounds), strings),
]

const next = random(3)
for (let round = -WARM_UP; round < Number(options.rounds); round++) {
  for (const { loop, call, keys, nanoseconds } of shuffled(subjects, next)) {
    globalThis.gc!({ type: 'minor' })
    const start = performance.now()
    const found = await loop(call, keys)
    const time = performance.now() - start
    if (found !== SAMPLE) throw new Error(`found ${found} of ${SAMPLE}`)
    if (round >= 0) nanoseconds.push((time * 1e6) / SAMPLE)
  }
}

console.log(
  `node ${process.version}; ${count} keys; ns per hit [quartiles], and as a multiple of the row's first\n`,
)
for (const { row, name, nanoseconds } of subjects) {
  const first = subjects.find((other) => other.row === row)!
  const times = spread(ratio(nanoseconds, first.nanoseconds), 2)
  console.log(
    row.padEnd(17),
    name.padEnd(20),
    spread(figure(nanoseconds), 0).padStart(16),
    times.padStart(20),
  )
}

/** A loop with machine code of its own, so that each peer is called from a place that has seen no other. */
function subject(
  row: string,
  name: string,
  expression: string,
  call: unknown,
  keys: readonly unknown[],
): Subject {
  const body = `return ${expression.startsWith('await') ? 'async ' : ''}(call, keys) => {
    let found = 0
    for (let n = 0; n < ${SAMPLE}; n++) {
      const i = n % ${count}, a = keys[i]
      if ((${expression}) !== undefined) found++
    }
    return found
  }`
  const loop: Loop = new Function('load', body)(oneLater)
  return { row, name, loop, call, keys, nanoseconds: [] }
}

function filled(keys: readonly unknown[]): unknown {
  const cache = new Cache(bounds)
  cache.setMany(keys.map((key) => [key, value] as const))
  return cache
}

function nested(): Map<unknown, Map<unknown, unknown>> {
  return new Map(strings.map((key, i) => [key, new Map([[i, value]])]))
}

function fetching(): unknown {
  return new LRUCache({ max: 2 * count, ttl: 300_000, fetchMethod: oneLater })
}

function spread({ median, low, high }: Figure, digits: number): string {
  return `${median.toFixed(digits)} [${low.toFixed(digits)}–${high.toFixed(digits)}]`
}

async function load<T>(specifier: string): Promise<T> {
  return import(specifier)
}

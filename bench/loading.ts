import { parseArgs } from 'node:util'
import { LRUCache } from 'lru-cache'
import { items, random, shuffled } from './keys.ts'
import { compare, type Side } from './measure.ts'
import { load } from './peers/peer.ts'
import { toText } from './tables.ts'

/*
 * What an awaited hit costs through `getOrLoad`, beside `await Promise.resolve(map.get(key))` and the `fetch` of lru-cache:
 *
 *     npm run build && node --expose-gc --import tsx bench/loading.ts [--rounds 31] [--keys 1000]
 *
 * All keys are there. Each side has a loop of its own, so that none spoils the call site of another.
 */

const { values: options } = parseArgs({
  options: { rounds: { type: 'string', default: '31' }, keys: { type: 'string', default: '1000' } },
})

const built = new URL('../dist/index.js', import.meta.url)
const { Cache } = await load<typeof import('../src/index.ts')>(built.href)

const SAMPLE = 20_000
const MAP = 'await Promise.resolve(map.get(key))'
const count = Number(options.keys)
const keys = shuffled(items('held', count), random(1)) as string[]
const value = { id: 1 }
const bounds = { maxEntries: 2 * count, ttl: '5m' } as const

const fetching = new LRUCache<string, object>({ max: 2 * count, ttl: 300_000, fetchMethod: () => value })
const map = new Map(keys.map((key) => [key, value]))
for (const key of keys) fetching.set(key, value)

const sides = [
  side(MAP, 'Promise.resolve(target.get(key))', map),
  side('lru-cache fetch', 'target.fetch(key)', fetching),
  side('nearcache getOrLoad', 'target.getOrLoad(key, load)', filled({})),
  side('nearcache getOrLoad, with options', 'target.getOrLoad(key, load, options)', filled({})),
  side(
    'nearcache getOrLoad, staleWhileRevalidate',
    'target.getOrLoad(key, load)',
    filled({ staleWhileRevalidate: '1m' }),
  ),
  side('nearcache getOrLoad, refreshAhead', 'target.getOrLoad(key, load)', filled({ refreshAhead: 0.8 })),
]
const terms = { count: SAMPLE, expected: SAMPLE, rounds: Number(options.rounds), reference: MAP }
const results = await compare(sides, terms)

console.log(
  `Node ${process.versions.node}, ${count} keys: nanoseconds per awaited hit, and how many times those of the Map`,
)
const rows = results.map(({ peer, ns, ratio, flaw }) => [
  ...[peer, ns.median.toFixed(1), `×${ratio.median.toFixed(2)}`],
  flaw ?? `${ratio.low.toFixed(2)}–${ratio.high.toFixed(2)}`,
])
console.log(toText([['', 'ns', 'ratio', 'quartiles'], ...rows]))

function filled(settings: object): object {
  const cache = new Cache<string, object>({ ...bounds, ...settings })
  for (const key of keys) cache.set(key, value)
  return cache
}

/** A side whose loop is compiled for it alone. */
function side(name: string, call: string, target: object): Side {
  const loop = new Function(
    ...['target', 'keys', 'sample', 'load', 'options'],
    `return (async () => {
      let found = 0
      for (let i = 0, k = 0; i < sample; i++) {
        const key = keys[k]
        if (++k === keys.length) k = 0
        if ((await ${call}) !== undefined) found++
      }
      return found
    })()`,
  )
  return { name, run: () => loop(target, keys, SAMPLE, () => value, { ttl: '5m' }) }
}

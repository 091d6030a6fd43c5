import { parseArgs } from 'node:util'
import { items, random, shuffled } from './keys.ts'
import { compare, type Side } from './measure.ts'

/** What a hit costs through a scoped cache, beside a plain Map. Run: see docs/request-scope.md. */

const { values: options } = parseArgs({
  options: { rounds: { type: 'string', default: '31' }, keys: { type: 'string', default: '100' } },
})

const { Cache } = await load<typeof import('../src/index.ts')>('index.js')
const { openScope, scoped } = await load<typeof import('../src/scope/index.ts')>('scope/index.js')

const SAMPLE = 20_000
const count = Number(options.keys)
const keys = shuffled(items('held', count), random(1))
const value = { id: 1 }
const scope = openScope()

const map = new Map(keys.map((key) => [key, value]))
const plain = scoped<unknown, object>({ maxEntries: 2 * count })
const layered = scoped<unknown, object>({ over: new Cache<unknown, object>(), maxEntries: 2 * count })
const cache = new Cache<unknown, object>({ maxEntries: 2 * count })
scope.run(() => {
  for (const key of keys) for (const one of [plain, layered, cache]) one.set(key, value)
})

const terms = { count: SAMPLE, expected: SAMPLE, rounds: Number(options.rounds) }
const sync = [
  side('Map', 'subject.get(key)', map),
  side('Cache get', 'subject.get(key)', cache),
  side('scoped get', 'subject.get(key)', plain),
  side('scoped get, over a Cache', 'subject.get(key)', layered),
]
const later = [
  side('Map, awaited', 'await subject.get(key)', map),
  side('Cache getOrLoad', 'await subject.getOrLoad(key, load)', cache),
  side('scoped getOrLoad', 'await subject.getOrLoad(key, load)', plain),
]
const opening = [
  side('new Map, one entry', '(subject = new Map()).set(key, 1)', map),
  side('a scope, one entry', 'subject.inAnother(key)', {
    inAnother(key: unknown) {
      const another = openScope()
      another.run(() => plain.set(key, value))
      another.end()
      return true
    },
  }),
]

console.log(`node ${process.version}; ${count} keys; median ns per hit, and median ratio [quartiles]\n`)
for (const sides of [sync, later, opening]) {
  for (const { peer, ns, ratio, flaw } of await compare(sides, { ...terms, reference: sides[0]!.name })) {
    const times = `${ratio.median.toFixed(2)} [${ratio.low.toFixed(2)} … ${ratio.high.toFixed(2)}]`
    console.log(peer.padEnd(26), ns.median.toFixed(1).padStart(8), times.padStart(22), flaw ?? '')
  }
}

/** A loop with machine code of its own, which runs in the scope. */
function side(name: string, expression: string, subject: unknown): Side {
  const body = `return ${expression.startsWith('await') ? 'async ' : ''}(subject, keys) => {
    let found = 0
    for (let n = 0; n < ${SAMPLE}; n++) {
      const key = keys[n % ${count}]
      if ((${expression}) !== undefined) found++
    }
    return found
  }`
  const loop: (subject: unknown, keys: unknown) => number | Promise<number> = new Function('load', body)(
    async () => value,
  )
  return { name, run: () => scope.run(() => loop(subject, keys)) }
}

async function load<T>(file: string): Promise<T> {
  return import(new URL(`../dist/${file}`, import.meta.url).href)
}

import { mkdir } from 'node:fs/promises'
import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import type { PGlite } from '@electric-sql/pglite'
import { type Drawing, writeChart } from '../../bench/charts/chart.ts'
import { countKeys, readTrace } from '../../bench/traces/read.ts'
import { hitRatioChart } from './chart.ts'
import { loadCatalogue, openDatabase } from './database.ts'
import { Progress } from './progress.ts'
import { type Replay, replay } from './replay.ts'
import { count, percent, report } from './report.ts'
import { Shop } from './service.ts'

// Small on purpose: one page in 27 fits, so it matters which ones are kept. The replay goes much faster than the
// visitors of the shop did, so a page may be seconds old, not minutes.
const bound = { maxEntries: 500, ttl: '20s' } as const

/** Milliseconds for the three replays together; with the start it makes about a minute. */
const timeToServe = 45_000

const options = {
  all: { type: 'boolean', default: false },
  save: { type: 'boolean', default: false },
} as const

async function main(): Promise<void> {
  const { all, save } = parseArgs({ options }).values
  const trace = readTrace('web12')
  const products = countKeys(trace)

  console.log('\nA shop in front of PostgreSQL serves a recorded trace of requests three times.\n')
  const db = await startDatabase(products)
  await warmUp(db, trace.subarray(0, 5_000))
  const runs = await serve(db, trace, all ? Infinity : timeToServe)
  await db.close()

  const served = runs.get('adaptive')!.hits.length
  const part = served < trace.length ? `the first ${count(served)} of` : 'all'
  const facts = [
    `At most ${count(bound.maxEntries)} of ${count(products)} product pages kept, ttl ${bound.ttl}; Node ${process.version}.`,
    `Served: ${part} ${count(trace.length)} requests of the trace web12 (headissue GmbH, Jens Wilke; CC BY 4.0), one after the other.`,
  ]
  console.log(`\n${report(runs)}\n\n  Median and p99 are times per request. ${facts.join('\n  ')}\n`)
  await draw(hitRatioChart(runs, facts), save ? [output, images] : [output])
}

async function startDatabase(products: number): Promise<PGlite> {
  console.log('  starting PGlite')
  const db = await openDatabase()
  const progress = new Progress('loading products', products)
  await loadCatalogue(db, products, (loaded) => progress.update(loaded))
  progress.end()
  return db
}

async function warmUp(db: PGlite, trace: Uint32Array): Promise<void> {
  console.log('  warming up')
  await replay(new Map([['warm-up', new Shop(db, { kind: 'none' })]]), trace, Infinity)
}

async function serve(db: PGlite, trace: Uint32Array, time: number): Promise<Map<string, Replay>> {
  const shops = new Map([
    ['without a cache', new Shop(db, { ...bound, kind: 'none' })],
    ['exact LRU', new Shop(db, { ...bound, policy: 'lru' })],
    ['adaptive', new Shop(db, { ...bound, policy: 'adaptive' })],
  ])
  const progress = new Progress('serving requests', trace.length)
  const runs = await replay(shops, trace, time, (served, hits) => {
    const ratio = (name: string) => `${name} ${percent(hits.get(name)! / served)}`
    progress.update(served, `, hit ratio: ${ratio('exact LRU')}, ${ratio('adaptive')}`)
  })
  progress.end()
  for (const shop of shops.values()) shop.pages.close()
  return runs
}

const output = new URL('out/', import.meta.url)
const images = new URL('../../docs/images/', import.meta.url)

async function draw(drawing: Drawing, directories: URL[]): Promise<void> {
  for (const directory of directories) {
    await mkdir(directory, { recursive: true })
    writeChart(drawing, directory, 'demo-hit-ratio')
    console.log(`  wrote ${relative(process.cwd(), fileURLToPath(new URL('demo-hit-ratio.svg', directory)))}`)
  }
}

try {
  await main()
} catch (error) {
  console.error(`\nThe demo failed. ${error instanceof Error ? error.message : String(error)}`)
  process.exitCode = 1
}

/** A shop under a load that changes, with the dashboard open beside it: `npm run demo:ops`, `-- --seconds 600` for longer. */
import { mkdir } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { adviseOn } from 'nearcache/advice'
import { localOnly } from 'nearcache/dashboard'
import { dashboard } from 'nearcache/dashboard/node'
import { guardHeap } from 'nearcache/guard'
import { health } from 'nearcache/health'
import { random, zipf } from '../../bench/keys.ts'
import { loadCatalogue, openDatabase } from '../shop/database.ts'
import { Camera } from './browser.ts'
import { PRODUCTS, Shop } from './shop.ts'
import { chapterAt } from './story.ts'

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '120' } } })
const seconds = Number(values.seconds)
if (!(seconds >= 30)) throw new RangeError(`--seconds: expected 30 or more, got ${values.seconds}`)

const out = fileURLToPath(new URL('out/', import.meta.url))
await mkdir(out, { recursive: true })
console.log('\nStarting PostgreSQL inside this process, and the shop.')
const db = await openDatabase()
await loadCatalogue(db, PRODUCTS, () => {})
const shop = new Shop(db)
const { caches } = shop
const guard = guardHeap()
const server = createServer(dashboard({ authorise: localOnly, actions: true }))
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
console.log(`The dashboard: ${url}  (for ${seconds} s; heap limit ${mb(guard.stats().limit)})\n`)

/** What the demo is to show; each becomes true once. */
const seen = { advice: false, guard: false, stale: false, recovery: false }
const product = zipf(PRODUCTS, 0.8, random(1))
const start = performance.now()
let chapter = chapterAt(0)
say(chapter.title)

const TICK = 20
let last = start
let dueVisits = 0
let dueSearches = 0
const visits = setInterval(() => {
  const share = (performance.now() - start) / 1000 / seconds
  const next = chapterAt(share)
  if (next !== chapter) {
    chapter = next
    shop.isSupplierDown = chapter.isSupplierDown
    say(chapter.title)
  }
  // As many as the time since the last tick is worth, which may be long on a busy machine.
  const elapsed = Math.min(0.5, (performance.now() - last) / 1000)
  last = performance.now()
  for (dueVisits += chapter.visitors * elapsed; dueVisits >= 1; dueVisits--) void shop.visit(product())
  for (dueSearches += chapter.searches * elapsed; dueSearches >= 1; dueSearches--) shop.search()
}, TICK)

const watch = setInterval(() => {
  const { holding, held } = guard.stats()
  if (!seen.guard && (holding || held.searches !== undefined)) {
    seen.guard = true
    say(
      `the heap guard holds the searches at ${caches.searches.size.toLocaleString('en')} entries, or the process would die`,
    )
  }
  const { loader } = health(caches.prices)
  if (!seen.stale && loader.failing && loader.servingStale) {
    seen.stale = true
    say(`prices cannot be loaded (${loader.lastError}); known ones are given all the same`)
  }
  if (seen.stale && !seen.recovery && !loader.failing) {
    seen.recovery = true
    say('prices are loaded again')
  }
}, 250)

const examination = adviseOn(caches.pages)
void examination.over.then(({ sentence, verdict }) => {
  seen.advice = verdict === 'take'
  say(`advice on the pages, ${caches.pages.stats().maxEntries} entries: ${sentence}`)
})

const camera = await Camera.open().catch((error: unknown) => {
  say(`no pictures: ${error instanceof Error ? error.message : String(error)}`)
  return undefined
})
if (camera === undefined) say('no Chromium, so there will be no pictures; install one, or set CHROMIUM')
for (const [i, share] of [0.45, 0.7, 0.95].entries()) {
  await until(share)
  await picture(`${i + 1}-light`, 'light')
  await picture(`${i + 1}-dark`, 'dark')
}
await until(1)
clearInterval(visits)
clearInterval(watch)
examination.stop()
await examination.over

const rows = Object.entries(caches).map(([name, cache]) => {
  const { hitRatio, size, maxEntries, staleServed, evictions } = cache.stats()
  return {
    name,
    'hit ratio': `${(100 * hitRatio).toFixed(1)} %`,
    entries: size,
    bound: maxEntries,
    evictions,
    'stale served': staleServed,
  }
})
console.log()
console.table(rows)
const { cuts, collections } = guard.stats()
console.log(
  `Guard: ${cuts} cuts in ${collections} collections. Answers that could not be given: ${shop.failures}.`,
)
guard.stop()
await camera?.close()
server.close()
server.closeAllConnections()
await db.close()
const missing = Object.entries(seen).flatMap(([what, was]) => (was ? [] : [what]))
if (missing.length > 0) {
  console.error(`Not seen in this time: ${missing.join(', ')}.`)
  process.exitCode = 1
}

async function picture(name: string, scheme: 'light' | 'dark'): Promise<void> {
  if (camera === undefined) return
  try {
    await camera.take(url, `${out}${name}.png`, scheme)
    say(`wrote examples/operations/out/${name}.png`)
  } catch (error) {
    say(`no picture: ${error instanceof Error ? error.message : String(error)}`)
  }
}

function until(share: number): Promise<void> {
  const left = share * seconds * 1000 - (performance.now() - start)
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, left)))
}

function say(words: string): void {
  console.log(`${((performance.now() - start) / 1000).toFixed(0).padStart(4)} s  ${words}`)
}

function mb(bytes: number): string {
  return `${Math.round(bytes / 1024 ** 2)} MB`
}

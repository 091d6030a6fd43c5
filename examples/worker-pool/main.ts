import assert from 'node:assert/strict'
import { BroadcastChannel } from 'node:worker_threads'
import { Pool, type Routing } from './pool.ts'

const WORKERS = 4
const PICTURES = 700
const REQUESTS = 8_000
const channel = 'pictures'

/** Few pictures are asked for often: a seeded generator, so that both pools get the same requests. */
function* requests(): Generator<string> {
  let state = 42
  for (let n = 0; n < REQUESTS; n++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    yield `picture-${Math.floor((state / 2 ** 32) ** 2 * PICTURES)}`
  }
}

const ratios = new Map<Routing, number>()
for (const routing of ['in turn', 'by key'] as const) {
  const pool = new Pool(WORKERS, routing, channel)
  for (const picture of requests()) await pool.thumbnail(picture)
  const { hits, misses, size } = await pool.stats()
  ratios.set(routing, hits / (hits + misses))
  console.log(
    `${WORKERS} workers, tasks ${routing.padEnd(8)} ${((100 * hits) / (hits + misses)).toFixed(1)} % hits, ${size} thumbnails kept in all`,
  )
  if (routing === 'by key') {
    const before = (await pool.stats()).misses
    const changes = new BroadcastChannel(channel)
    changes.postMessage('picture-0')
    // The message reaches the worker on its own way, which may be later than a task sent right after it.
    while ((await pool.stats()).size === size) await new Promise((next) => setImmediate(next))
    await pool.thumbnail('picture-0')
    assert.equal((await pool.stats()).misses, before + 1)
    console.log('A picture was changed: its thumbnail was made anew')
    changes.close()
  }
  await pool.close()
}
assert.ok(ratios.get('by key')! > ratios.get('in turn')!)

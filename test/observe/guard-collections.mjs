// How many collections the heap guard is told of: node --expose-gc guard-collections.mjs <dist>
import { setTimeout } from 'node:timers/promises'

const [, , dist] = process.argv
const { guardHeap } = await import(`${dist}/observe/guard.js`)
const guard = guardHeap()

/** Collects so often, and says of how many the guard was told. */
async function told(times, options) {
  const before = guard.stats().collections
  for (let i = 0; i < times; i++) {
    // An argument, even undefined, would be taken for one.
    if (options === undefined) globalThis.gc()
    else globalThis.gc(options)
    await setTimeout(10)
  }
  return guard.stats().collections - before
}

// At first collections of any kind may be taken for major ones.
await told(6, { type: 'minor' })
await told(3)
const scavenges = await told(20, { type: 'minor' })
const collections = await told(10)
console.log(JSON.stringify({ scavenges, collections }))
process.exit(0)

/**
 * Prints the nanoseconds of processor time that one key takes which comes into a Map as another leaves it, after a full collection:
 * `map-process.ts <keys> <rounds>`, where the Map is copied after so many insertions for each key, never at 0.
 */
import { setImmediate } from 'node:timers/promises'

const INSERTIONS = 2_000_000
const TURN = 10_000

const size = Number(process.argv[2])
const rounds = Number(process.argv[3])
const keys = Array.from({ length: Math.max(50_000, 4 * size) }, (_, i) => `key:${i}`)
let map = new Map(keys.slice(0, size).map((key, i) => [key, i]))
let oldest = 0
let newest = size
let untilCopy = rounds * size

function turnOver(count: number): void {
  for (let i = 0; i < count; i++) {
    if (--untilCopy === 0) {
      map = new Map(map)
      untilCopy = rounds * size
    }
    map.delete(keys[oldest]!)
    if (map.get(keys[newest]!) === undefined) map.set(keys[newest]!, i)
    if (++oldest === keys.length) oldest = 0
    if (++newest === keys.length) newest = 0
  }
}

async function run(insertions: number): Promise<void> {
  for (let done = 0; done < insertions; done += TURN) {
    turnOver(TURN)
    await setImmediate()
  }
}

await run(INSERTIONS / 4)
gc!()
await run(INSERTIONS / 4)
const before = process.cpuUsage()
await run(INSERTIONS)
const { user, system } = process.cpuUsage(before)
console.log(((user + system) / INSERTIONS) * 1000)

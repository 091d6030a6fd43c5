import { arc } from './simulated/arc.ts'
import { clock } from './simulated/clock.ts'
import { lfu } from './simulated/lfu.ts'
import { lirs } from './simulated/lirs.ts'
import { s3fifo } from './simulated/s3-fifo.ts'
import { sieve } from './simulated/sieve.ts'
import type { Simulator } from './simulated/simulator.ts'
import { tinyLfu } from './simulated/tiny-lfu.ts'
import { twoQueue } from './simulated/two-queue.ts'

/** Hits move nothing, or make newest what is newest already: the second read of a pair changes nothing. */
const UNCHANGED = ['LRU', 'FIFO', 'OPT']

/** The policies of the reference that are simulated here, by their names there: it tells what they answer of single reads only. */
export const simulators: Readonly<Record<string, Simulator>> = {
  CLOCK: clock,
  SIEVE: sieve,
  'S3-FIFO': s3fifo,
  ARC: arc,
  LIRS: lirs,
  '2Q': twoQueue,
  'W-TinyLFU-1%': tinyLfu,
  LFU: lfu,
}

/** What simulators answer, as shares of the reads. */
export interface Simulated {
  /** Of single reads, to be compared with the reference. */
  once: Record<string, number>
  /** Of the first reads where each is made twice. */
  twice: Record<string, number>
}

/** What the policies of a reference reach where they are simulated, or need not be. */
export function simulateOthers(
  { keys, unique }: { readonly keys: Uint32Array; readonly unique: number },
  capacity: number,
  others: Readonly<Record<string, number>>,
): Simulated {
  const once: Record<string, number> = {}
  const twice: Record<string, number> = {}
  for (const name of UNCHANGED) if (others[name] !== undefined) twice[name] = others[name]
  const doubled = new Uint32Array(2 * keys.length)
  for (let i = 0; i < keys.length; i++) doubled[2 * i] = doubled[2 * i + 1] = keys[i]!
  for (const [name, simulate] of Object.entries(simulators)) {
    if (others[name] === undefined) continue
    once[name] = simulate(keys, unique, capacity) / keys.length
    twice[name] = (simulate(doubled, unique, capacity) - keys.length) / keys.length
  }
  return { once, twice }
}

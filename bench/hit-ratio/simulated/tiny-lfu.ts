import { FrequencySketch } from './frequency-sketch.ts'
import { NONE, Queues } from './queues.ts'
import type { Simulator } from './simulator.ts'

const WINDOW = 0
const PROBATION = 1
const PROTECTED = 2

/** The share of the capacity that is not the window, and the share of that for what was used again. */
const MAIN_SHARE = 0.99
const PROTECTED_SHARE = 0.8
/** A candidate of this frequency is admitted now and then although it is no better than the victim. */
const WARM = 6
const ADMITTED_BY_LOT = 1 / 128
const SEED = 12_345

/**
 * New keys go through a small LRU window. What leaves it is admitted to the main LRU, in two segments, if it was used more often than what
 * would have to go there. (W-TinyLFU, Einziger et al. 2017, with a window of 1 %)
 */
export const tinyLfu: Simulator = (keys, unique, capacity) => {
  const queues = new Queues(unique, 3)
  const { sizes } = queues
  const sketch = new FrequencySketch(capacity)
  const mostMain = Math.floor(MAIN_SHARE * capacity)
  const mostWindow = capacity - mostMain
  const mostProtected = Math.floor(PROTECTED_SHARE * mostMain)
  const draw = xorshift(SEED)
  let size = 0
  let hits = 0

  function use(key: number, queue: number): void {
    queues.move(key, queue === WINDOW ? WINDOW : PROTECTED)
    if (sizes[PROTECTED]! > mostProtected) queues.move(queues.oldest(PROTECTED), PROBATION)
  }

  function insert(key: number): void {
    queues.push(WINDOW, key)
    size++
    if (sizes[WINDOW]! > mostWindow) {
      const candidate = queues.oldest(WINDOW)
      queues.move(candidate, PROBATION)
      if (size > capacity) evict(candidate)
    }
  }

  function evict(candidate: number): void {
    const victim = queues.oldest(PROBATION)
    queues.remove(isAdmitted(candidate, victim) ? victim : candidate)
    size--
  }

  function isAdmitted(candidate: number, victim: number): boolean {
    const frequency = sketch.frequency(candidate)
    if (frequency > sketch.frequency(victim)) return true
    return frequency >= WARM && draw() < ADMITTED_BY_LOT
  }

  for (const key of keys) {
    sketch.count(key)
    const queue = queues.of(key)
    if (queue === NONE) insert(key)
    else {
      hits++
      use(key, queue)
    }
  }
  return hits
}

/** Numbers below 1 by lot. (Marsaglia 2003) */
function xorshift(seed: number): () => number {
  let x = seed
  return () => {
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    return (x >>> 0) / 2 ** 32
  }
}

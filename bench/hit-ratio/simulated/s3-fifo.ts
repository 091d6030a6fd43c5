import { Queues } from './queues.ts'
import type { Simulator } from './simulator.ts'

const SMALL = 0
const MAIN = 1
const GHOSTS = 2

/** The share of the capacity that belongs to the small queue. */
const SMALL_SHARE = 0.1
/** What was used so often while it was small moves to the main queue. */
const ENOUGH_USES = 2
const MOST_USES = 3

/**
 * New keys go through a small queue; those that were used there move to the main one, which is a clock. A key that is remembered goes to
 * the main queue at once; as many are remembered as it holds. (Yang et al. 2023)
 */
export const s3fifo: Simulator = (keys, unique, capacity) => {
  const queues = new Queues(unique, 3)
  const { sizes } = queues
  const uses = new Uint8Array(unique)
  const mostSmall = Math.max(1, Math.floor(SMALL_SHARE * capacity))
  const mostMain = capacity - mostSmall
  let hits = 0

  function evict(): void {
    if (sizes[SMALL]! >= mostSmall || sizes[MAIN] === 0) evictSmall()
    else evictMain()
  }

  function evictSmall(): void {
    while (sizes[SMALL]! > 0) {
      const key = queues.oldest(SMALL)
      if (uses[key]! < ENOUGH_USES) {
        if (sizes[GHOSTS] === mostMain) queues.remove(queues.oldest(GHOSTS))
        queues.move(key, GHOSTS)
        return
      }
      uses[key] = 0
      queues.move(key, MAIN)
      if (sizes[MAIN]! > mostMain) evictMain()
    }
  }

  function evictMain(): void {
    let key = queues.oldest(MAIN)
    while (uses[key]! > 0) {
      uses[key]!--
      queues.move(key, MAIN)
      key = queues.oldest(MAIN)
    }
    queues.remove(key)
  }

  for (const key of keys) {
    const queue = queues.of(key)
    if (queue === SMALL || queue === MAIN) {
      hits++
      if (uses[key]! < MOST_USES) uses[key]!++
      continue
    }
    while (sizes[SMALL]! + sizes[MAIN]! >= capacity) evict()
    // The ghost may just have been forgotten.
    if (queues.of(key) === GHOSTS) queues.move(key, MAIN)
    else queues.push(SMALL, key)
    uses[key] = 0
  }
  return hits
}

import { Queues } from './queues.ts'
import type { Simulator } from './simulator.ts'

const ONCE = 0
const OFTEN = 1
const ONCE_GHOSTS = 2
const OFTEN_GHOSTS = 3

/**
 * An LRU queue of what was used once and one of what was used more often, with as many ghosts. A ghost that returns shifts the balance
 * between the two. (ARC, Megiddo and Modha 2003)
 */
export const arc: Simulator = (keys, unique, capacity) => {
  const queues = new Queues(unique, 4)
  const { sizes } = queues
  /** Number of entries that ONCE is to hold, with fractions. */
  let target = 0
  let hits = 0

  function evict(forOftenGhost: boolean): void {
    const size = sizes[ONCE]!
    if (size > 0 && (size > target || (forOftenGhost && size === target)))
      queues.move(queues.oldest(ONCE), ONCE_GHOSTS)
    else queues.move(queues.oldest(OFTEN), OFTEN_GHOSTS)
  }

  function insert(key: number): void {
    const once = sizes[ONCE]! + sizes[ONCE_GHOSTS]!
    const all = once + sizes[OFTEN]! + sizes[OFTEN_GHOSTS]!
    if (once === capacity) {
      if (sizes[ONCE] === capacity) queues.remove(queues.oldest(ONCE))
      else {
        queues.remove(queues.oldest(ONCE_GHOSTS))
        evict(false)
      }
    } else if (all >= capacity) {
      if (all === 2 * capacity) queues.remove(queues.oldest(OFTEN_GHOSTS))
      evict(false)
    }
    queues.push(ONCE, key)
  }

  for (const key of keys) {
    const queue = queues.of(key)
    if (queue === ONCE || queue === OFTEN) {
      hits++
      queues.move(key, OFTEN)
    } else if (queue === ONCE_GHOSTS) {
      target = Math.min(capacity, target + Math.max(1, sizes[OFTEN_GHOSTS]! / sizes[ONCE_GHOSTS]!))
      evict(false)
      queues.move(key, OFTEN)
    } else if (queue === OFTEN_GHOSTS) {
      target = Math.max(0, target - Math.max(1, sizes[ONCE_GHOSTS]! / sizes[OFTEN_GHOSTS]!))
      evict(true)
      queues.move(key, OFTEN)
    } else insert(key)
  }
  return hits
}

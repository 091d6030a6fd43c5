import { NONE, Queues } from './queues.ts'
import type { Simulator } from './simulator.ts'

const NEW = 0
const MAIN = 1
const GHOSTS = 2

/** The shares of the capacity: what new keys may have, and how many are remembered. */
const NEW_SHARE = 0.25
const GHOST_SHARE = 0.5

/** New keys go through a FIFO queue and are remembered; one that returns goes to the LRU queue. (2Q, Johnson and Shasha 1994) */
export const twoQueue: Simulator = (keys, unique, capacity) => {
  const queues = new Queues(unique, 3)
  const { sizes } = queues
  const mostNew = Math.max(1, Math.floor(NEW_SHARE * capacity))
  const mostGhosts = Math.max(1, Math.floor(GHOST_SHARE * capacity))
  let hits = 0

  function makeRoom(): void {
    if (sizes[NEW]! + sizes[MAIN]! < capacity) return
    if (sizes[NEW]! > mostNew || sizes[MAIN] === 0) {
      queues.move(queues.oldest(NEW), GHOSTS)
      if (sizes[GHOSTS]! > mostGhosts) queues.remove(queues.oldest(GHOSTS))
    } else queues.remove(queues.oldest(MAIN))
  }

  for (const key of keys) {
    const queue = queues.of(key)
    if (queue === NEW || queue === MAIN) {
      hits++
      if (queue === MAIN) queues.move(key, MAIN)
      continue
    }
    if (queue === GHOSTS) queues.remove(key)
    makeRoom()
    queues.push(queue === NONE ? NEW : MAIN, key)
  }
  return hits
}

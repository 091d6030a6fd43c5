import { NONE, Queues } from './queues.ts'
import type { Simulator } from './simulator.ts'

const NOT_KNOWN = 0
/** Held, and read again soon after it was read. */
const LOW = 1
/** Held, and not known to be read again soon. */
const HIGH = 2
/** Remembered only. */
const GHOST = 3

/** The share of the capacity that is for HIGH, and the number of ghosts as a multiple of the capacity. */
const HIGH_SHARE = 0.01
const GHOST_MULTIPLE = 2

/**
 * Keeps what is read again after few other keys. The stack has the keys by their last use, down to the oldest LOW; a key that is read
 * while it is there becomes LOW, and that oldest one HIGH. (LIRS, Jiang and Zhang 2002)
 */
export const lirs: Simulator = (keys, unique, capacity) => {
  const kinds = new Uint8Array(unique)
  const stack = new Queues(unique, 1)
  /** HIGH and GHOST, each in the order in which they became that. */
  const others = new Queues(unique, 4)
  const mostLow = capacity - Math.max(1, Math.floor(HIGH_SHARE * capacity))
  const mostGhosts = GHOST_MULTIPLE * capacity
  let low = 0
  let size = 0
  let hits = 0

  function change(key: number, kind: number): void {
    if (kinds[key] === LOW) low--
    if (others.of(key) !== NONE) others.remove(key)
    kinds[key] = kind
    if (kind === LOW) low++
    if (kind === HIGH || kind === GHOST) others.push(kind, key)
  }

  function renew(key: number): void {
    if (stack.of(key) !== NONE) stack.remove(key)
    stack.push(0, key)
  }

  /** Takes off the stack what is older than the oldest LOW. */
  function prune(): void {
    for (;;) {
      const key = stack.oldest(0)
      if (kinds[key] === LOW) return
      if (kinds[key] === GHOST) change(key, NOT_KNOWN)
      stack.remove(key)
    }
  }

  /** The key becomes LOW, and the oldest LOW makes room for it. */
  function promote(key: number): void {
    renew(key)
    change(key, LOW)
    const oldest = stack.oldest(0)
    stack.remove(oldest)
    change(oldest, HIGH)
    prune()
  }

  function evict(): void {
    const victim = others.oldest(HIGH)
    change(victim, stack.of(victim) === NONE ? NOT_KNOWN : GHOST)
    if (others.sizes[GHOST]! <= mostGhosts) return
    const forgotten = others.oldest(GHOST)
    change(forgotten, NOT_KNOWN)
    stack.remove(forgotten)
  }

  for (const key of keys) {
    const kind = kinds[key]
    if (kind === LOW) {
      hits++
      renew(key)
      prune()
      continue
    }
    if (kind === HIGH) hits++
    else if (low < mostLow) {
      size++
      renew(key)
      change(key, LOW)
      continue
    } else if (size < capacity) size++
    else evict()
    if (stack.of(key) !== NONE) promote(key)
    else {
      renew(key)
      change(key, HIGH)
    }
  }
  return hits
}

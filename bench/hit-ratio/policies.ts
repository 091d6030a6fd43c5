/**
 * Policies that hits change, as simulators on keys alone: what the reference says of them is of reads that come once, and here each
 * is made twice. One whose single reads do not give what the reference says is not shown.
 */
type Simulator = (keys: Uint32Array, unique: number, capacity: number) => number

/** Hits move nothing, or make newest what is newest already: the second read of a pair changes nothing. */
const UNCHANGED = ['LRU', 'FIFO', 'OPT']
/** How far a simulator may be from the reference. */
const TOLERANCE = 0.0005

const simulators: Readonly<Record<string, Simulator>> = {
  /** A circle of entries with a bit each, which a use sets. (Corbató 1968) */
  CLOCK(keys, unique, capacity) {
    const circle = new Int32Array(capacity)
    const isHeld = new Uint8Array(unique)
    const isUsed = new Uint8Array(unique)
    let size = 0
    let hand = 0
    let hits = 0
    for (const key of keys) {
      if (isHeld[key] === 1) {
        hits++
        isUsed[key] = 1
        continue
      }
      if (size === capacity) {
        while (isUsed[circle[hand]!] === 1) {
          isUsed[circle[hand]!] = 0
          hand = (hand + 1) % capacity
        }
        isHeld[circle[hand]!] = 0
      } else size++
      circle[hand] = key
      hand = (hand + 1) % capacity
      isHeld[key] = 1
      isUsed[key] = 0
    }
    return hits
  },

  /** A queue whose hand passes used entries where they are. (Zhang et al. 2024) */
  SIEVE(keys, unique, capacity) {
    const NOBODY = unique
    const newer = new Int32Array(unique + 1).fill(NOBODY)
    const older = new Int32Array(unique + 1).fill(NOBODY)
    const isHeld = new Uint8Array(unique)
    const isUsed = new Uint8Array(unique)
    let size = 0
    let hand = NOBODY
    let hits = 0
    for (const key of keys) {
      if (isHeld[key] === 1) {
        hits++
        isUsed[key] = 1
        continue
      }
      if (size === capacity) {
        // The ends of the queue are the neighbours of nobody.
        if (hand === NOBODY) hand = newer[NOBODY]!
        while (isUsed[hand] === 1) {
          isUsed[hand] = 0
          hand = newer[hand]!
          if (hand === NOBODY) hand = newer[NOBODY]!
        }
        const next = newer[hand]!
        newer[older[hand]!] = next
        older[next] = older[hand]!
        isHeld[hand] = 0
        hand = next
      } else size++
      const newest = older[NOBODY]!
      newer[newest] = key
      older[key] = newest
      newer[key] = NOBODY
      older[NOBODY] = key
      isHeld[key] = 1
      isUsed[key] = 0
    }
    return hits
  },
}

/** What another policy reaches where each read is made twice: the share of the first reads that it answers; undefined where that is not known. */
export function othersDoubled(
  { keys, unique }: { readonly keys: Uint32Array; readonly unique: number },
  capacity: number,
  others: Readonly<Record<string, number>>,
): Record<string, number> {
  const doubled = Object.fromEntries(
    UNCHANGED.filter((name) => others[name] !== undefined).map((name) => [name, others[name]!]),
  )
  const twice = new Uint32Array(2 * keys.length)
  for (let i = 0; i < keys.length; i++) twice[2 * i] = twice[2 * i + 1] = keys[i]!
  for (const [name, simulate] of Object.entries(simulators)) {
    const once = others[name]
    if (once === undefined) continue
    if (Math.abs(simulate(keys, unique, capacity) / keys.length - once) > TOLERANCE) continue
    doubled[name] = (simulate(twice, unique, capacity) - keys.length) / keys.length
  }
  return doubled
}

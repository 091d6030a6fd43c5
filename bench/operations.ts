import { heldStrings, random, shuffled, zipf } from './keys.ts'
import type { Loops } from './loops.ts'
import type { Peer } from './peers.ts'

/** One peer's side of an operation: `run(round)` does `count` operations and returns how many found something. */
export interface Subject {
  run(round: number): number
}

/** An operation at a size, with its keys; all peers are given the same. */
export interface Operation {
  readonly name: string
  /** What it does, for the notes below the table. */
  readonly about: string
  /** How many operations a sample of `run` takes. */
  readonly count: number
  /** How many of them have to find something; undefined where it depends on what the peer keeps. */
  readonly expected?: number
  subject(peer: Peer, loops: Loops): Subject
}

const values = Array.from({ length: 1024 }, (_, id) => ({ id, name: `Product ${id}`, price: id * 1.5 }))

/** A sample has about this many operations: a few milliseconds. */
const SAMPLE = 20_000

const makers: Record<string, (size: number) => Omit<Operation, 'name'>> = {
  hit(size) {
    const keys = heldStrings(size)
    const asked = inSlices(shuffled(keys, random(1)))
    return {
      about: 'get of a key that is there, all keys in a shuffled order, as often one as the other',
      count: SAMPLE,
      expected: SAMPLE,
      subject(peer, loops) {
        const target = peer.make(size)
        loops.set(target, keys, 0, size, values)
        return asked((from, to, order) => loops.get(target, order, from, to))
      },
    }
  },

  miss(size) {
    const keys = heldStrings(size)
    const asked = inSlices(shuffled(heldStrings(size, 'absent!:'), random(2)))
    return {
      about: 'get of a key that is not there',
      count: SAMPLE,
      expected: 0,
      subject(peer, loops) {
        const target = peer.make(size)
        loops.set(target, keys, 0, size, values)
        return asked((from, to, order) => loops.get(target, order, from, to))
      },
    }
  },

  update(size) {
    const keys = heldStrings(size)
    const asked = inSlices(shuffled(keys, random(3)))
    return {
      about: 'set of a key that is there',
      count: SAMPLE,
      subject(peer, loops) {
        const target = peer.make(size)
        loops.set(target, keys, 0, size, values)
        return asked((from, to, order) => loops.set(target, order, from, to, values))
      },
    }
  },

  /** A key comes round again only after four times as many others as fit: no peer remembers it. */
  insert(size) {
    const keys = heldStrings(Math.max(4 * size, 4 * SAMPLE))
    const asked = inSlices(keys)
    return {
      about: 'set of a new key in a full cache',
      count: SAMPLE,
      subject(peer, loops) {
        const target = peer.make(size)
        loops.set(target, keys, keys.length - 2 * size, keys.length, values)
        return asked((from, to, order) => loops.set(target, order, from, to, values))
      },
    }
  },

  zipf(size) {
    const keys = shuffled(heldStrings(10 * size), random(4))
    const draw = zipf(keys.length, 0.99, random(5))
    const before = Array.from({ length: 5 * size }, () => keys[draw()])
    const asked = inSlices(Array.from({ length: 40 * SAMPLE }, () => keys[draw()]))
    return {
      about: 'get, and set where it found nothing: Zipf 0.99 over ten times as many keys as fit',
      count: SAMPLE,
      subject(peer, loops) {
        const target = peer.make(size)
        loops.readThrough(target, before, 0, before.length, values)
        return asked((from, to, order) => loops.readThrough(target, order, from, to, values))
      },
    }
  },

  namespaced(size) {
    const keys = heldStrings(size)
    const asked = inSlices(shuffled(keys, random(1)))
    return {
      about: 'a hit in a namespace (a prefix, where a peer has no namespaces)',
      count: SAMPLE,
      expected: SAMPLE,
      subject(peer, loops) {
        const target = peer.make(size)
        const view = target.namespace?.('shop') ?? new loops.Prefixed(target, 'shop')
        loops.set(view, keys, 0, size, values)
        return asked((from, to, order) => loops.get(view, order, from, to))
      },
    }
  },
}

export const operationNames = Object.keys(makers)

export function makeOperation(name: string, size: number): Operation {
  return { name, ...makers[name]!(size) }
}

/** Cuts a sequence, repeated where it is short, into samples, of which each round takes the next. */
function inSlices<T>(items: readonly T[]) {
  const slices = Math.max(1, Math.floor(items.length / SAMPLE))
  const times = Math.ceil(SAMPLE / items.length)
  const sequence = Array.from({ length: times }, () => items).flat()
  return (run: (from: number, to: number, sequence: readonly T[]) => number): Subject => ({
    run(round) {
      const from = (round % slices) * SAMPLE
      return run(from, from + SAMPLE, sequence)
    },
  })
}

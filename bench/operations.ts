import { items, type Kind, random, shuffled, zipf } from './keys.ts'
import type { Loops } from './loops.ts'
import type { Peer, Target } from './peers/peer.ts'

/** One peer's side of an operation. */
export interface Subject {
  /** What a sample needs and does not measure. */
  prepare?(round: number): void
  /** Does the operations of one sample; how many of them found something. */
  run(round: number): number
}

/** An operation with its keys, the same for all peers. */
export interface Operation {
  /** How many operations a sample takes. */
  readonly count: number
  /** How many of them have to find something; undefined where that depends on what the peer keeps. */
  readonly expected?: number
  subject(peer: Peer, loops: Loops): Subject
}

/** What an operation is, for tables and notes. */
interface Entry {
  readonly label: string
  readonly about: string
  /** Whether a peer cannot take part. */
  readonly excludes?: (peer: Peer, size: number) => boolean
  make(scene: Scene): Operation
  /** The operation that nearcache also does beside it, so that the two can be compared round by round. */
  readonly beside?: OperationName
}

/** About this many operations make a sample: milliseconds, so that the processor's caches are warm for most of it. */
const SAMPLE = 50_000

/** A size and a kind of keys, with a full cache of each peer, made when first needed and shared by the operations that leave it full. */
export class Scene {
  readonly size: number
  readonly kind: Kind
  readonly items: readonly (string | number)[]
  readonly #full = new Map<Peer, Target>()

  constructor(kind: Kind, size: number) {
    this.kind = kind
    this.size = size
    this.items = items(kind, size)
  }

  full(peer: Peer, loops: Loops): Target {
    let target = this.#full.get(peer)
    if (target === undefined) {
      target = peer.make(this.size)
      loops.set(target, this.items, 0, this.size)
      this.#full.set(peer, target)
    }
    return target
  }

  /** All keys in a shuffled order, in samples of which each round takes the next. */
  shuffled(seed: number, list = this.items) {
    return inSamples(shuffled(list, random(seed)))
  }
}

export type OperationName =
  | 'hit'
  | 'drawn'
  | 'miss'
  | 'update'
  | 'insert'
  | 'delete'
  | 'zipf'
  | 'mixed'
  | 'counter'
  | 'namespaced'

const operations: Record<OperationName, Entry> = {
  hit: {
    label: 'hit',
    about:
      '`get` of a key that is there; all keys equally often, in one shuffled order that is repeated: of a short list the processor learns which branches come',
    make(scene) {
      const asked = scene.shuffled(1)
      return {
        count: SAMPLE,
        expected: SAMPLE,
        subject(peer, loops) {
          const target = scene.full(peer, loops)
          return asked((list, from, to) => loops.get(target, list, from, to))
        },
      }
    },
  },

  drawn: {
    label: 'hit, order drawn anew',
    about:
      '`get` of a key that is there; all keys equally often, in an order drawn anew for each round through them',
    make(scene) {
      const next = random(2)
      const rounds = Math.ceil((16 * SAMPLE) / scene.items.length)
      const asked = inSamples(Array.from({ length: rounds }, () => shuffled(scene.items, next)).flat())
      return {
        count: SAMPLE,
        expected: SAMPLE,
        subject(peer, loops) {
          const target = scene.full(peer, loops)
          return asked((list, from, to) => loops.get(target, list, from, to))
        },
      }
    },
  },

  miss: {
    label: 'miss',
    about: '`get` of a key that is not there',
    make(scene) {
      const asked = scene.shuffled(2, items(scene.kind, scene.size, scene.size))
      return {
        count: SAMPLE,
        expected: 0,
        subject(peer, loops) {
          const target = scene.full(peer, loops)
          return asked((list, from, to) => loops.get(target, list, from, to))
        },
      }
    },
  },

  update: {
    label: 'update',
    about: '`set` of a key that is there, in a shuffled order',
    excludes: (peer, size) => !writes(peer, size),
    make(scene) {
      const asked = scene.shuffled(3)
      return {
        count: SAMPLE,
        subject(peer, loops) {
          const target = scene.full(peer, loops)
          return asked((list, from, to) => loops.set(target, list, from, to))
        },
      }
    },
  },

  insert: {
    label: 'insert when full',
    about:
      '`set` of a new key in a full cache; a key comes again only after four times as many others as fit',
    excludes: (peer, size) => !evicts(peer, size),
    make({ kind, size }) {
      const keys = items(kind, Math.max(4 * size, 8 * SAMPLE))
      const asked = inSamples(keys)
      return {
        count: SAMPLE,
        subject(peer, loops) {
          const target = peer.make(size)
          loops.set(target, keys, keys.length - 2 * size, keys.length)
          return withSettling(
            target,
            asked((list, from, to) => loops.set(target, list, from, to)),
          )
        },
      }
    },
  },

  delete: {
    label: 'delete',
    about: '`delete` of a key that is there, in a shuffled order; filling up again is not measured',
    excludes: (peer, size) => !deletes(peer) || !writes(peer, size),
    make({ kind, size }) {
      const keys = shuffled(items(kind, size), random(4))
      const each = Math.min(size, SAMPLE)
      const copies = Math.ceil(2_000 / size)
      return {
        count: copies * each,
        subject(peer, loops) {
          const targets = Array.from({ length: copies }, () => peer.make(size))
          for (const target of targets) loops.set(target, keys, 0, size)
          return {
            prepare() {
              for (const target of targets) loops.set(target, keys, 0, each)
            },
            run() {
              for (const target of targets) loops.deleteAll(target, keys, 0, each)
              return 0
            },
          }
        },
      }
    },
  },

  zipf: {
    label: 'Zipf read-through',
    about: '`get`, and `set` where it finds nothing: Zipf 0.99 over ten times as many keys as fit',
    excludes: (peer, size) => !evicts(peer, size),
    make({ kind, size }) {
      const keys = shuffled(items(kind, 10 * size), random(5))
      const draw = zipf(keys.length, 0.99, random(6))
      const before = Array.from({ length: 3 * size }, () => keys[draw()]!)
      const asked = inSamples(Array.from({ length: 48 * SAMPLE }, () => keys[draw()]!))
      return {
        count: SAMPLE,
        subject(peer, loops) {
          const target = peer.make(size)
          loops.readThrough(target, before, 0, before.length)
          return withSettling(
            target,
            asked((list, from, to) => loops.readThrough(target, list, from, to)),
          )
        },
      }
    },
  },

  mixed: {
    label: '90/9/1 mix',
    about: '90 % `get`, 9 % `set`, 1 % `delete` over 1.1 times as many keys as fit, equally often',
    excludes: (peer, size) => !deletes(peer) || !evicts(peer, size),
    make({ kind, size }) {
      const keys = items(kind, Math.ceil(1.1 * size))
      const next = random(7)
      const length = 16 * SAMPLE
      const asked = inSamples(Array.from({ length }, () => keys[Math.floor(next() * keys.length)]!))
      const draws = Uint8Array.from({ length }, () => Math.floor(next() * 100))
      return {
        count: SAMPLE,
        subject(peer, loops) {
          const target = peer.make(size)
          loops.set(target, keys, 0, keys.length)
          return withSettling(
            target,
            asked((list, from, to) => loops.mixed(target, list, from, to, draws)),
          )
        },
      }
    },
  },

  counter: {
    label: 'counter',
    about: '`incr` of a number that is there (`get` and `set`, where a peer has no counters)',
    excludes: (peer, size) => !writes(peer, size),
    make(scene) {
      const asked = scene.shuffled(8)
      return {
        count: SAMPLE,
        expected: SAMPLE,
        subject(peer, loops) {
          const target = peer.make(scene.size)
          loops.setZero(target, scene.items)
          const add = target.incr === undefined ? loops.getAddSet : loops.increment
          return asked((list, from, to) => add(target, list, from, to))
        },
      }
    },
  },

  namespaced: {
    label: 'namespaced hit',
    about: '`get` of a key that is there in a namespace (a prefix, where a peer has no namespaces)',
    beside: 'hit',
    make(scene) {
      const asked = scene.shuffled(1)
      return {
        count: SAMPLE,
        expected: SAMPLE,
        subject(peer, loops) {
          const target = peer.make(scene.size)
          const view = target.namespace?.('shop') ?? new loops.Prefixed(target, 'shop')
          loops.set(view, scene.items, 0, scene.size)
          return asked((list, from, to) => loops.get(view, list, from, to))
        },
      }
    },
  },
}

export const operationNames = Object.keys(operations) as OperationName[]

export function entryOf(name: OperationName): Entry {
  return operations[name]
}

/** Whether a peer's writes are fast enough to be measured. */
function writes({ writesUpTo = Infinity }: Peer, size: number): boolean {
  return size <= writesUpTo
}

/** Whether a peer can take new keys when full, and fast enough to be measured. */
export function evicts(peer: Peer, size: number): boolean {
  return peer.holds !== Infinity && writes(peer, size)
}

function deletes(peer: Peer): boolean {
  return peer.name !== 'flru'
}

/** Cuts a list, repeated where it is short, into samples. */
function inSamples<T>(list: readonly T[]) {
  const samples = Math.max(1, Math.floor(list.length / SAMPLE))
  const times = Math.ceil(SAMPLE / list.length)
  const sequence = Array.from({ length: times }, () => list).flat()
  return (run: (list: readonly T[], from: number, to: number) => number): Subject => ({
    run(round) {
      const from = (round % samples) * SAMPLE
      return run(sequence, from, from + SAMPLE)
    },
  })
}

/** A sample includes what the peer would do a little later. */
function withSettling(target: Target, subject: Subject): Subject {
  if (target.settle === undefined) return subject
  return {
    run(round) {
      const found = subject.run(round)
      target.settle!()
      return found
    },
  }
}

import { type Trace, TraceBuilder } from '../../src/cli/trace.ts'
import { random, zipf } from '../keys.ts'

const READS = 300_000
const KEYS = 20_000

/** Which key the `n`-th read asks for. */
export type Reads = (n: number) => string | number

/** Keys by popularity: the exponents at which few and at which very few keys take most of the reads. */
const popular = (exponent: number, seed: number): Reads => zipf(KEYS, exponent, random(seed))

/**
 * Workloads that the policy was not tuned to, each in a few words and made from a fixed seed, so that everyone gets the same
 * reads. Together they hold what is easy for LRU and hard for frequency, and the other way round.
 */
export const workloads: Record<string, { about: string; make: () => Reads }> = {
  'zipf-0.7': { about: 'popular keys, Zipf 0.7', make: () => popular(0.7, 1) },
  'zipf-1.0': { about: 'popular keys, Zipf 1.0', make: () => popular(1, 2) },
  drift: {
    about: 'Zipf 0.9; all ranks move on by one key every 20 reads',
    make() {
      const rank = popular(0.9, 3)
      return (n) => (Number(rank(n)) + Math.floor(n / 20)) % KEYS
    },
  },
  jumps: {
    about: 'Zipf 0.9; other keys every 50,000 reads',
    make() {
      const rank = popular(0.9, 4)
      return (n) => Number(rank(n)) + KEYS * Math.floor(n / 50_000)
    },
  },
  'one-off': {
    about: 'Zipf 0.9; two thirds of the reads ask for keys that never come again',
    make() {
      const rank = popular(0.9, 5)
      const draw = random(6)
      return (n) => (draw() < 2 / 3 ? `once ${n}` : rank(n))
    },
  },
  scans: {
    about: 'Zipf 0.9; 10,000 new keys in a row every 30,000 reads',
    make() {
      const rank = popular(0.9, 7)
      return (n) => (n % 30_000 < 10_000 ? `scan ${n}` : rank(n))
    },
  },
  list: {
    about: 'Zipf 0.9; the same 5,000 keys in a row every 30,000 reads',
    make() {
      const rank = popular(0.9, 8)
      return (n) => (n % 30_000 < 5_000 ? `list ${n % 30_000}` : rank(n))
    },
  },
  loop: {
    about: 'round and round 3,000 keys; a fifth of the reads are Zipf 0.9',
    make() {
      const rank = popular(0.9, 9)
      const draw = random(10)
      let next = 0
      return (n) => (draw() < 0.2 ? rank(n) : `loop ${next++ % 3_000}`)
    },
  },
  nested: {
    about: '40 keys for each of 2,000, which come round',
    make() {
      return (n) => (n % 41 === 40 ? `outer ${Math.floor(n / 41) % 2_000}` : `inner ${n % 41}`)
    },
  },
  recency: {
    about: 'what was read lately, at a distance of 300 keys on average; a tenth are new keys',
    make() {
      const draw = random(11)
      const recent: number[] = []
      let fresh = 0
      return () => {
        const distance = Math.floor(-300 * Math.log(1 - draw()))
        const key = draw() < 0.1 || distance >= recent.length ? fresh++ : recent.splice(-1 - distance, 1)[0]!
        recent.push(key)
        if (recent.length > 4_000) recent.shift()
        return key
      }
    },
  },
  thrice: {
    about: 'each key three times within 200 reads, and never again',
    make() {
      const draw = random(12)
      const due: number[][] = []
      let fresh = 0
      return (n) => {
        const again = due[n]?.pop()
        const key = again ?? fresh++
        if (again === undefined)
          for (let i = 0; i < 2; i++) {
            const at = n + 1 + Math.floor(200 * draw())
            due[at] = [...(due[at] ?? []), key]
          }
        due[n + 1] = [...(due[n + 1] ?? []), ...(due[n] ?? [])]
        delete due[n]
        return key
      }
    },
  },
  'day-night': {
    about: 'Zipf 1.0 for 40,000 reads, round and round 4,000 keys for 20,000',
    make() {
      const rank = popular(1, 13)
      return (n) => (n % 60_000 < 40_000 ? rank(n) : `night ${n % 4_000}`)
    },
  },
  uniform: {
    about: 'all keys equally often',
    make() {
      const draw = random(14)
      return () => Math.floor(draw() * KEYS)
    },
  },
}

/** The synthetic workloads, as traces. */
export function* synthetic(): Generator<{ name: string; trace: Trace }> {
  for (const [name, { make }] of Object.entries(workloads)) {
    const builder = new TraceBuilder(name)
    const read = make()
    for (let n = 0; n < READS; n++) builder.add(read(n), undefined, undefined)
    yield { name, trace: builder.build() }
  }
}

import { type Trace, TraceBuilder } from '../../src/cli/trace.ts'
import { random, zipf } from '../keys.ts'
import type { Reads } from './synthetic.ts'

const READS = 200_000
/** Workloads of each family. */
const EACH = 4

/** Draws what a family leaves open. */
interface Draw {
  /** A number below 1. */
  next: () => number
  /** A whole number between the two, as often between 10 and 100 as between 100 and 1,000. */
  between: (from: number, to: number) => number
  /** Popular keys of an exponent between 0.6 and 1.2, from some thousands to some tens of thousands. */
  popular: () => () => number
}

/** Makes a workload: which key the `n`-th read asks for. */
type Family = (draw: Draw) => Reads

/** Kinds of workloads; each call gives another one of its kind. */
export const families: Readonly<Record<string, Family>> = {
  popular: ({ popular }) => popular(),

  'recency, exponential': ({ next, between }) => {
    const mean = between(30, 3_000)
    return lately(next, next() * 0.3, () => -mean * Math.log(1 - next()))
  },

  'recency, heavy tail': ({ next, between }) => {
    const scale = between(10, 1_000)
    const shape = 0.7 + next()
    return lately(next, next() * 0.3, () => scale * ((1 - next()) ** (-1 / shape) - 1))
  },

  drift: ({ between, popular }) => {
    const rank = popular()
    const every = between(2, 200)
    return (n) => rank() + Math.floor(n / every)
  },

  jumps: ({ between, popular }) => {
    const rank = popular()
    const every = between(4_000, 100_000)
    return (n) => `${Math.floor(n / every)} ${rank()}`
  },

  'day and night': ({ between, popular }) => {
    const rank = popular()
    const [day, night, length] = [between(5_000, 60_000), between(5_000, 60_000), between(100, 8_000)]
    return (n) => (n % (day + night) < day ? rank() : `night ${n % length}`)
  },

  sessions: ({ next, between }) => {
    const [open, reads, size] = [between(10, 1_000), between(5, 100), between(2, 30)]
    const sessions: { id: number; left: number }[] = []
    let id = 0
    return () => {
      const at = Math.floor(next() * open)
      const session = sessions[at] ?? { id: id++, left: reads }
      sessions[at] = session
      if (--session.left === 0) delete sessions[at]
      return `${session.id} ${Math.floor(next() * size)}`
    }
  },

  loop: ({ next, between, popular }) => {
    const rank = popular()
    const [share, length] = [next() * 0.5, between(100, 8_000)]
    let at = 0
    return () => (next() < share ? rank() : `loop ${at++ % length}`)
  },

  'a loop whose keys are replaced': ({ between }) => {
    const [length, every] = [between(50, 3_000), between(3, 100)]
    return replacedLoop(length, every)
  },

  'a loop beside recency': ({ next, between }) => {
    const mean = between(30, 1_000)
    const recent = lately(next, 0.1, () => -mean * Math.log(1 - next()))
    const [share, length] = [next() * 0.8, between(50, 3_000)]
    let at = 0
    return (n) => (next() < share ? `loop ${at++ % length}` : recent(n))
  },

  scans: ({ between, popular }) => {
    const rank = popular()
    const [pause, length] = [between(5_000, 60_000), between(500, 20_000)]
    return (n) => (n % (pause + length) < length ? `scan ${n}` : rank())
  },

  list: ({ between, popular }) => {
    const rank = popular()
    const [pause, length] = [between(3_000, 60_000), between(500, 10_000)]
    return (n) => (n % (pause + length) < length ? `list ${n % (pause + length)}` : rank())
  },

  'one-off': ({ next, popular }) => {
    const rank = popular()
    const share = 0.2 + 0.7 * next()
    return (n) => (next() < share ? `once ${n}` : rank())
  },

  'two pools': ({ next, between }) => {
    const [hot, cold, share] = [between(20, 2_000), between(2_000, 50_000), 0.2 + 0.7 * next()]
    return () => (next() < share ? `hot ${Math.floor(next() * hot)}` : Math.floor(next() * cold))
  },

  phases: ({ next, between, popular }) => {
    const mean = between(30, 1_000)
    const recent = lately(next, 0.1, () => -mean * Math.log(1 - next()))
    const rank = popular()
    const [phase, length] = [between(5_000, 50_000), between(50, 3_000)]
    return (n) => {
      const kind = Math.floor(n / phase) % 3
      if (kind === 0) return `recent ${recent(n)}`
      return kind === 1 ? rank() : `loop ${n % length}`
    }
  },
}

/** Round and round `length` keys; every so many reads the one whose turn it is, is replaced for good. */
export function replacedLoop(length: number, every: number): Reads {
  const keys = Array.from({ length }, (_, i) => i)
  let fresh = length
  return (n) => {
    if (n % every === 0) keys[n % length] = fresh++
    return keys[n % length]!
  }
}

/** What was read lately, at such distances; a share are new keys. */
export function lately(next: () => number, fresh: number, distance: () => number): Reads {
  const recent: number[] = []
  let id = 0
  return () => {
    const back = Math.floor(distance())
    const key = next() < fresh || back >= recent.length ? id++ : recent.splice(-1 - back, 1)[0]!
    recent.push(key)
    if (recent.length > 20_000) recent.splice(0, 10_000)
    return key
  }
}

/** Some workloads of each family, all of them drawn from one seed. */
export function* drawn(seed: number): Generator<{ name: string; trace: Trace }> {
  const seeds = random(seed)
  for (const [family, make] of Object.entries(families))
    for (let i = 1; i <= EACH; i++) {
      const next = random(Math.floor(seeds() * 2 ** 32))
      const between = (from: number, to: number): number => Math.floor(from * (to / from) ** next())
      const popular = (): (() => number) => zipf(between(3_000, 50_000), 0.6 + 0.6 * next(), next)
      const name = `${family} ${i}`
      const builder = new TraceBuilder(name)
      const read = make({ next, between, popular })
      for (let n = 0; n < READS; n++) builder.add(read(n), undefined, undefined)
      yield { name, trace: builder.build() }
    }
}
